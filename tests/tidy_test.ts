/**
 * The rules of the code that a program can check: who may import whom, what is written where, how long
 * files and functions are. The checks are functions of texts, so that each is also tested with a fault
 * planted in it. `lib/ARCHITECTURE.md` says why the rules are as they are.
 */

import { assertEquals } from "@std/assert";

/** From the outermost to the innermost: a file imports from its own layer and from later ones. */
const layers = [
  "main",
  "admin",
  "tools",
  "server",
  "replication",
  "persistence",
  "commands",
  "scripting",
  "lua",
  "engine",
  "store",
  "values",
  "rdb",
  "config",
  "client",
  "resp",
  "structures",
  "bytes",
  "host",
];

/** What a layer may import besides itself, where that is less than all later layers. */
const onlyImports = new Map([["lua", ["bytes"]]]);

const maxFileLines = 500;
const maxFunctionLines = 70;

interface Source {
  /** From the root of the repository, with slashes. */
  path: string;
  text: string;
}

type Check = (source: Source) => string[];

/** The layer that a file belongs to; undefined for the outside of lib/ (tests, tools). */
function layerOf(path: string): string | undefined {
  if (path === "main.ts" || path === "lib/mod.ts") return "main";
  const parts = path.split("/");
  if (parts[0] === "admin") return "admin";
  return parts[0] === "lib" && parts.length > 2 && parts[1] !== "types" ? parts[1] : undefined;
}

/** The files that a file imports, type imports included; packages are left out. */
function importsOf(source: Source): string[] {
  const found: string[] = [];
  const code = withoutComments(source.text);
  for (const match of code.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']*)["']/g)) {
    const parts = source.path.split("/").slice(0, -1);
    for (const part of match[1].split("/")) {
      if (part === "..") parts.pop();
      else if (part !== ".") parts.push(part);
    }
    found.push(parts.join("/"));
  }
  return found;
}

const layerOrder: Check = (source) => {
  const from = layerOf(source.path);
  if (from === undefined) return [];
  const faults: string[] = [];
  if (!layers.includes(from)) faults.push(`${source.path}: unknown layer ${from}`);
  for (const imported of importsOf(source)) {
    const to = layerOf(imported);
    if (to === undefined) {
      faults.push(`${source.path}: imports ${imported}, which belongs to no layer`);
    } else if (from !== to) {
      const only = onlyImports.get(from);
      const backwards = layers.indexOf(to) <= layers.indexOf(from);
      const refused = only !== undefined ? !only.includes(to) : backwards;
      const ofServer = to === "commands" && !["server", "main", "admin", "tools"].includes(from);
      if (refused || ofServer) faults.push(`${source.path}: ${from} must not import ${imported}`);
    }
  }
  return faults;
};

