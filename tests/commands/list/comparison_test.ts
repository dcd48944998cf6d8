/** Long lists beside a real redis-server's: the same replies, and the same digest at the end. */

import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import {
  Comparison,
  describe,
  EngineSubject,
  SocketSubject,
  type Words,
} from "../../support/differential.ts";
import { needs, startRedis } from "../../support/peers.ts";

const KEYS = ["a", "b"];
/** More elements than a chunk has, and than fit into one. */
const MOST_PUSHED = 600;
const LONG = ["x".repeat(100), "y".repeat(3_000), "z".repeat(9_000)];

class LongLists {
  constructor(private readonly random: SeededRandom) {}

  next(): Words {
    const { random } = this;
    const key = this.pick(KEYS);
    const index = String(random.below(1_200) - 600);
    switch (random.below(19)) {
      case 0:
      case 1:
        return [this.pick(["LPUSH", "RPUSH"]), key, ...this.elements()];
      case 2:
        return [this.pick(["LPUSHX", "RPUSHX"]), key, this.element()];
      case 3:
        return [this.pick(["LPOP", "RPOP"]), key, String(random.below(300))];
      case 4:
        return [this.pick(["LPOP", "RPOP"]), key];
      case 5:
      case 6:
        return ["LINDEX", key, index];
      case 7:
        return ["LRANGE", key, index, String(random.below(2_000) - 1_000)];
      case 8:
      case 9:
        return ["LSET", key, index, this.element()];
      case 10:
      case 11:
        return ["LINSERT", key, this.pick(["BEFORE", "AFTER"]), this.element(), this.element()];
      case 12:
        return ["LREM", key, String(random.below(60) - 30), this.element()];
      case 13:
        return ["LTRIM", key, String(random.below(40) - 5), String(-random.below(40))];
      case 14:
        return ["LPOS", key, this.element(), "RANK", String(random.below(40) - 20), "COUNT", "3"];
      case 15:
      case 16:
        return ["LMOVE", key, this.pick(KEYS), this.side(), this.side()];
      case 17:
        return random.below(3) > 0
          ? ["LLEN", key]
          : ["LMPOP", "2", key, "a", this.side(), "COUNT", String(random.below(1_000))];
      default:
        return random.below(3) > 0
          ? ["DEBUG", "DIGEST-VALUE", key]
          : ["COPY", key, "copy", "REPLACE"];
    }
  }

  private elements(): string[] {
    const count = 1 + this.random.below(this.random.below(3) === 0 ? MOST_PUSHED : 4);
    return Array.from({ length: count }, () => this.element());
  }

  private element(): string {
    const { random } = this;
    if (random.below(100) === 0) return this.pick(LONG);
    return this.pick(["", "a", "$1\r\na\r\n", "", "b"]) + String(random.below(40));
  }

  private side(): string {
    return this.pick(["LEFT", "RIGHT"]);
  }

  private pick(from: Words): string {
    return from[this.random.below(from.length)];
  }
}

needs(
  "redis-server",
  "long lists reply as redis-server's do, and end with its digest",
  async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    await using server = await startRedis({ debug: true });
    const ours = new EngineSubject(2);
    const comparison = new Comparison(ours, await SocketSubject.connect(server.port, 2));
    try {
      const commands = new LongLists(new SeededRandom(seed));
      const differences = await comparison.run(6_000, () => commands.next(), 3);
      assertEquals(differences.map(describe).join("\n"), "");
    } finally {
      comparison.close();
    }
  },
);
