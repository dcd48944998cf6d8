/**
 * Prints the headers of commands as our command files declare them, made from the facts about
 * redis-server 7.0 in fixtures/command_table. Paste one, then add summary, complexity and run:
 *
 *     deno run -A tests/tools/spec_headers.ts SET ZADD "CONFIG|GET"
 *     deno run -A tests/tools/spec_headers.ts --group string
 */
import { categoriesOf, groupCategories } from "../../lib/engine/categories.ts";
import type { ArgumentDoc, KeySpec } from "../../lib/engine/command_spec.ts";
import { Access, Flag } from "../../lib/engine/command_spec.ts";
import { keySpecsOf } from "../../lib/engine/key_specs.ts";
import { arityOf, conventionalType, parseUsage } from "../../lib/engine/usage.ts";
import { type CommandFact, docOfFact, factsByName, keySpecOfFact } from "./command_facts.ts";

/** A command's header: its facts, less whatever follows from the usage line and the group. */
export interface Header {
  name: string;
  usage: string;
  since: string;
  flags: FlagName[];
  keys: AccessName[][];
  categories?: string[];
  tips: string[];
  docFlags: string[];
  deprecatedSince?: string;
  replacedBy?: string;
  arity?: number;
  keySpecs?: KeySpec[];
  /** Has subcommands and does nothing by itself. */
  container: boolean;
}

type FlagName = keyof typeof Flag;
type AccessName = keyof typeof Access;

/** Flags that COMMAND INFO does not show. */
const HIDDEN_FLAGS: Readonly<Record<string, FlagName>> = {
  "DEBUG": "PROTECTED",
  "EVAL": "MAY_REPLICATE",
  "EVALSHA": "MAY_REPLICATE",
  "FCALL": "MAY_REPLICATE",
  "MODULE|LOAD": "PROTECTED",
  "MODULE|LOADEX": "PROTECTED",
  "MODULE|UNLOAD": "PROTECTED",
  "PFCOUNT": "MAY_REPLICATE",
  "PUBLISH": "MAY_REPLICATE",
  "SPUBLISH": "MAY_REPLICATE",
};

const FLAG_OF_FACT: Readonly<Record<string, FlagName>> = {
  denyoom: "DENY_OOM",
  movablekeys: "MOVABLE_KEYS",
  noscript: "NO_SCRIPT",
  skip_slowlog: "SKIP_SLOW_LOG",
};

/** The header of one command; `name` is in upper case, `CONFIG|GET` for a subcommand. */
export function headerOf(name: string, fact: CommandFact): Header {
  const words = name.split("|").length;
  const docs = (fact.arguments ?? []).map(docOfFact);
  const usage = new UsagePrinter().line(docs);
  const parsed = parseUsage(usage);
  const flags = (Object.keys(Flag) as FlagName[]).filter((flag) =>
    HIDDEN_FLAGS[name] === flag || fact.flags.some((text) => flagOfFact(text) === flag)
  ).filter((flag) => flag !== "MOVABLE_KEYS");
  const specs = (fact.keySpecs ?? []).map(keySpecOfFact);
  const header: Header = {
    name,
    usage,
    since: fact.since,
    flags,
    keys: specs.map((spec) => accessNames(spec.access)),
    tips: fact.tips ?? [],
    docFlags: fact.doc_flags ?? [],
    container: fact.subcommands !== undefined && fact.arity === -2,
  };
  if (fact.deprecated_since !== undefined) header.deprecatedSince = fact.deprecated_since;
  if (fact.replaced_by !== undefined) header.replacedBy = fact.replaced_by;
  const arity = header.container ? -2 : arityOf(parsed, words);
  if (arity !== fact.arity) header.arity = fact.arity;
  if (!derivable(parsed, words, specs)) header.keySpecs = specs;
  addCategories(header, fact);
  return header;
}

function derivable(parsed: readonly ArgumentDoc[], words: number, specs: readonly KeySpec[]) {
  const plain = keySpecsOf(parsed, words, 0);
  const derived = plain.map((spec, i) => ({ ...spec, access: specs[i]?.access ?? 0 }));
  return JSON.stringify(derived.map(sortedFields)) === JSON.stringify(specs.map(sortedFields));
}

function sortedFields(spec: KeySpec): unknown[] {
  return [spec.access, spec.begin, spec.find].map((part) =>
    typeof part === "number" ? part : Object.entries(part).sort()
  );
}

