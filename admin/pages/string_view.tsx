/** Strings: as text, as JSON with its structure, or byte by byte; and what else a string may be. */

import { Act, keyRoutePath } from "./acts.tsx";
import { byteSize, bytesOf, count, hexDump, isText } from "./format.ts";
import type { Shown } from "./key_data.ts";
import { countedByHyperLogLog } from "./key_data.ts";
import type { PageAsked } from "./page.ts";
import { Empty, keyAddress } from "./pieces.tsx";

/** Bytes that the dump shows at once. */
const DUMPED_BYTES = 4096;

type Form = "text" | "json" | "hex";
const FORMS: readonly (readonly [Form, string])[] = [
  ["text", "Text"],
  ["json", "JSON"],
  ["hex", "Bytes"],
];

export function StringView({ shown, asked }: { shown: Shown<"string">; asked: PageAsked }) {
  const json = prettyJson(shown);
  const possible = FORMS.filter(([form]) =>
    form === "hex" || (isText(shown.value) && (form === "text" || json !== null))
  );
  const wanted = asked.query("as");
  const form = possible.find(([name]) => name === wanted)?.[0] ??
    (json !== null ? "json" : isPlain(shown) ? "text" : "hex");
  const counted = countedByHyperLogLog(asked, shown);
  return (
    <>
      {counted === null ? null : (
        <p class="hint">
          A HyperLogLog: it has counted about <strong>{count(counted)}</strong> different elements.
        </p>
      )}
      <div class="bar">
        <Forms shown={shown} possible={possible} form={form} />
        <span class="grow"></span>
        {asked.writes && !shown.truncated ? <EditString shown={shown} /> : null}
      </div>
      <Content shown={shown} form={form} json={json} />
      <Range shown={shown} form={form} />
    </>
  );
}

function Forms(
  { shown, possible, form }: {
    shown: Shown<"string">;
    possible: readonly (readonly [Form, string])[];
    form: Form;
  },
) {
  const link = ([name, label]: readonly [Form, string]) => (
    <a
      href={keyAddress(shown.key, shown.db, { as: name })}
      data-pane="detail"
      aria-current={name === form ? "true" : undefined}
    >
      {label}
    </a>
  );
  return <div class="choice" role="group" aria-label="Show as">{possible.map(link)}</div>;
}

function Content(
  { shown, form, json }: { shown: Shown<"string">; form: Form; json: string | null },
) {
  const { start, total } = shown.valueRange;
  if (total === 0) return <Empty title="The string is empty." />;
  const bytes = bytesOf(shown.value);
  const text = form === "json"
    ? json ?? ""
    : form === "text" && "utf8" in shown.value
    ? shown.value.utf8
    : hexDump(bytes.subarray(0, DUMPED_BYTES), start);
  const look = form === "hex" ? "value-text dump" : "value-text";
  return <pre class={look} tabindex={0} aria-label="Value">{text}</pre>;
}

function Range({ shown, form }: { shown: Shown<"string">; form: Form }) {
  const { start, total } = shown.valueRange;
  const end = form === "hex"
    ? Math.min(shown.valueRange.end, start + DUMPED_BYTES)
    : shown.valueRange.end;
  if (start === 0 && end === total) return null;
  const to = (offset: number) =>
    keyAddress(shown.key, shown.db, { offset: String(offset), as: form });
  return (
    <p class="pager">
      <span class="muted">
        Bytes {count(start)} to {count(end)} of {count(total)} ({byteSize(total)})
      </span>
      {start === 0 ? null : <a href={to(0)} data-pane="detail">From the start</a>}
      {end === total ? null : <a href={to(end)} data-pane="detail">Go on</a>}
    </p>
  );
}

function EditString({ shown }: { shown: Shown<"string"> }) {
  return (
    <Act
      label="Edit"
      method="PATCH"
      path={keyRoutePath(shown.key, shown.db)}
      body={{ changes: [{ op: "set-string" }] }}
      ifMatch={shown.tag}
      title="Edit the string"
      question="The TTL stays."
      fields={[{ name: "value", label: "Value", kind: "bytes", value: shown.value }]}
      submit="Save"
    />
  );
}

/** Null for what is no JSON object or array; a number or word by itself is text. */
function prettyJson({ value, truncated }: Shown<"string">): string | null {
  if (truncated || !("utf8" in value) || !/^\s*[[{]/.test(value.utf8)) return null;
  try {
    return JSON.stringify(JSON.parse(value.utf8), null, 2);
  } catch {
    return null;
  }
}

/** Text without control characters that a page would not show. */
function isPlain({ value }: Shown<"string">): boolean {
  return "utf8" in value && !/[^\P{Cc}\n\r\t]/u.test(value.utf8);
}
