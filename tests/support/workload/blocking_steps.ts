/**
 * Random schedules around commands that wait: few keys, which are lists, sorted sets and streams by
 * turns, and all that makes them ready or takes them away.
 */

import type { ScheduleStep } from "../blocking_schedules.ts";
import type { Draw } from "./draw.ts";

const STEPS = 40;
/** The last connection only listens to keyspace events. */
export const CONNECTIONS = 5;
const ACTORS = CONNECTIONS - 1;

type Maker = (scene: Scene) => string[];

/** What commands of one schedule are made of. */
class Scene {
  private lastId = 0;

  constructor(
    readonly draw: Draw,
    /** The keys that are waited for. */
    private readonly keys: readonly string[],
  ) {}

  key(): string {
    return this.draw.pick(this.keys);
  }

  /** Where something is moved to: now and then where nobody waits. */
  target(): string {
    return this.draw.oneIn(3) ? "z" : this.key();
  }

  someKeys(): string[] {
    return Array.from({ length: 1 + this.draw.below(3) }, () => this.key());
  }

  side(): string {
    return this.draw.pick(["LEFT", "RIGHT"]);
  }

  edge(): string {
    return this.draw.pick(["MIN", "MAX"]);
  }

  client(): string {
    return `@${this.draw.below(ACTORS)}`;
  }

  newId(): string {
    return `${++this.lastId}-1`;
  }

  someId(): string {
    return this.draw.pick(["$", "$", "0", `${Math.max(0, this.lastId - 2)}-1`]);
  }

  elements(): string[] {
    return Array.from({ length: 1 + this.draw.below(3) }, () => this.draw.pick("pqrstuvw"));
  }
}

/** Commands that wait, with the time in seconds as `T` and in milliseconds as `MS`. */
const WAITING: readonly Maker[] = [
  (s) => ["BLPOP", ...s.someKeys(), "T"],
  (s) => ["BLPOP", ...s.someKeys(), "T"],
  (s) => ["BRPOP", ...s.someKeys(), "T"],
  (s) => ["BLMOVE", s.key(), s.target(), s.side(), s.side(), "T"],
  (s) => ["BLMOVE", s.key(), s.target(), s.side(), s.side(), "T"],
  (s) => ["BRPOPLPUSH", s.key(), s.target(), "T"],
  (s) => {
    const keys = s.someKeys();
    return ["BLMPOP", "T", String(keys.length), ...keys, s.side(), "COUNT", s.draw.pick("123")];
  },
  (s) => ["BZPOPMIN", ...s.someKeys(), "T"],
  (s) => ["BZPOPMAX", ...s.someKeys(), "T"],
  (s) => {
    const keys = s.someKeys();
    return ["BZMPOP", "T", String(keys.length), ...keys, s.edge(), "COUNT", s.draw.pick("12")];
  },
  (s) => {
    const keys = s.someKeys();
    return ["XREAD", "BLOCK", "MS", "STREAMS", ...keys, ...keys.map(() => s.someId())];
  },
  (s) => ["XREAD", "COUNT", "1", "BLOCK", "MS", "STREAMS", s.key(), s.someId()],
  (s) => {
    const keys = s.draw.oneIn(3) ? s.someKeys() : [s.key()];
    const noAck = s.draw.oneIn(3) ? ["NOACK"] : [];
    const group = ["GROUP", s.draw.pick("gh"), s.draw.pick("cd")];
    const ids = keys.map(() => ">");
    return ["XREADGROUP", ...group, "BLOCK", "MS", ...noAck, "STREAMS", ...keys, ...ids];
  },
];

