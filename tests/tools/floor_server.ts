/**
 * What a Deno program can do with sockets at all: reads and writes as our server makes them, without
 * a parser, commands or data. It knows how long requests are and what is answered to them
 * (`floor.ts` finds that out), counts bytes and sends the replies that are due, in one write for each
 * connection at the end of a turn, as `lib/server/turn.ts` does.
 *
 *     deno run -A tests/tools/floor_server.ts PORT CONVERSATIONS.json
 */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";

/** What is said on the connections of one kind; texts are binary strings. */
export interface Conversation {
  /** How the first request on such a connection begins. */
  readonly begins: string;
  /** Requests and their replies, which come in this order again and again. */
  readonly steps: readonly Step[];
  /** What these connections have to do with others whose first request names the same key. */
  readonly role: Role;
  /** For those that listen: what each of them is sent whenever another speaks. */
  readonly message: string;
}

export interface Step {
  readonly requestBytes: number;
  readonly reply: string;
}

/**
 * - `answered`: nothing, requests are answered at once
 * - `speaks`: so are these, and those that listen or wait hear of each request
 * - `waits`: one request is answered whenever another connection speaks
 * - `listens`: the first request is answered, then messages come
 */
export type Role = "answered" | "speaks" | "waits" | "listens";

/** As large as the buffers that our server reads into. */
const READ_BYTES = 16 * 1024;
/** Replies that are due together leave in one write up to this size. */
const WRITE_BYTES = 1024 * 1024;

/** A conversation with its replies laid out for writing. */
class Script {
  readonly steps: readonly { requestBytes: number; replyBytes: number }[];
  /** What is sent once, then what is sent again and again, several times over. */
  readonly bytes: Uint8Array;
  /** Where the part begins that comes again and again, and how long it is. */
  readonly cycleStart: number;
  readonly cycleBytes: number;

  constructor(readonly conversation: Conversation) {
    const { steps, role, message } = conversation;
    this.steps = steps.map(({ requestBytes, reply }) => ({
      requestBytes,
      replyBytes: reply.length,
    }));
    const replies = steps.map(({ reply }) => reply).join("");
    const once = role === "listens" ? replies : "";
    const cycle = role === "listens" ? message : replies;
    const requestBytes = steps.reduce((total, step) => total + step.requestBytes, 0);
    const asked = Math.ceil(READ_BYTES / requestBytes) + 1;
    const copies = Math.max(1, Math.min(asked, Math.floor(WRITE_BYTES / cycle.length)));
    this.bytes = fromLatin1(once + cycle.repeat(copies));
    this.cycleStart = once.length;
    this.cycleBytes = cycle.length;
  }
}

/** Connections whose first requests name the same key. */
class Meeting {
  readonly listening = new Set<Client>();
  /** Requests that wait, and what was said before anybody waited. */
  readonly waiting: Client[] = [];
  private unheard = 0;

  speak(): void {
    for (const client of this.listening) client.owe(client.messageBytes);
    this.unheard++;
    this.settle();
  }

  wait(client: Client): void {
    this.waiting.push(client);
    this.settle();
  }

  private settle(): void {
    for (; this.unheard > 0 && this.waiting.length > 0; this.unheard--) {
      const client = this.waiting.shift()!;
      client.owe(client.messageBytes);
    }
  }
}

/** One microtask for all connections that were read together: writes first, then reads. */
class Turn {
  readonly meetings = new Map<string, Meeting>();
  private readonly arrived: Client[] = [];
  private readonly owing: Client[] = [];
  private queued = false;
  private readonly end = (): void => this.finish();

  constructor(readonly scripts: readonly Script[]) {}

  join(client: Client): void {
    this.arrived.push(client);
    if (this.queued) return;
    this.queued = true;
    queueMicrotask(this.end);
  }

  /** Has `flush` called when the turn ends, which somebody has joined. */
  flushAtEnd(client: Client): void {
    this.owing.push(client);
  }

  private finish(): void {
    this.queued = false;
    for (let i = 0; i < this.owing.length; i++) this.owing[i].flush();
    this.owing.length = 0;
    for (let i = 0; i < this.arrived.length; i++) this.arrived[i].readOn();
    this.arrived.length = 0;
  }
}

