/** How a command's description looks in the replies of COMMAND, COMMAND INFO and COMMAND DOCS. */
import {
  Access,
  type ArgumentDoc,
  type CommandSpec,
  Flag,
  type KeySpec,
} from "../../engine/command_spec.ts";
import { keyRangeOf } from "../../engine/key_specs.ts";
import type { ReplyWriter } from "../../resp/reply_writer.ts";

type Named = readonly (readonly [bit: number, name: string])[];

/** In Redis's order; MAY_REPLICATE and PROTECTED are not shown. */
const FLAG_NAMES: Named = [
  [Flag.WRITE, "write"],
  [Flag.READONLY, "readonly"],
  [Flag.DENY_OOM, "denyoom"],
  [Flag.ADMIN, "admin"],
  [Flag.PUBSUB, "pubsub"],
  [Flag.NO_SCRIPT, "noscript"],
  [Flag.BLOCKING, "blocking"],
  [Flag.LOADING, "loading"],
  [Flag.STALE, "stale"],
  [Flag.SKIP_MONITOR, "skip_monitor"],
  [Flag.SKIP_SLOW_LOG, "skip_slowlog"],
  [Flag.ASKING, "asking"],
  [Flag.FAST, "fast"],
  [Flag.NO_AUTH, "no_auth"],
  [Flag.NO_MANDATORY_KEYS, "no_mandatory_keys"],
  [Flag.NO_ASYNC_LOADING, "no_async_loading"],
  [Flag.NO_MULTI, "no_multi"],
  [Flag.MOVABLE_KEYS, "movablekeys"],
  [Flag.ALLOW_BUSY, "allow_busy"],
];

const ACCESS_NAMES: Named = [
  [Access.RO, "RO"],
  [Access.RW, "RW"],
  [Access.OW, "OW"],
  [Access.RM, "RM"],
  [Access.ACCESS, "access"],
  [Access.UPDATE, "update"],
  [Access.INSERT, "insert"],
  [Access.DELETE, "delete"],
  [Access.NOT_KEY, "not_key"],
  [Access.INCOMPLETE, "incomplete"],
  [Access.VARIABLE_FLAGS, "variable_flags"],
];

/** The ten elements of COMMAND INFO. */
export function writeInfo(reply: ReplyWriter, spec: CommandSpec): void {
  const keys = keyRangeOf(spec.keySpecs);
  reply.array(10);
  reply.bulk(spec.lowerName);
  reply.integer(spec.arity);
  writeNames(reply, namesOf(FLAG_NAMES, spec.flags));
  reply.integer(keys.firstKey);
  reply.integer(keys.lastKey);
  reply.integer(keys.keyStep);
  writeNames(reply, spec.categories);
  reply.set(spec.tips.length);
  for (const tip of spec.tips) reply.bulk(tip);
  reply.set(spec.keySpecs.length);
  for (const keySpec of spec.keySpecs) writeKeySpec(reply, keySpec);
  if (spec.subcommands.size === 0) reply.set(0);
  else reply.array(spec.subcommands.size);
  for (const subcommand of spec.subcommands.values()) writeInfo(reply, subcommand);
}

/** The flags of one key, as in COMMAND GETKEYSANDFLAGS. */
export function writeAccess(reply: ReplyWriter, access: number): void {
  writeNames(reply, namesOf(ACCESS_NAMES, access));
}

function writeKeySpec(reply: ReplyWriter, spec: KeySpec): void {
  const { begin, find } = spec;
  reply.map(spec.notes === undefined ? 3 : 4);
  if (spec.notes !== undefined) writeField(reply, "notes", spec.notes);
  reply.bulk("flags");
  writeAccess(reply, spec.access);
  reply.bulk("begin_search");
  if (begin.type === "index") writeSearch(reply, "index", { index: begin.index });
  else if (begin.type === "unknown") writeSearch(reply, "unknown", {});
  else writeSearch(reply, "keyword", { keyword: begin.keyword, startfrom: begin.startFrom });
  reply.bulk("find_keys");
  if (find.type === "unknown") {
    writeSearch(reply, "unknown", {});
  } else if (find.type === "range") {
    const { lastKey, keyStep, limit } = find;
    writeSearch(reply, "range", { lastkey: lastKey, keystep: keyStep, limit });
  } else {
    const { keyNumIndex, firstKey, keyStep } = find;
    writeSearch(reply, "keynum", { keynumidx: keyNumIndex, firstkey: firstKey, keystep: keyStep });
  }
}

