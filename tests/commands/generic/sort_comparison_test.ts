/** SORT with random options against a real redis-server, the order of elements included. */

import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";
import { SeededRandom } from "../../support/fake_host.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { connect, show } from "../../support/resp_client.ts";

const commandCount = 3_000;

const NUMBERS = ["1", "2", "3", "10", "-5", "1.5", "1e3", "7", "100", "3.0", "inf", "0x10", "-0"];
const TEXTS = ["a", "b", "", " 5", "5 ", "zz", "A", "nan", "\xff"];
const PATTERNS = ["w_*", "w_*->f", "nosort", "*", "h_*->f", "h_*->g", "#", "w_*->", "x*y", "*->f"];
const LISTS = ["list:1", "list:2", "stored"];
const SETS = ["set:1", "set:2"];
const SORTED_SETS = ["zset:1", "zset:2"];
const KEYS = [...LISTS, ...SETS, ...SORTED_SETS, "missing", "w_1"];

for (const protocol of [2, 3] as const) {
  needs("redis-server", `SORT orders as redis-server does, RESP${protocol}`, async () => {
    const seed = Number(
      Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
    );
    console.log(`seed ${seed}`);
    await using server = await startRedis();
    await using redis = await connect(server.port, { resp: protocol });
    const ours = new EngineHarness({ protocol });
    const draw = new Draw(seed);
    let arrays = 0;
    for (let i = 0; i < commandCount; i++) {
      const command = draw.command();
      const theirs = await redis.send(...command);
      if (theirs.kind === "array") arrays++;
      const mine = ours.run(...command);
      assertEquals(mine, show(theirs), `seed ${seed}: ${command.join(" ")}`);
    }
    assertEquals(arrays > commandCount / 5, true, `${arrays} replies with elements`);
  });
}

class Draw {
  private readonly random: SeededRandom;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  command(): string[] {
    switch (this.random.below(12)) {
      case 0:
        return ["RPUSH", this.pick(LISTS), this.element(), this.element(), this.element()];
      case 1:
        return ["SADD", this.pick(SETS), this.element(), this.element()];
      case 2:
        return ["ZADD", this.pick(SORTED_SETS), this.pick(["1", "2", "-3.5"]), this.element()];
      case 3:
        return ["SET", `w_${this.element()}`, this.element()];
      case 4:
        return ["HSET", `h_${this.element()}`, "f", this.element(), "g", this.element()];
      case 5:
        return this.oneIn(4) ? ["DEL", this.pick(KEYS)] : ["LRANGE", "stored", "0", "-1"];
      default:
        return this.sort();
    }
  }

  /** Nothing whose order is anybody's choice: sets unsorted, and equal texts. */
  private sort(): string[] {
    const key = this.pick(KEYS);
    const words = [this.pick(["SORT", "SORT", "SORT_RO"]), key];
    const alpha = this.oneIn(3);
    const by = alpha || this.oneIn(2) ? "" : this.pick(PATTERNS);
    if (by !== "" && !(SETS.includes(key) && !by.includes("*"))) words.push("BY", by);
    if (alpha) words.push("ALPHA");
    if (this.oneIn(3)) {
      words.push("LIMIT", this.pick(["0", "1", "-1", "5", "x"]), this.pick(["0", "2", "-1", "9"]));
    }
    while (this.oneIn(3)) words.push("GET", this.pick(PATTERNS));
    if (this.oneIn(3)) words.push(this.pick(["ASC", "DESC"]));
    if (this.oneIn(4)) words.push("STORE", this.pick(LISTS));
    if (this.oneIn(40)) words.push(this.pick(["GET", "BY", "LIMIT", "STORE", "other"]));
    return words;
  }

  private element(): string {
    return this.oneIn(40) ? this.pick(TEXTS) : this.pick(NUMBERS);
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)];
  }

  private oneIn(times: number): boolean {
    return this.random.below(times) === 0;
  }
}