function addCategories(header: Header, fact: CommandFact): void {
  const bits = header.flags.reduce((sum, flag) => sum | Flag[flag], 0);
  const computed = categoriesOf(bits, fact.group, header.container).toSorted();
  if (computed.join() === fact.aclCategories.join()) return;
  const implied = categoriesOf(bits, "", true);
  const kept = groupCategories(fact.group, header.container);
  header.categories = fact.aclCategories.filter((name) =>
    kept.includes(name) || !implied.includes(name)
  );
}

function flagOfFact(text: string): FlagName {
  return FLAG_OF_FACT[text] ?? (text.toUpperCase() as FlagName);
}

function accessNames(bits: number): AccessName[] {
  return (Object.keys(Access) as AccessName[]).filter((name) => bits & Access[name]);
}

/** Writes argument trees in the notation of lib/engine/usage.ts. */
class UsagePrinter {
  private nextKey = 0;

  line(docs: readonly ArgumentDoc[]): string {
    return docs.map((doc) => this.element(doc)).join(" ");
  }

  private element(doc: ArgumentDoc): string {
    const since = annotations(doc);
    if (doc.optional) return this.optional(doc) + since + (repeatsOutside(doc) ? " ..." : "");
    const token = doc.token !== undefined && doc.type !== "pure-token" ? doc.token + " " : "";
    if (!isGroup(doc)) {
      const name = this.plain(doc);
      return token + name + since + (doc.multiple ? ` [${bare(name)} ...]` : "");
    }
    const inner = this.inner(doc);
    if (doc.multiple && doc.type === "block" && !isNamed(doc) && token === "") {
      return `${inner} [${bare(inner)} ...]`;
    }
    return `${token}(${prefix(doc)}${inner})${since}${doc.multiple ? " ..." : ""}`;
  }

  private optional(doc: ArgumentDoc): string {
    const token = doc.token !== undefined && doc.type !== "pure-token" ? doc.token + " " : "";
    if (!isGroup(doc)) {
      const name = this.plain(doc);
      if (!doc.multiple || doc.multipleToken) return `[${token}${name}]`;
      return token === "" ? `[${name} ...]` : `[${token}${name} [${bare(name)} ...]]`;
    }
    const inner = this.inner(doc);
    if (token === "") return `[${prefix(doc)}${inner}]`;
    const repeats = doc.multiple && !doc.multipleToken ? " ..." : "";
    if (!isNamed(doc) && doc.type === "block") return `[${token}${inner}${repeats}]`;
    return `[${token}(${prefix(doc)}${inner})${repeats}]`;
  }

  private inner(doc: ArgumentDoc): string {
    const members = doc.arguments ?? [];
    if (doc.type === "block") return this.line(members);
    return members.map((member) => this.alternative(member)).join(" | ");
  }

  private alternative(doc: ArgumentDoc): string {
    const simple = doc.type === "block" && !isNamed(doc) && !doc.optional && !doc.multiple;
    if (!simple || doc.token === undefined || annotations(doc) !== "") return this.element(doc);
    return `${doc.token} ${this.inner(doc)}`;
  }

  private plain(doc: ArgumentDoc): string {
    if (doc.type === "pure-token") return pureToken(doc);
    const type = conventionalType(doc.name) === doc.type ? "" : ":" + doc.type;
    return doc.name + type + this.keyIndex(doc);
  }

  private keyIndex(doc: ArgumentDoc): string {
    if (doc.keySpecIndex === undefined) return "";
    const expected = doc.type === "key" && this.nextKey === doc.keySpecIndex;
    this.nextKey = doc.keySpecIndex + 1;
    return expected ? "" : "#" + doc.keySpecIndex;
  }
}

function isGroup(doc: ArgumentDoc): boolean {
  return doc.type === "oneof" || doc.type === "block";
}

/** Whether the name of a group has to be written: by default it is made of its members' names. */
function isNamed(doc: ArgumentDoc): boolean {
  const members = doc.arguments ?? [];
  if (members.length < 2 || members.map((member) => member.name).join("_") !== doc.name) {
    return true;
  }
  return doc.type === "block" && members[0].token !== undefined;
}

function prefix(doc: ArgumentDoc): string {
  return isNamed(doc) ? doc.name + ": " : "";
}

function repeatsOutside(doc: ArgumentDoc): boolean {
  if (doc.multipleToken) return true;
  return doc.multiple === true && isGroup(doc) && doc.token === undefined;
}

