/** The small parts that pages are made of. */

import type { Child } from "hono/jsx";
import type { JsonBytes, ShownBytes } from "../json_values.ts";
import { address, byteSize, duration, oneLine, parameterOf } from "./format.ts";

/** Characters of a value that a table shows at once; the rest unfolds. */
const SHOWN_CHARACTERS = 400;

/** A key, value, member or name, whatever bytes it is. */
export function Bytes({ of }: { of: ShownBytes | JsonBytes }) {
  const text = oneLine(of);
  const total = "totalBytes" in of ? of.totalBytes : undefined;
  const note = total === undefined ? null : <small class="muted">{` of ${byteSize(total)}`}</small>;
  if (text === "") return <span class="bytes muted">(empty)</span>;
  if (text.length <= SHOWN_CHARACTERS) return <span class="bytes">{text}{note}</span>;
  return (
    <details class="bytes">
      <summary>{text.slice(0, SHOWN_CHARACTERS / 2)}…</summary>
      {text}
      {note}
    </details>
  );
}

/** What is left to a key or field; the script counts it down. */
export function Ttl({ ms }: { ms: number | string | null }) {
  return ms === null
    ? <span class="muted">none</span>
    : <span class="ttl" data-left={String(ms)}>{duration(ms)}</span>;
}

const TYPE_NAMES: Readonly<Record<string, string>> = { zset: "sorted set" };

export function Type({ of }: { of: string }) {
  return <span class={`type type-${of}`}>{TYPE_NAMES[of] ?? of}</span>;
}

export function KeyLink({ name, db }: { name: JsonBytes; db: number }) {
  return (
    <a href={keyAddress(name, db)}>
      <Bytes of={name} />
    </a>
  );
}

export function keyAddress(
  name: JsonBytes,
  db: number,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  return address("/browse", { ...more, db: db === 0 ? undefined : db, key: parameterOf(name) });
}

export interface EmptyProps {
  readonly title: string;
  readonly children?: Child;
}

/** What stands where there is nothing: why, and what would change that. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Commands to copy. */
export function Example({ lines }: { lines: readonly string[] }) {
  return <pre class="example" tabindex={0}>{lines.join("\n")}</pre>;
}

export interface CardProps {
  readonly title: string;
  /** Has the script fetch it again after so many milliseconds. */
  readonly refresh?: number;
  readonly id: string;
  readonly note?: Child;
  readonly children: Child;
}

/** A titled part of a page. */
export function Card({ title, refresh, id, note, children }: CardProps) {
  return (
    <section
      class="card"
      id={id}
      aria-labelledby={`${id}-title`}
      data-refresh={refresh === undefined ? undefined : String(refresh)}
    >
      <div class="card-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {note === undefined ? null : <span class="muted">{note}</span>}
      </div>
      {children}
    </section>
  );
}

export interface TableProps {
  readonly label: string;
  /** Titles of the columns; one that begins with `#` is of figures, an empty one of buttons. */
  readonly columns: readonly string[];
  readonly children: Child;
}

/** A table that scrolls by itself where the window is narrower. */
export function Table({ label, columns, children }: TableProps) {
  const head = (title: string) => {
    if (title === "") {
      return (
        <th scope="col">
          <span class="unseen">Actions</span>
        </th>
      );
    }
    return title.startsWith("#")
      ? <th scope="col" class="figure">{title.slice(1)}</th>
      : <th scope="col">{title}</th>;
  };
  return (
    <div class="scroll" role="region" aria-label={label} tabindex={0}>
      <table>
        <thead>
          <tr>{columns.map(head)}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** Names and values beneath each other. */
export function Facts({ of }: { of: readonly (readonly [string, Child])[] }) {
  const fact = ([name, value]: readonly [string, Child]) => (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
  return <dl class="facts">{of.map(fact)}</dl>;
}
