/**
 * The language of a command's usage line, from which its arity, its key positions (key_specs.ts)
 * and the argument tree of COMMAND DOCS come, so that no author writes the same fact three times.
 * It is the notation of the Redis manual with a name for each group:
 *
 *     key value [condition: NX | XX] [GET]@6.2.0 [expiration: EX seconds | PERSIST]
 *     key field value [field value ...] [LIMIT offset count] [PREFIX prefix] ...
 *
 * - `name` is an argument whose type follows from its name ({@linkcode conventionalType});
 *   `name:type` says another one. `#1` behind it gives the key spec it belongs to, where that is
 *   not simply the next one.
 * - `WORD` is a token: of what follows it, or an argument of its own when nothing does. In an
 *   unnamed group or an alternative it is the token of all that follows (`[LIMIT offset count]`).
 *   `name=WORD` and `name="*"` are tokens whose name is not the token in lower case.
 * - `[…]` is optional and `(…)` only groups. `a | b` inside makes a choice ("oneof"), several
 *   arguments a block. `[name: …]` names the group; without a name it is the names of its members
 *   joined with `_`. A named group is a group even when it has one member.
 * - `x [x ...]` and `x ...` are one or more, `[x ...]` any number, `[TOKEN x] ...` any number with
 *   the token before each.
 * - `@6.2.0` directly behind an argument or group is the version that brought it, `@-6.2.0` the
 *   one that deprecated it.
 */
import type { ArgumentDoc } from "./command_spec.ts";

/** The argument tree that a usage line describes. Throws an Error that quotes a malformed line. */
export function parseUsage(usage: string): readonly ArgumentDoc[] {
  const nodes = new UsageParser(usage).parse();
  numberKeys(nodes);
  return nodes.map(finished);
}

/** The arity that COMMAND reports; `words` is how many words name the command, 1 or 2. */
export function arityOf(args: readonly ArgumentDoc[], words: number): number {
  let least = words;
  let exact = true;
  for (const arg of args) {
    const size = sizeOf(arg);
    least += size.least;
    exact &&= size.exact;
  }
  return exact ? least : -least;
}

/** How many words an argument takes at least, and whether it can never take more. */
export function sizeOf(arg: ArgumentDoc): { least: number; exact: boolean } {
  const inner = innerSize(arg);
  const least = arg.token !== undefined && arg.type !== "pure-token"
    ? inner.least + 1
    : inner.least;
  if (arg.optional) return { least: 0, exact: false };
  return { least, exact: inner.exact && !arg.multiple };
}

function innerSize(arg: ArgumentDoc): { least: number; exact: boolean } {
  const members = arg.arguments ?? [];
  if (members.length === 0) return { least: 1, exact: true };
  const sizes = members.map(sizeOf);
  if (arg.type === "block") {
    return {
      least: sizes.reduce((sum, size) => sum + size.least, 0),
      exact: sizes.every((size) => size.exact),
    };
  }
  const least = Math.min(...sizes.map((size) => size.least));
  return { least, exact: sizes.every((size) => size.exact && size.least === least) };
}

const TYPES: ReadonlySet<string> = new Set<ArgumentDoc["type"]>([
  "string",
  "integer",
  "double",
  "key",
  "pattern",
  "unix-time",
]);

const KEY_NAMES = new Set(
  "key key1 key2 destkey sourcekey newkey source destination src dst".split(" "),
);
const INTEGER_NAMES = new Set(
  ("bits bit count start end stop offset increment decrement numkeys client-id slot start-slot " +
    "end-slot port cluster_bus_port config-epoch destination-db db seconds milliseconds ms " +
    "protover cursor len index index1 index2 version rank num-matches ttl frequency limit " +
    "numreplicas numlocal weight entries_read entries_added").split(" "),
);
const DOUBLE_NAMES = new Set("longitude latitude radius width height score timeout".split(" "));

