/**
 * Seeded random commands, drawn from the registry: what we have is tested, nothing else. Each group's
 * table of rules says what the usage line does not; a new group is one more table here.
 *
 * ```ts
 * const workload = new Workload(seed);
 * workload.next(); // ["SET", "key:3", "9223372036854775807", "KEEPTTL"], as binary strings
 * ```
 */

import { COMMANDS } from "../../lib/commands/all.ts";
import type { Command } from "../../lib/engine/command.ts";
import { Registry } from "../../lib/engine/registry.ts";
import { BITMAP_RULES } from "./workload/bitmap.ts";
import { CONNECTION_RULES } from "./workload/connection.ts";
import { Draw } from "./workload/draw.ts";
import { GENERIC_RULES } from "./workload/generic.ts";
import { HASH_RULES } from "./workload/hash.ts";
import { GEO_RULES } from "./workload/geo.ts";
import { HYPERLOGLOG_RULES } from "./workload/hyperloglog.ts";
import { LIST_RULES } from "./workload/list.ts";
import type { Rule, Rules, Sameness } from "./workload/rule.ts";
import { SERVER_RULES } from "./workload/server.ts";
import { SET_RULES } from "./workload/set.ts";
import { SORTED_SET_RULES } from "./workload/sorted_set.ts";
import { reasonToSkip } from "./workload/skipped.ts";
import { STREAM_RULES } from "./workload/stream.ts";
import { STRING_RULES } from "./workload/string.ts";

const RULES: Rules = {
  ...STREAM_RULES,
  ...STRING_RULES,
  ...BITMAP_RULES,
  ...HASH_RULES,
  ...HYPERLOGLOG_RULES,
  ...LIST_RULES,
  ...SET_RULES,
  ...SORTED_SET_RULES,
  ...GEO_RULES,
  ...GENERIC_RULES,
  ...CONNECTION_RULES,
  ...SERVER_RULES,
};

interface Choice {
  readonly command: Command;
  readonly rule: Rule;
  /** The sum of weights up to and including this one, in tenths. */
  readonly upTo: number;
}

/** The commands that can be run, without containers of subcommands. */
export function runnableCommands(): Command[] {
  const all = [...new Registry(COMMANDS).allWithSubcommands()];
  return all.filter((command) => !command.isContainer);
}

/** Names of commands that have neither a rule nor a reason to be left out. */
export function forgottenCommands(): string[] {
  return runnableCommands().map((command) => command.name)
    .filter((name) => RULES[name] === undefined && reasonToSkip(name) === undefined);
}

export function hasCommand(name: string): boolean {
  return runnableCommands().some((command) => command.name === name);
}

export class Workload {
  private readonly draw: Draw;
  private readonly choices: Choice[] = [];
  private readonly total: number;

  /** `only` restricts it to commands of these names. */
  constructor(seed: number, only?: readonly string[]) {
    this.draw = new Draw(seed);
    let upTo = 0;
    for (const command of runnableCommands()) {
      const rule = RULES[command.name];
      if (rule === undefined || only?.includes(command.name) === false) continue;
      upTo += Math.round((rule.weight ?? 10) * 10);
      this.choices.push({ command, rule, upTo });
    }
    this.total = upTo;
  }

  /** The next command, its name first. */
  next(): string[] {
    const { draw } = this;
    const at = draw.below(this.total);
    const { command, rule } = this.choices.find(({ upTo }) => at < upTo)!;
    const args = rule.make === undefined
      ? draw.arguments(command.arguments, rule.makers ?? {})
      : rule.make(draw);
    if (draw.oneIn(14)) this.mutate(args);
    rule.tame?.(args);
    return [...command.name.split("|").map((word) => draw.inSomeCase(word)), ...args];
  }

  /** Makes it wrong, most of the time. */
  private mutate(args: string[]): void {
    const { draw } = this;
    const at = draw.below(args.length + 1);
    switch (draw.below(5)) {
      case 0:
        args.splice(at, 1);
        break;
      case 1:
        args.splice(at, 0, draw.string());
        break;
      case 2:
        if (at < args.length) args[at] = draw.oneIn(2) ? draw.integer() : draw.string();
        break;
      case 3:
        if (at + 1 < args.length) [args[at], args[at + 1]] = [args[at + 1], args[at]];
        break;
      default:
        args.splice(at, 0, ...args.slice(at, at + 2));
    }
  }
}

const samenessByName = new Map<string, Sameness>(
  Object.entries(RULES).flatMap(([name, { same }]) =>
    same === undefined ? [] : [[name.replace("|", " "), same] as const]
  ),
);

/** Whether two replies to a command, as binary strings, say the same. */
export function sameReplies(command: readonly string[], ours: string, theirs: string): boolean {
  if (ours === theirs) return true;
  const name = (command[0] ?? "").toUpperCase();
  const same = samenessByName.get(name) ??
    samenessByName.get(`${name} ${(command[1] ?? "").toUpperCase()}`);
  return same !== undefined && same(ours, theirs);
}
