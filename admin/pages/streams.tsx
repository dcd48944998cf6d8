/** `/streams`: the streams of a database; of one its groups, consumers and what is not acknowledged. */

import type { JsonBytes } from "../json_values.ts";
import { bytesOfParameter, jsonBytes } from "../json_values.ts";
import type { KeyItem } from "../routes/keys.ts";
import type { ConsumerShown, GroupShown } from "../routes/streams.ts";
import { keyRoutePath } from "./acts.tsx";
import { address, count, countOf, duration, oneLine, parameterOf } from "./format.ts";
import type { Page, PageAsked } from "./page.ts";
import { Bytes, Card, Empty, Example, KeyLink, Table } from "./pieces.tsx";

interface StreamsReply {
  readonly items: readonly KeyItem[];
  readonly cursor: string | null;
}

interface PendingEntry {
  readonly id: string;
  readonly consumer: JsonBytes;
  readonly idleMs: number;
  readonly deliveries: number;
}

const MAX_STREAMS = 50;
const MAX_PARTS = 10;
const PENDING_SHOWN = 100;
const REFRESH_MS = 3000;

export const streamsPage: Page = {
  path: "/streams",
  title: "Streams",
  name: "streams",
  async render(asked) {
    const key = asked.c.req.query("key");
    if (key === undefined) return await listOf(asked);
    return await groupsOf(asked, jsonBytes(bytesOfParameter(key)));
  },
};

async function listOf(asked: PageAsked) {
  const { db } = asked;
  let cursor: string | null = asked.query("cursor") ?? "0";
  const items: KeyItem[] = [];
  for (let part = 0; part < MAX_PARTS && cursor !== null && items.length < MAX_STREAMS; part++) {
    const query = { db, type: "stream", cursor, limit: MAX_STREAMS };
    const reply: StreamsReply = await asked.api("/api/v1/keys", query);
    items.push(...reply.items);
    cursor = reply.cursor;
  }
  const facts = await Promise.all(items.map((item) => summaryOf(asked, item)));
  const row = ({ item, length, groups, pending }: Summary) => (
    <tr>
      <td>
        <a href={address("/streams", { db, key: parameterOf(item.key) })}>
          <Bytes of={item.key} />
        </a>
      </td>
      <td class="figure">{count(length)}</td>
      <td class="figure">{count(groups)}</td>
      <td class="figure">{count(pending)}</td>
    </tr>
  );
  return (
    <Card title={`Streams of db${db}`} id="streams">
      <DatabaseForm db={db} databases={asked.parts.engine.context.store.databases.length} />
      {items.length === 0
        ? <NoStreams asked={asked} />
        : (
          <Table label="Streams" columns={["Key", "#Entries", "#Groups", "#Pending"]}>
            {facts.map(row)}
          </Table>
        )}
      {cursor === null ? null : (
        <p class="pager">
          <a
            href={address("/streams", { db, cursor })}
            data-go-on={items.length === 0 ? "streams" : undefined}
          >
            Look further
          </a>
        </p>
      )}
    </Card>
  );
}

interface Summary {
  readonly item: KeyItem;
  readonly length: number;
  readonly groups: number;
  readonly pending: number;
}

async function summaryOf(asked: PageAsked, item: KeyItem): Promise<Summary> {
  const { groups } = await groupsReply(asked, item.key);
  const [path] = keyRoutePath(item.key, 0).split("?");
  const { total } = await asked.api<{ total: number }>(path, { db: asked.db, limit: 1 });
  const pending = groups.reduce((sum, group) => sum + Number(group.pending.count), 0);
  return { item, length: total, groups: groups.length, pending };
}

async function groupsReply(asked: PageAsked, key: JsonBytes) {
  return await asked.api<{ groups: GroupShown[] }>(streamPath(key, "groups"), { db: asked.db });
}

function streamPath(key: JsonBytes, below: string): string {
  return `${keyRoutePath(key, 0).replace("/api/v1/keys/", "/api/v1/streams/")}/${below}`;
}

