/** What a section of INFO is, and how its values are written. */

import type { Context } from "../../engine/context.ts";

export type Field = readonly [name: string, value: string | number];

export interface Section {
  readonly title: string;
  /** Whether plain INFO shows it. */
  readonly isDefault: boolean;
  fields(context: Context): readonly Field[];
}

/** A section as INFO prints it. */
export function sectionText(section: Section, context: Context): string {
  const lines = section.fields(context).map(([name, value]) => `${name}:${value}\r\n`);
  return `# ${section.title}\r\n${lines.join("")}`;
}

/** A number of bytes for people, as Redis writes it: `512B`, `1.50K`, `23.54G`. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)}${UNITS[unit]}`;
}

const UNITS = "KMGTP";

/** A share in percent, `98.29%`; 0 of nothing. */
export function percentage(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : part * 100 / whole).toFixed(2)}%`;
}
