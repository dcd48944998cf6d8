/** The bitmap commands beside a real redis-server: the same random commands, the same bytes back. */

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

const KEYS = ["a", "b", "c", "d", "e"];
const PLACES = [
  ...["0", "1", "2", "3", "7", "8", "9", "31", "32", "63", "64", "100", "1000", "9000", "-1"],
  ...["-2", "-7", "-8", "-9", "-64", "-100", "-1000", "-9000"],
];
const ODD_PLACES = ["x", "", "4294967296", "9223372036854775807", "-9223372036854775808", "#1"];
const VALUES = [
  ...["0", "1", "-1", "127", "128", "-128", "-129", "255", "256", "65535", "2147483647"],
  ...["2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296", "x", ""],
  ...["9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808"],
];

class BitmapCommands {
  constructor(private readonly random: SeededRandom) {}

  next(): Words {
    const key = this.pick(KEYS);
    switch (this.random.below(14)) {
      case 0:
        return ["SET", key, this.value()];
      case 1:
      case 2:
        return ["SETBIT", key, this.place(), this.pick(["0", "1", "1", "2", "-1", "x"])];
      case 3:
        return ["GETBIT", key, this.place()];
      case 4:
      case 5:
        return ["BITCOUNT", key, ...this.range()];
      case 6:
      case 7:
        return ["BITPOS", key, this.pick(["0", "1", "0", "1", "2", "x"]), ...this.range()];
      case 8:
        return [
          "BITOP",
          this.pick(["AND", "OR", "XOR", "not", "and", "NAND"]),
          key,
          ...this.some(KEYS, 1, 4),
        ];
      case 9:
      case 10:
      case 11:
        return ["BITFIELD", key, ...this.operations(false)];
      case 12:
        return ["BITFIELD_RO", key, ...this.operations(this.random.below(5) > 0)];
      default:
        return this.pickOf([
          ["GET", key],
          ["OBJECT", "ENCODING", key],
          ["DEL", key],
          ["GET", key],
          ["INCR", key],
          ["STRLEN", key],
        ]);
    }
  }

  private operations(readOnly: boolean): Words {
    const words: string[] = [];
    for (let left = this.random.below(4); left > 0; left--) {
      const choice = readOnly ? 0 : this.random.below(12);
      if (choice < 3) words.push("GET", this.type(), this.fieldPlace());
      else if (choice < 6) {
        words.push("SET", this.type(), this.fieldPlace(), this.pick(VALUES));
      } else if (choice < 9) {
        words.push("incrby", this.type(), this.fieldPlace(), this.pick(VALUES));
      } else if (choice < 11 || this.random.below(4) > 0) {
        words.push("OVERFLOW", this.pick(["WRAP", "SAT", "FAIL", "sat", "fail", "wrap"]));
      } else words.push(this.pick(["OVERFLOW", "GET", "SET", "nope"]));
    }
    return words;
  }

  private type(): string {
    if (this.random.below(25) === 0) {
      return this.pick(["u64", "i65", "u0", "i0", "x8", "u", "", "U8", "i-1", "u08", "64"]);
    }
    if (this.random.below(3) === 0) {
      return this.pick(["u8", "i8", "u1", "i64", "u63", "u32", "i33"]);
    }
    return this.random.below(2) === 0
      ? `u${1 + this.random.below(63)}`
      : `i${1 + this.random.below(64)}`;
  }

  private fieldPlace(): string {
    if (this.random.below(25) === 0) return this.pick([...ODD_PLACES, "#", "#x", "#-1", "-1"]);
    const place = this.random.below(200);
    return this.random.below(3) === 0 ? `#${place % 9}` : String(place);
  }

  private range(): Words {
    const words = Array.from({ length: this.random.below(3) }, () => this.place());
    if (words.length < 2) return words;
    const unit = this.random.below(6);
    if (unit < 4) return [...words, this.pick(["BIT", "BIT", "bit", "BYTE"])];
    return unit === 4
      ? words
      : [...words, this.pick(["BITS", "", "BIT"]), ...this.some(["x"], 0, 2)];
  }

  private place(): string {
    if (this.random.below(25) === 0) return this.pick(ODD_PLACES);
    return this.random.below(2) === 0 ? this.pick(PLACES) : String(this.random.below(400) - 100);
  }

  private value(): string {
    const length = this.random.below(3) === 0 ? this.random.below(1400) : this.random.below(40);
    switch (this.random.below(4)) {
      case 0:
        return "\xff".repeat(length);
      case 1:
        return "\x00".repeat(length);
      case 2:
        return this.pick(VALUES);
      default: {
        let text = "";
        while (text.length < length) text += String.fromCharCode(this.random.below(256));
        return text;
      }
    }
  }

  private some(from: Words, least: number, most: number): Words {
    return Array.from(
      { length: least + this.random.below(most - least + 1) },
      () => this.pick(from),
    );
  }

  private pick(from: Words): string {
    return from[this.random.below(from.length)];
  }

  private pickOf(from: readonly Words[]): Words {
    return from[this.random.below(from.length)];
  }
}

for (const protocol of [2, 3] as const) {
  needs("redis-server", `bitmap commands reply as redis-server does, RESP${protocol}`, async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    await using server = await startRedis();
    const ours = new EngineSubject(protocol);
    const comparison = new Comparison(ours, await SocketSubject.connect(server.port, protocol));
    try {
      const commands = new BitmapCommands(new SeededRandom(seed));
      const differences = await comparison.run(8_000, () => commands.next(), 5);
      assertEquals(differences.map(describe).join("\n"), "");
    } finally {
      comparison.close();
    }
  });
}
