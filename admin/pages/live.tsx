/** `/live`: what happens now: commands of clients, changes of keys, messages of channels. */

import type { TopicShown } from "../routes/pubsub.ts";
import { count, oneLine } from "./format.ts";
import type { Page } from "./page.ts";
import { Bytes, Card, Empty, Example, Table } from "./pieces.tsx";

interface Topics {
  readonly total: number;
  readonly items: readonly TopicShown[];
}

interface PubSub {
  readonly channels: Topics;
  readonly patterns: Topics;
  readonly shardChannels: Topics;
  readonly published: number;
}

const REFRESH_MS = 3000;
const SHOWN_TOPICS = 200;

export const livePage: Page = {
  path: "/live",
  title: "Live",
  name: "live",
  async render(asked) {
    const topics = await asked.api<PubSub>("/api/v1/pubsub", { limit: SHOWN_TOPICS });
    const port = asked.parts.engine.context.config.get("port");
    return (
      <>
        <NeedsScript what="The live view" />
        <Watch />
        <Card
          title="Who listens to what"
          id="topics"
          refresh={REFRESH_MS}
          note={`${count(topics.published)} messages published`}
        >
          <TopicTable topics={topics} port={port} />
        </Card>
      </>
    );
  },
};

export function NeedsScript({ what }: { what: string }) {
  return (
    <noscript>
      <p class="hint">{what} needs JavaScript.</p>
    </noscript>
  );
}

function Watch() {
  return (
    <section class="card watch" aria-labelledby="watch-title">
      <div class="card-head">
        <h2 id="watch-title">Watch</h2>
        <span class="muted" id="watch-state" role="status" aria-live="polite">not watching</span>
      </div>
      <form id="watch" class="bar" autocomplete="off">
        <label for="what" class="unseen">Watch</label>
        <select id="what">
          <option value="monitor">Commands (MONITOR)</option>
          <option value="events">Changes of keys</option>
          <option value="messages">Messages (pub/sub)</option>
        </select>
        <label data-for="messages" hidden>
          Channel <input name="pattern" placeholder="news.*" value="*" class="mono" />
        </label>
        <label data-for="monitor">
          Command <input name="command" placeholder="get,set" class="mono short" />
        </label>
        <label data-for="monitor">
          Contains <input name="text" placeholder="user:" class="mono short" />
        </label>
        <label data-for="monitor">
          Client <input name="client" placeholder="127.0.0.1:" class="mono short" />
        </label>
        <label data-for="events" hidden>
          Keys <input name="match" placeholder="user:*" class="mono short" />
        </label>
        <label data-for="events" hidden>
          Events <input name="event" placeholder="set,del,expired" class="mono short" />
        </label>
        <label data-for="monitor events">
          Database <input name="db" inputmode="numeric" placeholder="any" class="tiny" />
        </label>
        <button type="submit" class="primary" id="start">Start</button>
        <button type="button" id="pause" disabled>Hold</button>
        <button type="button" id="empty">Clear</button>
      </form>
      <div id="lines" role="log" aria-live="off" aria-label="What happens" tabindex={0}>
        <p class="hint">
          Start to see what clients do as it happens. MONITOR costs the server some speed while it
          is watched.
        </p>
      </div>
    </section>
  );
}

function TopicTable({ topics, port }: { topics: PubSub; port: number }) {
  const kinds: [string, Topics][] = [
    ["channel", topics.channels],
    ["pattern", topics.patterns],
    ["shard channel", topics.shardChannels],
  ];
  const all = kinds.flatMap(([kind, { items }]) => items.map((item) => ({ kind, ...item })));
  if (all.length === 0) {
    return (
      <Empty title="Nobody listens to a channel.">
        <Example
          lines={[`redis-cli -p ${port} SUBSCRIBE news`, `redis-cli -p ${port} PUBLISH news hello`]}
        />
      </Empty>
    );
  }
  const row = ({ kind, name, subscribers }: typeof all[number]) => (
    <tr>
      <td>{kind}</td>
      <td title={oneLine(name)}>
        <Bytes of={name} />
      </td>
      <td class="figure">{count(subscribers)}</td>
    </tr>
  );
  return <Table label="Channels" columns={["Kind", "Name", "#Subscribers"]}>{all.map(row)}</Table>;
}
