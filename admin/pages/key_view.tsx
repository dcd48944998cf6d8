/** One key: what is known of it, what may be done with it, and its value (value_views.tsx). */

import { Act, keyRoutePath } from "./acts.tsx";
import { byteSize, countOf, duration, oneLine } from "./format.ts";
import type { MissingKey, ShownKey } from "./key_data.ts";
import type { PageAsked } from "./page.ts";
import { Bytes, Empty, Ttl, Type } from "./pieces.tsx";
import { StringView } from "./string_view.tsx";
import { ExportKey } from "./transfer.tsx";
import {
  HashView,
  ListView,
  SetView,
  SortedSetView,
  StreamView,
  ValuePager,
} from "./value_views.tsx";

export interface KeyViewProps {
  readonly shown: ShownKey | MissingKey;
  readonly asked: PageAsked;
  /** Where the keys are listed, for narrow windows, which show one of the two. */
  readonly back: string;
}

export function KeyView({ shown, asked, back }: KeyViewProps) {
  if ("missing" in shown) {
    return (
      <>
        <BackLink to={back} />
        <Empty title={shown.why}>
          <p class="key-name">
            <Bytes of={shown.missing} />
          </p>
        </Empty>
      </>
    );
  }
  return (
    <>
      <BackLink to={back} />
      <h2 class="key-name">
        <Bytes of={shown.key} />
      </h2>
      <KeyFacts shown={shown} />
      <div class="acts">
        {asked.writes ? <KeyActs shown={shown} /> : null}
        <ExportKey name={shown.key} />
        {asked.writes ? <DeleteKey shown={shown} back={back} /> : null}
      </div>
      <Value shown={shown} asked={asked} />
    </>
  );
}

function BackLink({ to }: { to: string }) {
  return (
    <p class="back">
      <a href={to}>← Keys</a>
    </p>
  );
}

const ELEMENTS: Readonly<Record<string, string>> = {
  list: "element",
  hash: "field",
  set: "member",
  zset: "member",
  stream: "entry",
};

function KeyFacts({ shown }: { shown: ShownKey }) {
  const size = shown.type === "string"
    ? byteSize(shown.valueRange.total)
    : shown.type === "stream"
    ? countOf(shown.total, "entry", "entries")
    : countOf(shown.total, ELEMENTS[shown.type] ?? "element");
  return (
    <p class="key-facts">
      <Type of={shown.type} />
      <span>{size}</span>
      <span>
        <span class="muted">TTL</span> <Ttl ms={shown.ttlMs} />
      </span>
      <span>
        <span class="muted">encoding</span> {shown.encoding}
      </span>
      <span>
        <span class="muted">memory</span> {byteSize(shown.memoryBytes)}
      </span>
      {shown.db === 0 ? null : <span>db{shown.db}</span>}
    </p>
  );
}

function KeyActs({ shown }: { shown: ShownKey }) {
  const { key, db, ttlMs } = shown;
  const left = ttlMs === null ? "" : String(Math.ceil(Number(ttlMs) / 1000));
  return (
    <>
      <Act
        label="Set TTL"
        method="PUT"
        path={keyRoutePath(key, db, "/ttl")}
        body={{}}
        title="How long is the key to live?"
        question={ttlMs === null ? undefined : `It has ${duration(ttlMs)} left.`}
        fields={[{
          name: "ttlMs",
          label: "Seconds",
          kind: "seconds",
          value: left,
          hint: "Empty: for ever.",
        }]}
        submit="Set"
      />
      <Act
        label="Rename"
        method="POST"
        path={keyRoutePath(key, db, "/rename")}
        body={{}}
        title="Rename the key"
        fields={[
          { name: "to", label: "New name", kind: "bytes", value: key },
          { name: "replace", label: "Replace a key of that name", kind: "checkbox" },
        ]}
        submit="Rename"
        then={`/browse?db=${db}&key={to}`}
      />
    </>
  );
}

function DeleteKey({ shown: { key, db }, back }: { shown: ShownKey; back: string }) {
  const name = oneLine(key);
  return (
    <Act
      label="Delete"
      look="danger"
      method="DELETE"
      path={keyRoutePath(key, db)}
      title="Delete the key?"
      question={name.length > 200 ? `${name.slice(0, 200)}…` : name}
      submit="Delete"
      danger
      then={back}
    />
  );
}

function Value({ shown, asked }: { shown: ShownKey; asked: PageAsked }) {
  const { writes } = asked;
  switch (shown.type) {
    case "string":
      return <StringView shown={shown} asked={asked} />;
    case "list":
      return <ListView shown={shown} writes={writes} pager={<ValuePager shown={shown} />} />;
    case "hash":
      return <HashView shown={shown} writes={writes} pager={<ValuePager shown={shown} />} />;
    case "set":
      return <SetView shown={shown} writes={writes} pager={<ValuePager shown={shown} />} />;
    case "zset":
      return <SortedSetView shown={shown} writes={writes} pager={<ValuePager shown={shown} />} />;
    case "stream":
      return <StreamView shown={shown} writes={writes} pager={<ValuePager shown={shown} />} />;
    default:
      return <Empty title="Values of this type are not shown." />;
  }
}
