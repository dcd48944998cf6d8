/** Lua's program as a module: compiled once, and what it is given to import. */

import { metered } from "./metering.ts";

export interface Program {
  readonly module: WebAssembly.Module;
  /** See `Metered.tableSize`. */
  readonly tableSize: number;
}

/** The last one, kept because compiling takes longer than starting one. */
let last: { binary: Uint8Array; program: Program } | null = null;

/** @throws {Error} when the program is not the one that this was written for. */
export function compile(binary: Uint8Array): Program {
  if (last?.binary === binary) return last.program;
  const { bytes, tableSize } = metered(binary);
  const program = { module: new WebAssembly.Module(bytes), tableSize };
  last = { binary, program };
  return program;
}

/** Everything that a module imports: what is given, by its name, and nothing of a system. */
export function importsOf(
  module: WebAssembly.Module,
  given: Readonly<Record<string, WebAssembly.ImportValue>>,
): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const part = imports[from] ??= {};
    part[name] = given[name] ?? (kind === "function" ? noSystem : 0);
  }
  return imports;
}

export function instance(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
): WebAssembly.Exports {
  return new WebAssembly.Instance(module, imports).exports;
}

/** Files, clocks and processes: Lua gets none of them, and the libraries that would ask are shut. */
function noSystem(): number {
  return 0;
}
