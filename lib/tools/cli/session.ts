/**
 * What `cli` knows of its server between two commands: the connection (made again when it is lost),
 * the database and whether a transaction is open. Runs a command and prints what it replies.
 */

import { fromLatin1, latin1 } from "../../bytes/byte_string.ts";
import { ClientError, ReplyError } from "../../client/client_error.ts";
import { errorText, RedisClient } from "../../client/redis_client.ts";
import type { Reply } from "../../resp/reply_decoder.ts";
import { print, printError, type ToolHost } from "../tool_host.ts";
import type { CliOptions, OutputStyle } from "./options.ts";
import { formatReply } from "./reply_format.ts";

/** Resolves when the user wants what is under way to end. */
export type Interrupt = Promise<void>;

export type Outcome = "done" | "refused" | "failed" | "interrupted";

/** Their replies are texts made for people, printed as they are everywhere. */
const PRINTED_AS_TEXT = new Set([
  "info",
  "lolwut",
  "debug htstats",
  "debug htstats-key",
  "debug client-eviction",
  "memory malloc-stats",
  "memory doctor",
  "cluster nodes",
  "cluster info",
  "client list",
  "client info",
  "latency graph",
  "latency doctor",
  "latency histogram",
]);

const SUBSCRIBING = new Set(["subscribe", "psubscribe", "ssubscribe"]);

export class CliSession {
  db: number;
  inTransaction = false;
  private dbBeforeTransaction: number;
  private client: RedisClient | null = null;
  private connectedBefore = false;

  constructor(
    readonly host: ToolHost,
    readonly options: CliOptions,
    readonly style: OutputStyle,
    private readonly interactive: boolean,
  ) {
    this.db = options.db;
    this.dbBeforeTransaction = options.db;
  }

  get isConnected(): boolean {
    return this.client !== null && this.client.ended === null;
  }

  get addressText(): string {
    const { socket, hostname, port } = this.options;
    if (socket !== null) return socket;
    return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  }

  prompt(): string {
    if (!this.isConnected) return "not connected> ";
    const { socket } = this.options;
    const address = socket !== null ? `redis ${socket}` : this.addressText;
    const db = this.db === 0 ? "" : `[${this.db}]`;
    return `${address}${db}${this.inTransaction ? "(TX)" : ""}> `;
  }

  /** The connection, made now if there is none; null, and the reason printed, when it can't be had. */
  async connect(): Promise<RedisClient | null> {
    if (this.client !== null && this.client.ended === null) return this.client;
    const { options, host } = this;
    const address = options.socket === null
      ? { hostname: options.hostname, port: options.port }
      : { path: options.socket };
    try {
      this.client = await RedisClient.connect(host, address);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      printError(host, `Could not connect to Redis at ${this.addressText}: ${error.message}`);
      return null;
    }
    this.inTransaction = false;
    try {
      await this.introduce(this.client);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      printError(host, `Error: ${error.message}`);
      return null;
    }
    this.connectedBefore = true;
    return this.client;
  }

  close(): void {
    this.client?.close();
    this.client = null;
  }

  /** Goes to another server. */
  async moveTo(hostname: string, port: number): Promise<void> {
    this.close();
    Object.assign(this.options, { hostname, port, socket: null });
    await this.connect();
  }

  /** Sends a command once more when the connection turns out to be lost, as redis-cli does. */
  async run(args: readonly Uint8Array[], interrupt?: Interrupt): Promise<Outcome> {
    const reconnects = this.connectedBefore;
    for (let attempt = 0;; attempt++) {
      const client = await this.connect();
      if (client === null) return "failed";
      try {
        return await this.exchange(client, args, interrupt);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        this.close();
        if (lower(args[0]) === "shutdown") return "done";
        if (error.kind === "closed") return "interrupted";
        if (this.interactive && attempt === 0 && reconnects && error.kind === "lost") continue;
        printError(this.host, `Error: ${error.message}`);
        return "failed";
      }
    }
  }

  /** A reply without printing it, for the tools that look at the server themselves. */
  async ask(...args: (string | number | Uint8Array)[]): Promise<Reply> {
    const client = await this.connect();
    if (client === null) throw new ClientError("connecting", "");
    return await client.request(...args);
  }

