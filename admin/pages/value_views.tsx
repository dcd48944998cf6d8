/** The values that have elements, a page at a time, with what may be done to each element. */

import type { Child } from "hono/jsx";
import type { JsonBytes, ShownBytes } from "../json_values.ts";
import type {
  HashElement,
  ListElement,
  SetElement,
  SortedSetElement,
  StreamElement,
} from "../value_pages.ts";
import { Act, keyRoutePath } from "./acts.tsx";
import type { AskedField } from "./acts.tsx";
import { address, duration, moment, oneLine, parameterOf } from "./format.ts";
import type { Shown, ShownKey } from "./key_data.ts";
import { Bytes, Empty, keyAddress, Table, Ttl } from "./pieces.tsx";

type Elements = Exclude<ShownKey, { readonly type: "string" }>;

export interface ViewProps<S> {
  readonly shown: S;
  readonly writes: boolean;
  readonly pager: Child;
}

/** Characters of an element in the name of its buttons. */
const ABOUT_CHARACTERS = 60;

export function ValuePager({ shown }: { shown: Elements }) {
  if (shown.cursor === null) return null;
  return (
    <p class="pager">
      <a href={keyAddress(shown.key, shown.db)} data-pane="detail">First page</a>
      <a href={keyAddress(shown.key, shown.db, { at: shown.cursor })} data-pane="detail">
        Next page
      </a>
    </p>
  );
}

export function ListView({ shown, writes, pager }: ViewProps<Shown<"list">>) {
  const row = ({ index, value }: ListElement) => (
    <tr>
      <td class="figure">{index}</td>
      <td>
        <Bytes of={value} />
      </td>
      {writes
        ? (
          <td class="acts">
            <Edit
              shown={shown}
              change={{ op: "set-element", index }}
              name="value"
              of={value}
              ifMatch={shown.tag}
            />
            <Remove
              shown={shown}
              change={{ op: "remove-element", index }}
              of={value}
              ifMatch={shown.tag}
            />
          </td>
        )
        : null}
    </tr>
  );
  const sides = [["right", "the end"], ["left", "the beginning"]] as const;
  return (
    <>
      <Add
        shown={shown}
        writes={writes}
        label="Add an element"
        op="push"
        fields={[
          { name: "value", label: "Value", kind: "bytes" },
          { name: "side", label: "At", kind: "select", options: sides },
        ]}
      />
      <Table label="Elements" columns={columns(["#Index", "Value"], writes)}>
        {shown.items.map(row)}
      </Table>
      {pager}
    </>
  );
}

export function HashView({ shown, writes, pager }: ViewProps<Shown<"hash">>) {
  const hasTtls = writes || shown.items.some(({ ttlMs }) => ttlMs !== null);
  const row = ({ field, value, ttlMs }: HashElement) => (
    <tr>
      <td>
        <Bytes of={field} />
      </td>
      <td>
        <Bytes of={value} />
      </td>
      {hasTtls
        ? (
          <td class="when">
            <Ttl ms={ttlMs} />
          </td>
        )
        : null}
      {writes
        ? (
          <td class="acts">
            <Edit
              shown={shown}
              change={ttlMs === null
                ? { op: "set-field", field }
                : { op: "set-field", field, keepTtl: true }}
              name="value"
              of={value}
            />
            <FieldTtl shown={shown} field={field} ttlMs={ttlMs} />
            <Remove shown={shown} change={{ op: "remove-field", field }} of={field} />
          </td>
        )
        : null}
    </tr>
  );
  const titles = hasTtls ? ["Field", "Value", "TTL"] : ["Field", "Value"];
  return (
    <>
      <Add
        shown={shown}
        writes={writes}
        label="Add a field"
        op="set-field"
        fields={[
          { name: "field", label: "Field", kind: "bytes" },
          { name: "value", label: "Value", kind: "bytes" },
        ]}
      />
      <Table label="Fields" columns={columns(titles, writes)}>{shown.items.map(row)}</Table>
      {pager}
    </>
  );
}

export function SetView({ shown, writes, pager }: ViewProps<Shown<"set">>) {
  const row = ({ member }: SetElement) => (
    <tr>
      <td>
        <Bytes of={member} />
      </td>
      {writes
        ? (
          <td class="acts">
            <Remove shown={shown} change={{ op: "remove-member", member }} of={member} />
          </td>
        )
        : null}
    </tr>
  );
  return (
    <>
      <Add
        shown={shown}
        writes={writes}
        label="Add a member"
        op="add-member"
        fields={[{ name: "member", label: "Member", kind: "bytes" }]}
      />
      <Table label="Members" columns={columns(["Member"], writes)}>{shown.items.map(row)}</Table>
      {pager}
    </>
  );
}

export function SortedSetView({ shown, writes, pager }: ViewProps<Shown<"zset">>) {
  const row = ({ rank, member, score }: SortedSetElement) => (
    <tr>
      <td class="figure muted">{rank}</td>
      <td class="figure strong">{score}</td>
      <td>
        <Bytes of={member} />
      </td>
      {writes
        ? (
          <td class="acts">
            <Edit
              shown={shown}
              change={{ op: "set-score", member }}
              name="score"
              score={score}
              of={member}
            />
            <Remove shown={shown} change={{ op: "remove-scored", member }} of={member} />
          </td>
        )
        : null}
    </tr>
  );
  return (
    <>
      <Add
        shown={shown}
        writes={writes}
        label="Add a member"
        op="set-score"
        fields={[
          { name: "member", label: "Member", kind: "bytes" },
          { name: "score", label: "Score", kind: "number", value: "0" },
        ]}
      />
      <Table label="Members" columns={columns(["#Rank", "#Score", "Member"], writes)}>
        {shown.items.map(row)}
      </Table>
      {pager}
    </>
  );
}

