/**
 * The link of a replica to its primary: connect, shake hands, synchronise, follow; and again, ever
 * more patiently, when it fails. Whatever the primary sends, the worst is another try.
 *
 * Handshake and stream are described at https://redis.io/docs/latest/operate/oss_and_stack/management/replication.
 */

import { ClientError } from "../client/client_error.ts";
import { errorText, RedisClient } from "../client/redis_client.ts";
import { hostText } from "../config/words.ts";
import { REDIS_VERSION } from "../config/version.ts";
import type { Context } from "../engine/context.ts";
import type { Engine } from "../engine/engine.ts";
import { pathIn } from "../host/files.ts";
import type { Timer } from "../host/clock.ts";
import type { Network } from "../host/network.ts";
import { systemErrorText } from "../host/system_error.ts";
import { LoadError } from "../persistence/snapshot/loader.ts";
import type { History } from "./history.ts";
import { DiskProgress } from "./disk_progress.ts";
import type { IncomingData } from "./primary_data.ts";
import { PrimaryStream, StreamError } from "./primary_stream.ts";
import { Transfer } from "./transfer.ts";
import { Wire } from "./wire.ts";

/** What a link needs of the replication it belongs to. */
export interface LinkOwner {
  readonly engine: Engine;
  readonly network: Network;
  readonly history: History;
  /** Database that the stream has selected at the history's place. */
  streamDb: number;
  /** Bytes that came from primaries. */
  inputBytes: number;
  /** Whether our history is one that the primary may go on with. */
  mayContinue: boolean;
  /** Puts a snapshot's data in the place of ours. */
  load(path: string, id: string, place: number): Promise<void>;
  /** Whether a snapshot is loaded while it comes, and not taken into a file before. */
  readonly loadsStreamed: boolean;
  /** Begins that; -1 stands for a snapshot of which nobody knows how long it is. */
  incoming(id: string, place: number, totalBytes: number): IncomingData;
  /** The primary has answered whether it takes over from us, as it was asked to. */
  tookOver(accepted: boolean): void;
  /** The primary goes on with our history under this id. */
  continueAs(id: string): void;
  /** The link is up, or no longer. */
  changed(): void;
  /** Bytes have come to the stream. */
  appended(): void;
  /** Runs work that executes commands, as one turn. */
  inTurn(work: () => void): void;
}

/** From one try to the next, in milliseconds: doubled until the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** No place of the stream. */
const NOT_ASKED = -1;

/** The primary can't serve us now; another try is all there is to do. */
class RefusedError extends Error {
  override name = "RefusedError";
}

export class PrimaryLink {
  /** As ROLE names it: `connect`, `connecting`, `handshake`, `sync` or `connected`. */
  state = "connect";
  /** Since when the link is down, in Unix ms; 0 while it is up. */
  downSinceMs: number;
  transfer: Transfer | null = null;
  stream: PrimaryStream | null = null;
  private progress = new DiskProgress();
  /** The primary wants to know when the stream is on disk up to here. */
  private askedPlace = NOT_ASKED;
  private client: RedisClient | null = null;
  private wire: Wire | null = null;
  private stopped = false;
  /** The primary was silent for too long, while something was awaited of it. */
  private ranOut = false;
  private timer: Timer | null = null;
  private wake: () => void = () => {};

  constructor(
    private readonly owner: LinkOwner,
    readonly host: string,
    readonly port: number,
    /** Asks the primary to take over from us. */
    private failover: boolean,
  ) {
    this.downSinceMs = this.context.host.clock.unixMs();
  }

  get isUp(): boolean {
    return this.state === "connected";
  }

  /** Seconds since something came from the primary; -1 while there is no link. */
  get silentSeconds(): number {
    if (this.wire === null) return -1;
    return Math.floor((this.context.host.clock.monotonicMs() - this.wire.lastReadMs) / 1000);
  }

