/**
 * A connection to a server that speaks RESP, for the tools and for links between servers: requests
 * out, decoded replies back in their order.
 *
 * Nothing is read from the connection unless somebody waits for a reply. That is what lets a
 * caller go on with the bare bytes after a handshake ({@linkcode RedisClient.takeStream}): what
 * follows the last reply has not been taken for one. Pushes that come while a reply is waited for
 * go to `onPush`.
 */

import type { Clock } from "../host/clock.ts";
import type { Connection, Network } from "../host/network.ts";
import { writeAll } from "../host/network.ts";
import type { Reply, ReplyLimits } from "../resp/reply_decoder.ts";
import { ReplyDecoder, ReplyFormatError } from "../resp/reply_decoder.ts";
import { ByteStream } from "./byte_stream.ts";
import { ClientError, reasonText, ReplyError } from "./client_error.ts";
import { within } from "./deadline.ts";
import type { Argument } from "./request_bytes.ts";
import { encodeRequests } from "./request_bytes.ts";

/** What a client needs of the host. */
export interface ClientHost {
  readonly network: Pick<Network, "connect" | "connectUnix">;
  readonly clock: Pick<Clock, "schedule">;
}

export type ServerAddress =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

export interface ClientOptions {
  /** For making the connection, in milliseconds; 0, the default, leaves it to the system. */
  readonly connectTimeoutMs?: number;
  /** For each reply, in milliseconds; 0, the default, waits for ever. */
  readonly timeoutMs?: number;
  readonly limits?: ReplyLimits;
}

/** Who a connection speaks as. */
export interface Credentials {
  /** Absent for the default user. */
  readonly username?: string;
  readonly password: string;
}

export type Push = Extract<Reply, { kind: "push" }>;

interface Taker {
  readonly takesPushes: boolean;
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

export class RedisClient {
  /** Called with pushes that nobody waits for by `nextMessage`. */
  onPush: ((push: Push) => void) | null = null;
  /** For each reply, in milliseconds; 0 waits for ever. */
  timeoutMs: number;
  private readonly decoder: ReplyDecoder;
  private readonly buffer = new Uint8Array(64 * 1024);
  private readonly takers: Taker[] = [];
  private reading = false;
  private writing: Promise<void> = Promise.resolve();
  private failure: ClientError | null = null;

  constructor(
    readonly connection: Connection,
    private readonly clock: Pick<Clock, "schedule">,
    options: ClientOptions = {},
  ) {
    this.timeoutMs = options.timeoutMs ?? 0;
    this.decoder = new ReplyDecoder(options.limits);
  }

  /** @throws {ClientError} "connecting" or "timeout", with the system's reason as its message. */
  static async connect(
    host: ClientHost,
    address: ServerAddress,
    options: ClientOptions = {},
  ): Promise<RedisClient> {
    const connecting = "path" in address
      ? host.network.connectUnix(address.path)
      : host.network.connect(address.hostname, address.port);
    try {
      const connection = await within(host.clock, options.connectTimeoutMs ?? 0, connecting, () => {
        // It is of no use any more when it comes.
        connecting.then((late) => late.close(), () => {});
        return new ClientError("timeout", "Connection timed out");
      });
      connection.setNoDelay?.(true);
      return new RedisClient(connection, host.clock, options);
    } catch (error) {
      if (error instanceof ClientError) throw error;
      throw new ClientError("connecting", reasonText(error), { cause: error });
    }
  }

  /** Why the client can't be used any more; null while it can. */
  get ended(): ClientError | null {
    return this.failure;
  }

  /**
   * Sends one request; its reply, be it an error. Several may be under way.
   *
   * @throws {ClientError}
   */
  async request(...args: readonly Argument[]): Promise<Reply> {
    return (await this.pipeline([args]))[0];
  }

  /** As `request`, for callers that need a success. @throws {ReplyError} the server's refusal. */
  async command(...args: readonly Argument[]): Promise<Reply> {
    const reply = await this.request(...args);
    const refusal = errorText(reply);
    if (refusal !== null) throw new ReplyError(refusal);
    return reply;
  }

