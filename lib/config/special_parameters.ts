/**
 * The parameters that are a kind of their own: lists and records behind one directive.
 *
 * Each takes several arguments. CONFIG SET splits its one value at every single blank, so that two
 * blanks in a row give an empty argument, which most of these refuse, as in Redis.
 */

import { ConfigError } from "./config_error.ts";
import {
  formatMemory,
  notOneOf,
  type Parameter,
  parameter,
  parseMemory,
  PORT,
  type Traits,
} from "./parameter.ts";
import { plainWord } from "./words.ts";

/** Save when `seconds` have passed since the last save and `changes` keys were changed. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export function savePoints(initial: string): Parameter<readonly SavePoint[]> {
  return parameter<readonly SavePoint[]>({
    kind: "save points",
    initial,
    manyArguments: true,
    accumulates: "in redis.conf",
    whenDefault: "written",
    parse(args, previous) {
      if (isNone(args)) return { value: [], text: "" };
      if (args.length % 2 !== 0) throw new ConfigError(BAD_SAVE);
      const points = previous === null ? [] : [...previous.value];
      for (let i = 0; i < args.length; i += 2) {
        const seconds = parseCInteger(args[i]);
        const changes = parseCInteger(args[i + 1]);
        if (!(seconds >= 1) || !(changes >= 0)) throw new ConfigError(BAD_SAVE);
        points.push({ seconds, changes });
      }
      return { value: points, text: points.map(savePointText).join(" ") };
    },
    lines: ({ value }) => value.length === 0 ? ['""'] : value.map(savePointText),
  }, {});
}

/** When a client is closed for not reading its replies; 0 means no limit. */
export interface BufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  /** How long the soft limit may be exceeded. */
  readonly softSeconds: number;
}

export type ClientClass = "normal" | "replica" | "pubsub";
export type BufferLimits = Readonly<Record<ClientClass, BufferLimit>>;

export function clientOutputBufferLimit(
  initial: string,
): Parameter<BufferLimits> {
  return parameter<BufferLimits>({
    kind: "client output buffer limits",
    initial,
    manyArguments: true,
    accumulates: "always",
    parse(args, previous) {
      const rows = new Map<string, string[]>();
      const before = previous === null ? [] : previous.text.split(" ");
      for (let i = 0; i < before.length; i += 4) {
        rows.set(before[i], before.slice(i + 1, i + 4));
      }
      if (!isNone(args)) readBufferLimits(args, rows);
      const words = CLASS_WORDS.flatMap((
        word,
      ) => [word, ...rows.get(word) ?? ["0", "0", "0"]]);
      return { value: bufferLimits(rows), text: words.join(" ") };
    },
    lines({ text }) {
      const words = text.split(" ");
      return CLASS_WORDS.map((word, index) => {
        const [hard, soft, seconds] = words.slice(index * 4 + 1, index * 4 + 4);
        const shown = word === "slave" ? "replica" : word;
        return `${shown} ${formatMemory(hard)} ${formatMemory(soft)} ${seconds}`;
      });
    },
  }, {});
}

/** The scores of the primary, of a replica, and of a child process. */
export type OomScores = readonly [
  primary: number,
  replica: number,
  child: number,
];

export function oomScoreValues(
  initial: string,
  traits: Traits,
): Parameter<OomScores> {
  return parameter<OomScores>({
    kind: "three integers",
    initial,
    manyArguments: true,
    parse(args) {
      if (args.length !== 3) throw new ConfigError("wrong number of arguments");
      const scores = args.map(parseCInteger);
      if (!scores.every((score) => score >= -2000 && score <= 2000)) {
        throw new ConfigError(
          "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
        );
      }
      return {
        value: [scores[0], scores[1], scores[2]],
        text: scores.join(" "),
      };
    },
  }, traits);
}

/**
 * The classes of keyspace events. The value is their letters with `A` written out ("g$lshzxetd"),
 * the text has them in the order of Redis 7.2 with `A` for all that it covers. 7.0.15 lost the `n`
 * of `An`, which the text then could not give back.
 */
