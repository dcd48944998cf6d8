/** The hash commands beside a real redis-server: the same random commands, the same bytes back. */

import { assertEquals } from "@std/assert";
import { Comparison, describe, EngineSubject, SocketSubject } from "../../support/differential.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { Workload } from "../../support/workload.ts";
import { HASH_RULES } from "../../support/workload/hash.ts";
import { seed } from "../../unit/bytes/random.ts";

const OTHERS = ["DEL", "COPY", "RENAME", "OBJECT|ENCODING", "EXISTS", "TYPE"];

for (const protocol of [2, 3] as const) {
  needs("redis-server", `hash commands reply as redis-server does, RESP${protocol}`, async () => {
    const chosen = seed();
    console.log(`seed ${chosen}`);
    await using server = await startRedis({ debug: true });
    const ours = new EngineSubject(protocol);
    const comparison = new Comparison(ours, await SocketSubject.connect(server.port, protocol));
    try {
      const workload = new Workload(chosen, [...Object.keys(HASH_RULES), ...OTHERS]);
      const differences = await comparison.run(10_000, () => workload.next(), 5);
      assertEquals(differences.map(describe).join("\n"), "");
    } finally {
      comparison.close();
    }
  });
}
