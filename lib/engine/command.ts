/**
 * How a command is declared. `command()` checks a declaration and completes it with what follows
 * from its usage line; the registry then makes one {@linkcode Command} of it for each engine,
 * because statistics belong to an engine and not to the program.
 */
import type { Request } from "../resp/request.ts";
import type { AlikeRunner } from "./alike_run.ts";
import type { Call } from "./call.ts";
import { categoriesOf } from "./categories.ts";
import {
  type ArgumentDoc,
  type CommandSpec,
  CommandStats,
  Flag,
  type KeySpec,
} from "./command_spec.ts";
import type { Context } from "./context.ts";
import { hasMovableKeys, keyRangeOf, keySpecsOf } from "./key_specs.ts";
import { NameTable } from "./name_table.ts";
import { arityOf, parseUsage } from "./usage.ts";

/** Arguments, the name included, up to which a call of a FAST command is brief. */
const BRIEF_ARGUMENTS = 8;

/** What an author says about a command; the group comes from where it is listed. */
export interface CommandOptions {
  /** Upper case; a subcommand is `CONFIG|GET`. */
  readonly name: string;
  /** The arguments in the notation of usage.ts; none when left out. */
  readonly usage?: string;
  readonly summary: string;
  readonly since: string;
  readonly complexity?: string;
  /** Bits of {@linkcode Flag}; MOVABLE_KEYS is computed. */
  readonly flags?: number;
  /** Bits of Access for every key of the usage line, or one number for each key spec. */
  readonly keys?: number | readonly number[];
  /** Only where it is not what the usage line says. */
  readonly arity?: number;
  /** Only where they are not what the usage line says; then `keys` is not needed. */
  readonly keySpecs?: readonly KeySpec[];
  /** In place of the category of the group; those that follow from flags are added anyway. */
  readonly categories?: readonly string[];
  readonly tips?: readonly string[];
  readonly docFlags?: readonly string[];
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  /** See {@linkcode CommandSpec.briefArguments}; by default a few for what is FAST, else none. */
  readonly briefArguments?: number;
  /** Which keys it comes upon is not its client's choice: {@linkcode CommandSpec.meetsAnyKey}. */
  readonly meetsAnyKey?: boolean;
  /** Whether one call of a command that may take long will take no longer than what it runs. */
  isBrief?(context: Context, request: Request): boolean;
  /** The flags of one request, where they are not always the same: what it runs has its own. */
  flagsOf?(context: Context, request: Request): number;
  /** Runs requests in one go that repeat one of this command, with its key: {@linkcode AlikeRunner}. */
  readonly runAlike?: AlikeRunner;
  /** Runs the command. Only containers of subcommands have none. */
  run?(call: Call): void;
}

/** A checked and completed declaration: immutable, shared by all engines. */
export interface CommandDefinition {
  readonly options: CommandOptions;
  readonly arity: number;
  readonly arguments: readonly ArgumentDoc[];
  readonly keySpecs: readonly KeySpec[];
  readonly flags: number;
  readonly briefArguments: number;
}

/** Declares a command. Throws an Error when the declaration contradicts itself. */
export function command(options: CommandOptions): CommandDefinition {
  const words = options.name.split("|").length;
  if (!/^[A-Z][A-Z0-9_-]*(\|[A-Z][A-Z0-9_-]*)?$/.test(options.name)) {
    throw new Error(`command "${options.name}": the name is not in upper case`);
  }
  const args = parseUsage(options.usage ?? "");
  if (options.run === undefined && (words > 1 || args.length > 0)) {
    throw new Error(`command "${options.name}": only a container of subcommands has no "run"`);
  }
  const keySpecs = options.keySpecs ?? derivedKeySpecs(options, args, words);
  const movable = hasMovableKeys(keySpecs) ? Flag.MOVABLE_KEYS : 0;
  const flags = (options.flags ?? 0) | movable;
  return {
    options,
    arity: options.arity ?? (options.run === undefined ? -2 : arityOf(args, words)),
    arguments: args,
    keySpecs,
    flags,
    briefArguments: options.briefArguments ??
      ((flags & (Flag.FAST | Flag.BLOCKING)) === Flag.FAST ? BRIEF_ARGUMENTS : 0),
  };
}

