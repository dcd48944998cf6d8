/**
 * A server with an append-only file on a {@linkcode SimulatedDisk}, without sockets: turns of
 * commands, time that passes, rewrites, and at some operation of the disk the end. What was
 * acknowledged until then, and the digests of all states that there were, are noted; what a second
 * server loads must be one of these, and not too old.
 */

import { COMMANDS } from "../../lib/commands/all.ts";
import { Config } from "../../lib/config/config.ts";
import { Engine } from "../../lib/engine/engine.ts";
import type { Session } from "../../lib/engine/session.ts";
import { DenoProcess } from "../../lib/host/process.ts";
import { SeededRandom } from "../../lib/host/random.ts";
import { AppendOnly } from "../../lib/persistence/aof/append_only.ts";
import { BackgroundJobs } from "../../lib/persistence/background_job.ts";
import { Snapshots } from "../../lib/persistence/snapshot/snapshot.ts";
import { Request } from "../../lib/resp/request.ts";
import { datasetDigest } from "../../lib/store/digest.ts";
import { CapturedLog, FakeClock } from "./fake_host.ts";
import { PowerLoss, SimulatedDisk } from "./simulated_disk.ts";

export interface CrashOptions {
  readonly policy: "always" | "everysec" | "no";
  readonly turns: number;
  /** Directives as in redis.conf. */
  readonly config?: Readonly<Record<string, string>>;
  /** Whether rewrites are asked for now and then. */
  readonly rewrites?: boolean;
  /** Syncs do nothing: what is checked must then fail. */
  readonly lyingDisk?: boolean;
  /** How many bytes values have at most. */
  readonly valueBytes?: number;
}

/** Commands that belong together, with a push to the list `log` among them. */
export type Unit = readonly (readonly string[])[];

/** An engine with its host, which servers use one after the other: to make one takes time. */
class Shell {
  readonly clock = new FakeClock();
  readonly config = new Config();
  readonly host: {
    clock: FakeClock;
    random: SeededRandom;
    files: SimulatedDisk;
    process: DenoProcess;
    log: CapturedLog;
  };
  readonly engine: Engine;

  constructor(disk: SimulatedDisk) {
    this.host = {
      clock: this.clock,
      random: new SeededRandom(1),
      files: disk,
      process: new DenoProcess(),
      log: new CapturedLog(),
    };
    for (const [name, value] of Object.entries({ appendonly: "yes", dir: "/data" })) {
      this.config.load(name, [value]);
    }
    this.config.start();
    this.engine = new Engine({ host: this.host, config: this.config, commands: COMMANDS });
  }
}

const spare: Shell[] = [];
/** What tests change, as it is in a new shell. */
const CHANGED = {
  appendonly: "yes",
  "aof-load-truncated": "yes",
  "aof-use-rdb-preamble": "yes",
  "aof-disable-auto-gc": "no",
};

/** One process, from its start to its end. */
export class SimulatedServer {
  readonly clock: FakeClock;
  readonly log = new CapturedLog();
  readonly engine: Engine;
  readonly appendOnly: AppendOnly;
  readonly jobs = new BackgroundJobs();
  readonly config: Config;
  readonly session: Session;
  failure: string | null = null;
  private readonly shell: Shell;
  /** Tickets of turns that wait, with what is done when they are released. */
  private waiting: { readonly ticket: number; readonly acknowledge: () => void }[] = [];

  constructor(disk: SimulatedDisk, seed: number, options: CrashOptions, unixMs?: number) {
    const shell = spare.pop() ?? new Shell(disk);
    this.shell = shell;
    this.clock = shell.clock;
    this.config = shell.config;
    this.engine = shell.engine;
    shell.host.files = disk;
    shell.host.log = this.log;
    shell.host.random = new SeededRandom(seed);
    if (unixMs !== undefined) this.clock.jumpTo(unixMs);
    const directives = { appendfsync: options.policy, ...CHANGED, ...options.config };
    this.config.set(Object.entries(directives));
    const { context } = this.engine;
    this.appendOnly = new AppendOnly({
      engine: this.engine,
      snapshots: new Snapshots(context),
      jobs: this.jobs,
      release: (ticket) => this.release(ticket),
      fatal: (reason) => this.failure = reason,
    });
    context.appendOnly = this.appendOnly;
    this.session = this.engine.openSession();
  }

  /** The process is gone; what it had is used by others. */
  end(): void {
    const { context } = this.engine;
    try {
      this.appendOnly.close();
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
    }
    context.diskErrors.appendOnly(null);
    context.sessions.close(this.session);
    context.loading.end();
    context.store.clear();
    spare.push(this.shell);
  }

  async start(): Promise<void> {
    const { loading } = this.engine.context;
    loading.begin(0);
    this.appendOnly.prepare();
    if (this.config.get("appendonly")) {
      await this.appendOnly.load(() => false);
      this.appendOnly.openLoaded();
    }
    loading.end();
  }

  get digest(): string {
    return datasetDigest(this.engine.context.store);
  }

  /** Runs a command; its reply, as it goes over the wire. */
  execute(command: readonly (string | Uint8Array)[]): string {
    const { session } = this;
    session.reply.length = 0;
    this.engine.execute(session, Request.from(command));
    return new TextDecoder().decode(session.reply.buffer.subarray(0, session.reply.length));
  }

  /** Runs commands as one turn; `acknowledge` is called when their replies may leave. */
  turn(commands: () => void, acknowledge: () => void = () => {}): void {
    this.engine.beginTurn();
    commands();
    this.engine.endTurn();
    const ticket = this.appendOnly.writer.turnEnds();
    if (ticket === 0) acknowledge();
    else this.waiting.push({ ticket, acknowledge });
  }