class Client {
  private readonly target = new Uint8Array(READ_BYTES);
  /** What came before it was clear which conversation this is, and its key; null after that. */
  private opening: string | null = "";
  private script: Script | null = null;
  private meeting: Meeting | null = null;
  private step = 0;
  /** Bytes of the next request that have come. */
  private restBytes = 0;
  private owedBytes = 0;
  /** Place in the script's bytes of what is written next. */
  private at = 0;
  private waitsForFlush = false;
  private isWriting = false;
  private isOpen = true;

  constructor(private readonly turn: Turn, private readonly socket: Deno.TcpConn) {}

  /** Of the part of the replies that comes again and again. */
  get messageBytes(): number {
    return this.script!.cycleBytes;
  }

  readOn(): void {
    if (this.isOpen) this.socket.read(this.target).then(this.arrived, this.close);
  }

  owe(bytes: number): void {
    this.owedBytes += bytes;
    if (this.waitsForFlush) return;
    this.waitsForFlush = true;
    this.turn.flushAtEnd(this);
  }

  flush(): void {
    this.waitsForFlush = false;
    if (!this.isWriting && this.isOpen) this.write();
  }

  private readonly arrived = (count: number | null): void => {
    if (count === null) return this.close();
    this.turn.join(this);
    this.restBytes += count;
    if (this.opening !== null && !this.opens(this.opening, count)) return;
    const { steps } = this.script!;
    while (this.restBytes >= steps[this.step].requestBytes) {
      this.restBytes -= steps[this.step].requestBytes;
      if (this.meeting === null) this.owe(steps[this.step].replyBytes);
      else this.meet(this.meeting, steps[this.step].replyBytes);
      if (++this.step === steps.length) this.step = 0;
    }
  };

  /** Whether the first request is complete. */
  private opens(before: string, count: number): boolean {
    const opening = before + latin1(this.target, 0, count);
    this.opening = opening;
    const { scripts, meetings } = this.turn;
    const script = scripts.find(({ conversation }) => opening.startsWith(conversation.begins));
    if (script === undefined) {
      const isOpen = scripts.some(({ conversation }) => conversation.begins.startsWith(opening));
      if (!isOpen) this.close();
      return false;
    }
    if (opening.length < script.steps[0].requestBytes) return false;
    this.script = script;
    this.opening = null;
    if (script.conversation.role !== "answered") {
      const key = keyOf(opening);
      this.meeting = meetings.get(key) ?? new Meeting();
      meetings.set(key, this.meeting);
    }
    return true;
  }

  private meet(meeting: Meeting, replyBytes: number): void {
    const { role } = this.script!.conversation;
    if (role === "waits") return meeting.wait(this);
    this.owe(replyBytes);
    if (role === "speaks") meeting.speak();
    else meeting.listening.add(this);
  }

  private write(): void {
    const { bytes } = this.script!;
    const end = Math.min(this.at + this.owedBytes, bytes.length);
    this.isWriting = true;
    this.socket.write(bytes.subarray(this.at, end)).then(this.written, this.close);
  }

  private readonly written = (count: number): void => {
    const { cycleStart, cycleBytes } = this.script!;
    this.isWriting = false;
    this.owedBytes -= count;
    this.at += count;
    if (this.at >= cycleStart) this.at = cycleStart + (this.at - cycleStart) % cycleBytes;
    if (this.owedBytes > 0 && !this.waitsForFlush && this.isOpen) this.write();
  };

  private readonly close = (): void => {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.meeting?.listening.delete(this);
    try {
      this.socket.close();
    } catch {
      // The runtime has closed it already.
    }
  };
}

/** The first argument of the first request, which need not be alone. */
function keyOf(request: string): string {
  return /^\*\d+\r\n\$\d+\r\n[^\r]+\r\n\$\d+\r\n([^\r]*)/.exec(request)?.[1] ?? "";
}

if (import.meta.main) {
  const [port, path] = Deno.args;
  const conversations: Conversation[] = JSON.parse(Deno.readTextFileSync(path));
  const turn = new Turn(conversations.map((conversation) => new Script(conversation)));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(port) });
  console.log("Ready to accept connections");
  for await (const socket of listener) {
    socket.setNoDelay(true);
    new Client(turn, socket).readOn();
  }
}
