/**
 * `/browse`: the keys of a database, as a tree or as a list, with the chosen key beside them. Searching
 * walks over the keys part by part, so a page may say how far it looked and offer to go on.
 */

import type { KeyItem } from "../routes/keys.ts";
import type { TreeNode } from "../routes/tree.ts";
import { Act } from "./acts.tsx";
import type { AskedField } from "./acts.tsx";
import { address, count, countOf, oneLine, parameterOf } from "./format.ts";
import { KeyView } from "./key_view.tsx";
import { readKey } from "./key_data.ts";
import type { DatabaseShown } from "./overview.tsx";
import type { Page, PageAsked } from "./page.ts";
import { Bytes, Empty, Example, keyAddress, Type } from "./pieces.tsx";
import { ChooseKey, ImportButton, TransferButtons, TransferDialogs } from "./transfer.tsx";

interface KeysReply {
  readonly items: readonly KeyItem[];
  readonly cursor: string | null;
}

interface TreeReply {
  readonly nodes: readonly TreeNode[];
  readonly keys: number;
  readonly keysElsewhere: number;
  readonly cursor: string | null;
}

const PAGE_KEYS = 100;
/** Parts of a walk that one page waits for, when nothing is found in them. */
const MAX_PARTS = 10;
/** Keys that the first part of a tree looks at; the script goes on from there. */
const TREE_KEYS = 50_000;
const ALL_TREE_KEYS = 1_000_000;

const TYPES: readonly (readonly [string, string])[] = [
  ["", "All types"],
  ["string", "Strings"],
  ["hash", "Hashes"],
  ["list", "Lists"],
  ["set", "Sets"],
  ["zset", "Sorted sets"],
  ["stream", "Streams"],
];

/** What is looked for; it stays in the address. */
interface Search {
  readonly db: number;
  readonly view: "tree" | "list";
  readonly match: string | undefined;
  readonly type: string | undefined;
  readonly separator: string | undefined;
  readonly prefix: string | undefined;
}

export const browsePage: Page = {
  path: "/browse",
  title: "Browse",
  name: "browse",
  async render(asked) {
    const search = searchOf(asked);
    const databases = await asked.api<{ items: DatabaseShown[] }>("/api/v1/dbs");
    const keys = databases.items[search.db]?.keys ?? 0;
    const key = asked.c.req.query("key");
    const shownKey = key === undefined ? null : await readKey(asked, key);
    return (
      <>
        <SearchForm search={search} databases={databases.items} writes={asked.writes} />
        <TransferDialogs {...search} match={exported(search)} types={TYPES} writes={asked.writes} />
        <div class={key === undefined ? "panes" : "panes has-key"}>
          <section class="card keys" aria-labelledby="keys-title" id="keys">
            {keys === 0
              ? <NoKeys asked={asked} search={search} />
              : search.view === "tree"
              ? await treeOf(asked, search, keys)
              : await listOf(asked, search, keys)}
          </section>
          <section class="card detail" id="detail" aria-label="Chosen key" tabindex={-1}>
            {shownKey === null
              ? <Empty title={keys === 0 ? "Nothing to choose yet." : "Choose a key to see it."} />
              : <KeyView shown={shownKey} asked={asked} back={searchAddress(search)} />}
          </section>
        </div>
      </>
    );
  },
};

function searchOf(asked: PageAsked): Search {
  const match = asked.query("match");
  const view = asked.query("view") === "list" || match !== undefined ? "list" : "tree";
  return {
    db: asked.db,
    view,
    match,
    type: asked.query("type"),
    separator: asked.query("separator"),
    prefix: view === "tree" ? asked.query("prefix") : undefined,
  };
}

function searchAddress(
  search: Search,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  const { db, ...rest } = search;
  return address("/browse", { db: db === 0 ? undefined : db, ...rest, ...more });
}

/** What an export is of unless another pattern is given: what is shown. */
function exported({ match, prefix }: Search): string | undefined {
  if (prefix?.startsWith("b64:")) return undefined;
  return prefix === undefined ? match : `${prefix.replace(/[*?[\]\\]/g, "\\$&")}*`;
}

