/**
 * How pages write figures and bytes: sizes and times so that a person reads them at a glance, bytes so
 * that nothing is hidden (control characters and what is not UTF-8 show as escapes).
 */

import { latin1 } from "../../lib/bytes/byte_string.ts";
import type { JsonBytes, ShownBytes } from "../json_values.ts";

const COUNTS = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

export function count(value: unknown): string {
  const number = Number(value);
  return Number.isFinite(number) ? COUNTS.format(number) : String(value);
}

/** `one key`, `2,000 keys`. */
export function countOf(value: unknown, one: string, many: string = `${one}s`): string {
  return Number(value) === 1 ? `1 ${one}` : `${count(value)} ${many}`;
}

export function byteSize(value: unknown): string {
  let size = Number(value);
  if (!Number.isFinite(size)) return String(value);
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; Math.abs(size) >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  if (unit === 0) return size === 1 ? "1 byte" : `${size} bytes`;
  return `${size.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)} ${units[unit]}`;
}

/** A time span by its two largest units: `3 d 4 h`, `12 s`, `350 ms`. */
export function duration(milliseconds: unknown): string {
  const span = Number(milliseconds);
  if (!Number.isFinite(span)) return String(milliseconds);
  if (span < 1000) return `${Math.max(0, Math.round(span))} ms`;
  const seconds = Math.floor(span / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts.slice(first, first + 2).filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`).join(" ");
}

export function microseconds(value: unknown): string {
  const time = Number(value);
  if (!Number.isFinite(time)) return String(value);
  if (time < 1000) return `${time < 10 ? Math.round(time * 100) / 100 : Math.round(time)} µs`;
  if (time < 1_000_000) return `${(time / 1000).toFixed(time < 10_000 ? 2 : 1)} ms`;
  return `${(time / 1_000_000).toFixed(2)} s`;
}

/** Seconds since 1970 as UTC: `2026-11-21 14:08:27`. */
export function moment(seconds: unknown): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime())
    ? String(seconds)
    : date.toISOString().slice(0, 19).replace("T", " ");
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** On one line: control characters as escapes, bytes that are no text as `\x..`. */
export function oneLine(bytes: ShownBytes | JsonBytes): string {
  if ("utf8" in bytes && bytes.utf8 !== undefined) {
    return escaped(bytes.utf8, /[\p{Cc}\u2028\u2029]/gu);
  }
  const raw = latin1(bytesOf(bytes));
  return escaped(raw.replaceAll("\\", "\\\\"), /[^\x20-\x7e]/g);
}

function escaped(text: string, pattern: RegExp): string {
  return text.replace(
    pattern,
    (character) =>
      ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

export function isText(bytes: ShownBytes | JsonBytes): boolean {
  return "utf8" in bytes && bytes.utf8 !== undefined;
}

export function bytesOf(bytes: ShownBytes | JsonBytes): Uint8Array {
  if ("utf8" in bytes && bytes.utf8 !== undefined) return new TextEncoder().encode(bytes.utf8);
  return Uint8Array.fromBase64("base64" in bytes ? bytes.base64 ?? "" : "");
}

/** As a query parameter takes it (json_values.ts): its own text, or `b64:` and base64. */
export function parameterOf(bytes: JsonBytes): string {
  if ("base64" in bytes) return `b64:${bytes.base64}`;
  return bytes.utf8.startsWith("b64:") ? `b64:${bytesOf(bytes).toBase64()}` : bytes.utf8;
}

/** A path of ours with a query; what is undefined or empty is left out. */
export function address(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parts.set(name, String(value));
  }
  const text = parts.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Sixteen bytes a line, as `hexdump -C` has them. */
export function hexDump(bytes: Uint8Array, start: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, "0"));
    const halves = `${hex.slice(0, 8).join(" ").padEnd(23)}  ${hex.slice(8).join(" ").padEnd(23)}`;
    const text = latin1(row).replace(/[^\x20-\x7e]/g, ".");
    lines.push(`${(start + at).toString(16).padStart(8, "0")}  ${halves}  ${text}`);
  }
  return lines.join("\n");
}