function annotations(doc: ArgumentDoc): string {
  const since = doc.since === undefined ? "" : "@" + doc.since;
  return since + (doc.deprecatedSince === undefined ? "" : "@-" + doc.deprecatedSince);
}

/** A text without types and key spec numbers, as it is enough where an argument is repeated. */
function bare(text: string): string {
  return text.replace(/#\d+|:(string|integer|double|key|pattern|unix-time)\b/g, "");
}

function pureToken(doc: ArgumentDoc): string {
  const token = doc.token ?? "";
  const isWord = /^[A-Z][A-Z0-9_-]*$/.test(token);
  if (isWord && token.toLowerCase() === doc.name) return token;
  return `${doc.name}=${isWord ? token : `"${token}"`}`;
}

/** The header as TypeScript text. */
export function printHeader(header: Header): string {
  const constant = header.name.replace(/[^A-Z0-9]/g, "_");
  const lines = [`export const ${constant} = command({`, `  name: "${header.name}",`];
  if (header.usage !== "") lines.push(`  usage:${stringLiteral(header.usage)},`);
  lines.push('  summary: "",', `  since: "${header.since}",`, '  complexity: "",');
  if (header.flags.length > 0) lines.push(`  flags: ${bits("Flag", header.flags)},`);
  if (header.keySpecs === undefined && header.keys.length > 0) {
    const keys = header.keys.map((names) => bits("Access", names));
    const same = keys.every((text) => text === keys[0]);
    lines.push(`  keys: ${same ? keys[0] : `[${keys.join(", ")}]`},`);
  }
  if (header.arity !== undefined) lines.push(`  arity: ${header.arity},`);
  if (header.keySpecs !== undefined) {
    lines.push("  keySpecs: [", ...header.keySpecs.map((s) => `    ${specCall(s)},`), "  ],");
  }
  for (const field of ["categories", "tips", "docFlags"] as const) {
    const list = header[field];
    if (list === undefined || (field !== "categories" && list.length === 0)) continue;
    lines.push(`  ${field}: [${list.map((text) => JSON.stringify(text)).join(", ")}],`);
  }
  if (header.deprecatedSince !== undefined) {
    lines.push(`  deprecatedSince: "${header.deprecatedSince}",`);
  }
  if (header.replacedBy !== undefined) {
    lines.push(`  replacedBy: ${JSON.stringify(header.replacedBy)},`);
  }
  if (!header.container) lines.push("  run(call) {", "  },");
  return [...lines, "});"].join("\n");
}

function bits(of: "Flag" | "Access", names: readonly string[]): string {
  return names.length === 0 ? "0" : names.map((name) => `${of}.${name}`).join(" | ");
}

function specCall(spec: KeySpec): string {
  const access = bits("Access", accessNames(spec.access));
  const { begin, find } = spec;
  if (begin.type === "unknown" || find.type === "unknown") return `unknownSpec(${access})`;
  if (find.type === "keynum") {
    return `keynumSpec(${access}, ${begin.type === "index" ? begin.index : 0})`;
  }
  if (begin.type === "keyword") {
    const rest = withoutDefaults([find.lastKey, find.limit], [0, 0]);
    return `keywordSpec(${[access, `"${begin.keyword}"`, begin.startFrom, ...rest].join(", ")})`;
  }
  const rest = withoutDefaults([find.lastKey, find.keyStep], [0, 1]);
  return `rangeSpec(${[access, begin.index, ...rest].join(", ")})`;
}

function withoutDefaults(values: number[], defaults: number[]): number[] {
  while (values.length > 0 && values[values.length - 1] === defaults[values.length - 1]) {
    values.pop();
  }
  return values;
}

/** A string literal, over several lines when it would be too long for one. */
function stringLiteral(text: string): string {
  if (text.length < 84) return " " + quote(text);
  const parts: string[] = [];
  let rest = text;
  while (rest.length > 88) {
    const cut = rest.lastIndexOf(" ", 87) + 1;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return "\n    " + [...parts, rest].map(quote).join(" +\n    ");
}

function quote(text: string): string {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

if (import.meta.main) {
  const facts = factsByName();
  const asked = Deno.args[0] === "--group"
    ? [...facts.keys()].filter((name) => facts.get(name)!.group === Deno.args[1])
    : Deno.args.map((name) => name.toUpperCase());
  for (const name of asked) {
    const fact = facts.get(name);
    console.log(fact === undefined ? `// ${name}: not in 7.0` : printHeader(headerOf(name, fact)));
    console.log();
  }
}
