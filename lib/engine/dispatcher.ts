/**
 * Look up, admit, run, propagate: the only way a command is run, whoever sends it. [hot]
 */

import type { Clock } from "../host/clock.ts";
import type { Request } from "../resp/request.ts";
import { ValueType } from "../values/entry.ts";
import { noteOffsets } from "./acknowledgements.ts";
import { admit, limitQueue } from "./admission.ts";
import { type AlikeRunner, endOfAlike, isObserved, propagateAlike } from "./alike_run.ts";
import type { Blocking, KeyWaiter } from "./blocking.ts";
import { Call } from "./call.ts";
import { CallTimes } from "./call_times.ts";
import * as callTimesModule from "./call_times.ts";
import type { Command } from "./command.ts";
import type { CommandSpec } from "./command_spec.ts";
import * as commandSpecModule from "./command_spec.ts";
import type { Context } from "./context.ts";
import { type CommandError, POSTPONED, wrongArity } from "./errors.ts";
import { refuse, replyFailure } from "./failures.ts";
import type { Propagation } from "./propagation.ts";
import * as propagationModule from "./propagation.ts";
import type { Registry } from "./registry.ts";
import type { RequestQueue } from "./request_queue.ts";
import type { HeldCall } from "./scripts.ts";
import type { Monitor } from "./stats/monitor.ts";
import type { Session } from "./session.ts";
import * as sessionModule from "./session.ts";
import { noteSlow } from "./slow_calls.ts";
import { UnknownCommands, unknownSubcommand } from "./unknown_command.ts";
import { unwantedReply } from "./unwanted_replies.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { BRIEF_REPLY_BYTES } = callTimesModule;
const { Flag } = commandSpecModule;
const { Target } = propagationModule;
const { Gate, ReplyMode } = sessionModule;

/** The lowest `client-query-buffer-limit`, so that less needs no look at it. */
const LEAST_QUERY_LIMIT = 1024 * 1024;
/** Why a command that is admitted is not just run; EXEC may turn tracking on and off within. */
const RUN_OBSERVED = Gate.NO_TOUCH | Gate.TRACKING | Gate.IN_MULTI;
/** What keeps a script's writing commands from being run as it keeps a client's. */
const GATE_OF_SCRIPTS = Gate.DISK_ERROR | Gate.FEW_REPLICAS | Gate.READ_ONLY;

export class Dispatcher {
  /** Bits of Gate that hold for all sessions: loading, maxmemory, paused … */
  gate = 0;
  /** Measure every call by itself, for a slow log whose threshold a run cannot tell. */
  timesEach = false;

  private depth = 0;
  /** Whether a script that runs as a brief one has proved to be none. */
  private isLong = false;
  /** The command of a script that is set aside (scripts.ts); null for none. */
  private held: HeldCall | null = null;
  /** Whom the effects of what runs now are for, in bits of {@linkcode Target}: a script may choose. */
  private targets: number = Target.ALL;
  private readonly calls: Call[] = [];
  private readonly clock: Clock;
  private readonly monitor: Monitor;
  private readonly blocking: Blocking;
  private readonly propagation: Propagation;
  private readonly times: CallTimes;
  private readonly unknown: UnknownCommands;

  constructor(
    private readonly context: Context,
    private readonly registry: Registry,
  ) {
    this.clock = context.host.clock;
    this.monitor = context.monitor;
    this.propagation = context.propagation;
    this.times = new CallTimes(this.clock, context.stats);
    this.unknown = new UnknownCommands(context);
    this.propagation.isInUnit = () =>
      this.depth > 1 || this.depth === 1 && !this.calls[0].command.meetsAnyKey;
    context.pubsub.runningSession = () => this.depth > 0 ? this.calls[0].session : null;
    context.blocking.run = (waiter, index) => this.runWaiting(waiter, index);
    this.blocking = context.blocking;
    context.scripts.dispatch = {
      run: (session, spec, request, targets, isAdmitted) =>
        this.runScripted(session, spec as Command, request, targets, isAdmitted),
      gate: () => this.gate,
      hold: (session) => this.hold(session),
      release: (answer) => this.release(answer),
    };
    context.transactions.run = (session, spec, request) => this.runQueued(session, spec, request);
  }