/** Commands that do not. */
const ACTING: readonly Maker[] = [
  (s) => ["LPUSH", s.key(), ...s.elements()],
  (s) => ["LPUSH", s.key(), ...s.elements()],
  (s) => ["RPUSH", s.key(), ...s.elements()],
  (s) => ["LPUSHX", s.key(), ...s.elements()],
  (s) => ["LMOVE", s.key(), s.target(), s.side(), s.side()],
  (s) => ["LPOP", s.key()],
  (s) => ["LRANGE", s.key(), "0", "-1"],
  (s) => ["ZADD", s.key(), "1", "m", s.draw.pick("012"), "n"],
  (s) => ["ZADD", s.key(), s.draw.pick("345"), s.draw.pick("mno")],
  (s) => ["ZPOPMIN", s.key()],
  (s) => ["ZUNIONSTORE", s.key(), "2", s.key(), "z"],
  (s) => ["ZRANGESTORE", s.key(), s.key(), "0", "-1"],
  (s) => ["XADD", s.key(), s.newId(), "f", s.draw.pick("pqr")],
  (s) => ["XADD", s.key(), s.newId(), "f", s.draw.pick("pqr")],
  (s) => ["XDEL", s.key(), s.newId()],
  (s) => ["XTRIM", s.key(), "MAXLEN", "0"],
  (s) => ["XGROUP", "CREATE", s.key(), s.draw.pick("gh"), s.draw.pick("$0"), "MKSTREAM"],
  (s) => ["XGROUP", "CREATE", s.key(), s.draw.pick("gh"), "$", "MKSTREAM"],
  (s) => ["XGROUP", "DESTROY", s.key(), s.draw.pick("gh")],
  (s) => ["XGROUP", "SETID", s.key(), s.draw.pick("gh"), s.draw.pick("0$")],
  (s) => ["XPENDING", s.key(), s.draw.pick("gh")],
  (s) => ["SET", s.key(), "x"],
  (s) => ["DEL", s.key()],
  (s) => ["DEL", s.key(), s.key()],
  (s) => ["UNLINK", s.key()],
  (s) => ["RENAME", s.key(), s.target()],
  (s) => ["RENAME", "z", s.key()],
  (s) => ["COPY", s.key(), s.target(), "REPLACE"],
  (s) => ["COPY", "z", s.key()],
  (s) => ["COPY", s.key(), s.key(), "DB", "1", "REPLACE"],
  (s) => ["MOVE", s.key(), s.draw.pick("01")],
  (s) => ["SORT", s.key(), "ALPHA", "STORE", s.key()],
  (s) => ["GEOADD", s.key(), "13.3", "38.1", "here"],
  (s) => ["GEOSEARCHSTORE", s.key(), s.key(), "FROMLONLAT", "13", "38", "BYRADIUS", "99", "km"],
  (s) => ["PEXPIREAT", s.key(), "1"],
  (s) => ["SELECT", s.draw.pick("0001")],
  (s) => ["CLIENT", "UNBLOCK", s.client()],
  (s) => ["CLIENT", "UNBLOCK", s.client(), s.draw.pick(["TIMEOUT", "ERROR"])],
  (s) => ["TYPE", s.key()],
];

const EXCHANGING: Maker = (s) => s.draw.oneIn(4) ? ["FLUSHALL"] : ["SWAPDB", "0", "1"];
const KILLING: Maker = (s) => ["CLIENT", "KILL", "ID", s.client()];

/** Steps of a schedule on {@linkcode CONNECTIONS} connections. */
export function blockingSchedule(draw: Draw): ScheduleStep[] {
  // Which of several keys a whole database makes ready first is each server's own: then there is one.
  const exchanges = draw.oneIn(5);
  const scene = new Scene(draw, exchanges ? ["a"] : ["a", "b", "c"]);
  const listener = CONNECTIONS - 1;
  const steps: ScheduleStep[] = [
    { kind: "send", connection: 0, commands: [["FLUSHALL"]] },
    { kind: "send", connection: listener, commands: [["PSUBSCRIBE", "__key*"]] },
  ];
  while (steps.length < STEPS) {
    const connection = draw.below(ACTORS);
    const acting = () => (exchanges && draw.oneIn(6) ? EXCHANGING : draw.pick(ACTING))(scene);
    const send = (...commands: string[][]) => steps.push({ kind: "send", connection, commands });
    switch (draw.below(40)) {
      case 0:
        steps.push({ kind: "close", connection });
        break;
      case 1:
        send(KILLING(scene));
        break;
      case 2:
        steps.push({ kind: "timed", connection, commands: [waiting(scene, "0.001", "1")] });
        break;
      case 3:
      case 4:
        // What is sent behind a command that waits is run when that has been answered.
        send(waiting(scene), acting(), ["PING"]);
        break;
      default:
        if (draw.oneIn(6)) send(["MULTI"], ...transaction(scene, acting), ["EXEC"]);
        else if (draw.oneIn(3)) send(waiting(scene));
        else send(acting());
    }
  }
  // Everybody who still waits is answered, and shows that nothing else was to come.
  for (let i = 0; i < ACTORS; i++) {
    const connection = (i + 1) % ACTORS;
    steps.push({ kind: "send", connection, commands: [["CLIENT", "UNBLOCK", `@${i}`]] });
  }
  for (let connection = 0; connection < ACTORS; connection++) {
    steps.push({ kind: "send", connection, commands: [["PING"]] });
  }
  return steps;
}

function waiting(scene: Scene, seconds?: string, milliseconds?: string): string[] {
  const { draw } = scene;
  const long = draw.oneIn(2);
  return draw.pick(WAITING)(scene).map((word) => {
    if (word === "T") return seconds ?? (long ? "100" : "0");
    return word === "MS" ? milliseconds ?? (long ? "100000" : "0") : word;
  });
}

function transaction(scene: Scene, acting: () => string[]): string[][] {
  const { draw } = scene;
  return Array.from({ length: 1 + draw.below(5) }, () => {
    if (draw.oneIn(8)) return waiting(scene);
    return draw.oneIn(15) ? KILLING(scene) : acting();
  });
}
