/**
 * Scripts and functions of one engine: finds what is to be run, sees whether it may, runs it, and
 * looks after scripts that run for long.
 *
 * A script that is still running after `busy-reply-threshold` is set aside every few milliseconds,
 * and while others are served the server answers BUSY to all but SCRIPT KILL and its like. Where there
 * is no connection that could wait (requests that come from within) nobody could stop it: such a script
 * ends with an error at the threshold, or, once it has written, at {@linkcode LAST_RESORT} times that.
 * [hot]
 */

import * as propagationModule from "../engine/propagation.ts";
import type { Call } from "../engine/call.ts";
import type { Context } from "../engine/context.ts";
import { CommandError } from "../engine/errors.ts";
import type { ScriptEnginePort, ScriptFigures } from "../engine/scripts.ts";
import { Gate, Session } from "../engine/session.ts";
import { invariant } from "../host/invariant.ts";
import type { Timer } from "../host/clock.ts";
import { frameAt } from "../lua/frames.ts";
import * as luaApiModule from "../lua/lua_api.ts";
import * as luaLayoutModule from "../lua/lua_layout.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import * as luaMachineModule from "../lua/lua_machine.ts";
import { Request } from "../resp/request.ts";
import { Libraries } from "./libraries.ts";
import { ResultWriter } from "./lua_to_reply.ts";
import * as scriptChecksModule from "./script_checks.ts";
import { type CachedScript, ScriptCache } from "./script_cache.ts";
import { withoutHead } from "./shebang.ts";
import { ScriptCommands } from "./script_commands.ts";
import {
  BUSY_FUNCTION,
  BUSY_SCRIPT,
  KILLED,
  NOT_BUSY,
  ScriptStopped,
  STOPPED,
  UNKILLABLE,
} from "./script_errors.ts";
import { ScriptEngine } from "./script_engine.ts";
import * as scriptEngineModule from "./script_engine.ts";
import { RestartScript, ScriptRun } from "./script_run.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { Target } = propagationModule;
const { LuaStatus, LuaType } = luaApiModule;
const { pushWord } = luaLayoutModule;
const { Outcome } = luaMachineModule;
const { checkScript } = scriptChecksModule;
const { HANDLER_INDEX, MACHINE_LIMIT_BYTES } = scriptEngineModule;

/** How long a slow script runs between two looks at the sockets, in milliseconds. */
const SLICE_MS = 10;
/** FUNCTION LOAD takes no longer than this, in milliseconds. */
const LOAD_LIMIT_MS = 500;
const LAST_RESORT = 4;
/** How long a script may run plainly, in milliseconds. */
const PLAIN_MS = 20;
const PLACE_LEVELS = 8;

/** A script that is set aside. */
interface Aside {
  readonly engine: ScriptEngine;
  readonly call: Pick<Call, "command" | "session">;
  readonly request: Request;
}

/** Where the script is, as errors say it. */
function placeOf(machine: LuaMachine): string {
  for (let level = 0; level < PLACE_LEVELS; level++) {
    const frame = frameAt(machine, machine.state, level);
    if (frame === null) return "";
    if (!frame.isC && frame.line > 0) return `, on ${frame.source}:${frame.line}.`;
  }
  return "";
}

export class Scripting implements ScriptEnginePort {
  /** Memory that a machine may take, for those made from now on. */
  machineLimitBytes = MACHINE_LIMIT_BYTES;
  readonly cache: ScriptCache;
  readonly libraries: Libraries;
  private readonly commands: ScriptCommands;
  private readonly run: ScriptRun;
  private readonly results: ResultWriter;
  private evalEngine: ScriptEngine | null = null;
  private functionEngine: ScriptEngine | null = null;
  /** How many machines there were. */
  private machines = 0;
  private running: ScriptEngine | null = null;
  private aside: Aside | null = null;
  private timer: Timer | null = null;
  /** Where a slow script was when it was last looked at, as errors say it. */
  private place = "";
  private loadUntilMs = 0;
  /** When a script, or a library that is loaded, has run for too long. */
  private patientUntilMs = Infinity;

  constructor(private readonly context: Context) {
    const { store, host } = context;
    const session = new Session(0, store.databases[0], host.clock.unixMs());
    // Commands that would wait answer at once, as they do for EXEC.
    session.gate = Gate.IN_MULTI;
    session.isScript = true;
    this.run = new ScriptRun(session, session);
    this.commands = new ScriptCommands(context);
    this.results = new ResultWriter((text) => context.stats.countError(text));
    this.cache = new ScriptCache((script) => this.forget(script));
    this.libraries = new Libraries(this);
  }