  /** Runs one request and appends its reply to the session's. */
  execute(session: Session, request: Request): void {
    const command = this.findFitting(session, request);
    if (command !== null) this.executeFound(session, request, command);
  }

  /**
   * Runs requests of one session that follow each other, until it closes or has to wait.
   *
   * @returns where it has stopped: behind the last request that was run.
   */
  executeAll(session: Session, requests: readonly Request[], from: number, to: number): number {
    let command: Command | null = null;
    let next = from;
    while (next < to && !session.closing && !session.parked) {
      const request = requests[next];
      if (command === null || !request.repeatsCommand) command = this.findFitting(session, request);
      const at = next++;
      if (command === null) continue;
      if (request.repeatsKey && command.runAlike !== null) {
        const ran = this.runAlike(session, requests, at, to, command, command.runAlike);
        if (ran > at) next = ran;
        else this.executeFound(session, request, command);
      } else this.executeFound(session, request, command);
      // Each request may name another subcommand.
      if (command.parent !== undefined) command = null;
    }
    return next;
  }

  private executeFound(session: Session, request: Request, command: Command): void {
    const gate = this.gate | session.gate;
    if (gate === 0) this.run(session, request, command);
    else this.executeGated(session, request, command, gate);
  }

  /** Runs requests in one go that repeat the one before them, with its key; where it has stopped. */
  private runAlike(
    session: Session,
    requests: readonly Request[],
    from: number,
    to: number,
    command: Command,
    run: AlikeRunner,
  ): number {
    if ((this.gate | session.gate) !== 0 || this.timesEach || this.held !== null) return from;
    if (isObserved(this.context, session)) return from;
    this.times.openFor(command.stats, command.isSampled);
    const call = this.begin(session, requests[from], command);
    const mark = session.reply.length;
    const next = run(call, from, endOfAlike(requests, from, to), requests);
    this.depth--;
    propagateAlike(call, requests, from, next);
    this.times.countMore(next - from);
    const isLong = session.reply.length - mark > BRIEF_REPLY_BYTES;
    if (isLong) this.wasLong(session, requests[next - 1], command);
    return next;
  }

  /** Looks closer at a command first, for one of the reasons in `gate`. */
  private executeGated(session: Session, request: Request, command: Command, gate: number): void {
    // MULTI alone is a reason to refuse only what is marked so; for the rest the rules cost 0.1 µs.
    if (gate !== Gate.IN_MULTI || (command.flags & Flag.NO_MULTI) !== 0) {
      const refusal = admit(this.context, session, command, request, gate);
      if (refusal === POSTPONED) return;
      if (refusal !== null) return refuse(this.context, session, command, refusal);
    }
    if ((session.gate & Gate.IN_MULTI) !== 0 && !command.runsInMulti) {
      this.queue(session, command, request);
    } else if ((session.gate & RUN_OBSERVED) !== 0) this.runObserved(session, request, command);
    else this.run(session, request, command);
  }

  /** Runs a command whose traces in the access clock, or whose keys, are the session's matter. */
  private runObserved(session: Session, request: Request, command: Command): void {
    const { store, tracking } = this.context;
    const isUntouched = session.noTouch;
    if (isUntouched) store.state.accessFrozen = true;
    const isBriefExec = session.queue?.isBrief === true && command.name === "EXEC";
    if (isBriefExec && !this.timesEach) this.runApart(session, request, command);
    else this.run(session, request, command);
    if (this.blocking.hasReady) this.serveWaiting();
    if (isUntouched) store.state.accessFrozen = false;
    if (session.tracking !== null) tracking.ran(session, command, request);
  }

  /**
   * Runs EXEC of a few brief commands, or one of them. Each would end the run before it and begin one,
   * which costs time stamps: of an EXEC of ten SETs 0.8 µs were for that.
   */
  private runApart(session: Session, request: Request, command: Command): void {
    this.times.endRun();
    this.runSampled(session, request, command);
    this.times.forget();
  }

