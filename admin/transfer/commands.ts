/**
 * A key as the commands that make it. As lines that redis-cli and a person read, and as RESP for
 * `redis-cli --pipe`.
 */

import { fromLatin1, latin1, utf8 } from "../../lib/bytes/byte_string.ts";
import { plainWord } from "../../lib/config/words.ts";
import type { Argument } from "../engine_access.ts";
import type { KeyPart, StreamContent, StreamState } from "./key_part.ts";

/** Elements that one command adds. */
const ELEMENTS = 64;

export type CommandArguments = readonly Argument[];

/** The commands that add a part; the first one begins by deleting what has the key. */
export function commandsOf(part: KeyPart): CommandArguments[] {
  const { key, content } = part;
  const made: CommandArguments[] = part.part === 1 && part.content.type !== "string"
    ? [["DEL", key]]
    : [];
  switch (content.type) {
    case "string":
      made.push([part.part === 1 ? "SET" : "APPEND", key, content.value]);
      break;
    case "list":
      addAll(made, ["RPUSH", key], content.elements.map((element) => [element]));
      break;
    case "set":
      addAll(made, ["SADD", key], content.members.map((member) => [member]));
      break;
    case "zset":
      addAll(made, ["ZADD", key], content.members.map(({ member, score }) => [score, member]));
      break;
    case "hash":
      addAll(made, ["HSET", key], content.fields.map(({ field, value }) => [field, value]));
      for (const { field, expiresAtMs } of content.fields) {
        if (expiresAtMs !== null) {
          made.push(["HPEXPIREAT", key, expiresAtMs, "FIELDS", "1", field]);
        }
      }
      break;
    case "stream":
      addStream(made, key, part.part, content);
  }
  if (part.expiresAtMs !== null) made.push(["PEXPIREAT", key, part.expiresAtMs]);
  return made;
}

function addAll(
  made: CommandArguments[],
  command: CommandArguments,
  elements: readonly CommandArguments[],
): void {
  for (let at = 0; at < elements.length; at += ELEMENTS) {
    made.push([...command, ...elements.slice(at, at + ELEMENTS).flat()]);
  }
}

function addStream(
  made: CommandArguments[],
  key: Uint8Array,
  part: number,
  { entries, state }: StreamContent,
): void {
  for (const { id, fields } of entries) made.push(["XADD", key, id, ...fields]);
  if (state === null) return;
  // An entry that is cut at once makes a stream without any.
  if (part === 1 && entries.length === 0) {
    const id = state.lastId === "0-0" ? "0-1" : state.lastId;
    made.push(["XADD", key, "MAXLEN", "0", id, "x", "y"]);
  }
  addState(made, key, state);
}

function addState(made: CommandArguments[], key: Uint8Array, state: StreamState): void {
  const { lastId, entriesAdded, maxDeletedId } = state;
  const added = ["ENTRIESADDED", entriesAdded, "MAXDELETEDID", maxDeletedId];
  made.push(["XSETID", key, lastId, ...added]);
  for (const { name, lastDeliveredId, entriesRead, consumers, pending } of state.groups) {
    const read = entriesRead === null ? [] : ["ENTRIESREAD", entriesRead];
    made.push(["XGROUP", "CREATE", key, name, lastDeliveredId, ...read]);
    for (const consumer of consumers) {
      made.push(["XGROUP", "CREATECONSUMER", key, name, consumer]);
    }
    for (const { id, consumer, deliveredAtMs, deliveries } of pending) {
      const details = ["TIME", deliveredAtMs, "RETRYCOUNT", deliveries, "FORCE", "JUSTID"];
      made.push(["XCLAIM", key, name, consumer, "0", id, ...details]);
    }
  }
}

/** One line that redis-cli reads. */
export function commandLine(args: CommandArguments): Uint8Array {
  const words = args.map((arg) => plainWord(latin1(typeof arg === "string" ? utf8(arg) : arg)));
  return fromLatin1(`${words.join(" ")}\n`);
}

/** A command as it goes over the wire. */
export function commandBytes(args: CommandArguments): Uint8Array {
  let text = `*${args.length}\r\n`;
  for (const arg of args) {
    const bytes = typeof arg === "string" ? utf8(arg) : arg;
    text += `$${bytes.length}\r\n${latin1(bytes)}\r\n`;
  }
  return fromLatin1(text);
}