  /** The scripting of an engine, made when it is first needed. */
  static of(context: Context): Scripting {
    const { engine } = context.scripts;
    if (engine instanceof Scripting) return engine;
    const made = new Scripting(context);
    context.scripts.engine = made;
    context.scripts.commandWasSlow = () => made.running?.machine.hurry();
    return made;
  }

  get busyError(): CommandError {
    return this.run.isFunction ? BUSY_FUNCTION : BUSY_SCRIPT;
  }

  resetCounts(): void {
    this.cache.evicted = 0;
  }

  get figures(): ScriptFigures {
    const { cache, libraries } = this;
    return {
      cachedScripts: cache.count,
      cachedBytes: cache.bytes,
      evictedScripts: cache.evicted,
      libraries: libraries.count,
      functions: libraries.functionCount,
      functionBytes: libraries.bytes,
      evalMachineBytes: this.evalEngine?.machine.usedBytes ?? 0,
      functionMachineBytes: this.functionEngine?.machine.usedBytes ?? 0,
    };
  }

  functions(): readonly Uint8Array[] {
    return this.libraries.sources();
  }

  takeFunction(code: Uint8Array, replaces = true): void {
    this.libraries.load(code, replaces);
  }

  /** Takes libraries in the place of all there are; throws what is wrong, and keeps those then. */
  replaceFunctions(codes: readonly Uint8Array[]): void {
    const { libraries } = this;
    if (codes.length === 0 && libraries.count === 0) return;
    libraries.atomically(() => {
      libraries.clear();
      for (const code of codes) libraries.load(code, true);
    });
  }

  forgetFunctions(): void {
    this.libraries.clear();
  }