function derivedKeySpecs(options: CommandOptions, args: readonly ArgumentDoc[], words: number) {
  if (options.keys !== undefined) return keySpecsOf(args, words, options.keys);
  if (keySpecsOf(args, words, 0).length === 0) return [];
  throw new Error(`command "${options.name}": its usage line has keys, but "keys" is not given`);
}

/** What a session in MULTI runs and does not queue. */
const RUN_IN_MULTI = new Set(["EXEC", "DISCARD", "MULTI", "WATCH", "QUIT", "RESET"]);

const NO_SUBCOMMANDS: ReadonlyMap<string, Command> = new Map();
const EMPTY_TABLE: NameTable<Command> = new NameTable([]);

function refuseToRun(): void {
  throw new Error("a container of subcommands was run");
}

/** A command of one engine: what dispatcher, COMMAND and the statistics look at. [hot] */
export class Command implements CommandSpec {
  readonly run: (call: Call) => void;
  /** See {@linkcode CommandOptions.flagsOf}; null where `flags` are those of every request. */
  readonly flagsOf: ((context: Context, request: Request) => number) | null;
  readonly flags: number;
  readonly arity: number;
  readonly briefArguments: number;
  /** See {@linkcode CommandOptions.isBrief}; null where that says {@linkcode briefArguments}. */
  readonly isBrief: ((context: Context, request: Request) => boolean) | null;
  /** See {@linkcode CommandOptions.runAlike}; null where each request is run by itself. */
  readonly runAlike: AlikeRunner | null;
  readonly isSampled: boolean;
  /** Whether a session in MULTI runs it and does not queue it. */
  readonly runsInMulti: boolean;
  readonly meetsAnyKey: boolean;
  /** Whether it is nothing but its subcommands and cannot be run by itself. */
  readonly isContainer: boolean;
  /** Whether the first argument names a subcommand; true of containers, and of COMMAND. */
  hasSubcommands = false;
  subcommandTable: NameTable<Command> = EMPTY_TABLE;
  /** The range that covers the simple key specs; zeros where there are no keys. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  readonly stats: CommandStats = new CommandStats();
  subcommands: ReadonlyMap<string, Command> = NO_SUBCOMMANDS;
  readonly name: string;
  readonly lowerName: string;
  readonly group: string;
  readonly parent: Command | undefined;
  readonly usage: string;
  readonly summary: string;
  readonly since: string;
  readonly complexity: string;
  readonly keySpecs: readonly KeySpec[];
  readonly categories: readonly string[];
  readonly arguments: readonly ArgumentDoc[];
  readonly tips: readonly string[];
  readonly docFlags: readonly string[];
  readonly deprecatedSince: string | undefined;
  readonly replacedBy: string | undefined;

  constructor(definition: CommandDefinition, group: string, parent: Command | undefined) {
    const { options } = definition;
    this.run = options.run ?? refuseToRun;
    this.flagsOf = options.flagsOf ?? null;
    this.flags = definition.flags;
    this.arity = definition.arity;
    this.briefArguments = definition.briefArguments;
    this.isBrief = options.isBrief ?? null;
    this.runAlike = options.runAlike ?? null;
    this.isSampled = (definition.flags & (Flag.FAST | Flag.WRITE)) !== 0;
    this.runsInMulti = RUN_IN_MULTI.has(options.name);
    this.meetsAnyKey = options.meetsAnyKey ?? false;
    this.isContainer = options.run === undefined;
    const keys = keyRangeOf(definition.keySpecs);
    this.firstKey = keys.firstKey;
    this.lastKey = keys.lastKey;
    this.keyStep = keys.keyStep;
    this.name = options.name;
    this.lowerName = options.name.toLowerCase();
    this.group = group;
    this.parent = parent;
    this.usage = options.usage ?? "";
    this.summary = options.summary;
    this.since = options.since;
    this.complexity = options.complexity ?? "";
    this.keySpecs = definition.keySpecs;
    this.categories = categoriesOf(this.flags, group, this.isContainer, options.categories);
    this.arguments = definition.arguments;
    this.tips = options.tips ?? [];
    this.docFlags = options.docFlags ?? [];
    this.deprecatedSince = options.deprecatedSince;
    this.replacedBy = options.replacedBy;
  }

  /** Called once by the registry, which knows the subcommands only when all are made. */
  attach(subcommands: ReadonlyMap<string, Command>): void {
    this.subcommands = subcommands;
    this.subcommandTable = new NameTable(subcommands);
    this.hasSubcommands = true;
  }
}