function writeSearch(
  reply: ReplyWriter,
  type: string,
  fields: Readonly<Record<string, number | string>>,
): void {
  const entries = Object.entries(fields);
  reply.map(2);
  writeField(reply, "type", type);
  reply.bulk("spec");
  reply.map(entries.length);
  for (const [name, value] of entries) {
    reply.bulk(name);
    if (typeof value === "number") reply.integer(value);
    else reply.bulk(value);
  }
}

/** The map of COMMAND DOCS. */
export function writeDocs(reply: ReplyWriter, spec: CommandSpec): void {
  const start = reply.length;
  let fields = 3;
  writeField(reply, "summary", spec.summary);
  writeField(reply, "since", spec.since);
  writeField(reply, "group", spec.group);
  const complexity = spec.complexity !== "" || spec.subcommands.size === 0
    ? spec.complexity
    : "Depends on the subcommand.";
  fields += writeOptional(reply, "complexity", complexity);
  if (spec.docFlags.length > 0) {
    reply.bulk("doc_flags");
    writeNames(reply, spec.docFlags);
    fields++;
  }
  fields += writeOptional(reply, "deprecated_since", spec.deprecatedSince);
  fields += writeOptional(reply, "replaced_by", spec.replacedBy);
  if (spec.arguments.length > 0) {
    reply.bulk("arguments");
    writeArguments(reply, spec.arguments);
    fields++;
  }
  if (spec.subcommands.size > 0) {
    reply.bulk("subcommands");
    reply.map(spec.subcommands.size);
    for (const subcommand of spec.subcommands.values()) {
      reply.bulk(subcommand.lowerName);
      writeDocs(reply, subcommand);
    }
    fields++;
  }
  reply.mapAt(start, fields);
}

function writeArguments(reply: ReplyWriter, args: readonly ArgumentDoc[]): void {
  reply.array(args.length);
  for (const arg of args) writeArgument(reply, arg);
}

function writeArgument(reply: ReplyWriter, arg: ArgumentDoc): void {
  const start = reply.length;
  let fields = 2;
  writeField(reply, "name", arg.name);
  writeField(reply, "type", arg.type);
  if (arg.keySpecIndex !== undefined) {
    reply.bulk("key_spec_index");
    reply.integer(arg.keySpecIndex);
    fields++;
  }
  if (arg.token !== undefined) {
    writeField(reply, "token", arg.token);
    fields++;
  }
  fields += writeOptional(reply, "since", arg.since);
  fields += writeOptional(reply, "deprecated_since", arg.deprecatedSince);
  const flags: string[] = [];
  if (arg.optional) flags.push("optional");
  if (arg.multiple) flags.push("multiple");
  if (arg.multipleToken) flags.push("multiple_token");
  if (flags.length > 0) {
    reply.bulk("flags");
    writeNames(reply, flags);
    fields++;
  }
  if (arg.arguments !== undefined) {
    reply.bulk("arguments");
    writeArguments(reply, arg.arguments);
    fields++;
  }
  reply.mapAt(start, fields);
}

/** Writes the field unless it is missing or empty; returns how many fields that made. */
function writeOptional(reply: ReplyWriter, name: string, value: string | undefined): number {
  if (value === undefined || value === "") return 0;
  writeField(reply, name, value);
  return 1;
}

function writeField(reply: ReplyWriter, name: string, value: string): void {
  reply.bulk(name);
  reply.bulk(value);
}

function writeNames(reply: ReplyWriter, names: readonly string[]): void {
  reply.set(names.length);
  for (const name of names) reply.simple(name);
}

function namesOf(named: Named, bits: number): string[] {
  return named.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}