function DatabaseForm({ db, databases }: { db: number; databases: number }) {
  const numbers = Array.from({ length: databases }, (_, number) => number);
  const option = (number: number) => (
    <option value={String(number)} selected={number === db}>db{number}</option>
  );
  return (
    <form method="get" action="/streams" class="bar">
      <label for="db">Database</label>
      <select id="db" name="db">{numbers.map(option)}</select>
      <button type="submit">Show</button>
    </form>
  );
}

function NoStreams({ asked }: { asked: PageAsked }) {
  const port = asked.parts.engine.context.config.get("port");
  return (
    <Empty title="There are no streams in this database.">
      <p>Add an entry, and let a group read it:</p>
      <Example
        lines={[
          `redis-cli -p ${port} XADD orders '*' item tea amount 2`,
          `redis-cli -p ${port} XGROUP CREATE orders kitchen 0`,
          `redis-cli -p ${port} XREADGROUP GROUP kitchen ada COUNT 1 STREAMS orders '>'`,
        ]}
      />
    </Empty>
  );
}

async function groupsOf(asked: PageAsked, key: JsonBytes) {
  const { db } = asked;
  const { groups } = await groupsReply(asked, key);
  const cards = await Promise.all(groups.map((group, at) => groupCard(asked, key, group, at)));
  return (
    <>
      <p>
        <a href={address("/streams", { db })}>All streams</a> · entries of{" "}
        <KeyLink name={key} db={db} />
      </p>
      {groups.length === 0
        ? (
          <section class="card">
            <Empty title={`No group reads ${oneLine(key)}.`}>
              <Example lines={[`XGROUP CREATE ${oneLine(key)} workers 0`]} />
            </Empty>
          </section>
        )
        : cards}
    </>
  );
}

async function groupCard(asked: PageAsked, key: JsonBytes, group: GroupShown, at: number) {
  const { items } = await asked.api<{ items: PendingEntry[] }>(streamPath(key, "pending"), {
    db: asked.db,
    group: parameterOf(group.name),
    limit: PENDING_SHOWN,
  });
  const lag = group.lag === null
    ? "lag unknown"
    : `${countOf(group.lag, "entry", "entries")} to read`;
  const note = `last delivered ${group.lastDeliveredId} · ${lag} · ` +
    `${count(group.pending.count)} pending`;
  return (
    <Card
      title={`Group ${oneLine(group.name)}`}
      id={`group-${at}`}
      refresh={REFRESH_MS}
      note={note}
    >
      {group.consumers.length === 0
        ? <Empty title="No consumer has read with this group yet." />
        : (
          <Table label="Consumers" columns={["Consumer", "#Pending", "#Idle", "#Got something"]}>
            {group.consumers.map(consumerRow)}
          </Table>
        )}
      {items.length === 0 ? null : (
        <>
          <h3>Delivered, not acknowledged</h3>
          <Table label="Pending entries" columns={["Id", "Consumer", "#Idle", "#Deliveries"]}>
            {items.map(pendingRow)}
          </Table>
          {Number(group.pending.count) > items.length
            ? <p class="hint">The first {items.length} of {count(group.pending.count)}.</p>
            : null}
        </>
      )}
    </Card>
  );
}

function consumerRow(consumer: ConsumerShown) {
  const inactive = Number(consumer.inactiveMs);
  return (
    <tr>
      <td>
        <Bytes of={consumer.name} />
      </td>
      <td class="figure">{count(consumer.pending)}</td>
      <td class="figure">{duration(consumer.idleMs)}</td>
      <td class="figure">{inactive < 0 ? "never" : `${duration(inactive)} ago`}</td>
    </tr>
  );
}

function pendingRow(entry: PendingEntry) {
  return (
    <tr>
      <td class="when">
        <code>{entry.id}</code>
      </td>
      <td>
        <Bytes of={entry.consumer} />
      </td>
      <td class="figure">{duration(entry.idleMs)}</td>
      <td class="figure">{count(entry.deliveries)}</td>
    </tr>
  );
}
