/** Scripts that run for long, over real sockets: others hear BUSY, and every script can be ended. */

import { assert, assertEquals } from "@std/assert";
import { startServer } from "../../lib/mod.ts";
import { until } from "../support/replication_nodes.ts";
import { connect, type RespClient, show } from "../support/resp_client.ts";
import { type ServerProcess, startServerProcess } from "../support/server_process.ts";

const BUSY =
  "(error) BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN " +
  "NOSAVE.";

interface Scene {
  readonly server: ServerProcess;
  readonly script: RespClient;
  readonly other: RespClient;
  say(...args: string[]): Promise<string>;
}

async function withServer(run: (scene: Scene) => Promise<void>): Promise<void> {
  await using server = await startServerProcess({
    args: ["--busy-reply-threshold", "50", "--save", "", "--enable-debug-command", "yes"],
  });
  await using script = await connect(server.port);
  await using other = await connect(server.port);
  await run({
    server,
    script,
    other,
    say: async (...args) => show(await other.send(...args)),
  });
}

/** Waits until the server says that it is busy. */
async function untilBusy({ say }: Scene): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if ((await say("PING")).startsWith("(error) BUSY")) return;
  }
  throw new Error("the server never was busy");
}

const ENDLESS: Readonly<Record<string, string>> = {
  "a loop": "while true do end",
  "a loop that catches all errors":
    "while true do pcall(function() while true do pcall(error) end end) end",
  "a loop of commands": "while true do redis.call('GET','k') end",
  "a loop in a coroutine": "coroutine.wrap(function() while true do end end)()",
  "a pattern that goes back and forth": "return (('a'):rep(300)):find(('.-'):rep(20) .. 'b')",
  "a search of megabytes for megabytes":
    "local s = ('a'):rep(2e6) return s:find(('a'):rep(1e6) .. 'b', 1, true)",
  "a sort that never agrees":
    "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.sort(t, function(a, b) return a > b end) end",
  "long strings that are compared again and again":
    "local a = ('a'):rep(2e7) local b = a .. 'b' while true do local less = a < b end",
  "long strings that are put together again and again":
    "local a = ('a'):rep(1e7) while true do local b = a .. 'b' .. 'c' end",
  "a pattern that replaces by a function of the library":
    "local s = ('a b '):rep(1e6) while true do s:gsub('%w+', string.upper) end",
  "a pattern of captures that refer back": "return (('a'):rep(5000)):find('(.-)(.-)(.-)%1%2%3b')",
  "a large table that is joined again and again":
    "local t = {} for i = 1, 1e6 do t[i] = 'x' end while true do table.concat(t, ',') end",
  "a large table that is walked by the library":
    "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.foreachi(t, math.abs) end",
  "metamethods that call each other":
    "local t = setmetatable({}, {__index = function(t, k) return k end}) " +
    "while true do local v = t.x .. t.y end",
  "errors within errors": "local function f() error({}) end while true do xpcall(f, f) end",
  "documents that are decoded again and again":
    "local s = '[' .. ('[1,2],'):rep(2e4) .. '1]' while true do cjson.decode(s) end",
};

Deno.test("every endless script hears SCRIPT KILL, and the server goes on", () =>
  withServer(async (scene) => {
    const { script, say } = scene;
    for (const [name, source] of Object.entries(ENDLESS)) {
      const reply = script.send("EVAL", source, 0);
      await untilBusy(scene);
      assertEquals(await say("GET", "k"), BUSY);
      assertEquals(await say("FUNCTION", "KILL"), BUSY);
      assertEquals(await say("SCRIPT", "KILL"), "OK", name);
      const text = show(await reply);
      assert(text.startsWith("(error) ERR Script killed by user with SCRIPT KILL..."), text);
      assertEquals(await say("PING"), "PONG");
      assertEquals(show(await script.send("EVAL", "return 1", 0)), "(integer) 1");
    }
  }));

Deno.test("a script of slow commands is set aside behind one of the first", () =>
  withServer(async (scene) => {
    const { script, say } = scene;
    await say("DEBUG", "SET-DISABLE-DENY-SCRIPTS", "1");
    const source = "for i = 1, 100 do redis.call('DEBUG', 'SLEEP', '0.06') end";
    const reply = script.send("EVAL", source, 0);
    await untilBusy(scene);
    assertEquals(await say("SCRIPT", "KILL"), "OK");
    await reply;
    const calls = Number((await say("INFO", "commandstats")).match(/debug:calls=(\d+)/)?.[1]);
    assert(calls >= 3 && calls <= 6, String(calls));
  }));

Deno.test("a script that was quick and only read may turn out to be neither", () =>
  withServer(async (scene) => {
    const { script, say } = scene;
    const source =
      "local go = redis.call('GET', KEYS[1]) if go == 'loop' then while true do end end " +
      "if go == 'write' then redis.call('SET', KEYS[2], 'written') end return go";
    const run = () => script.send("EVAL", source, 2, "go", "result");
    for (const _ of [1, 2, 3]) assertEquals(show(await run()), "(nil)");
    await say("SET", "go", "write");
    for (const _ of [1, 2]) assertEquals(show(await run()), '"write"');
    assertEquals(await say("GET", "result"), '"written"');
    await say("SET", "go", "x");
    for (const _ of [1, 2]) assertEquals(show(await run()), '"x"');
    await say("SET", "go", "loop");
    const reply = run();
    await untilBusy(scene);
    assertEquals(await say("SCRIPT", "KILL"), "OK");
    assert(show(await reply).includes("Script killed by user"));
    assertEquals(await say("SET", "go", "y"), "OK");
    assertEquals(show(await run()), '"y"');
  }));