  write(text: string): void {
    this.host.write(fromLatin1(text));
  }

  print(reply: Reply, asText = false): void {
    const { elementDelimiter, replyDelimiter } = this.options;
    if (asText) {
      this.write(formatReply(reply, { style: "raw", elementDelimiter, replyDelimiter: "" }));
    } else this.write(formatReply(reply, { style: this.style, elementDelimiter, replyDelimiter }));
  }

  private async exchange(
    client: RedisClient,
    args: readonly Uint8Array[],
    interrupt: Interrupt | undefined,
  ): Promise<Outcome> {
    const name = lower(args[0]);
    if (interrupt !== undefined) interrupt.then(() => client.close());
    client.onPush = (push) => {
      if (this.options.showsPushes ?? this.style === "standard") this.print(push);
    };
    if (SUBSCRIBING.has(name)) return await this.follow(client, args);
    const reply = await client.request(...args);
    const words = args.slice(0, 2).map(lower).join(" ");
    const refusal = errorText(reply);
    this.remember(name, args, reply, refusal !== null);
    if (refusal !== null && this.options.failOnError) {
      printError(this.host, refusal);
      return "refused";
    }
    this.print(reply, PRINTED_AS_TEXT.has(words) || PRINTED_AS_TEXT.has(name));
    if (refusal !== null) return "refused";
    if (name === "monitor") {
      for (;;) this.print(await client.nextMessage());
    }
    return "done";
  }

  /** Shows messages until the connection ends or the user has seen enough. */
  private async follow(client: RedisClient, args: readonly Uint8Array[]): Promise<Outcome> {
    if (this.style === "standard") {
      print(this.host, "Reading messages... (press Ctrl-C to quit)");
    }
    const sent = client.request(...args);
    // In RESP3 the confirmations are pushes, and the request itself has no reply.
    const messages = client.onPush;
    client.onPush = (push) => this.print(push);
    try {
      const first = await sent;
      this.print(first);
      if (errorText(first) !== null) return "refused";
      for (;;) this.print(await client.nextMessage());
    } finally {
      client.onPush = messages;
    }
  }

  private async introduce(client: RedisClient): Promise<void> {
    const { password, username, protocol } = this.options;
    if (password !== null) {
      await this.attempt("AUTH failed", () => {
        return client.authenticate(username === null ? { password } : { username, password });
      });
    }
    if (this.db !== 0) {
      await this.attempt(`SELECT ${this.db} failed`, () => client.select(this.db));
    }
    if (protocol !== null) {
      await this.attempt(`HELLO ${protocol} failed`, () => client.hello(protocol));
    }
  }

  /** A refusal is told and otherwise passed over: the commands that need it will say so. */
  private async attempt(what: string, step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      printError(this.host, `${what}: ${error.message}`);
      if (what.startsWith("SELECT")) this.db = 0;
    }
  }

  /** Follows what commands do to the connection. */
  private remember(name: string, args: readonly Uint8Array[], reply: Reply, failed: boolean): void {
    if (name === "select" && args.length === 2 && !failed) {
      this.db = parseInt(latin1(args[1]), 10);
    } else if (name === "multi" && args.length === 1 && !failed) {
      this.inTransaction = true;
      this.dbBeforeTransaction = this.db;
    } else if (name === "exec" && args.length === 1 && this.inTransaction) {
      this.inTransaction = false;
      if (failed || isNil(reply)) this.db = this.dbBeforeTransaction;
    } else if (name === "discard" && args.length === 1 && !failed) {
      this.inTransaction = false;
      this.db = this.dbBeforeTransaction;
    } else if (name === "reset" && args.length === 1 && !failed) {
      this.inTransaction = false;
      this.db = 0;
    } else if (name === "hello" && args.length > 1 && !failed) {
      this.options.protocol = latin1(args[1]) === "3" ? 3 : 2;
    }
  }
}

export function lower(arg: Uint8Array | undefined): string {
  return arg === undefined ? "" : latin1(arg).toLowerCase();
}

export function isNil(reply: Reply): boolean {
  return reply.kind === "null" || (reply.kind === "bulk" && reply.bytes === null) ||
    (reply.kind === "array" && reply.items === null);
}
