/**
 * Bytes to reply values, RESP2 and RESP3: for the link to a primary, for scripts and for tests. The way
 * that serves requests never decodes replies, so this file is plain rather than fast.
 *
 * Bytes come in chunks of any size. Finished parts are never read twice: open aggregates wait on a
 * stack, an unfinished line remembers how far it was searched, and an unfinished bulk string
 * its length. Nothing is allocated because a header promises it. Formats:
 * https://redis.io/docs/latest/develop/reference/protocol-spec; the streamed aggregates described there
 * are sent by no server and refused here.
 */

/**
 * One reply. Lines (`simple`, `error`) are binary strings: one character for each byte. Bytes are
 * copies that the caller owns.
 */
export type Reply =
  | { kind: "simple"; text: string }
  | { kind: "error"; text: string }
  | { kind: "blob error"; bytes: Uint8Array }
  | { kind: "integer"; value: number | bigint }
  | { kind: "bulk"; bytes: Uint8Array | null }
  | { kind: "array"; items: Reply[] | null }
  | { kind: "null" }
  | { kind: "double"; value: number; text: string }
  | { kind: "boolean"; value: boolean }
  | { kind: "bignumber"; value: bigint }
  | { kind: "verbatim"; format: string; bytes: Uint8Array }
  | { kind: "map"; entries: [Reply, Reply][] }
  | { kind: "set"; items: Reply[] }
  | { kind: "push"; items: Reply[] }
  | { kind: "attribute"; entries: [Reply, Reply][]; reply: Reply };

/** The other side sent what is no reply. The place is lost: the connection must be closed. */
export class ReplyFormatError extends Error {
  override name = "ReplyFormatError";
}

export interface ReplyLimits {
  /** How deep aggregates may be nested. */
  depth?: number;
  /** Bytes of one bulk string or line. */
  lengthBytes?: number;
  /** Elements of one aggregate. */
  items?: number;
}

interface Frame {
  type: number;
  expected: number;
  items: Reply[];
}

/**
 * ```ts
 * const decoder = new ReplyDecoder();
 * decoder.feed(new TextEncoder().encode("+OK\r\n:"));
 * decoder.next(); // { kind: "simple", text: "OK" }
 * decoder.next(); // undefined: the second reply is not complete
 * ```
 */
export class ReplyDecoder {
  /** Bytes of all replies returned so far. */
  consumedBytes = 0;
  private buffer = new Uint8Array(1024);
  private position = 0;
  private end = 0;
  /** Where the search for the end of a line goes on. */
  private searched = 0;
  /** The open bulk string's type and length; type 0 when none is open. */
  private bulkType = 0;
  private bulkLength = 0;
  private readonly frames: Frame[] = [];
  private readonly maxDepth: number;
  private readonly maxLengthBytes: number;
  private readonly maxItems: number;
  /** The first byte of the reply that is being read, counted as `position`. */
  private replyStart = 0;

  constructor(limits: ReplyLimits = {}) {
    this.maxDepth = limits.depth ?? 512;
    this.maxLengthBytes = limits.lengthBytes ?? 512 * 1024 * 1024;
    this.maxItems = limits.items ?? 2 ** 31 - 1;
  }

