/**
 * A Lua 5.1 machine: PUC Lua compiled to WebAssembly, its stack and memory as they are. Bytes go in
 * and out without becoming text; it knows nothing of Redis.
 *
 * Values stay where Lua has them: callers work on Lua's stack through {@linkcode LuaMachine.api}, as
 * a C program would, and read strings in {@linkcode LuaMachine.bytes}. Functions of ours are C
 * functions to Lua. Whatever such a function throws that is not Lua's own error ends the machine:
 * frames of Lua that were skipped cannot be used again ({@linkcode LuaMachine.isBroken}).
 *
 * A script runs on a stack of its own (WebAssembly.promising) and can be set aside: when the owner's
 * `tick` asks for it, {@linkcode LuaMachine.run} returns SUSPENDED and the script goes on at
 * {@linkcode LuaMachine.resume}. Scripts that are not asked to pause finish before `run` returns, as
 * a plain call would, for about 1 µs more. Ticks come every 100,000 instructions of Lua or 512 calls of
 * its functions (metering.ts), whichever is first: some microseconds.
 */

import { latin1 } from "../bytes/byte_string.ts";
import { copyBytes } from "../bytes/copy.ts";
import { type BridgeExports, bridgeModule, Slot } from "./bridge.ts";
import { DebugField, GarbageCollection, type LuaApi, LuaType, REGISTRY_INDEX } from "./lua_api.ts";
import {
  callChecked,
  checkLayout,
  isBlack,
  popTo,
  pushWord,
  setTop,
  tableItems,
  topOf,
  VALUE_BYTES,
  wordAt,
} from "./lua_layout.ts";
import { compile, importsOf, instance } from "./program.ts";

/** One of our functions, called with the state (a coroutine has its own); returns how many results. */
export type HostFunction = (state: number) => number;

/** What became of a script beside {@linkcode LuaStatus}. */
export const Outcome = { SUSPENDED: -1, BROKEN: -2 } as const;

/**
 * How far Lua's memory grows, in percent of what was in use after a collection, before it collects
 * again. Short scripts begin with little: collecting ten times less often is 0.2 µs off each. One that
 * runs for long may need much, and gets Lua's own measure.
 */
const SHORT_SCRIPT_PAUSE = 1000;
const LONG_SCRIPT_PAUSE = 200;
/** Ticks after which a script runs for long. */
const LONG_SCRIPT_TICKS = 16;
/** A machine that has grown beyond this collects as for scripts that run for long. */
const EAGER_BYTES = 8 * 1024 * 1024;

export interface MachineOptions {
  /** The WebAssembly program. */
  readonly binary: Uint8Array;
  /** Lua gets no more memory than this and then raises "not enough memory". */
  readonly limitBytes: number;
  /** Our functions, by number. */
  readonly functions: readonly HostFunction[];
  /**
   * Called every few milliseconds while a script runs. True asks to set the script aside, which is
   * done unless one of our functions is on the stack. May throw, which ends the machine.
   *
   * @param knowsPlace whether `frameAt` may be asked now.
   */
  tick(knowsPlace: boolean): boolean;
}

const INSTRUCTIONS_PER_TICK = 100_000;
/** Calls (metering.ts) to a tick that shall come soon: a tick at each of them would cost too much. */
const HURRIED_FUEL = 4;
const MASK_COUNT = 8;
const SCRATCH_BYTES = 64 * 1024;
const PAGE_BYTES = 65536;
/** Fewer bytes than this are copied one by one. */
const SHORT_BYTES = 32;
const OPENERS = ["luaopen_base", "luaopen_table", "luaopen_string", "luaopen_math"] as const;

/** JavaScript's side of stack switching, which TypeScript does not know yet. */
interface StackSwitching {
  readonly Suspending: new (run: () => Promise<void>) => CallableFunction;
  promising(run: CallableFunction): (...args: number[]) => Promise<void>;
}

export class LuaMachine {
  readonly api: LuaApi;
  /** The main state. */
  readonly state: number;
  /** Lua's memory; both change when it grows. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  data: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(0));
  /** Set when the machine cannot be used any more. */
  isBroken = false;
  /** Set when Lua wanted more memory than it may have: what it has may be full of garbage. */
  hasHitLimit = false;
  /** Where {@linkcode textAt} and others have Lua store a length. */
  readonly lengthPointer: number;
  /** What {@linkcode tableFields} is for tables that never had a field. */
  readonly noFields: number;
  /** Room for what Lua tells of a function: see `frameAt`. */
  readonly record: number;
  private readonly status: WebAssembly.Global;
  private readonly runAside: (...args: number[]) => Promise<void>;
  private readonly scratch: number;
  private readonly firstFunction: number;
  private readonly names = new Map<string, number>();
  private readonly strings = new Map<string, number>();
  private readonly tick: (knowsPlace: boolean) => boolean;
  private readonly limitBytes: number;
  private readonly depth: WebAssembly.Global;
  private canSuspend = false;
  private isTicking = false;
  /** Since the script began. */
  private ticks = 0;
  /** One of the two measures of collecting. */
  private pause = LONG_SCRIPT_PAUSE;
  private letGoOn: (() => void) | null = null;
  private failure: unknown = null;