  private queue(session: Session, command: Command, request: Request): void {
    const { context } = this;
    const queue = session.queue as RequestQueue;
    const mark = session.reply.length;
    if (session.lastCommand !== command) session.lastCommand = command;
    if (command.flagsOf === null) queue.add(command, request);
    else queue.add(command, request, command.flagsOf(context, request));
    session.reply.queued();
    if (session.replyMode !== ReplyMode.ON) unwantedReply(context, session, mark, command, true);
    if (queue.argumentBytes > LEAST_QUERY_LIMIT) limitQueue(context, session, queue);
  }

  /** What EXEC runs was put into a queue by this class, so it is one of the registry's commands. */
  private runQueued(session: Session, spec: CommandSpec, request: Request): void {
    const isBrief = request.count <= spec.briefArguments && spec.isSampled;
    if (isBrief && !this.timesEach) this.runApart(session, request, spec as Command);
    else this.run(session, request, spec as Command);
    if (session.tracking !== null) this.context.tracking.ran(session, spec, request);
  }

  /** Ends the measurement that is open, at the end of a turn. */
  endRun(): void {
    this.times.endTurn();
  }

  /** The command that a request names; null when it is refused. */
  private findFitting(session: Session, request: Request): Command | null {
    const command = this.find(session, request);
    if (command === undefined) return null;
    if (command.arity > 0 ? request.count !== command.arity : request.count < -command.arity) {
      refuse(this.context, session, command, wrongArity(command.lowerName));
      return null;
    }
    return command;
  }

  private find(session: Session, request: Request): Command | undefined {
    const { data, offsets, lengths } = request;
    const command = this.registry.find(data, offsets[0], lengths[0]);
    if (command === undefined) {
      this.unknown.refuse(session, request);
      return undefined;
    }
    if (!command.hasSubcommands || request.count < 2) return command;
    const found = this.registry.findSubcommand(command, data, offsets[1], lengths[1]);
    if (found !== undefined) return found;
    // COMMAND by itself runs; what it does not know as a subcommand is an error all the same.
    refuse(this.context, session, command, unknownSubcommand(command, request));
    return undefined;
  }

  private run(session: Session, request: Request, command: Command): void {
    if (request.count > command.briefArguments || this.timesEach) {
      return this.runTimed(session, request, command);
    }
    this.times.countBrief(command.stats, command.isSampled);
    const mark = session.reply.length;
    this.call(session, request, command);
    if (session.reply.length - mark > BRIEF_REPLY_BYTES) this.wasLong(session, request, command);
    if (this.blocking.hasReady) this.serveWaiting();
  }

  private runTimed(session: Session, request: Request, command: Command): void {
    if (command.isBrief !== null && !this.timesEach && command.isBrief(this.context, request)) {
      return this.runBriefScript(session, request, command);
    }
    const started = this.times.startCall(command.stats);
    this.call(session, request, command);
    if (this.held !== null && this.held.session === session) this.held.startedMs = started;
    else this.measured(session, request, command, started);
    if (this.blocking.hasReady) this.serveWaiting();
  }

  /** Runs a script that takes no longer than its commands, with others of its kind in one run. */
  private runBriefScript(session: Session, request: Request, command: Command): void {
    this.times.countBrief(command.stats, false);
    this.isLong = false;
    const mark = session.reply.length;
    this.call(session, request, command);
    const isLong = this.isLong || session.reply.length - mark > BRIEF_REPLY_BYTES;
    if (isLong) this.wasLong(session, request, command);
    if (this.blocking.hasReady) this.serveWaiting();
  }

  private call(session: Session, request: Request, command: Command): void {
    const call = this.begin(session, request, command);
    const mark = session.reply.length;
    if (session.lastCommand !== command && this.depth === 1) session.lastCommand = command;
    try {
      command.run(call);
    } catch (error) {
      session.reply.cutTo(mark);
      replyFailure(this.context, session, command, error);
    }
    this.depth--;
    if (call.dirty > 0) this.propagate(call);
    // One way out of here for all that is seldom, so that V8 has room to put the rest into callers.
    if (
      this.held !== null || this.monitor.active || this.propagation.unitOpen ||
      session.replyMode !== ReplyMode.ON || session.deferredPushes !== null
    ) this.afterCall(session, request, command, mark);
  }

