/**
 * Broken requests: the server stays up and keeps or closes the connection as redis-server does. Seeded;
 * `deno task fuzz` feeds many more.
 */

import { assertEquals } from "@std/assert";
import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { Frames, literal } from "../fuzz/frames.ts";
import { fuzz, Judge } from "../fuzz/verdict.ts";
import { needs, startRedis } from "../support/peers.ts";
import { startServerProcess } from "../support/server_process.ts";

const frameCount = 2_000;

for (const password of [undefined, "secret"]) {
  const title = password === undefined ? "" : " that asks for a password";
  const args = password === undefined ? [] : ["--requirepass", password];

  needs("redis-server", `mutated frames are judged alike by a server${title}`, async () => {
    const seed = Number(
      Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
    );
    console.log(`seed ${seed}`);
    await using server = await startServerProcess({ args });
    await using redis = await startRedis({ args });
    const ours = await Judge.open(server.port, password);
    const theirs = await Judge.open(redis.port, password);
    const { disagreements, closed } = await fuzz(ours, theirs, new Frames(seed), frameCount);
    ours.close();
    theirs.close();
    const shown = disagreements.map(({ frame, ours, theirs }) => ({
      frame: literal(frame).slice(0, 500),
      ours,
      theirs,
    }));
    assertEquals(shown, []);
    // Frames that are all refused, or all fine, would show nothing.
    assertEquals(closed > frameCount / 20 && closed < frameCount * 0.95, true, `${closed}`);
  });

  needs("redis-server", `protocol errors are worded alike by a server${title}`, async () => {
    await using server = await startServerProcess({ args });
    await using redis = await startRedis({ args });
    const ours = await Judge.open(server.port, password);
    const theirs = await Judge.open(redis.port, password);
    for (const frame of wrong) {
      const verdict = await ours.judgeAlone(fromLatin1(frame));
      assertEquals(verdict, await theirs.judgeAlone(fromLatin1(frame)), literal(fromLatin1(frame)));
    }
    ours.close();
    theirs.close();
  });
}

const wrong = [
  "*x\r\n",
  "*2147483648\r\n",
  "*-5\r\nPING\r\n",
  "*0\r\n*1\r\n$4\r\nPING\r\n",
  "*11\r\n",
  "*1\r\nPING\r\n",
  "*1\r\n$-1\r\n",
  "*1\r\n$x\r\n",
  "*1\r\n$536870913\r\n",
  "*1\r\n$16385\r\n",
  "*2\r\n$3\r\nGET\r\n$99999999999999999999\r\n",
  "*1\r\n\0",
  "*1\r\n\n",
  '"PING\r\n',
  "'PING\r\n",
  'ECHO "a"b\r\n',
  "PING\0\r\n",
  "*1\r\n$4\r\nPINGxx",
  "*" + "1".repeat(70_000),
  "*1\r\n$" + "1".repeat(70_000),
  "x".repeat(70_000),
  "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "*1\r\n$4\r\nPING\r\n".repeat(1000) + "*x\r\n",
];