  close(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.aside !== null) this.aside.engine.machine.abandon();
    this.aside = null;
  }

  /** The machine for scripts of EVAL. */
  get scriptEngine(): ScriptEngine {
    this.evalEngine = this.usable(this.evalEngine, false);
    return this.evalEngine;
  }

  /** The machine for functions, with all libraries in it. */
  get libraryEngine(): ScriptEngine {
    const before = this.functionEngine;
    this.functionEngine = this.usable(before, true);
    if (this.functionEngine !== before) this.libraries.loadAll(this.functionEngine);
    return this.functionEngine;
  }

  /** Drops the machine for functions, and with it what libraries keep in it. */
  dropLibraryEngine(): void {
    this.functionEngine = null;
  }

  private usable(engine: ScriptEngine | null, isForFunctions: boolean): ScriptEngine {
    if (engine !== null && !engine.isWornOut) return engine;
    this.machines++;
    const chunk = isForFunctions ? "@user_function" : "@user_script";
    return new ScriptEngine(
      this.commands,
      chunk,
      isForFunctions,
      this.machines,
      this.machineLimitBytes,
      (knowsPlace) => this.tick(knowsPlace),
    );
  }

  /** The machine for a script, which is compiled when that machine has not seen it. [hot] */
  engineFor(script: CachedScript): ScriptEngine {
    const engine = this.scriptEngine;
    if (script.machine !== engine.number) this.compile(script, engine);
    return engine;
  }

  /** Puts a script's function on the stack of its machine. [hot] */
  pushScript(script: CachedScript, engine: ScriptEngine): void {
    const { machine } = engine;
    pushWord(machine.data, machine.state, LuaType.FUNCTION, script.address);
  }

  /** @throws {CommandError} when the script is wrong. */
  compile(script: CachedScript, engine: ScriptEngine = this.scriptEngine): void {
    const compiled = engine.compile(withoutHead(script.source));
    if (typeof compiled === "string") {
      throw new CommandError(`ERR Error compiling script (new function): ${compiled}`);
    }
    script.ref = compiled;
    script.address = engine.machine.addressOf(compiled);
    script.machine = engine.number;
  }

  private forget(script: CachedScript): void {
    const engine = this.evalEngine;
    if (engine !== null && script.machine === engine.number) engine.machine.unref(script.ref);
  }

  /** SCRIPT FLUSH. */
  flush(): void {
    this.cache.clear();
    this.evalEngine = null;
  }

  /**
   * Starts a run: everything that a script could be refused for.
   *
   * @param name SHA-1 of the script, or the function's name.
   * @param flags bits of ScriptFlag.
   * @param isReadOnly the command that calls it is one of those ending in `_RO`.
   * @throws {CommandError} when it may not be run.
   */
  prepare(
    call: Call,
    name: string,
    flags: number,
    isFunction: boolean,
    isReadOnly: boolean,
  ): void {
    const { run, context } = this;
    invariant(this.running === null, "a script runs within a script");
    checkScript(context, call.session, flags, isReadOnly, run);
    // Comparing is cheaper than storing what is there already.
    if (run.name !== name) run.name = name;
    run.isFunction = isFunction;
    run.flags = flags;
    run.hasWritten = false;
    run.targets = Target.ALL;
    run.isKilled = false;
    run.isSlow = false;
    run.isAside = false;
    const { session } = run;
    const { session: caller } = call;
    if (run.caller !== caller) run.caller = caller;
    if (session.db !== call.db) session.db = call.db;
    if (session.user !== caller.user) session.user = caller.user;
    session.isTrusted = caller.isTrusted;
    session.reply.protocol = 2;
    run.canSuspend = caller.link !== null && !caller.isTrusted || caller.awaitsScripts;
    run.startedMs = -1;
    run.nowMs = context.store.state.now;
    this.patientUntilMs = 0;
  }

  /**
   * Runs the function under `args` arguments on the stack of a machine and replies its result.
   *
   * @param isPlain see {@linkcode ScriptRun.isPlain}.
   * @param isStraight see {@linkcode ScriptRun.isStraight}.
   * @returns false when it has to be begun anew, on another machine and not plainly.
   */
  execute(
    call: Call,
    engine: ScriptEngine,
    args: number,
    isPlain: boolean,
    isStraight: boolean,
  ): boolean {
    const { run, context } = this;
    this.running = engine;
    this.place = "";
    run.isStraight = isStraight;
    if (isStraight) run.canSuspend = false;
    run.isPlain = isPlain && run.canSuspend;
    engine.begin(run);
    const outcome = engine.machine.run(args, HANDLER_INDEX, run.canSuspend && !run.isPlain);
    if (outcome !== Outcome.SUSPENDED) {
      if (engine.machine.isBroken && engine.machine.cause instanceof RestartScript) {
        this.running = null;
        engine.end();
        this.drop(engine);
        return false;
      }
      this.finish(call, outcome);
      return true;
    }
    this.aside = {
      engine,
      call: { command: call.command, session: call.session },
      request: call.request.clone(),
    };
    call.session.parked = true;
    run.isAside = true;
    context.scripts.dispatch?.hold(call.session);
    context.scripts.setBusy(true);
    this.schedule();
    return true;
  }

  /** Whether the script that has just run may be run plainly the next time. */
  get wasQuickReader(): boolean {
    return this.aside === null && !this.run.hasWritten;
  }

  /** Runs a library's code, which registers its functions; null, or what is wrong. */
  runLibrary(engine: ScriptEngine): string | null {
    const { run, context } = this;
    run.isFunction = true;
    run.isStraight = false;
    run.canSuspend = false;
    run.isKilled = false;
    run.isSlow = false;
    run.caller = run.session;
    run.startedMs = context.host.clock.monotonicMs();
    this.loadUntilMs = run.startedMs + LOAD_LIMIT_MS;
    this.patientUntilMs = this.loadUntilMs;
    this.running = engine;
    engine.begin(run);
    engine.showLoading(true);
    const outcome = engine.machine.run(0, HANDLER_INDEX, false);
    if (!engine.machine.isBroken) engine.showLoading(false);
    const problem = outcome === LuaStatus.OK ? null : this.problemText(engine);
    this.running = null;
    this.loadUntilMs = 0;
    engine.end();
    return problem;
  }

  /** SCRIPT KILL and FUNCTION KILL. */
  kill(isFunction: boolean): void {
    const { run } = this;
    if (this.aside === null) throw NOT_BUSY;
    if (run.isFunction !== isFunction) throw this.busyError;
    if (run.hasWritten) throw UNKILLABLE;
    run.isKilled = true;
    // It is gone before anybody can send more.
    queueMicrotask(() => this.timer !== null && this.goOn());
  }

  /** The function that runs, for FUNCTION STATS; null for none. */
  get runningFunction(): { name: string; request: Request; durationMs: number } | null {
    const { aside, run, context } = this;
    if (aside === null || !run.isFunction) return null;
    const durationMs = Math.floor(context.host.clock.monotonicMs() - run.startedMs);
    return { name: run.name, request: aside.request, durationMs };
  }

  /** Called every few microseconds while a script runs. [hot] */
  private tick(knowsPlace: boolean): boolean {
    const now = this.context.host.clock.monotonicMs();
    return now >= this.patientUntilMs && this.tickLate(now, knowsPlace);
  }

  private tickLate(now: number, knowsPlace: boolean): boolean {
    const { run, context, running } = this;
    if (running === null || (run.session.isTrusted && !run.canSuspend)) return false;
    if (run.startedMs < 0) return this.startClock(now);
    if (run.isPlain) throw new RestartScript();
    if (this.loadUntilMs > 0) throw new ScriptStopped("ERR FUNCTION LOAD timeout");
    const threshold = context.config.get("busy-reply-threshold");
    const elapsedMs = now - run.startedMs;
    if (!run.isSlow) {
      run.isSlow = true;
      context.host.log.warning(
        `Slow script detected: still in execution after ${
          Math.floor(elapsedMs)
        } milliseconds. You ` +
          `can try killing the script using the ${run.isFunction ? "FUNCTION" : "SCRIPT"} KILL ` +
          `command. Script name is: ${run.name}.`,
      );
    }
    if (knowsPlace) this.place = placeOf(running.machine);
    if (run.canSuspend) return now - run.sliceStartedMs >= SLICE_MS || !run.isAside;
    const isSpared = run.hasWritten || run.isStraight;
    if (isSpared && elapsedMs < threshold * LAST_RESORT) return false;
    throw new ScriptStopped(STOPPED);
  }

  /** A short script never comes here, and needs no clock. */
  private startClock(now: number): boolean {
    const { run, context } = this;
    run.startedMs = now;
    run.sliceStartedMs = now;
    const threshold = context.config.get("busy-reply-threshold");
    this.patientUntilMs = threshold > 0 ? now + threshold : Infinity;
    if (run.isPlain) this.patientUntilMs = Math.min(this.patientUntilMs, now + PLAIN_MS);
    return false;
  }

  private schedule(): void {
    this.timer = this.context.host.clock.schedule(0, () => this.goOn());
  }

  private goOn(): void {
    this.timer?.cancel();
    this.timer = null;
    const { aside, run, context } = this;
    if (aside === null) return;
    if (run.isKilled) {
      aside.engine.machine.abandon();
      aside.engine.problem = null;
      context.host.log.notice(`Lua script killed by user with SCRIPT KILL.`);
      return this.release(aside, Outcome.BROKEN);
    }
    run.sliceStartedMs = context.host.clock.monotonicMs();
    aside.engine.machine.resume((outcome) => {
      if (this.aside !== aside) return;
      if (outcome === Outcome.SUSPENDED) this.schedule();
      else this.release(aside, outcome);
    });
    // Opened behind the script's microtask, so that what it sends leaves at the turn's end.
    context.scripts.beginTurn();
    context.store.state.setNow(run.nowMs);
  }

  private release(aside: Aside, outcome: number): void {
    const { scripts } = this.context;
    this.aside = null;
    scripts.beginTurn();
    scripts.setBusy(false);
    scripts.dispatch?.release(() => this.finish(aside.call, outcome));
  }

  /** Replies what a script has come to, and leaves the machine ready for the next. */
  private finish(call: Pick<Call, "command" | "session">, outcome: number): void {
    const engine = this.running as ScriptEngine;
    const { run } = this;
    const { reply } = call.session;
    this.running = null;
    if (outcome === LuaStatus.OK) {
      this.results.writeResult(engine.machine, reply, run.session.reply.protocol);
      if (this.results.hasFailed) call.command.stats.failed++;
    } else {
      call.command.stats.failed++;
      const text = this.problemText(engine);
      if (engine.problem?.isCounted !== true) this.context.stats.countError(text);
      reply.error(text);
    }
    engine.end();
    if (engine.isWornOut) this.drop(engine);
  }

  private drop(engine: ScriptEngine): void {
    if (this.evalEngine === engine) this.evalEngine = null;
    if (this.functionEngine === engine) this.functionEngine = null;
  }

  /** A stack that overflowed is the script's fault; what else can end a machine is ours. */
  private brokenText(cause: unknown): string {
    if (cause instanceof RangeError) {
      return /memory/.test(cause.message) ? "ERR not enough memory" : "ERR stack overflow";
    }
    const detail = cause instanceof Error ? cause.stack ?? cause.message : String(cause);
    this.context.host.log.warning(`A script ended its Lua machine: ${detail}`);
    return "ERR the script ended its Lua machine, see the server's log";
  }

  private problemText(engine: ScriptEngine): string {
    const { run } = this;
    const { problem, machine } = engine;
    const isLoad = this.loadUntilMs > 0;
    if (machine.isBroken || problem === null) {
      const { cause } = machine;
      let text = "ERR not enough memory";
      if (cause instanceof ScriptStopped) text = cause.text;
      else if (run.isKilled) text = KILLED;
      else if (machine.isBroken) text = this.brokenText(cause);
      return isLoad ? text : `${text} script: ${run.name}${this.place}`;
    }
    if (isLoad || problem.source === "") return problem.text;
    return `${problem.text} script: ${run.name}, on ${problem.source}:${problem.line}.`;
  }
}
