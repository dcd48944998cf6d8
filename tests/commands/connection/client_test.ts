import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Session } from "../../../lib/engine/session.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { binaryText, SilentLink } from "../../support/silent_link.ts";

const FIELDS = "id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free " +
  "argv-mem multi-mem rbs rbp obl oll omem tot-mem events cmd user redir resp lib-name lib-ver";

function listed(redis: EngineHarness, ...args: (string | number)[]): string[] {
  const reply = redis.reply("CLIENT", "LIST", ...args);
  assert(reply.kind === "bulk" && reply.bytes !== null);
  return binaryText(reply.bytes).split("\n").filter((line) => line !== "");
}

Deno.test("CLIENT without a subcommand, or with one that is none, is refused", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("CLIENT"), "(error) ERR wrong number of arguments for 'client' command");
  for (const name of ["FOO", "TRACKED", "CACHE"]) {
    assertEquals(
      redis.run("CLIENT", name, "x"),
      `(error) ERR unknown subcommand '${name}'. Try CLIENT HELP.`,
    );
  }
  assertMatch(redis.run("CLIENT", "HELP"), /CLIENT <subcommand>/);
});

Deno.test("CLIENT ID counts sessions from 1", () => {
  const redis = new EngineHarness();
  const second = redis.newSession();
  assertEquals(redis.run("CLIENT", "ID"), "(integer) 1");
  assertEquals(redis.replyTo(second, "CLIENT", "ID"), { kind: "integer", value: 2 });
  assertEquals(
    redis.run("CLIENT", "ID", "x"),
    "(error) ERR wrong number of arguments for 'client|id' command",
  );
});

Deno.test("CLIENT INFO has Redis's fields in Redis's order", () => {
  const redis = new EngineHarness();
  redis.run("CLIENT", "SETNAME", "me");
  redis.run("SELECT", 4);
  redis.clock.advance(12_345);
  const [line] = listed(redis);
  assertEquals(line.replace(/=\S*/g, ""), FIELDS);
  assertMatch(line, /^id=1 .* name=me age=12 .* flags=N db=4 .* cmd=client\|list user=default /);
  assertMatch(line, / argv-mem=10 .* redir=-1 resp=2 lib-name= lib-ver=$/);
  const info = redis.reply("CLIENT", "INFO");
  assert(info.kind === "bulk" && info.bytes !== null);
  assertMatch(binaryText(info.bytes), /^id=1 .*\n$/);
});

Deno.test("CLIENT INFO is verbatim text in RESP3", () => {
  const reply = new EngineHarness({ protocol: 3 }).reply("CLIENT", "INFO");
  assert(reply.kind === "verbatim" && reply.format === "txt");
});

Deno.test("CLIENT LIST shows how long a client was silent", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  redis.clock.advance(7_000);
  assertMatch(listed(redis, "ID", other.id)[0], / age=7 idle=7 .* cmd=NULL /);
});

Deno.test("CLIENT LIST chooses by kind or by ids", () => {
  const redis = new EngineHarness();
  const ids = (lines: string[]) => lines.map((line) => Number(/^id=(\d+)/.exec(line)?.[1]));
  redis.newSession();
  redis.newSession();
  assertEquals(ids(listed(redis)), [1, 2, 3]);
  assertEquals(ids(listed(redis, "TYPE", "normal")), [1, 2, 3]);
  assertEquals(listed(redis, "TYPE", "slave"), []);
  assertEquals(listed(redis, "TYPE", "pubsub"), []);
  assertEquals(ids(listed(redis, "ID", 3, 99, 1, -1, 0)), [3, 1]);
});

Deno.test("CLIENT LIST refuses filters that are none", () => {
  const redis = new EngineHarness();
  const syntax = "(error) ERR syntax error";
  assertEquals(redis.run("CLIENT", "LIST", "TYPE", "foo"), "(error) ERR Unknown client type 'foo'");
  assertEquals(redis.run("CLIENT", "LIST", "ID", "x"), "(error) ERR Invalid client ID");
  assertEquals(redis.run("CLIENT", "LIST", "ID"), syntax);
  assertEquals(redis.run("CLIENT", "LIST", "TYPE"), syntax);
  assertEquals(redis.run("CLIENT", "LIST", "foo", "bar"), syntax);
  assertEquals(redis.run("CLIENT", "LIST", "TYPE", "normal", "ID", 1), syntax);
});

Deno.test("CLIENT SETNAME takes printable names, and an empty one takes it back", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("CLIENT", "GETNAME"), "(nil)");
  assertEquals(redis.run("CLIENT", "SETNAME", "worker:1"), "OK");
  for (const name of ["a b", "a\n", "é", "\x7f"]) {
    assertEquals(
      redis.run("CLIENT", "SETNAME", name),
      "(error) ERR Client names cannot contain spaces, newlines or special characters.",
    );
  }
  assertEquals(redis.run("CLIENT", "GETNAME"), '"worker:1"');
  assertEquals(redis.run("CLIENT", "SETNAME", ""), "OK");
  assertEquals(redis.run("CLIENT", "GETNAME"), "(nil)");
});