export function keyspaceEvents(initial: string): Parameter<string> {
  return parameter({
    kind: "keyspace event classes",
    initial,
    whenDefault: "kept",
    parse([text]) {
      let on = "";
      for (const letter of text) {
        if (letter === "A") on += EVENT_CLASSES;
        else if ((EVENT_CLASSES + EVENT_EXTRAS).includes(letter)) on += letter;
        else {
          throw new ConfigError(
            "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
          );
        }
      }
      const classes = [...EVENT_CLASSES].filter((letter) => on.includes(letter))
        .join("");
      const extras = [...EVENT_EXTRAS].filter((letter) => on.includes(letter))
        .join("");
      const shown = classes === EVENT_CLASSES ? "A" : classes;
      return { value: classes + extras, text: shown + extras };
    },
    lines: ({ text }) => [`"${text}"`],
  }, {});
}

/** Addresses to listen on, or to connect from; one that starts with "-" may be unavailable. */
export function addresses(initial: string): Parameter<readonly string[]> {
  return parameter<readonly string[]>({
    kind: "addresses",
    initial,
    manyArguments: true,
    whenDefault: "removed",
    parse(args) {
      const given = isNone(args) ? [] : args.flatMap((arg) => arg.split(" "));
      if (given.length > MAX_ADDRESSES) {
        throw new ConfigError("Too many bind addresses specified.");
      }
      return { value: given, text: given.join(" ") };
    },
    lines: (
      { value },
    ) => [value.length === 0 ? '""' : value.map(plainWord).join(" ")],
  }, {});
}

/** Where a primary is reached. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export function primaryAddress(traits: Traits): Parameter<HostAndPort | null> {
  return parameter<HostAndPort | null>({
    kind: "host and port",
    initial: "",
    manyArguments: true,
    whenDefault: "removed",
    parse(args) {
      const none = { value: null, text: "" };
      if (args.length === 1 && args[0] === "") return none;
      if (args.length !== 2) throw new ConfigError("wrong number of arguments");
      const [host, portText] = args;
      if (host.toLowerCase() === "no" && portText.toLowerCase() === "one") {
        return none;
      }
      const port = parseCInteger(portText);
      if (!(port >= 0 && port <= Number(PORT[1]))) {
        throw new ConfigError("Invalid master port");
      }
      // A blank would make the text ambiguous.
      if (!/^[!-~\x80-\xff]+$/.test(host)) {
        throw new ConfigError("Invalid master host");
      }
      return { value: { host, port }, text: `${host} ${port}` };
    },
    lines: (
      { value },
    ) => [value === null ? "no one" : `${plainWord(value.host)} ${value.port}`],
  }, traits);
}

export function percentiles(initial: string): Parameter<readonly number[]> {
  return parameter<readonly number[]>({
    kind: "percentiles",
    initial,
    manyArguments: true,
    whenDefault: "written",
    parse(args) {
      const given = isNone(args) ? [] : args.map(parsePercentile);
      const texts = given.map((percentile) => percentile.toFixed(6).replace(/\.?0+$/, ""));
      return { value: texts.map(Number), text: texts.join(" ") };
    },
    lines: ({ text }) => [text === "" ? '""' : text],
  }, {});
}

export type ShutdownFlag = "save" | "nosave" | "now" | "force";

/** What a signal's shutdown does; an empty list is `default`. */
export function shutdownFlags(): Parameter<readonly ShutdownFlag[]> {
  return parameter<readonly ShutdownFlag[]>({
    kind: "shutdown flags",
    initial: "default",
    manyArguments: true,
    parse(args) {
      const given = args.map((arg) => arg.toLowerCase());
      const words = ["default", ...SHUTDOWN_FLAGS];
      if (given.length === 0 || !given.every((word) => words.includes(word))) {
        throw notOneOf(words);
      }
      const flags = SHUTDOWN_FLAGS.filter((flag) => given.includes(flag));
      if (flags.includes("save") && flags.includes("nosave")) {
        throw new ConfigError(
          "shutdown options SAVE and NOSAVE can't be used simultaneously",
        );
      }
      return {
        value: flags,
        text: flags.length === 0 ? "default" : flags.join(" "),
      };
    },
  }, {});
}

