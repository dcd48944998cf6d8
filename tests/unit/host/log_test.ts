/** The log's format, levels, escapes and files. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { invariant, InvariantError } from "../../../lib/host/invariant.ts";
import { escapeControls, formatLogLine, RedisLog } from "../../../lib/host/log.ts";
import { FakeClock } from "../../support/fake_host.ts";

Deno.test("a log line has Redis's fields in local time", () => {
  const unixMs = new Date(2024, 1, 3, 4, 5, 6, 7).getTime();
  assertEquals(
    formatLogLine(123, "M", unixMs, "*", "Ready to accept connections"),
    "123:M 03 Feb 2024 04:05:06.007 * Ready to accept connections\n",
  );
});

Deno.test("control characters never start a new line or reach a terminal", () => {
  assertEquals(
    escapeControls("a\r\nb\t\x00\x1b[1m\x7f\x9b\u2028é"),
    "a\\r\\nb\\t\\x00\\x1b[1m\\x7f\\x9b\\u2028é",
  );
});

Deno.test("the log writes to its file what its level lets through", () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = `${directory}/redis.log`;
    const log = new RedisLog({ clock: new FakeClock(), pid: 7, level: "notice", path });
    log.debug("d");
    log.verbose("v");
    log.notice("n");
    log.role = "S";
    log.warning("w");
    log.level = "debug";
    log.debug("d");
    log.level = "nothing";
    log.warning("silent");
    const lines = Deno.readTextFileSync(path).trimEnd().split("\n");
    assertEquals(lines.length, 3);
    assertMatch(lines[0], /^7:M \d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3} \* n$/);
    assertMatch(lines[1], /^7:S .* # w$/);
    assertMatch(lines[2], /^7:S .* \. d$/);
    Deno.renameSync(path, `${path}.1`);
    log.level = "notice";
    log.notice("after rotation");
    assertMatch(Deno.readTextFileSync(path), / \* after rotation\n$/);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("a log that can't be written does not throw", () => {
  const log = new RedisLog({ clock: new FakeClock(), pid: 7, path: "/no/such/place/redis.log" });
  log.warning("lost");
  assertThrows(() => Deno.statSync("/no/such/place"));
});

Deno.test("an invariant throws its message only when it does not hold", () => {
  invariant(true, "holds");
  assertThrows(() => invariant(0 > 1, "zero above one"), InvariantError, "zero above one");
});