/** Each cycle of imports once, as the files that it goes through. */
function importCycles(sources: Source[]): string[] {
  const imports = new Map(sources.map((source) => [source.path, importsOf(source)]));
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push(`import cycle: ${[...trail.slice(start), path].join(" → ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const imported of imports.get(path) ?? []) visit(imported, [...trail, path]);
    done.add(path);
  };
  for (const source of sources) visit(source.path, []);
  return cycles;
}

const runtimeOnlyInHost: Check = (source) => {
  const layer = layerOf(source.path);
  if (layer === undefined || layer === "host") return [];
  const banned = [/\bDate\.now\b/, /\bnew Date\(\)/, /\bperformance\.now\b/, /\bMath\.random\b/];
  banned.push(/\b(?:setTimeout|setInterval|setImmediate)\b/);
  if (source.path !== "main.ts") banned.push(/\bDeno\./);
  const code = withoutStrings(withoutComments(source.text));
  return linesMatching(source.path, code, banned, "belongs in lib/host");
};

const noLooseEnds: Check = (source) => {
  // The words are put together here, so that this file passes its own check.
  const words = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "not " + "implemented"];
  const patterns = words.map((word) => new RegExp(`\\b${word}\\b`));
  return linesMatching(source.path, source.text, patterns, "is a loose end");
};

const noLooseTypes: Check = (source) => {
  const code = withoutStrings(withoutComments(source.text));
  const patterns = [/\bas any\b/, /[:<,|&]\s*any\b(?!\s*[:(])/];
  const faults = linesMatching(source.path, code, patterns, "leaves the type open");
  const silenced = [new RegExp("@ts-" + "(?:ignore|nocheck)")];
  return [...faults, ...linesMatching(source.path, source.text, silenced, "hides an error")];
};

const goodNames: Check = ({ path }) => {
  const faults: string[] = [];
  const name = path.split("/").at(-1) ?? "";
  if (!/^[a-z0-9_]+(?:\.d)?\.tsx?$/.test(name)) faults.push(`${path}: is not in snake_case`);
  const words = path.replace(/\.tsx?$/, "").split(/[/_.]/);
  for (const word of ["utils", "util", "helpers", "helper", "manager", "misc", "common"]) {
    if (words.includes(word)) faults.push(`${path}: the name says nothing (${word})`);
  }
  if (name === "index.ts") faults.push(`${path}: name the file after what it holds`);
  return faults;
};

const opensWithComment: Check = ({ path, text }) => {
  const opens = text.startsWith("/**") || text.startsWith("//");
  return opens ? [] : [`${path}: does not open with what it owns and why`];
};

const shortFiles: Check = ({ path, text }) => {
  const lines = text.trimEnd().split("\n").length;
  return lines > maxFileLines ? [`${path}: ${lines} lines, the limit is ${maxFileLines}`] : [];
};

const functionStart = new RegExp(
  [
    /^\s*(?:export )?(?:default )?(?:async )?function\b/,
    /^\s*(?:(?:private|public|protected|static|override|async|get|set) )*\*?[#\w[\].]+\(.*\{$/,
    /^\s*(?:(?:private|public|protected|static|override|async|get|set) )*\*?[#\w[\].]+(?:<.*>)?\($/,
    /^\s*(?:export )?const \w+.*=> \{$/,
  ].map((pattern) => pattern.source).join("|"),
);
const notFunctions =
  /^\s*(?:if|for|while|switch|catch|return|else|do|throw|new|await|Deno\.test)\b/;

/**
 * A function reaches from its first line to the line that closes its indentation: the formatter makes
 * that exact, and no braces have to be counted.
 */
const shortFunctions: Check = ({ path, text }) => {
  const faults: string[] = [];
  const lines = text.split("\n");
  lines.forEach((line, start) => {
    if (!functionStart.test(line) || notFunctions.test(line)) return;
    const indent = line.length - line.trimStart().length;
    const end = lines.findIndex((other, at) => {
      return at > start && closesAt(other, indent) && !/\{$/.test(other);
    });
    // A bodiless declaration or a call ends without a brace of its own.
    if (end < 0 || !/^\s*\}/.test(lines[end])) return;
    const length = end - start + 1;
    if (length <= maxFunctionLines) return;
    const at = `${path}:${start + 1}`;
    faults.push(`${at}: a function of ${length} lines, the limit is ${maxFunctionLines}`);
  });
  return faults;
};

function closesAt(line: string, indent: number): boolean {
  return line.trim() !== "" && line.length - line.trimStart().length <= indent;
}

function withoutComments(text: string): string {
  // Line ends stay, so that line numbers do.
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|[\s;{}(,])\/\/.*$/gm, "$1");
}

function withoutStrings(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

function linesMatching(path: string, text: string, patterns: RegExp[], what: string): string[] {
  const faults: string[] = [];
  text.split("\n").forEach((line, index) => {
    for (const pattern of patterns) {
      const match = pattern.exec(line);
      if (match !== null) faults.push(`${path}:${index + 1}: ${match[0].trim()} ${what}`);
    }
  });
  return faults;
}

function readSources(folder: string, prefix: string): Source[] {
  const sources: Source[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = prefix + entry.name;
    if (entry.isDirectory) {
      sources.push(...readSources(`${folder}/${entry.name}`, `${path}/`));
    } else if (/\.tsx?$/.test(entry.name)) {
      sources.push({ path, text: Deno.readTextFileSync(`${folder}/${entry.name}`) });
    }
  }
  return sources.sort((a, b) => a.path < b.path ? -1 : 1);
}

const root = `${import.meta.dirname}/..`;
const product = ["lib", "admin"].flatMap((name) => readSources(`${root}/${name}`, `${name}/`));
for (const { name } of [...Deno.readDirSync(root)].filter((entry) => entry.name.endsWith(".ts"))) {
  product.push({ path: name, text: Deno.readTextFileSync(`${root}/${name}`) });
}
const everything = [...product, ...readSources(`${root}/tests`, "tests/")];

const rules: [name: string, check: Check, sources: Source[]][] = [
  ["imports go from outer layers to inner ones", layerOrder, product],
  ["only lib/host reaches for the runtime, time and chance", runtimeOnlyInHost, product],
  ["nothing is left for later", noLooseEnds, everything],
  ["no type is left open", noLooseTypes, everything],
  ["files are named for what they hold", goodNames, everything],
  ["every file opens with what it owns", opensWithComment, product],
  ["files are short", shortFiles, everything],
  ["functions are short", shortFunctions, everything],
];

for (const [name, check, sources] of rules) {
  Deno.test(`tidy: ${name}`, () => {
    assertEquals(sources.flatMap(check), []);
  });
}

Deno.test("tidy: no imports go in circles", () => {
  assertEquals(importCycles(product), []);
});

Deno.test("the tidy checks read the whole source", () => {
  const paths = everything.map((source) => source.path);
  for (
    const path of ["main.ts", "lib/host/clock.ts", "tests/tidy_test.ts", "admin/pages/layout.tsx"]
  ) {
    assertEquals(paths.includes(path), true, path);
  }
});

Deno.test("the tidy checks find planted faults", () => {
  const long = "    x();\n".repeat(69);
  const faulty: [check: Check, path: string, text: string][] = [
    [layerOrder, "lib/bytes/a.ts", 'import { b } from "../resp/b.ts";'],
    [layerOrder, "lib/engine/a.ts", 'import type { b } from "../commands/all.ts";'],
    [layerOrder, "lib/persistence/aof/a.ts", 'import {\n  b,\n} from "../../commands/all.ts";'],
    [layerOrder, "lib/lua/a.ts", 'import { b } from "../engine/b.ts";'],
    [layerOrder, "lib/resp/a.ts", 'export * from "../server/b.ts";'],
    [layerOrder, "lib/store/a.ts", 'await import("../engine/b.ts");'],
    [layerOrder, "lib/resp/a.ts", 'import { b } from "../../tests/support/b.ts";'],
    [layerOrder, "lib/oddments/a.ts", ""],
    [runtimeOnlyInHost, "lib/server/a.ts", "const l = Deno.listen({ port: 1 });"],
    [runtimeOnlyInHost, "lib/engine/a.ts", "const now = Date.now();"],
    [runtimeOnlyInHost, "lib/engine/a.ts", "const pick = Math.random();"],
    [runtimeOnlyInHost, "lib/engine/a.ts", "setTimeout(run, 5);"],
    [runtimeOnlyInHost, "admin/app.ts", "setInterval(run, 5);"],
    [runtimeOnlyInHost, "main.ts", "setInterval(run, 5);"],
    [noLooseEnds, "lib/engine/a.ts", "// TO" + "DO: finish"],
    [noLooseTypes, "lib/engine/a.ts", "const a: any = 1;"],
    [noLooseTypes, "lib/engine/a.ts", "const a = b as any;"],
    [noLooseTypes, "lib/engine/a.ts", "// @ts-" + "ignore"],
    [goodNames, "lib/engine/string_utils.ts", ""],
    [goodNames, "lib/engine/helpers/a.ts", ""],
    [goodNames, "lib/engine/index.ts", ""],
    [goodNames, "lib/engine/camelCase.ts", ""],
    [goodNames, "admin/pages/keyView.tsx", ""],
    [goodNames, "admin/pages/helpers.tsx", ""],
    [opensWithComment, "lib/engine/a.ts", "export const a = 1;\n/** late */\n"],
    [shortFiles, "lib/engine/a.ts", "x();\n".repeat(501)],
    [shortFunctions, "lib/engine/a.ts", `function a(b: number): void {\n${long}}\n`],
    [shortFunctions, "lib/engine/a.ts", `export async function a(\n  b: B,\n): C {\n${long}}\n`],
    [shortFunctions, "lib/engine/a.ts", `class A {\n  run(b: B): C {\n${long}  }\n}\n`],
    [
      shortFunctions,
      "lib/engine/a.ts",
      `class A {\n  run<T>(\n    b: B,\n  ): C {\n${long}  }\n}\n`,
    ],
    [shortFunctions, "lib/engine/a.ts", `const a = (b: B) => {\n${long}};\n`],
    [shortFunctions, "lib/engine/a.ts", `x = {\n  run(call) {\n${long}  },\n};\n`],
  ];
  for (const [check, path, text] of faulty) {
    assertEquals(check({ path, text }).length > 0, true, `${path}: ${text.slice(0, 80)}`);
  }
  const circle = [
    { path: "lib/engine/a.ts", text: 'import { b } from "./b.ts";' },
    { path: "lib/engine/b.ts", text: 'import { c } from "./c.ts";' },
    { path: "lib/engine/c.ts", text: 'import { b } from "./b.ts";' },
  ];
  assertEquals(importCycles(circle), [
    "import cycle: lib/engine/b.ts → lib/engine/c.ts → lib/engine/b.ts",
  ]);
});

Deno.test("the tidy checks pass what is allowed", () => {
  const body = "  x();\n".repeat(60);
  const fine: [check: Check, path: string, text: string][] = [
    [layerOrder, "lib/server/a.ts", 'import { b } from "../commands/all.ts";'],
    [layerOrder, "lib/lua/a.ts", 'import { b } from "../bytes/b.ts";'],
    [layerOrder, "lib/engine/acl/a.ts", 'import { b } from "../registry.ts";'],
    [layerOrder, "main.ts", 'import { b } from "./lib/server/b.ts";'],
    [layerOrder, "lib/bytes/a.ts", '// import { b } from "../server/b.ts";'],
    [layerOrder, "tests/unit/a.ts", 'import { b } from "../../lib/server/b.ts";'],
    [runtimeOnlyInHost, "lib/host/a.ts", "Deno.listen({ port: Date.now() });"],
    [runtimeOnlyInHost, "lib/engine/a.ts", "/** Never Date.now() here. */\n// nor Math.random()"],
    [runtimeOnlyInHost, "lib/engine/a.ts", 'const summary = "Unlike setTimeout";'],
    [runtimeOnlyInHost, "main.ts", "Deno.exit(1);"],
    [noLooseTypes, "lib/engine/a.ts", "// any: of the two\nconst a = { any: 1 };"],
    [goodNames, "lib/engine/command_spec.ts", ""],
    [goodNames, "lib/types/deno_std.d.ts", ""],
    [opensWithComment, "lib/engine/a.ts", "/** What it owns. */\n"],
    [shortFiles, "lib/engine/a.ts", "x();\n".repeat(500)],
    [shortFunctions, "lib/engine/a.ts", `function a() {\n${body}}\nfunction b() {\n${body}}\n`],
    [shortFunctions, "lib/engine/a.ts", `const table = [\n${body}${body}];\n`],
  ];
  for (const [check, path, text] of fine) {
    assertEquals(check({ path, text }), [], `${path}: ${text.slice(0, 80)}`);
  }
});
