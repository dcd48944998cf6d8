/**
 * What happens, as server-sent events: `GET /api/v1/events` changes of keys, `/monitor` the commands
 * that clients run, `/pubsub/messages` the messages of channels. A reader whose connection is lost may
 * go on where it was (event_stream.ts).
 */

import { hexadecimal, latin1 } from "../../lib/bytes/byte_string.ts";
import { matchGlob } from "../../lib/bytes/glob.ts";
import type { ChangeListener } from "../../lib/engine/keyspace.ts";
import type { Commands } from "../engine_access.ts";
import { EventStream } from "../event_stream.ts";
import { jsonBytes } from "../json_values.ts";
import { Problem } from "../problem.ts";
import { bytes, integer, list, text } from "../query.ts";
import { replyBytes } from "../reply_json.ts";
import type { Asked } from "../route.ts";
import { route } from "../route.ts";
import { SessionLink } from "../session_link.ts";

const MAX_DATABASE = 2 ** 31;

/** What all of them take and answer besides their filters. */
const STREAM = {
  produces: ["text/event-stream"],
  headers: {
    "Last-Event-ID":
      "The id of the last event that the reader got: the stream goes on behind it. " +
      "An event `dropped` says how many were missed in all, or null where that is not known.",
  },
} as const;

const keep = integer(
  { initial: 15, min: 0, max: 120 },
  "Seconds for which events are kept for a reader whose connection is lost.",
);

export const eventsRoute = route({
  path: "/api/v1/events",
  summary: "Changes of keys as they happen, whatever notify-keyspace-events says.",
  ...STREAM,
  query: {
    keep,
    db: integer({ initial: undefined, min: 0, max: MAX_DATABASE }, "Only of this database."),
    match: bytes("A glob-style pattern that keys match."),
    event: list("Only these events, such as set, del, expired."),
  },
  handle(asked) {
    const { db, match, event: events } = asked.query;
    const { keyspace } = asked.engine.context;
    return streamed(asked, (stream) => {
      const listener: ChangeListener = {
        keyChanged(database, key, event) {
          if (db !== undefined && database.index !== db) return;
          if (events.length > 0 && !events.includes(event)) return;
          if (match !== undefined && !matches(match, key)) return;
          stream.send("change", { db: database.index, event, key: jsonBytes(key) });
        },
        flushed(database) {
          if (db === undefined || database.index === db) {
            stream.send("flush", { db: database.index });
          }
        },
        swapped: (a, b) => stream.send("swap", { databases: [a.index, b.index] }),
      };
      keyspace.listen(listener);
      stream.whenEnded(() => keyspace.unlisten(listener));
    });
  },
});

export const monitorRoute = route({
  path: "/api/v1/monitor",
  summary: "Commands that clients run, as MONITOR shows them, with a filter.",
  ...STREAM,
  query: {
    keep,
    db: integer({ initial: undefined, min: 0, max: MAX_DATABASE }, "Only in this database."),
    command: list("Only these commands."),
    client: text("Only of clients whose address begins like this.", /^[^]{1,128}$/),
    match: text("Only lines that contain this text.", /^[^]{1,256}$/),
  },
  handle(asked) {
    const { db, client, match } = asked.query;
    const names = asked.query.command.map((name) => name.toLowerCase());
    return watched(asked, [["MONITOR"]], (stream, reply) => {
      if (reply.kind !== "simple" || stream.drops()) return;
      const line = parseMonitorLine(reply.text);
      if (line === null) return;
      if (db !== undefined && line.db !== db) return;
      if (names.length > 0 && !names.includes(line.command)) return;
      if (client !== undefined && !line.client.startsWith(client)) return;
      if (match !== undefined && !reply.text.includes(match)) return;
      stream.send("command", line);
    });
  },
});

