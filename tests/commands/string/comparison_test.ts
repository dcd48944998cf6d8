/** The string commands beside a real redis-server: the same random commands, the same bytes back. */

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
import { connect } from "../../support/resp_client.ts";

const KEYS = ["a", "b", "c", "d", "{x}key"];
const INTEGERS = [
  ...["0", "1", "-1", "2", "7", "10", "-10", "100", "9007199254740991", "9007199254740993"],
  ...["-9007199254740992", "9223372036854775807", "-9223372036854775808", "9223372036854775808"],
  ...[
    "9223372036854775",
    "9223372036854776",
    "-9223372036854775809",
    "00",
    "-0",
    "+1",
    " 1",
    "1.0",
  ],
  ...["", "abc", "1e3", "12345678901234567890"],
];
const POSITIONS = ["0", "1", "2", "3", "5", "9", "20", "-1", "-2", "-3", "-9", "-20", "x", "1000"];
const FLOATS = [
  ...["0.1", "-0.1", "1e5", "3.0e3", "5.0", "1e-10", "0.30000000000000004", "-7", "inf", "-inf"],
  ...["nan", "1e400", "1e5000", " 1", "1 ", "0x10", "", "abc", "123456789.123456789"],
];
/** No short times from now on: both sides would not pass them at the same command. */
const TIMES = [
  ...["100000", "0", "-1", "9223372036854775807", "9223372036854775", "9223372036854776"],
  ...["-9223372036854775808", "9223370241595576346", "4102444800", "x", "", "4102444800000"],
];

class StringCommands {
  constructor(private readonly random: SeededRandom) {}

  next(): Words {
    const key = this.pick(KEYS);
    switch (this.random.below(27)) {
      case 0:
      case 1:
        return ["SET", key, this.value()];
      case 2:
      case 3:
        return ["SET", key, this.value(), ...this.setOptions()];
      case 4:
        return ["GET", key];
      case 5:
        return [this.pick(["SETNX", "GETSET", "APPEND"]), key, this.value()];
      case 6:
        return [this.pick(["SETEX", "PSETEX"]), key, this.pick(TIMES), this.value()];
      case 7:
        return ["GETDEL", key];
      case 8:
      case 9:
        return ["GETEX", key, ...this.getExOptions()];
      case 10:
      case 11:
        return [this.pick(["INCR", "DECR"]), key];
      case 12:
      case 13:
        return [this.pick(["INCRBY", "DECRBY"]), key, this.pick(INTEGERS)];
      case 14:
        return ["INCRBYFLOAT", key, this.pick(FLOATS)];
      case 15:
        return ["STRLEN", key];
      case 16:
      case 17:
        return [
          this.pick(["GETRANGE", "SUBSTR"]),
          key,
          this.pick(POSITIONS),
          this.pick([...POSITIONS, ...INTEGERS]),
        ];
      case 18:
      case 19:
        return ["SETRANGE", key, this.pick([...POSITIONS, "536870912", "1200"]), this.value()];
      case 20:
        return ["MGET", key, ...this.some(KEYS, 3)];
      case 21:
        return [this.pick(["MSET", "MSETNX"]), key, this.value(), ...this.pairs()];
      case 22:
      case 23:
        return ["LCS", key, this.pick(KEYS), ...this.lcsOptions()];
      case 24:
        return this.random.below(3) === 0 ? ["DEL", key] : this.lifetime(key);
      case 25:
        return ["OBJECT", "ENCODING", key];
      default:
        return [this.pick(["GET", "SET", "LCS", "GETEX", "INCRBY", "MSET", "SETRANGE"])];
    }
  }

  /** Where the end of life was given as such, it can be compared. */
  private lifetime(key: string): Words {
    const end = this.pick(["4102444800000", "9223372036854775807", "9007199254740993"]);
    return this.pick(["0", "1"]) === "0"
      ? ["SET", key, "v", "PXAT", end]
      : ["GETEX", key, "PXAT", end];
  }

  private setOptions(): Words {
    const options = ["NX", "XX", "GET", "KEEPTTL", "get", "keepttl", "nope", "PERSIST"];
    return this.options(options, ["EX", "PX", "EXAT", "PXAT", "ex", "pXaT"]);
  }

  private getExOptions(): Words {
    return this.options(["PERSIST", "persist", "KEEPTTL"], ["EX", "PX", "EXAT", "PXAT", "px"]);
  }

  /** Mostly one or two, now and then a time that is missing. */
  private options(plain: Words, timed: Words): Words {
    const chosen: string[] = [];
    for (let left = this.random.below(3); left >= 0; left--) {
      if (this.random.below(2) === 0) chosen.push(this.pick(plain));
      else {
        const option = this.pick(timed);
        const times = option.length > 2 ? [...TIMES, "1", "1600000000"] : TIMES;
        chosen.push(option);
        if (this.random.below(10) > 0) chosen.push(this.pick(times));
      }
    }
    return chosen;
  }

  private lcsOptions(): Words {
    const chosen = this.some(["LEN", "IDX", "IDX", "WITHMATCHLEN", "idx", "x"], 3);
    return this.random.below(3) === 0
      ? [...chosen, "MINMATCHLEN", this.pick(["0", "1", "2", "4", "-1", "x"])]
      : chosen;
  }

  private pairs(): Words {
    const chosen: string[] = [];
    for (let left = this.random.below(3); left > 0; left--) {
      chosen.push(this.pick(KEYS), this.value());
    }
    return this.random.below(10) === 0 ? [...chosen, "odd"] : chosen;
  }

  private value(): string {
    switch (this.random.below(7)) {
      case 0:
        return this.pick(INTEGERS);
      case 1:
        return this.pick(FLOATS);
      case 2:
        return "";
      case 3:
        return "\x00\xff\r\n".repeat(this.random.below(4));
      case 4:
        return this.letters(this.random.below(60));
      case 5:
        return this.letters(40 + this.random.below(8));
      default:
        return this.letters(this.random.below(1500));
    }
  }

  private letters(length: number): string {
    let text = "";
    while (text.length < length) text += this.pick(["a", "b", "c", "d"]);
    return text;
  }

  private some(from: Words, most: number): Words {
    return Array.from({ length: this.random.below(most + 1) }, () => this.pick(from));
  }

  private pick(from: Words): string {
    return from[this.random.below(from.length)];
  }
}

for (const protocol of [2, 3] as const) {
  needs("redis-server", `string commands reply as redis-server does, RESP${protocol}`, async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    await using server = await startRedis({ debug: true });
    await using control = await connect(server.port);
    // What is past its time stays until it is looked at, on both sides: ours has no cron here.
    await control.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    const ours = new EngineSubject(protocol);
    const comparison = new Comparison(ours, await SocketSubject.connect(server.port, protocol));
    try {
      const commands = new StringCommands(new SeededRandom(seed));
      const differences = await comparison.run(8_000, () => commands.next(), 5);
      assertEquals(differences.map(describe).join("\n"), "");
    } finally {
      comparison.close();
    }
  });
}