/** The type that an argument of this name has when the usage line gives none. */
export function conventionalType(name: string): ArgumentDoc["type"] {
  if (KEY_NAMES.has(name)) return "key";
  if (INTEGER_NAMES.has(name)) return "integer";
  if (DOUBLE_NAMES.has(name)) return "double";
  if (name.startsWith("unix-time")) return "unix-time";
  return name === "pattern" ? "pattern" : "string";
}

/** An argument being put together. */
interface Node {
  name: string;
  type: ArgumentDoc["type"];
  /** A token that still looks for what follows it. */
  bare: boolean;
  token?: string;
  since?: string;
  deprecatedSince?: string;
  keySpecIndex?: number;
  optional: boolean;
  multiple: boolean;
  multipleToken: boolean;
  members: Node[];
}

class UsageParser {
  private readonly words: readonly string[];
  private at = 0;

  constructor(private readonly usage: string) {
    this.words = usage.match(/\.\.\.|[()[\]|]|[^\s()[\]|]+?(?=\.\.\.|[\s()[\]|]|$)/g) ?? [];
  }

  parse(): Node[] {
    const { alternatives } = this.scope("");
    if (alternatives.length > 1) throw this.wrong("a choice needs brackets around it");
    return bindEach(alternatives[0]);
  }

  /** Reads alternatives up to the closing bracket, which it consumes. */
  private scope(close: string): { alternatives: Node[][]; repeats: boolean } {
    let items: Node[] = [];
    const alternatives = [items];
    while (this.at < this.words.length) {
      const word = this.words[this.at++];
      if (word === close) return { alternatives, repeats: false };
      if (word === "|") {
        items = [];
        alternatives.push(items);
      } else if (word === "[") {
        this.bracket(items);
      } else if (word === "(") {
        items.push(this.group(")").node);
      } else if (word === "...") {
        if (this.words[this.at] === close && alternatives.length === 1 && close !== "") {
          this.at++;
          return { alternatives, repeats: true };
        }
        const last = this.last(items);
        last.multiple = true;
        last.multipleToken = last.token !== undefined && !last.bare;
      } else if (word.startsWith("@")) {
        annotate(this.last(items), word);
      } else if (word === ")" || word === "]") {
        throw this.wrong(`unexpected ${word}`);
      } else {
        items.push(argument(word));
      }
    }
    if (close !== "") throw this.wrong(`missing ${close}`);
    return { alternatives, repeats: false };
  }

  /** `[…]`: an optional argument, or the repetition of the arguments before it. */
  private bracket(items: Node[]): void {
    const { node, members, repeats } = this.group("]");
    const from = items.length - members.length;
    if (repeats && from >= 0 && members.every((m, i) => m.name === items[from + i].name)) {
      const repeated = blockOf(items.splice(from));
      repeated.multiple = true;
      items.push(repeated);
      return;
    }
    node.optional = true;
    items.push(node);
  }

  private group(close: string): { node: Node; members: Node[]; repeats: boolean } {
    const name = this.groupName();
    const { alternatives, repeats } = this.scope(close);
    if (alternatives.some((items) => items.length === 0)) throw this.wrong("an empty group");
    if (alternatives.length > 1) {
      const node = groupNode("oneof", alternatives.map(bindAll), name);
      return { node, members: [], repeats };
    }
    const items = alternatives[0];
    if (name !== undefined) {
      if (repeats) items[items.length - 1].multiple = true;
      return { node: groupNode("block", bindEach(items), name), members: [], repeats: false };
    }
    const members = items.slice();
    const node = bindAll(items);
    if (repeats) node.multiple = true;
    return { node, members, repeats };
  }

  private groupName(): string | undefined {
    const word = this.words[this.at];
    if (word === undefined || !word.endsWith(":")) return undefined;
    this.at++;
    return word.slice(0, -1);
  }

  private last(items: readonly Node[]): Node {
    if (items.length === 0) throw this.wrong("nothing stands before ... or @");
    return items[items.length - 1];
  }

  private wrong(reason: string): Error {
    return new Error(`usage line "${this.usage}": ${reason}`);
  }
}

