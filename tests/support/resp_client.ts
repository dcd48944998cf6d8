/**
 * A client for tests: sends commands, hands back decoded replies or their exact bytes, and keeps pushes
 * apart. Errors are replies here, not exceptions: tests look at them. Nothing waits longer than ten
 * seconds, so a server that does not answer fails one test and not the run.
 */

import { type Reply, ReplyDecoder } from "../../lib/resp/reply_decoder.ts";
import { type Connection, writeAll } from "../../lib/host/network.ts";

export type Argument = string | number | bigint | Uint8Array;

export interface ClientOptions {
  hostname?: string;
  /** 3 says HELLO 3 at once. */
  resp?: 2 | 3;
}

export async function connect(port: number, options: ClientOptions = {}): Promise<RespClient> {
  const client = new RespClient(
    await Deno.connect({ hostname: options.hostname ?? "127.0.0.1", port }),
  );
  if (options.resp === 3) {
    const hello = await client.send("HELLO", 3);
    if (hello.kind === "error") {
      client.close();
      throw new Error(`HELLO 3 was refused: ${hello.text}`);
    }
  }
  return client;
}

interface Received {
  reply: Reply;
  bytes: Uint8Array;
}

export class RespClient {
  private readonly decoder = new ReplyDecoder();
  private readonly replies = new Mailbox<Received>();
  private readonly pushes = new Mailbox<Received>();
  private readonly log = new ByteLog();
  private readonly reading: Promise<void>;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly connection: Connection) {
    this.reading = this.read();
  }

  /** Sends one command; its reply. Several may be under way: replies come in their order. */
  async send(...args: Argument[]): Promise<Reply> {
    const received = this.replies.take();
    await this.raw(encodeCommand(args));
    return (await received).reply;
  }

  /** Sends all commands in one write; their replies. */
  async pipeline(commands: Argument[][]): Promise<Reply[]> {
    const received = commands.map(() => this.replies.take());
    await this.raw(concat(commands.map(encodeCommand)));
    return (await Promise.all(received)).map(({ reply }) => reply);
  }

  /** Sends one command without waiting: SUBSCRIBE in RESP3 is answered by pushes. */
  write(...args: Argument[]): Promise<void> {
    return this.raw(encodeCommand(args));
  }

  /** Sends bytes as they are (strings as UTF-8), after all that was sent before. */
  raw(bytes: Uint8Array | string): Promise<void> {
    const payload = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    const written = this.writing.then(() => writeAll(this.connection, payload));
    this.writing = written.catch(() => {});
    return written;
  }

  /** The next reply that is no push. */
  async nextReply(): Promise<Reply> {
    return (await this.replies.take()).reply;
  }

  /** The exact bytes of each of the next replies, pushes left out. */
  async rawReplies(count: number): Promise<Uint8Array[]> {
    const received = Array.from({ length: count }, () => this.replies.take());
    return (await Promise.all(received)).map(({ bytes }) => bytes);
  }

  /** The next RESP3 push. */
  async nextPush(): Promise<Reply> {
    return (await this.pushes.take()).reply;
  }

  /** The exact bytes of the next RESP3 push. */
  async rawPush(): Promise<Uint8Array> {
    return (await this.pushes.take()).bytes;
  }

  /** Resolves when the server has closed the connection. */
  async ended(): Promise<void> {
    await withinDeadline(this.reading, "the server to close the connection");
  }

  /** Ends our side, so that the server reads the end; replies can still come. */
  closeWrite(): Promise<void> {
    return this.connection.closeWrite();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.reading;
  }

  private async read(): Promise<void> {
    const target = new Uint8Array(64 * 1024);
    let reason = "the server closed the connection";
    try {
      for (;;) {
        const count = await this.connection.read(target);
        if (count === null) break;
        this.receive(target.subarray(0, count));
      }
    } catch (error) {
      reason = this.closed ? "the client is closed" : String(error);
    }
    this.replies.end(reason);
    this.pushes.end(reason);
  }

  private receive(chunk: Uint8Array): void {
    this.log.append(chunk);
    this.decoder.feed(chunk);
    for (;;) {
      const before = this.decoder.consumedBytes;
      const reply = this.decoder.next();
      if (reply === undefined) return;
      const bytes = this.log.take(this.decoder.consumedBytes - before);
      (reply.kind === "push" ? this.pushes : this.replies).put({ reply, bytes });
    }
  }
}

/** A command as clients send it: an array of bulk strings. */
export function encodeCommand(args: Argument[]): Uint8Array {
  const encoder = new TextEncoder();
  const parts = [encoder.encode(`*${args.length}\r\n`)];
  for (const argument of args) {
    const bytes = argument instanceof Uint8Array ? argument : encoder.encode(String(argument));
    parts.push(encoder.encode(`$${bytes.length}\r\n`), bytes as Uint8Array<ArrayBuffer>);
    parts.push(encoder.encode("\r\n"));
  }
  return concat(parts);
}