function SearchForm(
  { search, databases, writes }: {
    search: Search;
    databases: readonly DatabaseShown[];
    writes: boolean;
  },
) {
  const database = ({ db, keys }: DatabaseShown) => (
    <option value={String(db)} selected={db === search.db}>
      {keys === 0 ? `db${db}` : `db${db}: ${countOf(keys, "key")}`}
    </option>
  );
  const type = ([value, label]: readonly [string, string]) => (
    <option value={value} selected={value === (search.type ?? "")}>{label}</option>
  );
  return (
    <form method="get" action="/browse" class="bar card" role="search">
      <label for="db" class="unseen">Database</label>
      <select id="db" name="db">{databases.map(database)}</select>
      <label for="match" class="unseen">Search</label>
      <input
        id="match"
        name="match"
        type="search"
        value={search.match}
        placeholder="Search: user:* or a part of a name"
        class="wide"
        autocomplete="off"
        spellcheck={false}
      />
      <label for="type" class="unseen">Type</label>
      <select id="type" name="type">{TYPES.map(type)}</select>
      <label for="view" class="unseen">Show as</label>
      <select id="view" name="view">
        <option value="tree" selected={search.view === "tree"}>Tree</option>
        <option value="list" selected={search.view === "list"}>List</option>
      </select>
      <label for="separator">split at</label>
      <input
        id="separator"
        name="separator"
        value={search.separator ?? ":"}
        class="tiny"
        maxlength={16}
        autocomplete="off"
      />
      <button type="submit">Show</button>
      <span class="grow"></span>
      {writes ? <NewKey db={search.db} /> : null}
    </form>
  );
}

const NEW_KEY: readonly AskedField[] = [
  { name: "key", label: "Key", kind: "key" },
  {
    name: "op",
    label: "Type",
    kind: "select",
    options: [
      ["set-string", "string"],
      ["set-field", "hash"],
      ["push", "list"],
      ["add-member", "set"],
      ["set-score", "sorted set"],
      ["add-entry", "stream"],
    ],
  },
  { name: "field", label: "Field", kind: "bytes", when: ["set-field"] },
  { name: "value", label: "Value", kind: "bytes", when: ["set-string", "set-field", "push"] },
  { name: "side", label: "At", kind: "select", options: [["right", "the end"]], when: ["push"] },
  { name: "member", label: "Member", kind: "bytes", when: ["add-member", "set-score"] },
  { name: "score", label: "Score", kind: "number", value: "0", when: ["set-score"] },
  {
    name: "fields",
    label: "Fields",
    kind: "pairs",
    when: ["add-entry"],
    hint: "One to a line: the field, a blank, the value.",
  },
];

function NewKey({ db }: { db: number }) {
  return (
    <Act
      label="New key"
      look="primary"
      method="PATCH"
      path={`/api/v1/keys/{key}${db === 0 ? "" : `?db=${db}`}`}
      body={{ changes: [{}] }}
      title="New key"
      question="Where a key of that name exists, this changes it."
      fields={NEW_KEY}
      submit="Make it"
      then={`/browse?db=${db}&key={key}`}
    />
  );
}

function NoKeys({ asked, search }: { asked: PageAsked; search: Search }) {
  const port = asked.parts.engine.context.config.get("port");
  const database = search.db === 0 ? "" : ` -n ${search.db}`;
  return (
    <>
      <div class="card-head">
        <h2 id="keys-title">No keys</h2>
        {asked.writes ? <ImportButton /> : null}
      </div>
      <Empty title={`Database ${search.db} is empty.`}>
        <p>Write something with any client, for example:</p>
        <Example
          lines={[
            `redis-cli -p ${port}${database} SET greeting hello`,
            `redis-cli -p ${port}${database} HSET user:1 name Ada`,
          ]}
        />
      </Empty>
    </>
  );
}

