/** `/clients`: who is connected, and ends connections when writing is on. */

import { Act } from "./acts.tsx";
import type { ClientFields } from "../routes/clients.ts";
import { address, byteSize, count, countOf, duration } from "./format.ts";
import type { Page, PageAsked } from "./page.ts";
import { Card, Empty, Example, Table } from "./pieces.tsx";

interface ClientsReply {
  readonly items: readonly ClientFields[];
  readonly total: number;
  readonly after: number | null;
}

const REFRESH_MS = 2000;

export const clientsPage: Page = {
  path: "/clients",
  title: "Clients",
  name: "clients",
  async render(asked) {
    const query = { after: asked.query("after"), limit: 200 };
    const { items, total, after } = await asked.api<ClientsReply>("/api/v1/clients", query);
    const note = `${countOf(total, "connection")}; the requests of these pages are left out`;
    return (
      <Card title="Connected clients" id="clients" refresh={REFRESH_MS} note={note}>
        {items.length === 0 ? <Nobody asked={asked} /> : <Clients items={items} asked={asked} />}
        {after === null ? null : (
          <p class="pager">
            <a href={address("/clients", { after })}>Next page</a>
          </p>
        )}
      </Card>
    );
  },
};

function Nobody({ asked }: { asked: PageAsked }) {
  const port = asked.parts.engine.context.config.get("port");
  return (
    <Empty title="Nobody is connected.">
      <p>A client that connects shows here at once:</p>
      <Example lines={[`redis-cli -p ${port} CLIENT SETNAME me`]} />
    </Empty>
  );
}

function Clients({ items, asked }: { items: readonly ClientFields[]; asked: PageAsked }) {
  const columns = ["#Id", "Address", "Name", "User", "Database", "Last command", "#Idle", "#Age"];
  columns.push("#Output waiting", "Flags", "Library");
  if (asked.writes) columns.push("");
  const row = (client: ClientFields) => (
    <tr>
      <td class="figure">{client.id}</td>
      <td>
        <code>{client.addr}</code>
      </td>
      <td>{client.name === "" ? <span class="muted">–</span> : client.name}</td>
      <td>{client.user}</td>
      <td>db{client.db}</td>
      <td>
        <code>{String(client.cmd).replace("|", " ")}</code>
      </td>
      <td class="figure">{duration(Number(client.idle) * 1000)}</td>
      <td class="figure">{duration(Number(client.age) * 1000)}</td>
      <td class="figure">{Number(client.omem) === 0 ? "–" : byteSize(client.omem)}</td>
      <td title={flagsInWords(client)}>{flagsInWords(client)}</td>
      <td>{[client["lib-name"], client["lib-ver"]].filter((part) => part).join(" ") || "–"}</td>
      {asked.writes
        ? (
          <td class="acts">
            <Kill id={client.id} />
          </td>
        )
        : null}
    </tr>
  );
  return <Table label="Connected clients" columns={columns}>{items.map(row)}</Table>;
}

function Kill({ id }: { id: string | number }) {
  return (
    <Act
      label="End"
      about={`client ${id}`}
      look="quiet"
      method="POST"
      path={`/api/v1/clients/${id}/kill`}
      body={{}}
      title={`End the connection of client ${id}?`}
      question="A client that reconnects by itself comes back at once."
      submit="End it"
      danger
    />
  );
}

const FLAGS: Readonly<Record<string, string>> = {
  A: "to be closed",
  b: "blocked",
  c: "closing",
  d: "watched keys changed",
  e: "not evicted",
  M: "primary",
  O: "monitor",
  P: "subscriber",
  S: "replica",
  t: "tracking",
  T: "does not touch",
  u: "unblocked",
  U: "unix socket",
  x: "in MULTI",
};

function flagsInWords(client: ClientFields): string {
  const words = [...String(client.flags)].map((flag) => FLAGS[flag]).filter((word) => word);
  const topics = Number(client.sub) + Number(client.psub) + Number(client.ssub ?? 0);
  if (topics > 0) words.push(`listens to ${count(topics)}`);
  return words.join(", ") || "–";
}
