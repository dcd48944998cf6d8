/** One key as the routes show it, with a page of its value: what the key's view is drawn from. */

import type { JsonBytes } from "../json_values.ts";
import { bytesOfParameter, jsonBytes } from "../json_values.ts";
import { Problem } from "../problem.ts";
import type {
  HashElement,
  ListElement,
  SetElement,
  SortedSetElement,
  StreamElement,
  StringPage,
} from "../value_pages.ts";
import type { ElementsPage } from "../value_pages.ts";
import { bytesOf } from "./format.ts";
import { keyRoutePath } from "./acts.tsx";
import type { PageAsked } from "./page.ts";

interface KeyFacts {
  readonly key: JsonBytes;
  readonly db: number;
  readonly encoding: string | null;
  readonly ttlMs: number | string | null;
  readonly memoryBytes: number | string;
  /** What the key was like when this was read (key_tags.ts); null while writing is off. */
  readonly tag: string | null;
}

export type ShownKey =
  & KeyFacts
  & (
    | { readonly type: "string" } & StringPage
    | { readonly type: "list" } & ElementsPage<ListElement>
    | { readonly type: "hash" } & ElementsPage<HashElement>
    | { readonly type: "set" } & ElementsPage<SetElement>
    | { readonly type: "zset" } & ElementsPage<SortedSetElement>
    | { readonly type: "stream" } & ElementsPage<StreamElement>
  );

export type Shown<T extends ShownKey["type"]> = Extract<ShownKey, { readonly type: T }>;

/** A key that is gone, by its name. */
export interface MissingKey {
  readonly missing: JsonBytes;
  readonly why: string;
}

/**
 * The key that a parameter names.
 *
 * @param parameter its own text, or `b64:` and base64.
 */
export async function readKey(
  asked: PageAsked,
  parameter: string,
): Promise<ShownKey | MissingKey> {
  const key = jsonBytes(bytesOfParameter(parameter));
  const [path] = keyRoutePath(key, 0).split("?");
  const query = { db: asked.db, cursor: asked.query("at"), offset: asked.query("offset") };
  try {
    const { body, tag } = await asked.tagged<ShownKey>(path, query);
    return { ...body, tag };
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
    return { missing: key, why: "This key does not exist, or no longer." };
  }
}

/** How many different elements a HyperLogLog has counted; null for any other string. */
export function countedByHyperLogLog(asked: PageAsked, shown: Shown<"string">): number | null {
  const bytes = bytesOf(shown.value);
  const magic = [0x48, 0x59, 0x4c, 0x4c];
  if (shown.valueRange.start > 0 || !magic.every((byte, i) => bytes[i] === byte)) return null;
  using commands = asked.commands();
  const reply = commands.attempt(["PFCOUNT", bytesOf(shown.key)]);
  return reply?.kind === "integer" ? Number(reply.value) : null;
}