/** A reply as redis-cli shows it on a terminal, without the last line end. */
export function show(reply: Reply): string {
  switch (reply.kind) {
    case "simple":
      return reply.text;
    case "error":
      return `(error) ${reply.text}`;
    case "blob error":
      return `(error) ${binaryText(reply.bytes)}`;
    case "integer":
      return `(integer) ${reply.value}`;
    case "bulk":
      return reply.bytes === null ? "(nil)" : quote(reply.bytes);
    case "null":
      return "(nil)";
    case "double":
      return `(double) ${reply.text}`;
    case "boolean":
      return reply.value ? "(true)" : "(false)";
    case "bignumber":
      return `(big number) ${reply.value}`;
    case "verbatim":
      return binaryText(reply.bytes);
    case "array":
      return reply.items === null ? "(nil)" : showItems(reply.items, ")", "array");
    case "set":
      return showItems(reply.items, "~", "set");
    case "push":
      return showItems(reply.items, ">", "push");
    case "map":
      return showEntries(reply.entries);
    case "attribute":
      return `${showEntries(reply.entries)}\n${show(reply.reply)}`;
  }
}

function showItems(items: Reply[], mark: string, name: string): string {
  if (items.length === 0) return `(empty ${name})`;
  const width = String(items.length).length;
  return items.map((item, index) => {
    const prefix = `${String(index + 1).padStart(width)}${mark} `;
    return prefix + indent(show(item), prefix.length);
  }).join("\n");
}

function showEntries(entries: [Reply, Reply][]): string {
  if (entries.length === 0) return "(empty hash)";
  const width = String(entries.length).length;
  return entries.map(([key, value], index) => {
    const prefix = `${String(index + 1).padStart(width)}# `;
    // redis-cli starts a new line for a value that takes several.
    const shownValue = show(value);
    const start = shownValue.includes("\n") ? "\n" + " ".repeat(prefix.length) : "";
    const shownKey = indent(show(key), prefix.length);
    return `${prefix}${shownKey} => ${start}${indent(shownValue, prefix.length)}`;
  }).join("\n");
}

function indent(text: string, columns: number): string {
  return text.replaceAll("\n", "\n" + " ".repeat(columns));
}

/** In quotes; what is not printable ASCII is escaped. */
function quote(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) {
    const named = namedEscapes.get(byte);
    if (named !== undefined) text += named;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text + '"';
}

const namedEscapes = new Map([
  [0x22, '\\"'],
  [0x5c, "\\\\"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [0x09, "\\t"],
  [0x07, "\\a"],
  [0x08, "\\b"],
]);

function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** What arrives before it is asked for, and who asks before it arrives. */
class Mailbox<T> {
  private readonly items: T[] = [];
  private readonly takers: PromiseWithResolvers<T>[] = [];
  private endReason: string | null = null;

  put(item: T): void {
    const taker = this.takers.shift();
    if (taker === undefined) this.items.push(item);
    else taker.resolve(item);
  }

  take(): Promise<T> {
    const item = this.items.shift();
    const taker = Promise.withResolvers<T>();
    if (item !== undefined) taker.resolve(item);
    else if (this.endReason !== null) taker.reject(new Error(this.endReason));
    else this.takers.push(taker);
    const promise = withinDeadline(taker.promise, "a reply");
    // Whoever took it may still be writing when it fails; it is awaited after that.
    promise.catch(() => {});
    return promise;
  }

  end(reason: string): void {
    this.endReason = reason;
    for (const taker of this.takers.splice(0)) taker.reject(new Error(reason));
  }
}

/** Bytes that arrived and were not yet given to a reply. */
class ByteLog {
  private bytes = new Uint8Array(64 * 1024);
  private start = 0;
  private end = 0;

  append(chunk: Uint8Array): void {
    const unread = this.end - this.start;
    if (this.end + chunk.length > this.bytes.length) {
      const needed = (unread + chunk.length) * 2;
      const target = needed > this.bytes.length ? new Uint8Array(needed) : this.bytes;
      target.set(this.bytes.subarray(this.start, this.end));
      this.bytes = target;
      this.start = 0;
      this.end = unread;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }

  take(length: number): Uint8Array {
    const taken = this.bytes.slice(this.start, this.start + length);
    this.start += length;
    return taken;
  }
}

const deadlineMs = 10_000;

async function withinDeadline<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`waited ${deadlineMs / 1000} seconds for ${what}`));
  }, deadlineMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
