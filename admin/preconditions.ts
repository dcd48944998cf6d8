/**
 * Requests that depend on what a key is (RFC 9110, 13): `If-Match` and `If-None-Match` with the tags
 * that `GET /api/v1/keys/:key` gives (key_tags.ts). They are judged in the turn in which the
 * request's commands run, so nothing comes between the judgement and the change.
 *
 * A tag is a strong one, which `If-Match` asks for, though `ttlMs` and `memoryBytes` of two replies with
 * one tag may differ: it is the key that has not changed.
 */

import type { Commands } from "./engine_access.ts";
import { Problem } from "./problem.ts";
import type { Asked } from "./route.ts";

/** What /openapi.json says of them. */
export const TAG_HEADERS = {
  reading: {
    headers: {
      "If-None-Match": "Tags of the key, or *: 304 without a body where one of them still holds.",
      "If-Match": "Tags of the key, or *: 412 where none of them holds any longer.",
    },
    replyHeaders: {
      ETag: "Stands for the key's value, type and expiry; not for the time that runs, nor for " +
        "the memory. It holds until the key is changed, and for ten minutes at least while no " +
        "more than a thousand keys are asked for.",
    },
    statuses: { 304: "The key has not changed." },
  },
  writing: {
    headers: {
      "If-Match": "Tags of the key, or * for any key that exists: nothing is changed, and 412 " +
        "replied, where none of them holds any longer.",
      "If-None-Match": "* to change nothing, and reply 412, where the key exists; or tags, where " +
        "one of them holds.",
    },
    replyHeaders: { ETag: "The key's new tag, where the request named one." },
    statuses: { 412: "The key is not as the request wants it; nothing was changed." },
  },
} as const;

type Listed = "*" | readonly string[];

/**
 * Judges the headers of a request that changes a key. To be called before its first command, without an
 * `await` between.
 *
 * @returns whether there are such headers: then the reply gives the new tag.
 * @throws 412 when the key is not as the request wants it.
 */
export function requireAsWanted(asked: Asked, commands: Commands, key: Uint8Array): boolean {
  const wanted = listed(asked, "if-match");
  const unwanted = listed(asked, "if-none-match");
  if (wanted === null && unwanted === null) return false;
  const exists = isThere(commands, key);
  if (wanted !== null && !isAmong(asked, commands, key, wanted, exists)) {
    throw exists ? changed() : new Problem(412, "the key does not exist, or no longer");
  }
  if (unwanted !== null && isAmong(asked, commands, key, unwanted, exists)) {
    throw new Problem(412, unwanted === "*" ? "the key exists already" : "the key has not changed");
  }
  return true;
}

/**
 * The tag of a key that is about to be read, and whether the client has it already.
 *
 * @throws 412 when the client wanted another.
 */
export function tagForReading(
  asked: Asked,
  commands: Commands,
  key: Uint8Array,
): { readonly tag: string; readonly isKnown: boolean } {
  isThere(commands, key);
  const wanted = listed(asked, "if-match");
  const unwanted = listed(asked, "if-none-match");
  if (wanted !== null && !isAmong(asked, commands, key, wanted, true)) throw changed();
  const isKnown = unwanted !== null && isAmong(asked, commands, key, unwanted, true);
  return { tag: newTag(asked, commands, key), isKnown };
}

/** The tag of a key as a header has it. */
export function newTag(asked: Asked, commands: Commands, key: Uint8Array): string {
  return `"${asked.parts.keyTags.tagOf(commands.session.db, key)}"`;
}

/** A key, or a field of it, whose time is up goes by this, and its tag with it. */
function isThere(commands: Commands, key: Uint8Array): boolean {
  const type = commands.text("TYPE", key);
  if (type === "hash") return Number(commands.integer("HLEN", key)) > 0;
  return type !== "none";
}

function isAmong(
  asked: Asked,
  commands: Commands,
  key: Uint8Array,
  tags: Listed,
  exists: boolean,
): boolean {
  if (!exists || tags === "*") return exists;
  return tags.some((tag) => asked.parts.keyTags.holds(commands.session.db, key, tag));
}

function changed(): Problem {
  return new Problem(
    412,
    "the key has changed, or was read too long ago to tell: read it again",
  );
}

/** The tags of a header; null where it is missing. Ours are strong, so a weak one is none of them. */
function listed(asked: Asked, name: string): Listed | null {
  const text = asked.c.req.header(name)?.trim();
  if (text === undefined) return null;
  if (text === "*") return "*";
  if (!/^(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*$/.test(text)) {
    throw new Problem(400, `${name} must be * or tags in double quotes, separated by commas`);
  }
  const isWeakWelcome = name === "if-none-match";
  return [...text.matchAll(/(W\/)?"([^"]*)"/g)]
    .filter(([, weak]) => weak === undefined || isWeakWelcome)
    .map(([, , tag]) => tag);
}