export function StreamView({ shown, writes, pager }: ViewProps<Shown<"stream">>) {
  const row = ({ id, fields }: StreamElement) => (
    <tr>
      <td class="when">
        <code>{id}</code>
        <small class="muted">{moment(Math.floor(Number(id.split("-")[0]) / 1000))}</small>
      </td>
      <td>
        <dl class="fields">{fields.map(pair)}</dl>
      </td>
      {writes
        ? (
          <td class="acts">
            <Remove shown={shown} change={{ op: "remove-entry", id }} of={{ utf8: id }} />
          </td>
        )
        : null}
    </tr>
  );
  const groups = address("/streams", { db: shown.db, key: parameterOf(shown.key) });
  return (
    <>
      <p>
        <a href={groups}>Groups, consumers and what is pending</a>
      </p>
      <Add
        shown={shown}
        writes={writes}
        label="Add an entry"
        op="add-entry"
        fields={[{
          name: "fields",
          label: "Fields",
          kind: "pairs",
          hint: "One to a line: the field, a blank, the value.",
        }]}
      />
      {shown.items.length === 0
        ? <Empty title="The stream has no entries." />
        : (
          <Table label="Entries" columns={columns(["Id, time (UTC)", "Fields"], writes)}>
            {shown.items.map(row)}
          </Table>
        )}
      {pager}
    </>
  );
}

function pair([field, value]: readonly [ShownBytes, ShownBytes]) {
  return (
    <div>
      <dt>
        <Bytes of={field} />
      </dt>
      <dd>
        <Bytes of={value} />
      </dd>
    </div>
  );
}

function columns(titles: readonly string[], writes: boolean): readonly string[] {
  return writes ? [...titles, ""] : titles;
}

interface AddProps {
  readonly shown: Elements;
  readonly writes: boolean;
  readonly label: string;
  readonly op: string;
  readonly fields: readonly AskedField[];
}

function Add({ shown, writes, label, op, fields }: AddProps) {
  if (!writes) return null;
  return (
    <div class="bar">
      <Act
        label={label}
        method="PATCH"
        path={keyRoutePath(shown.key, shown.db)}
        body={{ changes: [{ op }] }}
        title={label}
        fields={fields}
        submit="Add"
      />
    </div>
  );
}

interface ElementActProps {
  readonly shown: Elements;
  readonly change: Readonly<Record<string, unknown>>;
  /** The element, or what it goes by. */
  readonly of: ShownBytes;
  /** For elements that go by their place: another may stand there meanwhile. */
  readonly ifMatch?: string | null;
}

/** An element that is shown in part can't be edited: the rest would be lost. */
function Edit(
  { shown, change, of, name, score, ifMatch }: ElementActProps & {
    name: "value" | "score";
    score?: number | string;
  },
) {
  if (isCut(of) || Object.values(change).some(isCut)) return null;
  const field: AskedField = name === "score"
    ? { name, label: "Score", kind: "number", value: String(score) }
    : { name, label: "Value", kind: "bytes", value: of as JsonBytes };
  return (
    <Act
      label="Edit"
      about={about(of)}
      look="quiet"
      method="PATCH"
      path={keyRoutePath(shown.key, shown.db)}
      body={{ changes: [change] }}
      ifMatch={ifMatch}
      title={name === "score" ? `Score of ${about(of)}` : "Edit the value"}
      fields={[field]}
      submit="Save"
    />
  );
}

function Remove({ shown, change, of, ifMatch }: ElementActProps) {
  if (Object.values(change).some(isCut)) return null;
  return (
    <Act
      label="Remove"
      about={about(of)}
      look="quiet"
      method="PATCH"
      path={keyRoutePath(shown.key, shown.db)}
      body={{ changes: [change] }}
      ifMatch={ifMatch}
      title="Remove this?"
      question={about(of)}
      submit="Remove"
      danger
    />
  );
}

function FieldTtl(
  { shown, field, ttlMs }: Pick<HashElement, "field" | "ttlMs"> & { shown: Elements },
) {
  if (isCut(field)) return null;
  return (
    <Act
      label="TTL"
      about={`of ${about(field)}`}
      look="quiet"
      method="PATCH"
      path={keyRoutePath(shown.key, shown.db)}
      body={{ changes: [{ op: "set-field-ttl", field }] }}
      title="How long is the field to live?"
      question={ttlMs === null ? about(field) : `${about(field)} has ${duration(ttlMs)} left.`}
      fields={[{
        name: "ttlMs",
        label: "Seconds",
        kind: "seconds",
        value: ttlMs === null ? "" : String(Math.ceil(Number(ttlMs) / 1000)),
        hint: "Empty: for ever.",
      }]}
      submit="Set"
    />
  );
}

function isCut(part: unknown): boolean {
  return typeof part === "object" && part !== null && "totalBytes" in part;
}

function about(of: ShownBytes): string {
  const text = oneLine(of);
  return text.length > ABOUT_CHARACTERS ? `${text.slice(0, ABOUT_CHARACTERS)}…` : text;
}
