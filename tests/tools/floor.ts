/**
 * Finds out what a load says and what a server answers, for `floor_server.ts`, which then answers
 * without knowing what it says. A relay stands between the load and a real server for a few requests;
 * what goes through it is the conversation.
 */

import { latin1 } from "../../lib/bytes/byte_string.ts";
import { writeAll } from "../../lib/host/network.ts";
import { ReplyDecoder } from "../../lib/resp/reply_decoder.ts";
import { type ChildServer, startChildServer } from "../support/child_server.ts";
import type { Conversation, Role, Step } from "./floor_server.ts";

/** Requests are told apart by so many of their first bytes: beyond the name of any command. */
const BEGINNING_BYTES = 16;

/** Commands whose replies wait for others, or that are sent more than their reply. */
const ROLES: Readonly<Record<string, Role>> = { BLPOP: "waits", SUBSCRIBE: "listens" };

/** A request and its reply, as binary strings. */
interface Turn {
  request: string;
  reply: string;
}

/**
 * Hands everything on between clients and the server at a port, and keeps it. A client must wait for
 * each reply before it sends more, since that is how requests and replies are told apart.
 */
export class Relay implements AsyncDisposable {
  readonly port: number;
  private readonly listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  private readonly sockets: Deno.TcpConn[] = [];
  private readonly heard: Turn[][] = [];
  private readonly accepting: Promise<void>;
  private readonly pumping: Promise<void>[] = [];

  constructor(private readonly serverPort: number) {
    this.port = this.listener.addr.port;
    this.accepting = this.accept();
  }

  /** What was said so far; null when it can't be told from the number of bytes what is asked. */
  conversations(): Conversation[] | null {
    return conversationsOf(this.heard);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    await this.accepting;
    this.sockets.forEach(close);
    await Promise.all(this.pumping);
  }

  private async accept(): Promise<void> {
    for await (const client of this.listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.serverPort });
      for (const socket of [client, server]) socket.setNoDelay(true);
      this.sockets.push(client, server);
      const turns: Turn[] = [];
      this.heard.push(turns);
      this.pumping.push(
        pump(client, server, (text) => {
          if (turns.length === 0 || turns[turns.length - 1].reply !== "") {
            turns.push({ request: "", reply: "" });
          }
          turns[turns.length - 1].request += text;
        }),
        pump(server, client, (text) => turns[turns.length - 1].reply += text),
      );
    }
  }
}

/** Starts the floor's server, which knows these conversations. */
export function startFloor(conversations: readonly Conversation[]): Promise<ChildServer> {
  return startChildServer({
    program: Deno.execPath(),
    args: (port, directory) => {
      const path = `${directory}/conversations.json`;
      Deno.writeTextFileSync(path, JSON.stringify(conversations));
      return ["run", "-A", "--no-prompt", floorPath, String(port), path];
    },
  });
}

const floorPath = decodeURIComponent(new URL("floor_server.ts", import.meta.url).pathname)
  // A file URL of Windows has a slash before the drive.
  .replace(/^\/([A-Za-z]:)/, "$1");

/** From what was said on each connection; null when lengths don't tell the requests. */
export function conversationsOf(heard: readonly (readonly Turn[])[]): Conversation[] | null {
  const byBeginning = new Map<string, Conversation>();
  for (const turns of heard) {
    // A connection that was closed without a word has said nothing new.
    if (turns.length === 0) continue;
    const conversation = conversationOf(turns);
    if (conversation === null) return null;
    const known = byBeginning.get(conversation.begins) ?? conversation;
    if (lengthsOf(known) !== lengthsOf(conversation)) return null;
    byBeginning.set(conversation.begins, known);
  }
  const found = [...byBeginning.values()];
  if (found.every(({ role }) => role === "answered")) return found;
  // Where somebody listens or waits, all others speak to them.
  return found.map((each) => each.role === "answered" ? { ...each, role: "speaks" } : each);
}

function conversationOf(turns: readonly Turn[]): Conversation | null {
  const beginnings = turns.map(({ request }) => request.slice(0, BEGINNING_BYTES));
  const again = beginnings.indexOf(beginnings[0], 1);
  const count = again < 0 ? turns.length : again;
  const begins = beginnings[0];
  const role = ROLES[/^\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n/.exec(turns[0].request)?.[1] ?? ""] ??
    "answered";
  const steps: Step[] = [];
  for (let i = 0; i < count; i++) {
    const alike = turns.filter((_, n) => n % count === i);
    const { request } = alike[0];
    const isFixed = alike.every((turn, n) =>
      turn.request.length === request.length && beginnings[i + n * count] === beginnings[i]
    );
    if (!isFixed || alike.some(({ reply }) => reply === "")) return null;
    steps.push({ requestBytes: request.length, reply: middle(alike.map(({ reply }) => reply)) });
  }
  if (role !== "listens") return { begins, steps, role, message: "" };
  const [reply, message] = firstReplies(steps[0].reply);
  return { begins, steps: [{ ...steps[0], reply }], role, message };
}

/** The reply of middle length: numbers grow, and the first may be short. */
function middle(replies: readonly string[]): string {
  const sorted = replies.toSorted((a, b) => a.length - b.length);
  return sorted[sorted.length >> 1];
}

/** The confirmation of a subscription, and the first message. */
function firstReplies(text: string): [string, string] {
  const decoder = new ReplyDecoder();
  decoder.feed(Uint8Array.from(text, (char) => char.charCodeAt(0)));
  if (decoder.next() === undefined) throw new Error("a subscription was not confirmed");
  const first = decoder.consumedBytes;
  if (decoder.next() === undefined) throw new Error("no message came");
  return [text.slice(0, first), text.slice(first, decoder.consumedBytes)];
}

function lengthsOf({ steps }: Conversation): string {
  return steps.map(({ requestBytes }) => requestBytes).join(" ");
}

async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  heard: (text: string) => void,
): Promise<void> {
  const target = new Uint8Array(64 * 1024);
  try {
    for (;;) {
      const count = await from.read(target);
      if (count === null) break;
      heard(latin1(target, 0, count));
      await writeAll(to, target.subarray(0, count));
    }
  } catch {
    // One side is gone, and then so is the other.
  }
  close(from);
  close(to);
}

function close(socket: Deno.TcpConn): void {
  try {
    socket.close();
  } catch {
    // It was closed from the other side.
  }
}
