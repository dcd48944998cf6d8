/**
 * COMMAND's replies, ours against those of a real server, over all commands of 7.0. Left out of the
 * comparison are texts, which are our own: summaries, complexities, histories and notes.
 */

import { assertEquals } from "@std/assert";
import { COMMAND_COMMANDS } from "../../lib/commands/server/command.ts";
import { Call } from "../../lib/engine/call.ts";
import type { Context } from "../../lib/engine/context.ts";
import { CommandError } from "../../lib/engine/errors.ts";
import type { Registry } from "../../lib/engine/registry.ts";
import type { Session } from "../../lib/engine/session.ts";
import { ReplyDecoder } from "../../lib/resp/reply_decoder.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { ReplyWriter } from "../../lib/resp/reply_writer.ts";
import { Request } from "../../lib/resp/request.ts";
import { factRegistry } from "../support/fact_registry.ts";
import { needs, startRedis } from "../support/peers.ts";
import { connect, show } from "../support/resp_client.ts";

const registry = factRegistry(COMMAND_COMMANDS);

needs("redis-server", "COMMAND and its subcommands reply what redis-server does", async (test) => {
  await using server = await startRedis();
  for (const protocol of [2, 3] as const) {
    await using client = await connect(server.port, { resp: protocol });
    await test.step(`COMMAND INFO of every command in RESP${protocol}`, async () => {
      for (const { lowerName } of registry.allWithSubcommands()) {
        const args = ["COMMAND", "INFO", lowerName.toUpperCase(), "nosuch"];
        const theirs = infos(await client.send(...args));
        assertEquals(infos(ask(registry, protocol, args)), theirs, lowerName);
      }
    });
    await test.step(`COMMAND DOCS of every command in RESP${protocol}`, async () => {
      for (const { lowerName } of registry.allWithSubcommands()) {
        const args = ["COMMAND", "DOCS", lowerName, "nosuch"];
        const theirs = docsByName(await client.send(...args));
        assertEquals(docsByName(ask(registry, protocol, args)), theirs, lowerName);
      }
    });
    await test.step(`whole lists in RESP${protocol}`, async () => {
      for (const args of lists.map((line) => line.split(" "))) {
        const theirs = sortedNames(await client.send(...args));
        assertEquals(sortedNames(ask(registry, protocol, args)), theirs, args.join(" "));
      }
    });
    await test.step(`keys, counts and errors in RESP${protocol}`, async () => {
      for (const line of probes) {
        const args = line.split(" ").map((word) => word === "''" ? "" : word);
        const theirs = show(await client.send(...args));
        assertEquals(show(ask(registry, protocol, args)), theirs, line);
      }
    });
  }
});

needs("redis-server", "COMMAND HELP has redis-server's form in words of its own", async () => {
  await using server = await startRedis();
  await using client = await connect(server.port, { resp: 3 });
  const theirs = itemsOf(await client.send("COMMAND", "HELP"));
  const ours = itemsOf(ask(registry, 3, ["COMMAND", "HELP"]));
  assertEquals(ours[0], theirs[0]);
  assertEquals(titles(ours), titles(theirs));
});

/** The lines that name a subcommand, without its arguments. */
function titles(lines: Reply[]): unknown[] {
  assertEquals(lines.filter((line) => line.kind !== "simple"), []);
  const texts = lines.slice(1).map((line) => line.kind === "simple" ? line.text : "");
  return sorted(texts.filter((text) => !text.startsWith(" ")).map((text) => text.split(" ")[0]));
}

const lists = [
  "COMMAND",
  "COMMAND INFO",
  "COMMAND DOCS",
  "COMMAND LIST",
  "COMMAND LIST FILTERBY PATTERN S*T",
  "COMMAND LIST FILTERBY PATTERN *|get",
  "COMMAND LIST FILTERBY PATTERN [",
  "COMMAND LIST FILTERBY ACLCAT scripting",
  "COMMAND LIST filterby aclcat FAST",
  "COMMAND LIST FILTERBY ACLCAT @fast",
  "COMMAND LIST FILTERBY ACLCAT nosuch",
  "COMMAND LIST FILTERBY MODULE nosuch",
];

