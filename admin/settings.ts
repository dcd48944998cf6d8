/**
 * What the operator set for the admin side: the parameters `admin-…`, and the token, which may
 * stand in a file or in the environment, so that it shows in no list of processes.
 */

import { hostText } from "../lib/config/words.ts";
import type { Config } from "../lib/config/config.ts";
import type { Files } from "../lib/host/files.ts";
import { systemErrorText } from "../lib/host/system_error.ts";
import { StartError } from "../lib/server/server.ts";

export interface AdminSettings {
  /** The address to listen on. */
  readonly hostname: string;
  readonly port: number;
  readonly token: string | null;
  readonly writes: boolean;
}

/** The variable that the token may stand in. */
export const TOKEN_VARIABLE = "REDINO_ADMIN_TOKEN";

/**
 * The settings, or null when `admin-port` is `no`.
 *
 * @param variable the value of {@linkcode TOKEN_VARIABLE}.
 * @throws {StartError} for a token that can't be used, and where one is needed and none is set.
 */
export function adminSettings(
  config: Config,
  files: Pick<Files, "readText">,
  variable: string | undefined,
): AdminSettings | null {
  const port = config.get("admin-port");
  if (port === null) return null;
  const hostname = config.get("admin-bind");
  const token = tokenOf(config, files, variable);
  if (token === null && !isLoopbackName(hostname)) {
    throw new StartError(
      `Could not serve the admin side on ${hostname}: set admin-token, admin-token-file or ` +
        `${TOKEN_VARIABLE}, since it is reached from other machines`,
    );
  }
  return { hostname, port, token, writes: config.get("admin-write") };
}

function tokenOf(
  config: Config,
  files: Pick<Files, "readText">,
  variable: string | undefined,
): string | null {
  const given = config.get("admin-token");
  if (given !== "") return usable(given, "admin-token");
  const path = hostText(config.get("admin-token-file"));
  if (path !== "") {
    let text: string;
    try {
      text = files.readText(path);
    } catch (error) {
      throw new StartError(`Could not read admin-token-file '${path}': ${systemErrorText(error)}`);
    }
    return usable(text.trim(), "admin-token-file");
  }
  return variable === undefined || variable === "" ? null : usable(variable, TOKEN_VARIABLE);
}

/** It has to fit into a header, and not to be guessed. */
function usable(token: string, source: string): string {
  if (/^[\x21-\x7e]{8,1024}$/.test(token)) return token;
  throw new StartError(
    `${source} must hold 8 to 1024 printable ASCII characters without blanks`,
  );
}

function isLoopbackName(hostname: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/i.test(hostname);
}
