/** `/replication`: who is primary and who follows it, how far each is. */

import type { InfoSection } from "../figures.ts";
import type { ReplicaShown } from "../routes/replication.ts";
import { byteSize, count, duration } from "./format.ts";
import type { Page, PageAsked } from "./page.ts";
import { Card, Empty, Example, Facts } from "./pieces.tsx";

interface Replication {
  readonly role: "primary" | "replica";
  readonly offset: number;
  readonly replicationId: string | null;
  readonly replicas: readonly ReplicaShown[];
  readonly primary: {
    readonly address: string | null;
    readonly port: number | null;
    readonly link: string | null;
    readonly offset: number | null;
    readonly lastHeardSeconds: number | null;
    readonly isSyncing: boolean;
  } | null;
  readonly backlog: {
    readonly isActive: boolean;
    readonly sizeBytes: number;
    readonly heldBytes: number;
    readonly firstOffset: number;
  };
  readonly info: InfoSection;
}

const REFRESH_MS = 2000;

export const replicationPage: Page = {
  path: "/replication",
  title: "Replication",
  name: "replication",
  async render(asked) {
    const state = await asked.api<Replication>("/api/v1/replication");
    return (
      <>
        <Card title="Who follows whom" id="picture" refresh={REFRESH_MS}>
          <Picture state={state} asked={asked} />
        </Card>
        <Card title="Stream of changes" id="stream" refresh={REFRESH_MS}>
          <StreamFacts state={state} />
        </Card>
      </>
    );
  },
};

function Picture({ state, asked }: { state: Replication; asked: PageAsked }) {
  const port = asked.parts.engine.context.config.get("port");
  return (
    <div class="picture">
      {state.primary === null ? null : <Primary of={state.primary} />}
      <div class="node this">
        <p class="node-role">This server · {state.role}</p>
        <p class="node-name">
          <code>port {port}</code>
        </p>
        <p>
          offset <span class="figures">{count(state.offset)}</span>
        </p>
      </div>
      {state.replicas.length === 0
        ? <NoReplicas port={port} />
        : (
          <ul class="replicas" aria-label="Replicas">
            {state.replicas.map(replicaOf)}
          </ul>
        )}
    </div>
  );
}

function Primary({ of }: { of: NonNullable<Replication["primary"]> }) {
  const isUp = of.link === "up";
  const state = of.isSyncing ? "taking a full copy" : isUp ? "linked" : "link is down";
  return (
    <div class={isUp ? "node up" : "node down"}>
      <p class="node-role">Primary</p>
      <p class="node-name">
        <code>{of.address}:{of.port}</code>
      </p>
      <p>
        {state}
        {isUp && of.lastHeardSeconds !== null
          ? `, heard ${duration(of.lastHeardSeconds * 1000)} ago`
          : ""}
      </p>
    </div>
  );
}

function idOf(id: unknown) {
  return <code>{String(id ?? "–")}</code>;
}

function replicaOf(of: ReplicaShown) {
  const isUp = of.state === "online";
  return (
    <li class={isUp ? "node up" : "node down"}>
      <p class="node-role">Replica · {of.state.replaceAll("_", " ")}</p>
      <p class="node-name">
        <code>{of.address}:{of.port}</code>
      </p>
      <p>
        {of.lagBytes === 0 ? "has everything" : `${byteSize(of.lagBytes)} behind`}, heard{" "}
        {duration(of.lagSeconds * 1000)} ago
      </p>
    </li>
  );
}

function NoReplicas({ port }: { port: number }) {
  return (
    <Empty title="Nobody follows this server.">
      <p>Start another and have it follow this one; Redis's own server can, too:</p>
      <Example
        lines={[
          `deno run -A main.ts --port ${port + 1} --admin-port no --replicaof "127.0.0.1 ${port}"`,
          `redis-server --port ${port + 1} --replicaof 127.0.0.1 ${port}`,
        ]}
      />
    </Empty>
  );
}

function StreamFacts({ state }: { state: Replication }) {
  const { backlog, info } = state;
  return (
    <Facts
      of={[
        ["Replication id", idOf(state.replicationId)],
        ["Id before it", idOf(info.master_replid2)],
        ["Offset", count(state.offset)],
        ["Failover", String(info.master_failover_state ?? "–")],
        ["Backlog", backlog.isActive ? byteSize(backlog.sizeBytes) : "not kept yet"],
        ["Held of it", backlog.isActive ? byteSize(backlog.heldBytes) : "–"],
        ["From offset", backlog.isActive ? count(backlog.firstOffset) : "–"],
      ]}
    />
  );
}
