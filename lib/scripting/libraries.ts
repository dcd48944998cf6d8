/**
 * Libraries of functions: what FUNCTION LOAD was given, and the functions that its code registered.
 * A library is kept as its source; a new machine gets all of them by running their code again.
 */

import { latin1 } from "../bytes/byte_string.ts";
import { CommandError } from "../engine/errors.ts";
import { LuaType } from "../lua/lua_api.ts";
import type { ScriptEngine } from "./script_engine.ts";
import { flagOf, INVALID_NAME, isValidName, libraryName, withoutHead } from "./shebang.ts";

const LIBRARY_BYTES = 200;
const FUNCTION_BYTES = 100;
const REGISTER = "redis.register_function";

export interface LibraryFunctionEntry {
  readonly name: string;
  readonly description: string | null;
  /** Bits of ScriptFlag. */
  readonly flags: number;
  readonly library: string;
  /** The function in the machine that is in use. */
  readonly ref: number;
}

export interface FunctionLibrary {
  readonly name: string;
  readonly source: Uint8Array;
  readonly functions: Map<string, LibraryFunctionEntry>;
}

/** Where libraries live. */
export interface LibraryHost {
  /** The machine for functions, with all libraries in it. */
  readonly libraryEngine: ScriptEngine;
  dropLibraryEngine(): void;
  /** Runs the function on the stack, which is a library's code; what is wrong, or null. */
  runLibrary(engine: ScriptEngine): string | null;
}

export class Libraries {
  private all = new Map<string, FunctionLibrary>();
  /** By name in lower case: callers may write it as they like. */
  private functions = new Map<string, LibraryFunctionEntry>();

  constructor(private readonly scripting: LibraryHost) {}

  get count(): number {
    return this.all.size;
  }

  get functionCount(): number {
    return this.functions.size;
  }

  get bytes(): number {
    let total = this.functions.size * FUNCTION_BYTES;
    for (const { source } of this.all.values()) total += source.length + LIBRARY_BYTES;
    return total;
  }

  list(): Iterable<FunctionLibrary> {
    return this.all.values();
  }

  sources(): Uint8Array[] {
    return [...this.all.values()].map(({ source }) => source);
  }

  /** A function by its name; its ref is good for the machine that {@linkcode Scripting} gives now. */
  find(name: string): LibraryFunctionEntry | undefined {
    return this.functions.get(name.toLowerCase());
  }

  /**
   * Takes a library.
   *
   * @param code lent; it is copied.
   * @param quote what stands around names in errors.
   * @returns its name.
   * @throws {CommandError} when it is wrong or there already; then nothing has changed.
   */
  load(code: Uint8Array, replaces: boolean, quote = "'"): string {
    const name = libraryName(latin1(code));
    // A machine that is made now gets all libraries anew, the one that is to be replaced as well.
    const engine = this.scripting.libraryEngine;
    const old = this.all.get(name);
    if (old !== undefined && !replaces) {
      throw new CommandError(`ERR Library ${quote}${name}${quote} already exists`);
    }
    const library: FunctionLibrary = { name, source: code.slice(), functions: new Map() };
    this.register(library, engine);
    for (const key of library.functions.keys()) {
      const other = this.find(key);
      if (other === undefined || other.library === name) continue;
      release(library, engine);
      throw new CommandError(`ERR Function ${key} already exists`);
    }
    if (old !== undefined) this.remove(old, engine);
    this.add(library);
    return name;
  }

  /** @returns false when there is none of that name. */
  delete(name: string): boolean {
    if (!this.all.has(name)) return false;
    const engine = this.scripting.libraryEngine;
    this.remove(this.all.get(name) as FunctionLibrary, engine);
    return true;
  }

  clear(): void {
    this.all.clear();
    this.functions.clear();
    this.scripting.dropLibraryEngine();
  }

  /**
   * Runs several steps of which all or none are to be done.
   *
   * @throws what `steps` throws; then the libraries are those from before.
   */
  atomically(steps: () => void): void {
    const { all, functions } = this;
    this.all = new Map(all);
    this.functions = new Map(functions);
    try {
      steps();
    } catch (error) {
      this.all = all;
      this.functions = functions;
      // What was removed meanwhile is no longer in the machine.
      this.scripting.dropLibraryEngine();
      throw error;
    }
  }

  /**
   * Puts all libraries into a machine that has none of them.
   *
   * @throws {CommandError} when one cannot be loaded this time, as for want of time or memory; they
   * are kept for the next machine then.
   */
  loadAll(engine: ScriptEngine): void {
    const libraries = [...this.all.values()];
    this.atomically(() => {
      this.all.clear();
      this.functions.clear();
      for (const { name, source } of libraries) {
        const library: FunctionLibrary = { name, source, functions: new Map() };
        this.register(library, engine);
        this.add(library);
      }
    });
  }

  private add(library: FunctionLibrary): void {
    this.all.set(library.name, library);
    for (const [name, entry] of library.functions) {
      this.functions.set(name.toLowerCase(), entry);
    }
  }

  private remove(library: FunctionLibrary, engine: ScriptEngine): void {
    this.all.delete(library.name);
    for (const name of library.functions.keys()) this.functions.delete(name.toLowerCase());
    release(library, engine);
  }

