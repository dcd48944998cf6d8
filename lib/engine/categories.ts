/**
 * ACL categories of a command: most follow from its flags and its group, the rest are said by the
 * command. The order is the one in which Redis lists them.
 */
import { Flag } from "./command_spec.ts";

/** Every category, in the order of Redis's own table (COMMAND INFO and ACL CAT list them so). */
export const CATEGORIES: readonly string[] = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
];

/** The category that commands of a group have unless they say otherwise. */
const GROUP_CATEGORY: Readonly<Record<string, string>> = {
  "bitmap": "@bitmap",
  "connection": "@connection",
  "generic": "@keyspace",
  "geo": "@geo",
  "hash": "@hash",
  "hyperloglog": "@hyperloglog",
  "list": "@list",
  "scripting": "@scripting",
  "set": "@set",
  "sorted-set": "@sortedset",
  "stream": "@stream",
  "string": "@string",
  "transactions": "@transaction",
};

/** Names with `@`; `own` replaces the category of the group, and containers have none of that. */
export function categoriesOf(
  flags: number,
  group: string,
  container: boolean,
  own?: readonly string[],
): readonly string[] {
  const names = new Set(own ?? groupCategories(group, container));
  const scripting = names.has("@scripting");
  if (flags & Flag.WRITE) names.add("@write");
  if (flags & Flag.READONLY && !scripting) names.add("@read");
  if (flags & Flag.ADMIN) names.add("@admin").add("@dangerous");
  if (flags & Flag.PUBSUB) names.add("@pubsub");
  if (flags & Flag.BLOCKING) names.add("@blocking");
  names.add(flags & Flag.FAST ? "@fast" : "@slow");
  return CATEGORIES.map((name) => "@" + name).filter((name) => names.has(name));
}

/** What {@linkcode categoriesOf} takes for `own` when it is not given. */
export function groupCategories(group: string, container: boolean): readonly string[] {
  const category = container ? undefined : GROUP_CATEGORY[group];
  return category === undefined ? [] : [category];
}