  tick(): void {
    this.turn(() => this.appendOnly.tick());
  }

  private release(ticket: number): void {
    const released = this.waiting.filter((turn) => turn.ticket <= ticket);
    this.waiting = this.waiting.filter((turn) => turn.ticket > ticket);
    for (const { acknowledge } of released) acknowledge();
  }
}

/** What a run has left to be checked. */
export interface CrashResult {
  readonly disk: SimulatedDisk;
  /** What was done, in order, and when. */
  readonly units: readonly Unit[];
  readonly unitMs: readonly number[];
  /** How many of them were acknowledged. */
  readonly acknowledged: number;
  readonly endMs: number;
  readonly unixMs: number;
  readonly failure: string | null;
  readonly log: CapturedLog;
}

/** Runs until the turns are over or the power goes. */
export async function crashRun(
  seed: number,
  options: CrashOptions,
  stopAt = Infinity,
  disk = new SimulatedDisk(seed),
): Promise<CrashResult> {
  const random = new SeededRandom(seed);
  if (disk.stat("/data") === null) disk.place("/data/.keep", new Uint8Array(0));
  disk.stopAt = stopAt;
  disk.lies = options.lyingDisk === true;
  const server = new SimulatedServer(disk, seed, options);
  const units: Unit[] = [];
  const unitMs: number[] = [];
  let acknowledged = 0;
  try {
    await server.start();
    for (let turn = 0; turn < options.turns && server.failure === null && !disk.isOff; turn++) {
      const drawn = drawUnits(random, turn, options.valueBytes ?? 40);
      const last = units.length + drawn.length;
      server.turn(() => {
        for (const unit of drawn) {
          for (const command of unit) server.execute(command);
          units.push(unit);
          unitMs.push(server.clock.monotonicMs());
        }
      }, () => acknowledged = Math.max(acknowledged, last));
      await breathe();
      if (random.below(3) === 0) disk.finishSyncs();
      await breathe();
      if (options.rewrites !== false && random.below(8) === 0) {
        server.turn(() => server.execute(["BGREWRITEAOF"]));
      }
      await breathe();
      if (disk.isOff) break;
      // The cron's rounds; a disk that takes longer than one of them keeps no promise of a second.
      for (let rounds = random.below(5); rounds > 0 && !disk.isOff; rounds--) {
        server.clock.advance(100);
        server.tick();
        await breathe();
        if (options.policy === "everysec") disk.finishSyncs();
        await breathe();
      }
    }
    for (let i = 0; i < 10 && !disk.isOff; i++) {
      disk.finishSyncs();
      await breathe();
      server.clock.advance(1);
    }
    await breathe();
  } catch (error) {
    if (!(error instanceof PowerLoss) && !disk.isOff) throw error;
  }
  // What still waits for the disk finds it off.
  disk.isOff = true;
  disk.finishSyncs();
  await breathe();
  const endMs = server.clock.monotonicMs();
  server.end();
  return {
    disk,
    units,
    unitMs,
    acknowledged,
    endMs,
    unixMs: server.clock.unixMs(),
    failure: server.failure,
    log: server.log,
  };
}

/**
 * Starts a server on what a run has left, and says how many units it has: all of these and nothing of
 * those after. Throws when it does not start, or has anything else.
 */
export async function recover(
  { disk, units, unixMs }: CrashResult,
  seed: number,
  options: CrashOptions,
): Promise<{ count: number; server: SimulatedServer }> {
  const server = new SimulatedServer(disk, seed + 1, options, unixMs);
  try {
    await server.start();
  } catch (error) {
    server.end();
    throw new Error(
      `did not start: ${error instanceof Error ? error.message : error}\n` +
        server.log.messages().join("\n"),
    );
  }
  let count = 0;
  for (const db of [0, 1, 2]) {
    server.execute(["SELECT", String(db)]);
    count += Number(server.execute(["LLEN", "log"]).slice(1));
  }
  server.execute(["SELECT", "0"]);
  const { digest } = server;
  if (digestAfter(units.slice(0, count)) === digest) return { count, server };
  throw new Error(`it is not the state after ${count} units\n${server.log.messages().join("\n")}`);
}

/** The digest of the data after some units: one engine serves for all, as making one takes time. */
export function digestAfter(units: readonly Unit[]): string {
  model ??= new SimulatedServer(new SimulatedDisk(1), 1, { policy: "no", turns: 0 });
  model.engine.context.store.clear();
  model.execute(["SELECT", "0"]);
  for (const unit of units) {
    for (const command of unit) model.execute(command);
  }
  return model.digest;
}

let model: SimulatedServer | undefined;

/** Lets everything that is ready to run, run. */
export async function breathe(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}

/** Units of a turn, each with a push. */
function drawUnits(random: SeededRandom, turn: number, valueBytes: number): Unit[] {
  const units: Unit[] = [];
  const count = 1 + random.below(4);
  for (let i = 0; i < count; i++) {
    const value = `${turn}.${i}.`.padEnd(random.below(valueBytes + 1), "v");
    const key = `k${random.below(6)}`;
    const unit: string[][] = [];
    if (random.below(6) === 0) unit.push(["SELECT", String(random.below(3))]);
    const push = ["RPUSH", "log", value];
    if (random.below(5) > 0) unit.push(push);
    else {
      unit.push(["MULTI"], push);
      unit.push(random.below(2) === 0 ? ["SET", key, value] : ["DEL", key]);
      if (random.below(2) === 0) unit.push(["SADD", `s${key}`, value]);
      unit.push(["EXEC"]);
    }
    units.push(unit);
  }
  return units;
}