async function listOf(asked: PageAsked, search: Search, keys: number) {
  const { match, type, db } = search;
  const pattern = match === undefined || /[*?[\\]/.test(match) ? match : `*${match}*`;
  let cursor: string | null = asked.query("cursor") ?? "0";
  const items: KeyItem[] = [];
  for (let part = 0; part < MAX_PARTS && cursor !== null && items.length < PAGE_KEYS / 2; part++) {
    const query = { db, match: pattern, type, cursor, limit: PAGE_KEYS - items.length };
    const reply: KeysReply = await asked.api("/api/v1/keys", query);
    items.push(...reply.items);
    cursor = reply.cursor;
  }
  const isFirst = asked.query("cursor") === undefined;
  const isAll = isFirst && cursor === null;
  const filtered = match !== undefined || type !== undefined;
  const title = isAll && filtered
    ? `${countOf(items.length, "key")} of ${count(keys)}`
    : filtered
    ? `Found among ${countOf(keys, "key")}`
    : countOf(keys, "key");
  const item = (one: KeyItem) => <KeyRow item={one} search={search} chosen={asked.query("key")} />;
  return (
    <>
      <div class="card-head">
        <h2 id="keys-title">{title}</h2>
        <TransferButtons writes={asked.writes} />
      </div>
      {items.length === 0 ? <NothingFound done={cursor === null} /> : null}
      <ul class="key-list">{items.map(item)}</ul>
      <p class="pager">
        {isFirst ? null : <a href={searchAddress(search)}>First page</a>}
        {cursor === null ? null : (
          <a
            href={searchAddress(search, { cursor })}
            rel="next"
            data-go-on={items.length === 0 ? "keys" : undefined}
          >
            {items.length === 0 ? "Go on looking" : "Next page"}
          </a>
        )}
      </p>
    </>
  );
}

function NothingFound({ done }: { done: boolean }) {
  return (
    <Empty title={done ? "No key is like that." : "Nothing yet among the keys looked at so far."}>
      <p>
        <code>*</code> stands for any text, <code>?</code> for one character, <code>[ab]</code>{" "}
        for one of some. A text without them is found anywhere in a name.
      </p>
    </Empty>
  );
}

function KeyRow(
  { item, search, chosen }: { item: KeyItem; search: Search; chosen: string | undefined },
) {
  const { match, type, view, separator } = search;
  const href = keyAddress(item.key, search.db, { match, type, view, separator });
  const isChosen = chosen === parameterOf(item.key);
  return (
    <li>
      <ChooseKey name={item.key} />
      <a href={href} data-pane="detail" aria-current={isChosen ? "true" : undefined}>
        <Type of={item.type} /> <Bytes of={item.key} />
      </a>
    </li>
  );
}

async function treeOf(asked: PageAsked, search: Search, keys: number) {
  const { db, type, separator, prefix } = search;
  const isWhole = asked.query("count") === "all";
  const reply: TreeReply = await asked.api("/api/v1/tree", {
    db,
    type,
    separator,
    prefix,
    examine: isWhole ? ALL_TREE_KEYS : TREE_KEYS,
  });
  const node = (one: TreeNode) => (
    <TreeRow
      node={one}
      search={search}
      chosen={asked.query("key")}
      isPart={reply.cursor !== null}
    />
  );
  const typed = TYPES.find(([value]) => value === type)?.[1];
  return (
    <>
      <div class="card-head">
        <h2 id="keys-title">
          {prefix === undefined ? countOf(keys, "key") : oneLine({ utf8: prefix })}
        </h2>
        {type === undefined ? null : <span class="muted">{typed} only</span>}
        <TransferButtons writes={asked.writes} />
      </div>
      {prefix === undefined ? null : (
        <p>
          <a href={searchAddress({ ...search, prefix: undefined })}>All keys</a>
        </p>
      )}
      <ul
        class="tree"
        aria-labelledby="keys-title"
        data-tree={JSON.stringify({ db, type, separator, prefix })}
        data-cursor={reply.cursor}
        data-elsewhere={String(reply.keysElsewhere)}
      >
        {reply.nodes.map(node)}
      </ul>
      {reply.nodes.length === 0 && reply.cursor === null ? <Empty title="No key is here." /> : null}
      <p class="tree-note muted" role="status">
        {reply.keysElsewhere === 0
          ? null
          : `${count(reply.keysElsewhere)} more keys: search for them. `}
        {reply.cursor === null ? null : (
          <>
            Counted among the first {count(TREE_KEYS)} keys.{" "}
            <a href={searchAddress(search, { count: "all" })}>Count further</a>
          </>
        )}
      </p>
    </>
  );
}

function TreeRow(
  { node, search, chosen, isPart }: {
    node: TreeNode;
    search: Search;
    chosen: string | undefined;
    isPart: boolean;
  },
) {
  const { type, separator, db } = search;
  const parameter = parameterOf(node.prefix);
  if (node.isKey) {
    return (
      <li>
        <a
          href={keyAddress(node.prefix, db, { type, separator })}
          data-pane="detail"
          data-name={orderOf(node)}
          aria-current={chosen === parameter ? "true" : undefined}
        >
          <span class="leaf" aria-hidden="true"></span>
          <Bytes of={node.name} />
        </a>
      </li>
    );
  }
  return (
    <li>
      <a
        href={searchAddress({ ...search, prefix: parameter })}
        class="branch"
        data-branch={parameter}
        data-name={orderOf(node)}
      >
        <span class="twist" aria-hidden="true"></span>
        <Bytes of={node.name} />
        <span class="tally" data-count={String(node.keys)}>
          {count(node.keys)}
          {isPart ? "+" : ""}
        </span>
      </a>
    </li>
  );
}

/** By which the script finds a node again, and its place: branches stand before keys. */
function orderOf({ isKey, name }: TreeNode): string {
  return (isKey ? "1" : "0") + oneLine(name);
}
