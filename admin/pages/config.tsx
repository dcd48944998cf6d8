/** `/config`: the parameters, what differs from the defaults first to see, and changes them. */

import type { ParameterShown } from "../routes/server_state.ts";
import { Act } from "./acts.tsx";
import { countOf } from "./format.ts";
import type { Page } from "./page.ts";
import { Card, Empty, Table } from "./pieces.tsx";

export const configPage: Page = {
  path: "/config",
  title: "Configuration",
  name: "config",
  async render(asked) {
    const search = asked.query("match");
    const isChangedOnly = asked.query("changed") === "yes";
    const match = search === undefined || /[*?[]/.test(search) ? search : `*${search}*`;
    const { items } = await asked.api<{ items: ParameterShown[] }>("/api/v1/config", { match });
    const shown = items.filter((item) => !isChangedOnly || isChanged(item));
    return (
      <Card title="Parameters" id="parameters" note={countOf(shown.length, "parameter")}>
        <form method="get" action="/config" class="bar" role="search">
          <label for="match">Name</label>
          <input id="match" name="match" type="search" value={search} placeholder="maxmemory" />
          <label class="check">
            <input type="checkbox" name="changed" value="yes" checked={isChangedOnly} />{" "}
            only what differs from the default
          </label>
          <button type="submit">Show</button>
        </form>
        {shown.length === 0
          ? <Empty title="No parameter is like that." />
          : <Parameters items={shown} writes={asked.writes} />}
      </Card>
    );
  },
};

function isChanged({ name, value, default: initial }: ParameterShown): boolean {
  return value !== null && value !== initial && name !== "dir";
}

function Parameters({ items, writes }: { items: readonly ParameterShown[]; writes: boolean }) {
  const columns = ["Name", "Value", "Default", "Takes"];
  if (writes) columns.push("");
  const row = (item: ParameterShown) => (
    <tr class={item.withoutEffect === "" ? undefined : "faded"}>
      <td class="whole">
        <code>{item.name}</code>
      </td>
      <td class={isChanged(item) ? "value changed" : "value"}>
        {item.value === null
          ? <span class="muted">secret</span>
          : <code>{item.value === "" ? '""' : item.value}</code>}
        {isChanged(item) ? <span class="unseen">differs from the default</span> : null}
      </td>
      <td class="value muted">
        <code>{item.default}</code>
      </td>
      <td class="muted takes">
        {item.kind}
        {item.withoutEffect === "" ? null : <small>{` · no effect: ${item.withoutEffect}`}</small>}
      </td>
      {writes ? <td class="acts">{item.isChangeable ? <Change item={item} /> : null}</td> : null}
    </tr>
  );
  return <Table label="Parameters" columns={columns}>{items.map(row)}</Table>;
}

function Change({ item }: { item: ParameterShown }) {
  return (
    <Act
      label="Change"
      about={item.name}
      look="quiet"
      method="PATCH"
      path="/api/v1/config"
      body={{}}
      title={`Change ${item.name}`}
      question="It holds until the server ends; CONFIG REWRITE writes it to the configuration file."
      fields={[{
        name: item.name,
        label: item.kind === "" ? "Value" : `Value (${item.kind})`,
        kind: "text",
        value: item.value ?? "",
      }]}
      submit="Change"
    />
  );
}