/** The port of the admin endpoint; null (`no`) turns it off, 0 takes a free one. */
export function portOrNo(
  initial: string,
  traits: Traits,
): Parameter<number | null> {
  return parameter<number | null>({
    kind: "port | no",
    initial,
    parse([text]) {
      if (text.toLowerCase() === "no") return { value: null, text: "no" };
      const port = /^(0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : NaN;
      if (!(port <= Number(PORT[1]))) {
        throw new ConfigError(
          "argument must be between 0 and 65535 inclusive, or 'no'",
        );
      }
      return { value: port, text };
    },
  }, traits);
}

const BAD_SAVE = "Invalid save parameters";
const MAX_ADDRESSES = 16;
const CLASS_WORDS = ["normal", "slave", "pubsub"] as const;
const EVENT_CLASSES = "g$lshzxetd";
const EVENT_EXTRAS = "KEmn";
const SHUTDOWN_FLAGS: readonly ShutdownFlag[] = [
  "save",
  "nosave",
  "now",
  "force",
];

function isNone(args: readonly string[]): boolean {
  return args.length === 0 || (args.length === 1 && args[0] === "");
}

function savePointText({ seconds, changes }: SavePoint): string {
  return `${seconds} ${changes}`;
}

function readBufferLimits(
  args: readonly string[],
  rows: Map<string, string[]>,
): void {
  if (args.length % 4 !== 0) {
    throw new ConfigError(
      "Wrong number of arguments in buffer limit configuration.",
    );
  }
  for (let i = 0; i < args.length; i += 4) {
    const given = args[i].toLowerCase();
    const word = CLASS_WORDS.find((word) => word === (given === "replica" ? "slave" : given));
    if (word === undefined) {
      throw new ConfigError(
        "Invalid client class specified in buffer limit configuration.",
      );
    }
    const hard = parseMemory(args[i + 1]);
    const soft = parseMemory(args[i + 2]);
    const seconds = parseCInteger(args[i + 3]);
    if (
      hard === null || soft === null || !(seconds >= 0 && seconds <= 0x7fffffff)
    ) {
      throw new ConfigError(
        "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
      );
    }
    rows.set(word, [String(hard), String(soft), String(seconds)]);
  }
}

function bufferLimits(rows: Map<string, string[]>): BufferLimits {
  const limit = (word: string): BufferLimit => {
    const [hard, soft, seconds] = rows.get(word) ?? ["0", "0", "0"];
    return {
      hardBytes: Number(hard),
      softBytes: Number(soft),
      softSeconds: Number(seconds),
    };
  };
  return {
    normal: limit("normal"),
    replica: limit("slave"),
    pubsub: limit("pubsub"),
  };
}

/** As C's strtoll reads a whole string ("+5" and " 5" are 5); NaN when it is none, or not exact. */
function parseCInteger(text: string): number {
  if (!/^[ \t-\r]*[+-]?[0-9]{1,18}$/.test(text)) return NaN;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : NaN;
}

function parsePercentile(text: string): number {
  const percentile = parseCDouble(text);
  if (Number.isNaN(percentile)) {
    throw new ConfigError(
      "Invalid latency-tracking-info-percentiles parameters",
    );
  }
  if (percentile < 0 || percentile > 100) {
    throw new ConfigError(
      "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
    );
  }
  return percentile;
}

/** As Redis's string2d: decimal, `0x` hexadecimal integers and infinities; NaN when it is none. */
function parseCDouble(text: string): number {
  if (/^[+-]?(inf|infinity)$/i.test(text)) {
    return text[0] === "-" ? -Infinity : Infinity;
  }
  if (/^0x[0-9a-f]{1,13}$/i.test(text)) return Number(text);
  return /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text) ? Number(text) : NaN;
}