  /** Takes a copy of `chunk`. */
  feed(chunk: Uint8Array): void {
    if (this.end + chunk.length > this.buffer.length) this.makeRoom(chunk.length);
    this.buffer.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** The next complete reply; undefined when more bytes are needed. Throws `ReplyFormatError`. */
  next(): Reply | undefined {
    for (;;) {
      const reply = this.bulkType === 0 ? this.readHeader() : this.readBulk();
      if (reply === undefined) return undefined;
      if (reply === opened) continue;
      const complete = this.close(reply);
      if (complete !== undefined) {
        this.consumedBytes += this.position - this.replyStart;
        this.replyStart = this.position;
        return complete;
      }
    }
  }

  /** Whether a reply has begun that is not complete. */
  get pending(): boolean {
    return this.end > this.replyStart;
  }

  /**
   * Takes back the bytes that follow the replies returned, when something else than a reply follows (the
   * snapshot that a primary sends). Only between replies.
   */
  takeRest(): Uint8Array {
    if (this.position !== this.replyStart || this.frames.length > 0) {
      throw new ReplyFormatError("can't take the rest inside a reply");
    }
    const rest = this.buffer.slice(this.position, this.end);
    this.position =
      this.end =
      this.searched =
      this.replyStart =
        0;
    return rest;
  }

  /** One line: a whole reply, or the opening of a bulk string or aggregate. */
  private readHeader(): Reply | typeof opened | undefined {
    const lineEnd = this.findLineEnd();
    if (lineEnd < 0) return undefined;
    const type = this.buffer[this.position];
    const start = this.position + 1;
    if (lineEnd < start) throw new ReplyFormatError("an empty line instead of a reply");
    const text = latin1(this.buffer, start, lineEnd);
    this.position = this.searched = lineEnd + 2;
    switch (type) {
      case SIMPLE:
        return { kind: "simple", text };
      case ERROR:
        return { kind: "error", text };
      case INTEGER:
        return { kind: "integer", value: parseInteger(text) };
      case BULK:
      case BLOB_ERROR:
      case VERBATIM:
        return this.openBulk(type, text);
      case ARRAY:
      case MAP:
      case SET:
      case PUSH:
      case ATTRIBUTE:
        return this.openAggregate(type, text);
      case NULL:
        if (text !== "") throw new ReplyFormatError(`null reply with content: ${quoted(text)}`);
        return { kind: "null" };
      case DOUBLE:
        return { kind: "double", value: parseDouble(text), text };
      case BOOLEAN:
        if (text !== "t" && text !== "f") {
          throw new ReplyFormatError(`invalid boolean: ${quoted(text)}`);
        }
        return { kind: "boolean", value: text === "t" };
      case BIG_NUMBER:
        if (!/^[+-]?\d+$/.test(text)) {
          throw new ReplyFormatError(`invalid big number: ${quoted(text)}`);
        }
        return { kind: "bignumber", value: BigInt(text.startsWith("+") ? text.slice(1) : text) };
      default:
        throw new ReplyFormatError(`unknown reply type: ${quoted(String.fromCharCode(type))}`);
    }
  }

  private openBulk(type: number, text: string): Reply | typeof opened {
    if (text === "-1" && type === BULK) return { kind: "bulk", bytes: null };
    this.bulkLength = parseLength(text, this.maxLengthBytes, "bulk length");
    this.bulkType = type;
    return opened;
  }

  private readBulk(): Reply | undefined {
    const contentEnd = this.position + this.bulkLength;
    if (contentEnd + 2 > this.end) return undefined;
    if (this.buffer[contentEnd] !== CR || this.buffer[contentEnd + 1] !== LF) {
      throw new ReplyFormatError(`no line end after ${this.bulkLength} bytes of a bulk string`);
    }
    const bytes = this.buffer.slice(this.position, contentEnd);
    const type = this.bulkType;
    this.position = this.searched = contentEnd + 2;
    this.bulkType = 0;
    if (type === BULK) return { kind: "bulk", bytes };
    if (type === BLOB_ERROR) return { kind: "blob error", bytes };
    if (bytes.length < 4 || bytes[3] !== COLON) {
      throw new ReplyFormatError("verbatim string without its format");
    }
    return { kind: "verbatim", format: latin1(bytes, 0, 3), bytes: bytes.slice(4) };
  }

  private openAggregate(type: number, text: string): Reply | typeof opened {
    if (text === "-1" && type === ARRAY) return { kind: "array", items: null };
    const count = parseLength(text, this.maxItems, "number of elements");
    if (this.frames.length >= this.maxDepth) {
      throw new ReplyFormatError(`replies nested deeper than ${this.maxDepth}`);
    }
    // An attribute is followed by the reply that it belongs to, which is kept as its last element.
    const expected = type === MAP ? count * 2 : type === ATTRIBUTE ? count * 2 + 1 : count;
    if (expected === 0) return aggregate(type, []);
    this.frames.push({ type, expected, items: [] });
    return opened;
  }

  /** Puts a reply where it belongs; returns the outermost one when it is complete by that. */
  private close(reply: Reply): Reply | undefined {
    let complete = reply;
    for (;;) {
      const frame = this.frames.at(-1);
      if (frame === undefined) return complete;
      frame.items.push(complete);
      if (frame.items.length < frame.expected) return undefined;
      this.frames.pop();
      complete = aggregate(frame.type, frame.items);
    }
  }

  private findLineEnd(): number {
    for (;;) {
      const at = this.buffer.subarray(0, this.end).indexOf(LF, this.searched);
      if (at < 0) {
        this.searched = this.end;
        if (this.end - this.position > this.maxLengthBytes) {
          throw new ReplyFormatError(`a line of more than ${this.maxLengthBytes} bytes`);
        }
        return -1;
      }
      if (at > this.position && this.buffer[at - 1] === CR) return at - 1;
      this.searched = at + 1;
    }
  }

  /** Moves what is unread to the start, into a larger buffer when it is more than half of this one. */
  private makeRoom(byteCount: number): void {
    const unread = this.end - this.position;
    let target = this.buffer;
    if ((unread + byteCount) * 2 > target.length) {
      target = new Uint8Array((unread + byteCount) * 2);
      target.set(this.buffer.subarray(this.position, this.end));
    } else {
      target.copyWithin(0, this.position, this.end);
    }
    this.buffer = target;
    this.searched -= this.position;
    this.replyStart -= this.position;
    this.position = 0;
    this.end = unread;
  }
}

/** Says that a header was read and its content follows. */
const opened = Symbol("opened");

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
const SIMPLE = 0x2b; // +
const ERROR = 0x2d; // -
const INTEGER = 0x3a; // :
const BULK = 0x24; // $
const ARRAY = 0x2a; // *
const NULL = 0x5f; // _
const DOUBLE = 0x2c; // ,
const BOOLEAN = 0x23; // #
const BLOB_ERROR = 0x21; // !
const VERBATIM = 0x3d; // =
const BIG_NUMBER = 0x28; // (
const MAP = 0x25; // %
const SET = 0x7e; // ~
const PUSH = 0x3e; // >
const ATTRIBUTE = 0x7c; // |

function aggregate(type: number, items: Reply[]): Reply {
  if (type === ARRAY) return { kind: "array", items };
  if (type === SET) return { kind: "set", items };
  if (type === PUSH) return { kind: "push", items };
  const entries: [Reply, Reply][] = [];
  for (let i = 0; i + 1 < items.length; i += 2) entries.push([items[i], items[i + 1]]);
  if (type === MAP) return { kind: "map", entries };
  return { kind: "attribute", entries, reply: items[items.length - 1] };
}

function parseLength(text: string, limit: number, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new ReplyFormatError(`invalid ${what}: ${quoted(text)}`);
  const length = Number(text);
  if (length > limit) throw new ReplyFormatError(`${what} ${length} is over the limit of ${limit}`);
  return length;
}

function parseInteger(text: string): number | bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) {
    throw new ReplyFormatError(`invalid integer: ${quoted(text)}`);
  }
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text.startsWith("+") ? text.slice(1) : text);
}

function parseDouble(text: string): number {
  if (text === "inf" || text === "+inf") return Infinity;
  if (text === "-inf") return -Infinity;
  if (text === "nan" || text === "-nan") return NaN;
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    throw new ReplyFormatError(`invalid double: ${quoted(text)}`);
  }
  return Number(text);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i += 4096) {
    text += String.fromCharCode.apply(null, [...bytes.subarray(i, Math.min(end, i + 4096))]);
  }
  return text;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? text.slice(0, 64) + "…" : text);
}