  private register(library: FunctionLibrary, engine: ScriptEngine): void {
    const { machine } = engine;
    const compiled = engine.compile(withoutHead(library.source));
    if (typeof compiled === "string") {
      throw new CommandError(`ERR Error compiling function: ${compiled}`);
    }
    machine.pushRef(machine.state, compiled);
    machine.unref(compiled);
    engine.registering = (state) => new Registration(engine, state, library).take();
    const problem = this.scripting.runLibrary(engine);
    engine.registering = null;
    if (problem !== null) {
      if (machine.isBroken) this.scripting.dropLibraryEngine();
      else release(library, engine);
      throw new CommandError(`ERR Error registering functions: ${problem}`);
    }
    if (library.functions.size === 0) throw new CommandError("ERR No functions registered");
  }
}

function release(library: FunctionLibrary, engine: ScriptEngine): void {
  for (const { ref } of library.functions.values()) engine.machine.unref(ref);
}

/** One call of `redis.register_function`. */
class Registration {
  private name: string | null = null;
  private description: string | null = null;
  private flags = 0;
  private callback = 0;

  constructor(
    private readonly engine: ScriptEngine,
    private readonly state: number,
    private readonly library: FunctionLibrary,
  ) {}

  /** Adds the function to the library; what is wrong, or null. */
  take(): string | null {
    const { api } = this.engine.machine;
    const count = api.lua_gettop(this.state);
    if (count < 1 || count > 2) return `wrong number of arguments to ${REGISTER}`;
    const problem = count === 1 ? this.takeNamed() : this.takePlain();
    return problem ?? this.add();
  }

  private add(): string | null {
    const { name, library, engine } = this;
    if (name === null) return `${REGISTER} must get a function name argument`;
    if (this.callback === 0) return `${REGISTER} must get a callback argument`;
    if (!isValidName(name)) return INVALID_NAME;
    if (library.functions.has(name)) return "Function already exists in the library";
    const { machine } = engine;
    machine.api.lua_pushvalue(this.state, this.callback);
    library.functions.set(name, {
      name,
      description: this.description,
      flags: this.flags,
      library: library.name,
      ref: machine.ref(this.state),
    });
    return null;
  }

  private takePlain(): string | null {
    const { machine } = this.engine;
    const { state } = this;
    if (machine.api.lua_isstring(state, 1) === 0) {
      return `first argument to ${REGISTER} must be a string`;
    }
    if (machine.api.lua_type(state, 2) !== LuaType.FUNCTION) {
      return `second argument to ${REGISTER} must be a function`;
    }
    this.name = machine.text(state, 1);
    this.callback = 2;
    return null;
  }

  private takeNamed(): string | null {
    const { api } = this.engine.machine;
    const { state } = this;
    if (api.lua_type(state, 1) !== LuaType.TABLE) {
      const only = "is only applicable to Lua table (representing named arguments).";
      return `calling ${REGISTER} with a single argument ${only}`;
    }
    // Slot 2 holds the function, which the walk over the table takes off otherwise.
    api.lua_pushnil(state);
    api.lua_pushnil(state);
    while (api.lua_next(state, 1) !== 0) {
      const problem = this.takeOne();
      if (problem !== null) return problem;
      api.lua_settop(state, -2);
    }
    return null;
  }

  /** Takes the argument whose name and value are on top of the stack. */
  private takeOne(): string | null {
    const { machine } = this.engine;
    const { state } = this;
    if (!machine.isString(state, -2)) {
      return `named argument key given to ${REGISTER} is not a string`;
    }
    const key = (machine.text(state, -2) as string).toLowerCase();
    const isString = machine.api.lua_isstring(state, -1) !== 0;
    switch (key) {
      case "function_name":
      case "description":
        if (!isString) return `${key} argument given to ${REGISTER} must be a string`;
        if (key === "description") this.description = machine.text(state, -1);
        else this.name = machine.text(state, -1);
        return null;
      case "callback":
        if (machine.api.lua_type(state, -1) !== LuaType.FUNCTION) {
          return `callback argument given to ${REGISTER} must be a function`;
        }
        machine.api.lua_pushvalue(state, -1);
        machine.api.lua_replace(state, 2);
        this.callback = 2;
        return null;
      case "flags":
        return this.takeFlags();
      default:
        return `unknown argument given to ${REGISTER}`;
    }
  }

  private takeFlags(): string | null {
    const { machine } = this.engine;
    const { state } = this;
    if (machine.api.lua_type(state, -1) !== LuaType.TABLE) {
      return `flags argument to ${REGISTER} must be a table representing function flags`;
    }
    for (let i = 1;; i++) {
      machine.api.lua_rawgeti(state, -1, i);
      const isEnd = machine.api.lua_type(state, -1) === LuaType.NIL;
      const flag = machine.isString(state, -1) ? flagOf(machine.text(state, -1) as string) : 0;
      machine.api.lua_settop(state, -2);
      if (isEnd) return null;
      if (flag === 0) return "unknown flag given";
      this.flags |= flag;
    }
  }
}