Deno.test("a slow script that is let alone ends as any other, its effects one unit", () =>
  withServer(async (scene) => {
    const { script, say } = scene;
    const reply = script.send(
      "EVAL",
      "redis.call('SET','a','1') for i = 1, 4e7 do end redis.call('SET','b','2') return {'done'}",
      0,
    );
    await untilBusy(scene);
    const text = await say("SCRIPT", "KILL");
    assert(text.startsWith("(error) UNKILLABLE"), text);
    assertEquals(show(await reply), '1) "done"');
    assertEquals(await say("MGET", "a", "b"), '1) "1"\n2) "2"');
  }));

Deno.test("what a session sent behind a slow script is answered behind it", () =>
  withServer(async (scene) => {
    const { script } = scene;
    const replies = script.pipeline([
      ["SET", "n", "1"],
      ["EVAL", "for i = 1, 4e7 do end return redis.call('INCR','n')", "0"],
      ["INCR", "n"],
    ]);
    await untilBusy(scene);
    assertEquals((await replies).map(show), ["OK", "(integer) 2", "(integer) 3"]);
  }));

Deno.test("EXEC waits for its slow scripts and goes on behind them", () =>
  withServer(async (scene) => {
    const { script } = scene;
    const slow = ["EVAL", "for i = 1, 4e7 do end return redis.call('INCR','n')", "0"];
    const replies = script.pipeline([
      ["MULTI"],
      ["SET", "n", "1"],
      slow,
      ["INCR", "n"],
      slow,
      ["GET", "n"],
      ["EXEC"],
      ["GET", "n"],
    ]);
    await untilBusy(scene);
    const shown = (await replies).map(show);
    assertEquals(
      shown[6],
      'OK|(integer) 2|(integer) 3|(integer) 4|"4"'.split("|").map((text, i) => `${i + 1}) ${text}`)
        .join("\n"),
    );
    assertEquals(shown[7], '"4"');
  }));

Deno.test("functions are ended by FUNCTION KILL, and FUNCTION STATS tells of them", () =>
  withServer(async (scene) => {
    const { script, say } = scene;
    await say(
      "FUNCTION",
      "LOAD",
      "#!lua name=l\nredis.register_function('endless', function() while true do end end)\n" +
        "redis.register_function('quick', function() return 1 end)",
    );
    const reply = script.send("FCALL", "endless", 1, "key");
    await untilBusy(scene);
    assert((await say("SCRIPT", "KILL")).includes("FUNCTION KILL"));
    assert((await say("FUNCTION", "STATS")).includes("endless"));
    assertEquals(await say("FUNCTION", "KILL"), "OK");
    assert(show(await reply).includes("script: endless, on @user_function:2."));
    assertEquals(await say("FCALL", "quick", "0"), "(integer) 1");
  }));

Deno.test("a session that leaves its endless script takes nothing with it", () =>
  withServer(async (scene) => {
    const { script, say } = scene;
    const sent = script.send("EVAL", "while true do end", 0).catch(() => {});
    await untilBusy(scene);
    script.close();
    await sent;
    assertEquals(await say("SCRIPT", "KILL"), "OK");
    assertEquals(await say("PING"), "PONG");
  }));

Deno.test("a killed script is gone before anybody can send more", async () => {
  await using server = await startServer({ directives: { "busy-reply-threshold": "20" } });
  await using client = await connect(server.port);
  const running = () => {
    const stats = server.send("FUNCTION", "STATS");
    assert(stats instanceof Map);
    return stats.get("running_script");
  };
  server.send(
    "FUNCTION",
    "LOAD",
    "#!lua name=l\nredis.register_function('endless', function() while true do end end)",
  );
  const reply = client.send("FCALL", "endless", 0);
  await until(() => Promise.resolve(running() !== null), "the function to be slow");
  assertEquals(server.send("FUNCTION", "KILL"), "OK");
  // What a client sends once it has read this comes later than the end of this task.
  await Promise.resolve();
  assertEquals(running(), null);
  assert(show(await reply).includes("Script killed by user"));
});

Deno.test("SHUTDOWN NOSAVE ends a server whose script can't be killed", () =>
  withServer(async (scene) => {
    const { script, server, say, other } = scene;
    const sent = script.send("EVAL", "redis.call('SET','a','1') while true do end", 0).catch(
      () => {},
    );
    await untilBusy(scene);
    assertEquals(await say("SHUTDOWN"), BUSY);
    const stopping = other.send("SHUTDOWN", "NOSAVE").catch(() => {});
    assertEquals((await server.status).code, 0);
    await Promise.all([sent, stopping]);
  }));