Deno.test("CLIENT SETINFO keeps the library's name and version", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("CLIENT", "SETINFO", "lib-name", "ioredis(x)"), "OK");
  assertEquals(redis.run("CLIENT", "SETINFO", "LIB-VER", "1.2.3"), "OK");
  assertEquals(
    redis.run("CLIENT", "SETINFO", "lib-name", "a b"),
    "(error) ERR lib-name cannot contain spaces, newlines or special characters.",
  );
  assertEquals(
    redis.run("CLIENT", "SETINFO", "color", "red"),
    "(error) ERR Unrecognized option 'color'",
  );
  assertMatch(listed(redis)[0], / lib-name=ioredis\(x\) lib-ver=1\.2\.3$/);
});

Deno.test("what waits to be sent beyond 16 KiB counts as Redis's list of replies", () => {
  const redis = new EngineHarness();
  const [session, link] = withLink(redis, "127.0.0.1:1");
  const shown = () => listed(redis, "ID", session.id)[0].match(/obl=.* omem=\d+/)?.[0];
  assertEquals(shown(), "obl=0 oll=0 omem=0");
  link.outputBytes = 1000;
  assertEquals(shown(), "obl=1000 oll=0 omem=0");
  link.outputBytes = 50_000;
  assertEquals(shown(), "obl=16384 oll=1 omem=33616");
  link.queuedBuffers = 2;
  link.queuedBytes = 100_000;
  assertEquals(shown(), "obl=16384 oll=3 omem=133616");
});

function withLink(redis: EngineHarness, address: string): [Session, SilentLink] {
  const session = redis.newSession();
  const link = new SilentLink(redis.engine.context.sessions, session, address);
  session.link = link;
  return [session, link];
}

Deno.test("CLIENT KILL with an address closes that client, even the one that asks", () => {
  const redis = new EngineHarness();
  const [session, link] = withLink(redis, "1.2.3.4:5");
  assertEquals(redis.run("CLIENT", "KILL", "9.9.9.9:9"), "(error) ERR No such client");
  assertEquals(redis.run("CLIENT", "KILL", "1.2.3.4:5"), "OK");
  assertEquals([link.closed, session.closing], [true, true]);
  const [own, ownLink] = withLink(redis, "1.2.3.4:6");
  assertEquals(redis.replyTo(own, "CLIENT", "KILL", "1.2.3.4:6"), { kind: "simple", text: "OK" });
  assertEquals([ownLink.closed, own.closing], [false, true]);
});

Deno.test("CLIENT KILL closes those that pass all filters and counts them", () => {
  const redis = new EngineHarness();
  const [first] = withLink(redis, "1.1.1.1:1");
  redis.clock.advance(10_000);
  const [second] = withLink(redis, "1.1.1.1:2");
  const kill = (...args: (string | number)[]) => redis.run("CLIENT", "KILL", ...args);
  assertEquals(kill("ID", 99), "(integer) 0");
  assertEquals(kill("TYPE", "pubsub"), "(integer) 0");
  assertEquals(kill("ID", second.id, "ADDR", "1.1.1.1:1"), "(integer) 0");
  assertEquals(kill("LADDR", "8.8.8.8:1"), "(integer) 0");
  assertEquals(kill("MAXAGE", 5), "(integer) 1");
  assertEquals([first.closing, second.closing, redis.session.closing], [true, false, false]);
  assertEquals(kill("USER", "default", "TYPE", "normal"), "(integer) 1");
  assertEquals(second.closing, true);
  assertEquals(kill("SKIPME", "yes"), "(integer) 0");
  assertEquals(kill("SKIPME", "no"), "(integer) 1");
  assertEquals(redis.session.closing, true);
});

Deno.test("CLIENT KILL refuses filters that are none, before it kills", () => {
  const redis = new EngineHarness();
  const [victim] = withLink(redis, "1.1.1.1:1");
  const kill = (...args: (string | number)[]) => redis.run("CLIENT", "KILL", "ID", 2, ...args);
  const badId = "(error) ERR client-id should be greater than 0";
  for (const id of ["x", 0, -4]) assertEquals(kill("ID", id), badId);
  assertEquals(kill("TYPE", "foo"), "(error) ERR Unknown client type 'foo'");
  assertEquals(kill("USER", "nobody"), "(error) ERR No such user 'nobody'");
  for (const rest of [["SKIPME", "maybe"], ["FOO", "bar"], ["ID"], ["TYPE"]]) {
    assertEquals(kill(...rest), "(error) ERR syntax error");
  }
  assertEquals(kill("MAXAGE", "x"), "(error) ERR maxage is not an integer or out of range");
  assertEquals(kill("MAXAGE", 0), "(error) ERR maxage should be greater than 0");
  assertEquals(victim.closing, false);
});