/** The argument that one word describes, e.g. `seconds@2.6.12` or `min:double`. */
function argument(word: string): Node {
  const [, text, index, note] = /^(.*?)(?:#(\d+))?(@.*)?$/.exec(word)!;
  const node = plainArgument(text);
  if (index !== undefined) node.keySpecIndex = Number(index);
  if (note !== undefined) annotate(node, note);
  return node;
}

function plainArgument(text: string): Node {
  if (/^[A-Z][A-Z0-9_-]*$/.test(text)) return pureToken(text.toLowerCase(), text, true);
  const equals = text.indexOf("=");
  if (equals > 0) {
    const token = text.slice(equals + 1).replace(/^"(.*)"$/, "$1");
    return pureToken(text.slice(0, equals), token, false);
  }
  // A colon may be part of the name: `ip:port`.
  const colon = text.lastIndexOf(":");
  const type = text.slice(colon + 1);
  if (colon > 0 && isType(type)) return emptyNode(text.slice(0, colon), type);
  return emptyNode(text, conventionalType(text));
}

function isType(text: string): text is ArgumentDoc["type"] {
  return TYPES.has(text);
}

function pureToken(name: string, token: string, bare: boolean): Node {
  const node = emptyNode(name, "pure-token");
  node.token = token;
  node.bare = bare;
  return node;
}

function emptyNode(name: string, type: ArgumentDoc["type"]): Node {
  return {
    name,
    type,
    bare: false,
    optional: false,
    multiple: false,
    multipleToken: false,
    members: [],
  };
}

function groupNode(type: "oneof" | "block", members: Node[], name?: string): Node {
  const node = emptyNode(name ?? members.map((member) => member.name).join("_"), type);
  node.members = members;
  return node;
}

function blockOf(nodes: Node[]): Node {
  return nodes.length === 1 ? nodes[0] : groupNode("block", nodes);
}

function annotate(node: Node, note: string): void {
  for (const version of note.slice(1).split("@")) {
    if (version.startsWith("-")) node.deprecatedSince = version.slice(1);
    else node.since = version;
  }
}

/** Gives each token that stands before an argument to that one argument. */
function bindEach(items: readonly Node[]): Node[] {
  const bound: Node[] = [];
  for (let i = 0; i < items.length; i++) {
    const next = items[i + 1];
    if (!takesToken(items[i], next)) {
      bound.push(items[i]);
      continue;
    }
    next.token = items[i].token;
    bound.push(next);
    i++;
  }
  return bound;
}

/** One argument of several: a token in front becomes the token of all the rest. */
function bindAll(items: Node[]): Node {
  if (!takesToken(items[0], items[1])) return blockOf(bindEach(items));
  const rest = blockOf(bindEach(items.slice(1)));
  rest.token = items[0].token;
  return rest;
}

function takesToken(node: Node, next: Node | undefined): boolean {
  if (!node.bare || node.optional) return false;
  return next !== undefined && !next.optional && next.token === undefined;
}

/** Keys belong to the key specs in the order of both, unless `#` says otherwise. */
function numberKeys(nodes: readonly Node[]): void {
  let next = 0;
  const visit = (node: Node): void => {
    if (node.keySpecIndex !== undefined) next = node.keySpecIndex + 1;
    else if (node.type === "key") node.keySpecIndex = next++;
    node.members.forEach(visit);
  };
  nodes.forEach(visit);
}

function finished(node: Node): ArgumentDoc {
  return {
    name: node.name,
    type: node.type,
    ...(node.token === undefined ? {} : { token: node.token }),
    ...(node.since === undefined ? {} : { since: node.since }),
    ...(node.deprecatedSince === undefined ? {} : { deprecatedSince: node.deprecatedSince }),
    ...(node.keySpecIndex === undefined ? {} : { keySpecIndex: node.keySpecIndex }),
    ...(node.optional ? { optional: true } : {}),
    ...(node.multiple ? { multiple: true } : {}),
    ...(node.multipleToken ? { multipleToken: true } : {}),
    ...(node.members.length === 0 ? {} : { arguments: node.members.map(finished) }),
  };
}