const probes = [
  "COMMAND COUNT",
  "COMMAND INFO nosuch config|nosuch config|get|x",
  "COMMAND DOCS nosuch",
  "COMMAND LIST nosuch",
  "COMMAND LIST FILTERBY",
  "COMMAND LIST FILTERBY ACLCAT",
  "COMMAND LIST FILTERBY nosuch x",
  "COMMAND LIST FILTERBY ACLCAT fast FILTERBY PATTERN x",
  "COMMAND GETKEYS nosuch x",
  "COMMAND GETKEYS config get",
  "COMMAND GETKEYS config|get x",
  "COMMAND GETKEYS ECHO x",
  "COMMAND GETKEYS GET a b",
  "COMMAND GETKEYS SPUBLISH a b",
  "COMMAND GETKEYS OBJECT encoding",
  "COMMAND GETKEYS OBJECT encoding k",
  "COMMAND GETKEYS OBJECT nosuch k",
  "COMMAND GETKEYS OBJECT help",
  ...[
    "BITFIELD a",
    "BITFIELD a GET u8 0",
    "BITFIELD a GET u8 0 OVERFLOW SAT",
    "BITFIELD a GET u8 0 SET u8 0 1",
    "BITFIELD a GET u8",
    "BITOP AND d a b",
    "BLPOP a b 0",
    "BLMPOP 0 2 a b LEFT",
    "EVAL s 0",
    "EVAL s 2 a b c",
    "EVAL s 3 a",
    "EVAL s x a",
    "EVAL s -1 a",
    "FCALL f 1 a b",
    "GEORADIUS k 1 1 1 m STORE",
    "GEORADIUS k 1 1 1 m STORE a STOREDIST b",
    "GEORADIUSBYMEMBER k x 1 m storedist b",
    "GEOSEARCHSTORE d s FROMMEMBER m BYRADIUS 1 m",
    "LCS a b",
    "LMPOP 1 a LEFT",
    "MEMORY USAGE k",
    "MIGRATE h p '' 0 100 KEYS a",
    "MIGRATE h p '' 0 100 KEYS a b c",
    "MIGRATE h p '' 0 100 AUTH KEYS KEYS a b",
    "MIGRATE h p '' 0 100 AUTH2 KEYS KEYS KEYS a b",
    "MIGRATE h p k 0 100",
    "MIGRATE h p k 0 100 COPY",
    "MIGRATE h p k 0 100 KEYS a b",
    "MSET a b c",
    "MSETNX a b c d",
    "PFCOUNT a b",
    "RENAME a b",
    "SET a b",
    "SET a b EX 1 get",
    "SINTERCARD 2 a b LIMIT 1",
    "SORT k",
    "SORT k BY STORE STORE x STORE y",
    "SORT k LIMIT STORE STORE GET STORE",
    "SORT k STORE",
    "SORT_RO k GET a",
    "XADD s * a b",
    "XGROUP CREATE s g 0",
    "XREAD COUNT 1 2 STREAMS",
    "XREAD COUNT 1 STREAMS a b 0 0",
    "XREAD COUNT 1 STREAMS a b c",
    "XREADGROUP GROUP g STREAMS STREAMS a 0",
    "ZADD k 1 a",
    "ZDIFF 2 a b",
    "ZUNION 0 a",
    "ZUNION 3 a b",
    "ZUNIONSTORE d 2 b c",
    "ZUNIONSTORE d 99999999999 b c",
    "ZUNIONSTORE d x b c",
  ].map((line) => `COMMAND GETKEYSANDFLAGS ${line}`),
];

/** What our command replies; its arity is right in all that is asked here. */
function ask(registry: Registry, protocol: number, args: readonly string[]): Reply {
  const name = args.length > 1 ? `command|${args[1].toLowerCase()}` : "command";
  const command = registry.byName(name)!;
  const reply = new ReplyWriter();
  reply.protocol = protocol;
  // COMMAND looks at nothing but the table of commands.
  const context: Partial<Context> = { commands: registry };
  const session: Partial<Session> = { reply };
  const call = new Call(context as Context, session as Session, command);
  call.request = Request.from(args);
  try {
    command.run(call);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    reply.error(error.text);
  }
  const decoder = new ReplyDecoder();
  decoder.feed(reply.buffer.subarray(0, reply.length));
  const decoded = decoder.next();
  assertEquals(decoder.pending, false, args.join(" "));
  return decoded!;
}

const TEXTS = ["summary", "complexity", "history", "notes"];

function infos(reply: Reply): unknown {
  return itemsOf(reply).map((item) => {
    if (item.kind !== "array") return show(item);
    const [name, arity, flags, first, last, step, categories, tips, specs, subcommands] = itemsOf(
      item,
    );
    return {
      plain: [name, arity, flags, first, last, step, categories, tips].map(show),
      kinds: [flags, categories, tips, specs, subcommands].map((part) => part.kind),
      specs: itemsOf(specs).map((spec) => [spec.kind, ...fieldsOf(spec).map(showField)]),
      subcommands: sorted(infos(subcommands)),
    };
  });
}

function docsByName(reply: Reply): unknown {
  const docs = fieldsOf(reply).map(([name, value]) => [show(name), value.kind, docsOf(value)]);
  return [reply.kind, sorted(docs)];
}

function docsOf(reply: Reply): unknown {
  return fieldsOf(reply).map(([name, value]) =>
    show(name) === '"subcommands"' ? docsByName(value) : showField([name, value])
  );
}

/** The names in a reply that lists commands, in an order of its own. */
function sortedNames(reply: Reply): unknown {
  if (reply.kind === "map") return sorted(reply.entries.map(([name]) => show(name)));
  const names = itemsOf(reply).map((item) => {
    if (item.kind !== "array") return show(item);
    const [first] = itemsOf(item);
    // COMMAND DOCS in RESP2: each name is followed by its fields.
    return first.kind === "bulk" && show(first) === '"summary"' ? "fields" : show(first);
  });
  return sorted(names);
}

function itemsOf(reply: Reply): Reply[] {
  if (reply.kind === "array" || reply.kind === "set") return reply.items ?? [];
  throw new Error(`no list: ${show(reply)}`);
}

/** The pairs of a map, or of the flat array that stands for one in RESP2, without texts. */
function fieldsOf(reply: Reply): [Reply, Reply][] {
  const entries = reply.kind === "map" ? reply.entries : pairsOf(itemsOf(reply));
  return entries.filter(([name]) => !TEXTS.includes(JSON.parse(show(name))));
}

function pairsOf(items: Reply[]): [Reply, Reply][] {
  const pairs: [Reply, Reply][] = [];
  for (let i = 0; i + 1 < items.length; i += 2) pairs.push([items[i], items[i + 1]]);
  return pairs;
}

function showField([name, value]: [Reply, Reply]): string {
  return `${show(name)} ${value.kind} ${JSON.stringify(show(value))}`;
}

function sorted(list: unknown): unknown[] {
  const texts = (list as unknown[]).map((item) => JSON.stringify(item));
  return texts.toSorted();
}
