/** INFO's text as values: what pages, reports and metrics are drawn from. */

import type { Commands } from "./engine_access.ts";
import { jsonInteger } from "./json_values.ts";
import { Problem } from "./problem.ts";

export type InfoValue = string | number | InfoObject | readonly InfoObject[];
export type InfoObject = { readonly [field: string]: string | number };
export type InfoSection = { readonly [field: string]: InfoValue };
export type Info = { readonly [section: string]: InfoSection };

const TEXT_FIELDS =
  /^(?:.*(?:_version|_sha1|_replid2?)|redis_build_id|run_id|os|executable|config_file)$/;
/** Lines that hold several fields, and of those the ones that come more than once. */
const OBJECT_FIELDS =
  /^(?:db\d+|slave\d+|master\d+|module|(?:cmdstat|errorstat|latency_percentiles_usec)_.*)$/;
const REPEATED_FIELDS = ["module"];

const decoder = new TextDecoder();

/** INFO's text for some sections, or for its default ones. */
export function infoText(commands: Commands, sections: readonly string[]): string {
  const bytes = commands.bytes("INFO", ...sections);
  if (bytes === null || bytes.length === 0) {
    throw new Problem(404, `INFO has no section ${sections.join(", ")}`);
  }
  return decoder.decode(bytes);
}

/** One section as values; an empty one where INFO has it not. */
export function infoSection(commands: Commands, name: string): InfoSection {
  return parseInfo(decoder.decode(commands.bytes("INFO", name) ?? new Uint8Array(0)))[name] ?? {};
}

/**
 * INFO's text as values by section and field, the section's name in lower case.
 *
 * ```ts
 * parseInfo("# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n");
 * // { keyspace: { db0: { keys: 1, expires: 0, avg_ttl: 0 } } }
 * ```
 */
export function parseInfo(text: string): { readonly [section: string]: InfoSection } {
  const sections: Map<string, Map<string, InfoValue>> = new Map();
  let fields = new Map<string, InfoValue>();
  for (const line of text.split("\r\n")) {
    if (line.startsWith("# ")) {
      fields = new Map();
      sections.set(line.slice(2).toLowerCase(), fields);
      continue;
    }
    const colon = line.indexOf(":");
    if (colon > 0) addField(fields, line.slice(0, colon), line.slice(colon + 1));
  }
  // `fromEntries` defines its properties, so a field may have any name.
  return Object.fromEntries(
    [...sections].map(([name, values]) => [name, Object.fromEntries(values)]),
  );
}

function addField(fields: Map<string, InfoValue>, name: string, text: string): void {
  if (!OBJECT_FIELDS.test(name)) {
    fields.set(name, scalar(name, text));
    return;
  }
  const pairs = text.split(",").map((pair) => {
    const equals = pair.indexOf("=");
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  const value = Object.fromEntries(pairs.map(([key, part]) => [key, scalar(key, part)]));
  if (!REPEATED_FIELDS.includes(name)) fields.set(name, value);
  else {
    const before = fields.get(name);
    fields.set(name, Array.isArray(before) ? [...before, value] : [value]);
  }
}

function scalar(name: string, text: string): string | number {
  if (TEXT_FIELDS.test(name)) return text;
  if (/^-?(?:0|[1-9]\d{0,19})$/.test(text)) return jsonInteger(BigInt(text));
  return /^-?(?:0|[1-9]\d*)\.\d+$/.test(text) ? Number(text) : text;
}
