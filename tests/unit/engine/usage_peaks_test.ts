import { assertEquals } from "@std/assert";
import type { ClientLink } from "../../../lib/engine/ports.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("the largest client buffers of the last eight seconds are known", () => {
  const redis = new EngineHarness();
  const { peaks } = redis.engine.context;
  const session = redis.newSession();
  const tick = (second: number) => peaks.tick(1_700_000_000_000 + second * 1000);
  session.link = linkWith({ queryBytes: 100, queryFreeBytes: 900, queuedBytes: 50 });
  tick(0);
  session.link = linkWith({ queryBytes: 0, queryFreeBytes: 10, queuedBytes: 70 });
  tick(1);
  assertEquals([peaks.clientInputBytes, peaks.clientOutputBytes], [1000, 70]);
  tick(7);
  assertEquals([peaks.clientInputBytes, peaks.clientOutputBytes], [1000, 70]);
  tick(8);
  assertEquals(peaks.clientInputBytes, 10);
  session.link = null;
  tick(100);
  assertEquals([peaks.clientInputBytes, peaks.clientOutputBytes], [0, 0]);
});

function linkWith(sizes: Partial<ClientLink>): ClientLink {
  return {
    remoteAddress: "127.0.0.1:1",
    localAddress: "127.0.0.1:2",
    isUnixSocket: false,
    queryBytes: 0,
    queryFreeBytes: 0,
    outputBytes: 0,
    queuedBuffers: 0,
    queuedBytes: 0,
    replyBufferBytes: 0,
    replyBufferPeak: 0,
    memoryBytes: 0,
    close: () => {},
    resume: () => {},
    authenticationChanged: () => {},
    flush: () => {},
    scheduleFlush: () => {},
    expectPush: () => true,
    ...sizes,
  };
}