export const messagesRoute = route({
  path: "/api/v1/pubsub/messages",
  summary: "Messages of channels as they are published.",
  ...STREAM,
  query: {
    keep,
    channel: bytes("A channel to listen to."),
    pattern: bytes("A glob-style pattern of channels to listen to."),
  },
  handle(asked) {
    const { channel, pattern } = asked.query;
    const subscriptions: (string | Uint8Array)[][] = [];
    if (channel !== undefined) subscriptions.push(["SUBSCRIBE", channel]);
    if (pattern !== undefined) subscriptions.push(["PSUBSCRIBE", pattern]);
    if (subscriptions.length === 0) throw new Problem(400, "channel or pattern is missing");
    return watched(asked, subscriptions, (stream, reply) => {
      if (reply.kind !== "push") return;
      const [kind, ...rest] = reply.items;
      const word = latin1(replyBytes(kind));
      if (word !== "message" && word !== "pmessage") return;
      const [from, message] = rest.slice(-2).map(replyBytes);
      stream.send("message", {
        channel: jsonBytes(from),
        pattern: word === "pmessage" ? jsonBytes(replyBytes(rest[0])) : null,
        message: jsonBytes(message),
      });
    });
  },
});

type Received = NonNullable<ReturnType<Commands["nextReply"]>>;

/** What the streams' queries have in common. */
interface StreamQuery {
  readonly keep: number;
}

/** A stream of what a session is sent after some commands. */
function watched(
  asked: Asked<StreamQuery>,
  begin: readonly (readonly (string | Uint8Array)[])[],
  receive: (stream: EventStream, reply: Received) => void,
): Response {
  return streamed(asked, (stream) => {
    const commands = asked.commands({ shown: true });
    const takeAll = (): void => {
      for (let reply = commands.nextReply(); reply !== undefined; reply = commands.nextReply()) {
        receive(stream, reply);
      }
    };
    commands.session.link = new SessionLink(asked.identity.address, takeAll, () => stream.end());
    stream.whenEnded(() => {
      asked.engine.context.monitor.remove(commands.session);
      commands.close();
    });
    for (const args of begin) {
      const reply = commands.attempt(args);
      if (reply?.kind === "error") throw Problem.ofErrorReply(reply.text);
    }
  });
}

/** The stream that this reader had before, or a new one, which `begin` fills. */
function streamed(
  asked: Asked<StreamQuery>,
  begin: (stream: EventStream) => void,
): Response {
  const { c, parts, identity, query } = asked;
  const { clock, random } = asked.engine.context.host;
  const { pathname, search } = new URL(c.req.url);
  const subject = `${identity.user} ${pathname}${search}`;
  const last = c.req.header("last-event-id");
  const [, id, number] = /^([0-9a-f]+)-(\d{1,15})$/.exec(last ?? "") ?? [];
  const before = id === undefined ? undefined : parts.streams.find(id, subject);
  if (before !== undefined) return before.resumedAfter(Number(number));
  const stream = new EventStream(clock, parts.streams, {
    id: hexadecimal(random.bytes(8)),
    subject,
    keptMs: query.keep * 1000,
    hasMissed: last !== undefined,
  });
  try {
    begin(stream);
  } catch (error) {
    stream.end();
    throw error;
  }
  return stream.response();
}

function matches(pattern: Uint8Array, key: Uint8Array): boolean {
  return matchGlob(pattern, 0, pattern.length, key, 0, key.length, false);
}

export interface MonitorLine {
  /** Seconds since 1970, with microseconds. */
  readonly time: string;
  readonly db: number;
  readonly client: string;
  readonly command: string;
  /** The arguments as MONITOR quotes them, the command's name included. */
  readonly text: string;
}

/** A line such as `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`; null for anything else. */
export function parseMonitorLine(line: string): MonitorLine | null {
  const parts = /^(\d+\.\d+) \[(\d+) ([^\]]*(?:\][^\]]*)?)\] ("([^"]*)"[^]*)$/.exec(line);
  if (parts === null) return null;
  const [, time, db, client, text, name] = parts;
  return { time, db: Number(db), client, command: name.toLowerCase(), text };
}
