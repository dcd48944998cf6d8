/** Parts of replies, whatever protocol they came in. */

import { latin1 } from "../bytes/byte_string.ts";
import { ReplyError } from "../client/client_error.ts";
import { errorText } from "../client/redis_client.ts";
import type { Reply } from "../resp/reply_decoder.ts";

/** A string or number as a binary string; empty when it is none. */
export function textOf(reply: Reply | undefined): string {
  if (reply === undefined) return "";
  switch (reply.kind) {
    case "simple":
    case "error":
    case "double":
      return reply.text;
    case "bulk":
      return reply.bytes === null ? "" : latin1(reply.bytes);
    case "verbatim":
    case "blob error":
      return latin1(reply.bytes);
    case "integer":
    case "bignumber":
      return String(reply.value);
    default:
      return "";
  }
}

/** The elements of an array, set or push; empty when it is none. */
export function itemsOf(reply: Reply | undefined): Reply[] {
  if (reply === undefined) return [];
  if (reply.kind === "array" || reply.kind === "set" || reply.kind === "push") {
    return reply.items ?? [];
  }
  return [];
}

/** Names and values of a map, or of an array that has them in turn. */
export function fieldsOf(reply: Reply | undefined): Map<string, Reply> {
  const fields = new Map<string, Reply>();
  if (reply === undefined) return fields;
  if (reply.kind === "map") {
    for (const [name, value] of reply.entries) fields.set(textOf(name), value);
    return fields;
  }
  const items = itemsOf(reply);
  for (let i = 0; i + 1 < items.length; i += 2) fields.set(textOf(items[i]), items[i + 1]);
  return fields;
}

/** The lines `name:value` of INFO. */
export function infoFields(info: Reply): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of textOf(info).split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** The reply, or the server's refusal thrown. */
export function required(reply: Reply): Reply {
  const refusal = errorText(reply);
  if (refusal !== null) throw new ReplyError(refusal);
  return reply;
}