  /** Works until {@linkcode stop}. Never rejects. */
  async run(): Promise<void> {
    const { log, clock } = this.context.host;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.stopped) {
      const startedMs = clock.monotonicMs();
      try {
        await this.once(() => pauseMs = FIRST_PAUSE_MS);
      } catch (error) {
        if (!this.stopped) log.warning(this.explain(error));
      }
      this.disconnect();
      if (this.stopped) break;
      // Where the link was up, its primary is likely to be there still.
      await this.pause(Math.max(0, startedMs + pauseMs - clock.monotonicMs()));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Ends the link for good. */
  stop(): void {
    this.stopped = true;
    this.disconnect();
    this.timer?.cancel();
    this.wake();
  }

  /** REPLCONF ACK, now; with FACK where there is an append-only file. */
  acknowledge(): void {
    if (!this.isUp) return;
    const place = String(this.owner.history.place);
    this.lookAtDisk();
    const { durability } = this.context;
    const onDisk = durability?.isOn === true ? ["FACK", String(this.progress.place)] : [];
    this.wire?.request("REPLCONF", "ACK", place, ...onDisk);
  }

  /** REPLCONF GETACK: what is not on disk yet is told of as soon as it is. */
  tell(): void {
    this.acknowledge();
    this.askedPlace = this.owner.history.place;
  }

  /** The append-only file was synced. */
  synced(): void {
    if (!this.isUp || !this.lookAtDisk() || this.askedPlace === NOT_ASKED) return;
    if (this.progress.place >= this.askedPlace) this.askedPlace = NOT_ASKED;
    this.acknowledge();
  }

  private lookAtDisk(): boolean {
    const { durability } = this.context;
    if (durability === null || !durability.isOn) return false;
    return this.progress.look(this.owner.history.place, durability);
  }

  /** Once a second: tells how far we are, or that we are there. */
  tick(): void {
    // Who does not read hears nothing.
    const isListening = this.isUp && this.stream?.pausedBy === null;
    const isSilent = this.silentSeconds * 1000 > this.timeoutMs;
    if (isListening && isSilent) {
      this.context.host.log.warning("MASTER timeout: no data nor PING received...");
      this.wire?.close();
    } else if (this.isUp) this.acknowledge();
    else if (this.state === "sync" && this.isLoading) this.wire?.send(LINE_BREAK);
    else if (isSilent && (this.state === "handshake" || this.transfer !== null)) {
      // The limit may be lower than when the wait began.
      this.ranOut = true;
      this.wire?.close();
    }
  }

  private get context(): Context {
    return this.owner.engine.context;
  }

  private get timeoutMs(): number {
    return this.context.config.get("repl-timeout") * 1000;
  }

  private get isLoading(): boolean {
    return this.context.loading.isActive;
  }

  private async once(succeeded: () => void): Promise<void> {
    const { log, clock } = this.context.host;
    const { host, port } = this;
    this.state = "connecting";
    this.ranOut = false;
    log.notice(`Connecting to MASTER ${host}:${port}`);
    const client = await RedisClient.connect(
      { network: this.owner.network, clock },
      { hostname: host, port },
      { connectTimeoutMs: this.timeoutMs, timeoutMs: this.timeoutMs },
    );
    this.client = client;
    if (this.stopped) return;
    log.notice("MASTER <-> REPLICA sync started");
    this.state = "handshake";
    await this.shakeHands(client);
    const wire = new Wire(client.takeStream(), clock);
    this.wire = wire;
    await this.synchronize(wire);
    if (this.stopped) return;
    succeeded();
    await this.follow(wire);
  }

  private async shakeHands(client: RedisClient): Promise<void> {
    const { config } = this.context;
    const refusal = errorText(await client.request("PING"));
    if (refusal !== null && !/^(NOAUTH|NOPERM|ERR operation not permitted)/.test(refusal)) {
      throw new RefusedError(`Error reply to PING from master: '-${refusal}'`);
    }
    const password = config.get("masterauth");
    if (password !== null && password !== "") {
      const username = config.get("masteruser") ?? "";
      const words = username === "" ? [password] : [username, password];
      const answer = errorText(await client.request("AUTH", ...words));
      if (answer !== null) throw new RefusedError(`Unable to AUTH to MASTER: -${answer}`);
    }
    const announced = config.get("replica-announce-port");
    await client.request("REPLCONF", "listening-port", String(announced || config.get("port")));
    const address = config.get("replica-announce-ip");
    if (address !== null && address !== "") await client.request("REPLCONF", "ip-address", address);
    // Older primaries do not know all of it; what they do not know they do without.
    await client.request("REPLCONF", "capa", "eof", "capa", "psync2");
    await client.request("REPLCONF", "version", REDIS_VERSION);
  }

  /** Brings us to the primary's state. */
  private async synchronize(wire: Wire): Promise<void> {
    const { owner, timeoutMs } = this;
    const { history } = owner;
    const { log } = this.context.host;
    const words = owner.mayContinue
      ? ["PSYNC", history.id, String(history.place + 1)]
      : ["PSYNC", "?", "-1"];
    if (this.failover) words.push("FAILOVER");
    log.notice(
      owner.mayContinue
        ? `Trying a partial resynchronization (request ${history.id}:${history.place + 1}).`
        : "Partial resynchronization not possible (no cached master)",
    );
    wire.request(...words);
    const answer = await wire.line(timeoutMs);
    const full = /^\+FULLRESYNC ([0-9a-fA-F]{40}) (\d{1,16})$/.exec(answer);
    if (full !== null) {
      this.failoverAnswered(true);
      log.notice(`Full resync from master: ${full[1]}:${full[2]}`);
      return await this.takeSnapshot(wire, full[1], Number(full[2]));
    }
    const partial = /^\+CONTINUE(?: ([0-9a-fA-F]{40}))?$/.exec(answer);
    if (partial !== null && owner.mayContinue) {
      this.failoverAnswered(true);
      log.notice("Successful partial resynchronization with master.");
      const id = partial[1];
      if (id !== undefined && id !== history.id) {
        log.notice(`Master replication ID changed to ${id}`);
        owner.continueAs(id);
      }
      history.keep();
      return;
    }
    this.failoverAnswered(false);
    throw new RefusedError(`Unexpected reply to PSYNC from master: ${answer}`);
  }

  private failoverAnswered(accepted: boolean): void {
    if (!this.failover) return;
    this.failover = false;
    this.owner.tookOver(accepted);
  }

  private async takeSnapshot(wire: Wire, id: string, place: number): Promise<void> {
    const { owner, context } = this;
    const { log } = context.host;
    this.state = "sync";
    owner.changed();
    const transfer = new Transfer(wire, this.timeoutMs);
    this.transfer = transfer;
    try {
      await transfer.begin();
      if (this.stopped) return;
      const isStreamed = owner.loadsStreamed;
      const target = isStreamed ? "to parser" : "to disk";
      log.notice(
        transfer.hasMark
          ? `MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF ${target}`
          : `MASTER <-> REPLICA sync: receiving ${transfer.totalBytes} bytes from master ${target}`,
      );
      if (isStreamed) {
        await this.takeStreamed(transfer, owner.incoming(id, place, transfer.totalBytes));
      } else await this.takeFile(transfer, id, place);
    } finally {
      this.transfer = null;
    }
    if (this.stopped) return;
    owner.mayContinue = true;
    log.notice("MASTER <-> REPLICA sync: Finished with success");
  }

  /** Takes the snapshot into a file, and loads it from there. */
  private async takeFile(transfer: Transfer, id: string, place: number): Promise<void> {
    const { owner, context } = this;
    const { files, log, process, clock } = context.host;
    const name = `temp-${Math.floor(clock.unixMs() / 1000)}.${process.pid}.rdb`;
    const path = pathIn(hostText(context.config.get("dir")), name);
    const file = files.open(path, { write: true, create: true, truncate: true });
    try {
      try {
        await transfer.receive(async (bytes) => {
          for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        });
        log.notice(`MASTER <-> REPLICA sync: received ${transfer.receivedBytes} bytes`);
      } finally {
        this.transfer = null;
        file.close();
      }
      if (this.stopped) return;
      // What we had is given up with the first key that is loaded: nobody can go on with it.
      owner.mayContinue = false;
      await owner.load(path, id, place);
    } finally {
      try {
        files.remove(path);
      } catch {
        // It is only a temporary file.
      }
    }
  }

  /** Loads the snapshot while it comes. */
  private async takeStreamed(transfer: Transfer, data: IncomingData): Promise<void> {
    const { owner } = this;
    if (!data.keepsOld) owner.mayContinue = false;
    try {
      await transfer.receive((bytes) => data.take(bytes));
      owner.streamDb = await data.finish(() => this.stopped);
    } catch (error) {
      const loadError = data.giveUp(errorMessage(error));
      throw error instanceof LoadError ? error : loadError;
    }
  }

  private async follow(wire: Wire): Promise<void> {
    const { owner } = this;
    const { engine, history } = owner;
    const stream = new PrimaryStream(
      engine,
      history.keep(),
      () => owner.appended(),
      owner.streamDb,
    );
    stream.session.primary = wire;
    this.stream = stream;
    this.progress = new DiskProgress();
    this.askedPlace = NOT_ASKED;
    this.state = "connected";
    this.downSinceMs = 0;
    owner.changed();
    this.acknowledge();
    while (!this.stopped) {
      const space = stream.space();
      // The tick watches over the time: a timer for each read would cost more than the read.
      const count = await wire.read(space, 0);
      if (this.stopped) return;
      owner.inputBytes += count;
      if (engine.context.scripts.isBusy) await engine.context.scripts.idle();
      if (this.stopped) return;
      owner.inTurn(() => stream.received(space.subarray(0, count)));
      for (let { pausedBy } = stream; pausedBy !== null; { pausedBy } = stream) {
        await pausedBy;
        if (engine.context.scripts.isBusy) await engine.context.scripts.idle();
        if (this.stopped) return;
        owner.inTurn(() => stream.goOn());
      }
    }
  }

  private disconnect(): void {
    const { owner, stream } = this;
    this.wire?.close();
    this.wire = null;
    this.client?.close();
    this.client = null;
    if (stream !== null) {
      this.stream = null;
      stream.end();
      owner.streamDb = stream.session.db.index;
      this.context.host.log.notice("Caching the disconnected master state.");
    }
    if (this.downSinceMs === 0) this.downSinceMs = this.context.host.clock.unixMs();
    this.state = "connect";
    owner.changed();
  }

  private pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      this.timer = this.context.host.clock.schedule(durationMs, resolve);
    });
  }

  private explain(error: unknown): string {
    if (error instanceof RefusedError) return error.message;
    if (error instanceof StreamError) return `Protocol error from master: ${error.message}`;
    if (error instanceof LoadError) {
      return `Failed trying to load the MASTER synchronization DB: ${error.message}`;
    }
    if (this.state === "connected") return "Connection with master lost.";
    if (this.ranOut || (error instanceof ClientError && error.kind === "timeout")) {
      return this.state === "sync"
        ? "Timeout receiving bulk data from MASTER..."
        : "Timeout connecting to the MASTER...";
    }
    return `Error condition on socket for SYNC (${this.state}): ${errorMessage(error)}`;
  }
}

function errorMessage(error: unknown): string {
  return error instanceof ClientError || error instanceof LoadError
    ? error.message
    : systemErrorText(error);
}

const LINE_BREAK = new Uint8Array([10]);
