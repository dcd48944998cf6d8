/** Scripts against a real redis-server: the same bytes for every reply, in both protocols. */

import { assertEquals } from "@std/assert";
import { EngineSubject, SocketSubject } from "../support/differential.ts";
import { needs, startRedis } from "../support/peers.ts";
import { SCRIPT_CASES, wordsOf } from "./script_cases.ts";

for (const protocol of [2, 3] as const) {
  needs(
    "redis-server",
    `scripts reply what redis-server replies, in RESP${protocol}`,
    async (t) => {
      await using redis = await startRedis({ debug: true });
      const theirs = await SocketSubject.connect(redis.port, protocol);
      try {
        for (const [group, cases] of Object.entries(SCRIPT_CASES)) {
          await t.step(group, async () => {
            const ours = new EngineSubject(protocol);
            await theirs.reset();
            const words = cases.map(wordsOf);
            assertEquals(await listing(ours, words), await listing(theirs, words));
          });
        }
      } finally {
        theirs.close();
      }
    },
  );
}

async function listing(
  subject: EngineSubject | SocketSubject,
  commands: readonly (readonly string[])[],
): Promise<string> {
  const replies = await subject.run(commands);
  return commands.map((words, i) => `${words.join(" ")}\n  => ${shown(replies[i])}`).join("\n");
}

function shown(reply: string): string {
  return Array.from(reply, (char) => {
    const code = char.charCodeAt(0);
    if (code === 13 || code === 10) return code === 13 ? "" : "|";
    return code < 32 || code > 126 ? `\\x${code.toString(16).padStart(2, "0")}` : char;
  }).join("");
}