  private afterCall(session: Session, request: Request, command: Command, mark: number): void {
    if (this.depth === 0 && this.held === null) {
      if (this.propagation.unitOpen) this.endUnit(session);
      if (session.replyMode !== ReplyMode.ON) unwantedReply(this.context, session, mark, command);
      if (session.deferredPushes !== null) this.context.tracking.sendDeferred(session);
    }
    if (this.monitor.active) this.monitor.show(session, command, request);
    if (this.depth === 0 && this.held !== null) this.endedBesideHeld(session, mark, command);
  }

  /** A call has ended while one is held, or is the one that was held just now. */
  private endedBesideHeld(session: Session, mark: number, command: Command): void {
    if (session.replyMode === ReplyMode.ON) return;
    // Part of an EXEC may have been answered.
    if (this.held?.session === session) session.reply.cutTo(mark);
    else unwantedReply(this.context, session, mark, command);
  }

  private runScripted(
    session: Session,
    command: Command,
    request: Request,
    targets: number,
    isAdmitted: boolean,
  ): CommandError | null {
    const gate = this.gate & GATE_OF_SCRIPTS;
    if (gate !== 0 && !isAdmitted && (command.flags & Flag.WRITE) !== 0) {
      const refusal = admit(this.context, session, command, request, gate);
      if (refusal !== null) return refusal;
    }
    const { depth, held } = this;
    if (depth === 0 && held !== null) this.enterHeld(held);
    this.targets = targets;
    const isBrief = request.count <= command.briefArguments && !this.timesEach;
    if (isBrief) this.runSampled(session, request, command);
    else this.runWithin(session, request, command);
    if (session.reply.length > BRIEF_REPLY_BYTES) this.isLong = true;
    this.targets = Target.ALL;
    this.depth = depth;
    return null;
  }

  /** Runs what may take long for a script, which is not brief then. */
  private runWithin(session: Session, request: Request, command: Command): void {
    this.isLong = true;
    const startedMs = this.times.startWithin(command.stats);
    this.call(session, request, command);
    const elapsedMs = this.times.endWithin(command.stats, startedMs);
    this.noteSlow(session, request, command, elapsedMs);
  }

  /** Runs a brief command whose neighbours are of other kinds. */
  private runSampled(session: Session, request: Request, command: Command): void {
    const { stats } = command;
    if (!this.times.countSampled(stats)) return this.call(session, request, command);
    const startedMs = this.clock.monotonicMs();
    this.call(session, request, command);
    this.times.endSampled(stats, startedMs);
  }

  private hold(session: Session): void {
    const { command, request } = this.calls[0];
    this.held = { session, command, request: request.clone(), depth: this.depth, startedMs: 0 };
  }

  /** Makes the held command the one that runs. */
  private enterHeld({ session, depth }: HeldCall): void {
    this.depth = depth;
    const call = this.calls[0];
    call.session = session;
    call.reply = session.reply;
  }

  private release(answer: () => void): void {
    const held = this.held as HeldCall;
    const { session, request } = held;
    const command = held.command as Command;
    this.held = null;
    this.enterHeld(held);
    const mark = session.reply.length;
    // EXEC sees by this whether another of its scripts is set aside.
    session.parked = false;
    answer();
    if (held.depth > 1) this.context.transactions.goOn();
    this.depth = 0;
    const heldAgain = this.held as HeldCall | null;
    if (heldAgain !== null) {
      heldAgain.startedMs = held.startedMs;
      return;
    }
    if (this.propagation.unitOpen) this.endUnit(session);
    this.measured(session, request, command, held.startedMs);
    this.times.forget();
    if (session.replyMode !== ReplyMode.ON) unwantedReply(this.context, session, mark, command);
    if (session.deferredPushes !== null) this.context.tracking.sendDeferred(session);
    session.parked = true;
    session.link?.resume(false);
    this.serveWaiting();
  }

