/**
 * Who a client is: passwords against `requirepass`, the one password of the user "default".
 *
 * Only a SHA-256 digest of the password is kept, and digests are compared in constant time, so
 * neither its length nor a common beginning can be measured from outside. A session stays
 * authenticated when the password changes; when there is none any more nobody has to be.
 */

import { fromLatin1 } from "../bytes/byte_string.ts";
import { sha256 } from "../bytes/sha.ts";
import type { Config } from "../config/config.ts";
import { CommandError, errors } from "./errors.ts";
import type { Session } from "./session.ts";
import { Gate } from "./session.ts";
import type { Sessions } from "./sessions.ts";

const DEFAULT_USER = "default";

export class Authentication {
  /** Hexadecimal digest of the password; null when none is asked for. */
  private digest: string | null = null;

  constructor(private readonly config: Config, private readonly sessions: Sessions) {
    this.follow();
    config.subscribe("requirepass", () => this.follow());
  }

  /** Whether the user "default" has a password. */
  get required(): boolean {
    return this.digest !== null;
  }

  /** What a new session, or one after RESET, may do: all, unless there is a password. */
  reset(session: Session): void {
    session.user = DEFAULT_USER;
    session.hasAuthenticated = this.digest === null;
    this.updateGate(session);
  }

  /**
   * AUTH and HELLO AUTH.
   *
   * @throws WRONGPASS; the session is then what it was.
   */
  authenticate(session: Session, user: string, password: Uint8Array): void {
    this.check(user, password);
    session.user = user;
    session.hasAuthenticated = true;
    this.updateGate(session);
  }

  /** @throws WRONGPASS when the user does not exist or has another password. */
  check(user: string, password: Uint8Array): void {
    const given = sha256(password);
    const right = this.digest === null || equalInConstantTime(given, this.digest);
    if (user !== DEFAULT_USER || !right) throw errors.WRONG_PASSWORD;
  }

  /** @throws the error of an AUTH with a password only, where no password is set. */
  requirePassword(): void {
    if (this.digest === null) throw NO_PASSWORD_SET;
  }

  /** Whether there is a user of that name, as CLIENT KILL asks. */
  isUser(name: string): boolean {
    return name === DEFAULT_USER;
  }

  private follow(): void {
    const password = this.config.get("requirepass");
    this.digest = password === "" ? null : sha256(fromLatin1(password));
    for (const session of this.sessions.all()) this.updateGate(session);
  }

  private updateGate(session: Session): void {
    if (this.digest === null || session.hasAuthenticated) session.gate &= ~Gate.UNAUTHENTICATED;
    else session.gate |= Gate.UNAUTHENTICATED;
    session.link?.authenticationChanged();
  }
}

const NO_PASSWORD_SET = new CommandError(
  "ERR AUTH <password> called without any password configured for the default user. Are you " +
    "sure your configuration is correct?",
);

/** Compares every character, wherever the first difference is; both have the same length. */
function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