  /** @throws {Error} when the program is not the one that this was written for. */
  constructor(options: MachineOptions) {
    const { functions } = options;
    this.tick = options.tick;
    this.limitBytes = options.limitBytes;
    const { module, tableSize } = compile(options.binary);
    const size = tableSize + Slot.FIRST + functions.length + OPENERS.length;
    const table = new WebAssembly.Table({ initial: size, element: "anyfunc" });
    const bridge = this.bridge(table, tableSize, functions);
    this.api = instance(module, this.imports(module, table, bridge)) as unknown as LuaApi;
    const { api } = this;
    this.refreshViews();
    const slots = [
      ...[bridge.tick, api.stackSave, api.stackRestore, api.setThrew, api.lua_pcall, bridge.hook],
      ...functions.map((_, i) => (bridge as unknown as Record<string, CallableFunction>)[`c${i}`]),
      ...OPENERS.map((opener) => api[opener]),
    ];
    slots.forEach((entry, i) => table.set(tableSize + i, entry));
    this.firstFunction = tableSize + Slot.FIRST;
    api.emscripten_stack_init();
    api.__wasm_call_ctors();
    this.status = bridge.status;
    this.depth = bridge.depth;
    this.runAside = (WebAssembly as unknown as StackSwitching).promising(bridge.run);
    this.lengthPointer = api.malloc(8);
    this.record = api.malloc(DebugField.SIZE);
    this.scratch = api.malloc(SCRATCH_BYTES);
    this.state = api.luaL_newstate();
    this.noFields = checkLayout(api, this.state);
    for (let i = 0; i < OPENERS.length; i++) {
      api.lua_pushcclosure(this.state, this.firstFunction + functions.length + i, 0);
      this.pushText(this.state, "");
      callChecked(api, this.state);
    }
    api.lua_sethook(this.state, tableSize + Slot.HOOK, MASK_COUNT, INSTRUCTIONS_PER_TICK);
  }

  /** Bytes of Lua's memory that are in use by values. */
  get usedBytes(): number {
    const { api, state } = this;
    return api.lua_gc(state, GarbageCollection.COUNT, 0) * 1024 +
      api.lua_gc(state, GarbageCollection.COUNT_BYTES, 0);
  }

  /** Bytes taken from the system, which never become fewer. */
  get totalBytes(): number {
    return this.bytes.length;
  }

  /**
   * Calls the function on top of the main stack, without arguments, for one result.
   *
   * @param handler index of what turns an error into the result.
   * @param canSuspend whether the script may be set aside.
   * @returns one of {@linkcode LuaStatus} or {@linkcode Outcome}.
   */
  run(args: number, handler: number, canSuspend: boolean): number {
    this.canSuspend = canSuspend;
    this.ticks = 0;
    if (this.pause === LONG_SCRIPT_PAUSE && this.bytes.length <= EAGER_BYTES) {
      this.setPause(SHORT_SCRIPT_PAUSE);
    }
    if (!canSuspend) {
      try {
        return this.api.lua_pcall(this.state, args, 1, handler);
      } catch (error) {
        this.failure = error;
        this.isBroken = true;
        return Outcome.BROKEN;
      }
    }
    this.status.value = Outcome.BROKEN;
    const running = this.runAside(this.state, args, 1, handler);
    const outcome = this.outcome();
    // What has ended well cannot fail any more.
    if (outcome < 0) running.catch(this.failed);
    return outcome;
  }