  /** Serves those who wait; not in the midst of EXEC or a script. The time of what ran ends here. */
  serveWaiting(): void {
    if (this.depth > 0 || this.held !== null || !this.blocking.hasReady) return;
    this.times.endRun();
    this.times.forget();
    // What ran may have taken long; whose time is up by now is not served.
    this.readClock();
    this.blocking.serveReady();
  }

  /** Lets keys expire that were not to do so before. */
  private readClock(): void {
    this.context.store.state.setNow(this.context.host.clock.unixMs());
  }

  /**
   * Runs what is left of a command that has waited, for one of its keys, as a call of its own.
   *
   * @returns whether it has been answered.
   */
  private runWaiting(waiter: KeyWaiter, index: number): boolean {
    const { session, request } = waiter;
    const command = waiter.command as Command;
    // A stream has not something for everybody, and who gets nothing needs no buffer for it.
    if (waiter.wait.type !== ValueType.STREAM) session.link?.scheduleFlush();
    const startedMs = this.timesEach ? this.clock.monotonicMs() : -1;
    const call = this.begin(session, request, command);
    const mark = session.reply.length;
    let isAnswered = true;
    try {
      isAnswered = waiter.wait.serve(call, index);
    } catch (error) {
      session.reply.cutTo(mark);
      replyFailure(this.context, session, command, error);
    }
    this.depth--;
    if (call.dirty > 0) this.propagate(call);
    if (this.propagation.unitOpen) this.endUnit(session);
    if (waiter.isMuted) session.reply.cutTo(mark);
    if (isAnswered && session.tracking !== null) {
      this.context.tracking.ran(session, command, request);
    }
    if (session.deferredPushes !== null) this.context.tracking.sendDeferred(session);
    if (isAnswered && startedMs >= 0) {
      const elapsedMs = this.clock.monotonicMs() - startedMs;
      noteSlow(this.context, session, request, command, elapsedMs);
    }
    return isAnswered;
  }

  private endUnit(session: Session): void {
    this.propagation.endUnit();
    noteOffsets(this.context, session);
  }

  private begin(session: Session, request: Request, command: Command): Call {
    const depth = this.depth++;
    const call = depth < this.calls.length ? this.calls[depth] : this.addCall(session, command);
    // Most calls repeat the one before; comparing is cheaper than storing a pointer.
    if (call.session !== session) {
      call.session = session;
      call.reply = session.reply;
    }
    if (call.db !== session.db) call.db = session.db;
    if (call.request !== request) call.request = request;
    if (call.command !== command) call.command = command;
    call.dirty = 0;
    if (call.effects !== null) call.effects = null;
    call.targets = this.targets;
    return call;
  }

  private addCall(session: Session, command: Command): Call {
    const call = new Call(this.context, session, command);
    this.calls.push(call);
    return call;
  }

  private propagate(call: Call): void {
    this.context.stats.dirty += call.dirty;
    if (this.propagation.active && call.targets !== Target.NONE) this.emit(call);
  }

  private emit({ db, request, effects, targets, session }: Call): void {
    const { propagation } = this;
    if (effects === null) propagation.emit(db.index, request, targets);
    else propagation.emitAll(db.index, effects, targets);
    if (this.depth === 0 && !propagation.unitOpen) noteOffsets(this.context, session);
  }

  /** Ends the run of brief calls with one that was not. */
  private wasLong(session: Session, request: Request, command: Command): void {
    const elapsedMs = this.times.endRun();
    if (elapsedMs > 0) this.noteSlow(session, request, command, elapsedMs);
  }

  private measured(session: Session, request: Request, command: Command, startedMs: number): void {
    const elapsedMs = this.times.endCall(command.stats, startedMs);
    // What waits for a key is told of when it is answered.
    if (session.parked && (command.flags & Flag.BLOCKING) !== 0) return;
    this.noteSlow(session, request, command, elapsedMs);
  }

  /** What comes behind a call that took long, in the same turn, comes later. */
  private noteSlow(session: Session, request: Request, command: Command, elapsedMs: number): void {
    if (elapsedMs >= 1 && this.depth === 0) this.readClock();
    else if (elapsedMs >= 1) this.context.scripts.commandWasSlow();
    noteSlow(this.context, session, request, command, elapsedMs);
  }
}
