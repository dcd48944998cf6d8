/**
 * Broken requests: the server stays up and keeps or closes the connection as redis-server does. Seeded;
 * `deno task fuzz` feeds many more.
 */

import { assertEquals } from "@std/assert";
import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { Frames, literal } from "../fuzz/frames.ts";
import { fuzz, Judge, summary } from "../fuzz/verdict.ts";
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
    const shown = disagreements.map(({ frame, ours, theirs }) => [
      literal(frame).slice(0, 300),
      `ours: ${summary(ours).slice(0, 300)}`,
      `theirs: ${summary(theirs).slice(0, 300)}`,
    ]);
    assertEquals(shown, []);
    // Frames that are all refused, or all fine, would show nothing.
    assertEquals(closed > frameCount / 20 && closed < frameCount * 0.95, true, `${closed}`);
  });

  needs("redis-server", `protocol errors are worded alike by a server${title}`, async () => {
    await using server = await startServerProcess({ args });
    await using redis = await startRedis({ args });
    const ours = await Judge.open(server.port, password);
    const theirs = await Judge.open(redis.port, password);
    const frames = wrong.map((frame) => fromLatin1(frame));
    const [mine, other] = await Promise.all(
      [ours, theirs].map((judge) => judge.judgeCalmly(frames)),
    );
    wrong.forEach((frame, i) => {
      assertEquals(summary(mine[i]), summary(other[i]), JSON.stringify(frame.slice(0, 200)));
    });
    ours.close();
    theirs.close();
  });
}

needs("redis-server", "replies pile up for no client that never gave its password", async () => {
  const args = ["--requirepass", "secret"];
  await using server = await startServerProcess({ args });
  await using redis = await startRedis({ args });
  const ours = await Judge.open(server.port, "secret");
  const theirs = await Judge.open(redis.port, "secret");
  // 34 bytes of refusal each: 481 of them are within 16 KiB, 482 are not.
  const frames = [100, 481, 482, 2_000].map((count) => fromLatin1("GET a\r\n".repeat(count)));
  const [mine, other] = await Promise.all([ours, theirs].map((judge) => judge.judgeCalmly(frames)));
  ours.close();
  theirs.close();
  assertEquals(mine.map(summary), other.map(summary));
});

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
  "*1\r\n$4\r\nPING\r\n".repeat(300) + "*x\r\n",
];