  /** Sends all requests in one write; their replies, errors among them. @throws {ClientError} */
  async pipeline(requests: readonly (readonly Argument[])[]): Promise<Reply[]> {
    const replies = Promise.all(requests.map(() => this.take(false)));
    // The write is waited for first, and its failure fails the replies as well.
    replies.catch(() => {});
    await this.write(encodeRequests(requests));
    return await replies;
  }

  /** Sends bytes behind all that was sent before; their replies are the caller's to wait for. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const written = this.writing.then(() => writeAll(this.connection, bytes));
    this.writing = written.catch(() => {});
    try {
      await written;
    } catch (error) {
      throw this.fail(this.failure ?? new ClientError("lost", reasonText(error), { cause: error }));
    }
  }

  /** The next reply that is no push. @throws {ClientError} */
  nextReply(): Promise<Reply> {
    return this.take(false);
  }

  /** The next reply or push, whichever comes first. @throws {ClientError} */
  nextMessage(): Promise<Reply> {
    return this.take(true);
  }

  /** @throws {ReplyError} */
  async authenticate({ username, password }: Credentials): Promise<void> {
    await (username === undefined
      ? this.command("AUTH", password)
      : this.command("AUTH", username, password));
  }

  /** Switches the protocol; the server's description of itself. @throws {ReplyError} */
  hello(version: 2 | 3, credentials?: Credentials): Promise<Reply> {
    const { username = "default", password } = credentials ?? {};
    const auth = password === undefined ? [] : ["AUTH", username, password];
    return this.command("HELLO", version, ...auth);
  }

  /** @throws {ReplyError} */
  async select(db: number): Promise<void> {
    await this.command("SELECT", db);
  }

  /**
   * Gives up replies and hands over the connection, with the bytes that came behind the last one.
   * Only while no reply is waited for; the client can't be used after it.
   */
  takeStream(): ByteStream {
    if (this.failure !== null) throw this.failure;
    if (this.takers.length > 0 || this.reading) throw new Error("replies are still waited for");
    const rest = this.decoder.takeRest();
    this.failure = new ClientError("closed", "The connection was handed over");
    return new ByteStream(this.connection, this.clock, rest);
  }

  /** Ends the connection; whoever waits for a reply gets a ClientError. Does nothing twice. */
  close(): void {
    if (this.failure === null) this.fail(new ClientError("closed", "The client is closed"));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private take(takesPushes: boolean): Promise<Reply> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.takers.push({ takesPushes, resolve, reject });
    if (!this.reading) this.read();
    return within(this.clock, this.timeoutMs, promise, () => {
      return this.fail(new ClientError("timeout", `No reply within ${this.timeoutMs} ms`));
    });
  }

  private async read(): Promise<void> {
    this.reading = true;
    try {
      while (this.takers.length > 0) {
        const reply = this.decoder.next();
        if (reply !== undefined) {
          this.deliver(reply);
          continue;
        }
        const count = await this.connection.read(this.buffer);
        if (count === null) throw new ClientError("lost", "Server closed the connection");
        this.decoder.feed(this.buffer.subarray(0, count));
      }
    } catch (error) {
      this.fail(asClientError(error));
    } finally {
      this.reading = false;
    }
  }

  private deliver(reply: Reply): void {
    if (reply.kind === "push" && !this.takers[0].takesPushes) this.onPush?.(reply);
    else this.takers.shift()?.resolve(reply);
  }

  private fail(error: ClientError): ClientError {
    if (this.failure === null) {
      this.failure = error;
      try {
        this.connection.close();
      } catch {
        // The runtime has closed it already.
      }
    }
    for (const taker of this.takers.splice(0)) taker.reject(this.failure);
    return this.failure;
  }
}

/** The text of an error reply as a binary string; null for any other reply. */
export function errorText(reply: Reply): string | null {
  if (reply.kind === "error") return reply.text;
  if (reply.kind === "blob error") return String.fromCharCode(...reply.bytes);
  return null;
}

function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof ReplyFormatError) {
    return new ClientError("format", `Protocol error, ${error.message}`, { cause: error });
  }
  return new ClientError("lost", reasonText(error), { cause: error });
}