  /**
   * Lets a script go on that is set aside. It has ended, or is set aside again, when `then` is
   * called, in a microtask.
   */
  resume(then: (outcome: number) => void): void {
    const letGoOn = this.letGoOn as () => void;
    this.letGoOn = null;
    letGoOn();
    // The script goes on in the first microtask; two more let a failure be told.
    queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => then(this.outcome()))));
  }

  /** Has the next tick come soon, for something that took long. */
  hurry(): void {
    const { fuel } = this.api;
    if (fuel.value > HURRIED_FUEL) fuel.value = HURRIED_FUEL;
  }

  /** Why the machine broke. */
  get cause(): unknown {
    return this.failure;
  }

  /** Ends the machine: a script that is set aside never goes on. */
  abandon(): void {
    this.isBroken = true;
    this.letGoOn = null;
  }

  /** Puts one of our functions on the stack. */
  pushFunction(state: number, number: number): void {
    this.api.lua_pushcclosure(state, this.firstFunction + number, 0);
  }

  /** A name as C has it, kept for ever: only for names that are written in our sources. */
  name(text: string): number {
    let pointer = this.names.get(text);
    if (pointer === undefined) {
      pointer = this.api.malloc(text.length + 1);
      for (let i = 0; i < text.length; i++) this.bytes[pointer + i] = text.charCodeAt(i);
      this.bytes[pointer + text.length] = 0;
      this.names.set(text, pointer);
    }
    return pointer;
  }

  /** Pushes text of one byte a character. */
  pushText(state: number, text: string): void {
    const pointer = this.room(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[pointer + i] = text.charCodeAt(i);
    this.pushRoom(state, pointer, text.length);
  }

  /** Pushes part of a buffer as a string. */
  pushBytes(state: number, source: Uint8Array, offset: number, length: number): void {
    if (length < SHORT_BYTES) {
      const { bytes, scratch } = this;
      for (let i = 0; i < length; i++) bytes[scratch + i] = source[offset + i];
      this.api.lua_pushlstring(state, scratch, length);
      return;
    }
    const pointer = this.room(length);
    this.bytes.set(source.subarray(offset, offset + length), pointer);
    this.pushRoom(state, pointer, length);
  }

  /** The same from a view, for short strings that come often: four bytes at a time. [hot] */
  pushData(state: number, source: DataView, offset: number, length: number): void {
    const pointer = this.room(length);
    copyBytes(source, offset, this.data, pointer, length);
    if (pointer === this.scratch) this.api.lua_pushlstring(state, pointer, length);
    else this.pushRoom(state, pointer, length);
  }

  /** Where so many bytes can be written for {@linkcode pushRoom}, which must follow. */
  room(length: number): number {
    if (length <= SCRATCH_BYTES) return this.scratch;
    const pointer = this.api.malloc(length);
    if (pointer === 0) throw new RangeError("not enough memory");
    return pointer;
  }

  /** Pushes what was written into {@linkcode room} as a string. */
  pushRoom(state: number, pointer: number, length: number): void {
    try {
      this.api.lua_pushlstring(state, pointer, length);
    } finally {
      if (pointer !== this.scratch) this.api.free(pointer);
    }
  }

  /** The length of the string that was last asked for with {@linkcode lengthPointer}. */
  get length(): number {
    return this.data.getInt32(this.lengthPointer, true);
  }

  /** A string, or a number made one in its place, lent until Lua runs again; null for all else. */
  view(state: number, index: number): Uint8Array | null {
    const pointer = this.api.lua_tolstring(state, index, this.lengthPointer);
    return pointer === 0 ? null : this.bytes.subarray(pointer, pointer + this.length);
  }

  /** The same as text of one byte a character. */
  text(state: number, index: number): string | null {
    const pointer = this.api.lua_tolstring(state, index, this.lengthPointer);
    return pointer === 0 ? null : this.latin1(pointer, pointer + this.length);
  }

  /** A string that ends at a zero. */
  textAt(pointer: number): string {
    let end = pointer;
    while (this.bytes[end] !== 0) end++;
    return this.latin1(pointer, end);
  }

  latin1(start: number, end: number): string {
    return latin1(this.bytes, start, end - start);
  }

  /**
   * Compiles source text and leaves it as a function, or what is wrong with it, on the stack.
   *
   * @param chunk what errors call the source, with `@` in front; kept for ever.
   * @returns one of {@linkcode LuaStatus}.
   */
  load(state: number, source: Uint8Array, chunk: string): number {
    const name = this.name(chunk);
    const pointer = this.room(source.length);
    this.bytes.set(source, pointer);
    try {
      return this.api.luaL_loadbuffer(state, pointer, source.length, name);
    } finally {
      if (pointer !== this.scratch) this.api.free(pointer);
    }
  }

  /** Takes the value on top of the stack and keeps it; for {@linkcode pushRef}. */
  ref(state: number): number {
    return this.api.luaL_ref(state, REGISTRY_INDEX);
  }

  pushRef(state: number, ref: number): void {
    this.api.lua_rawgeti(state, REGISTRY_INDEX, ref);
  }

  unref(ref: number): void {
    this.api.luaL_unref(this.state, REGISTRY_INDEX, ref);
  }

  /** Raises text as an error, as Lua's own functions do: with the place that called ours. */
  raise(state: number, text: string): number {
    this.api.luaL_where(state, 1);
    this.pushText(state, text);
    this.api.lua_concat(state, 2);
    return this.api.lua_error(state);
  }

  /** Raises that an argument is wrong. */
  wrongArgument(state: number, index: number, text: string): number {
    this.pushText(state, `${text}\0`);
    return this.api.luaL_argerror(state, index, this.api.lua_tolstring(state, -1, 0));
  }

  /** A string argument as text of one byte a character; raises what is none. */
  argumentText(state: number, index: number): string {
    const pointer = this.api.luaL_checklstring(state, index, this.lengthPointer);
    return this.latin1(pointer, pointer + this.length);
  }

  /** Pushes a string that is made once and kept: only for texts that are written in our sources. */
  pushName(state: number, text: string): void {
    let address = this.strings.get(text);
    if (address === undefined) {
      this.pushText(state, text);
      address = this.addressOf(this.ref(state));
      this.strings.set(text, address);
    }
    pushWord(this.data, state, LuaType.STRING, address);
  }

  /** The address of a string, table or function that is kept, for {@linkcode pushWord}. */
  addressOf(ref: number): number {
    const { state, data } = this;
    this.pushRef(state, ref);
    const top = topOf(data, state) - VALUE_BYTES;
    setTop(data, state, top);
    return wordAt(data, top);
  }

  /**
   * Takes the value on top of the stack as item `n` of the table below it, which was made with room
   * for so many. [hot]
   */
  setItem(state: number, table: number, n: number): void {
    const { data } = this;
    if (isBlack(data, table)) this.api.lua_rawseti(state, -2, n);
    else popTo(data, state, tableItems(data, table) + (n - 1) * VALUE_BYTES);
  }

  /** Whether the value is a string, without making one of a number. */
  isString(state: number, index: number): boolean {
    return this.api.lua_type(state, index) === LuaType.STRING;
  }

  private outcome(): number {
    if (this.letGoOn !== null) return Outcome.SUSPENDED;
    const status: number = this.status.value;
    if (status === Outcome.BROKEN) this.isBroken = true;
    return status;
  }

  private readonly failed = (error: unknown): void => {
    this.failure = error;
  };

  private ticked(knowsPlace: boolean): number {
    // Whoever is asked may ask Lua something, which counts calls as well.
    if (this.isTicking) return 0;
    this.isTicking = true;
    try {
      if (++this.ticks === LONG_SCRIPT_TICKS) this.setPause(LONG_SCRIPT_PAUSE);
      if (!this.tick(knowsPlace) || !this.canSuspend) return 0;
      if (this.depth.value === 0) return 1;
      // As soon as our function has returned: the script may do little beside calling it.
      this.hurry();
      return 0;
    } finally {
      this.isTicking = false;
    }
  }

  private setPause(percent: number): void {
    this.pause = percent;
    this.api.lua_gc(this.state, GarbageCollection.SET_PAUSE, percent);
  }

  private bridge(
    table: WebAssembly.Table,
    base: number,
    functions: readonly HostFunction[],
  ): BridgeExports {
    const env: Record<string, WebAssembly.ImportValue> = {
      table,
      tick: () => this.ticked(false),
      hooked: () => this.ticked(true),
      suspend: new (WebAssembly as unknown as StackSwitching).Suspending(() =>
        new Promise((resolve) => this.letGoOn = resolve)
      ),
    };
    functions.forEach((run, i) => env[`f${i}`] = run);
    return instance(bridgeModule(base, functions.length), { env }) as unknown as BridgeExports;
  }

  private imports(
    module: WebAssembly.Module,
    table: WebAssembly.Table,
    bridge: BridgeExports,
  ): WebAssembly.Imports {
    const given: Record<string, WebAssembly.ImportValue> = {
      table,
      invoke_vii: bridge.invoke_vii,
      _emscripten_throw_longjmp: bridge.throw_longjmp,
      emscripten_resize_heap: (size: number) => this.grow(size >>> 0),
      emscripten_memcpy_js: (to: number, from: number, count: number) =>
        this.bytes.copyWithin(to, from, from + count),
      // An error outside of any protected call.
      exit: () => {
        throw new RangeError("not enough memory");
      },
    };
    return importsOf(module, given);
  }

  private grow(size: number): number {
    const { memory } = this.api;
    const missing = size - memory.buffer.byteLength;
    if (size > this.limitBytes) {
      this.hasHitLimit = true;
      return 0;
    }
    try {
      memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch {
      return 0;
    }
    this.refreshViews();
    return 1;
  }

  private refreshViews(): void {
    const buffer = this.api.memory.buffer as ArrayBuffer;
    this.bytes = new Uint8Array(buffer);
    this.data = new DataView(buffer);
  }
}
