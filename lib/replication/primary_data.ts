/**
 * A primary's data in the place of ours (`repl-diskless-load`): from the file that its snapshot was
 * taken to, or while they come. Those that come while ours stay lie beside them until all are there
 * (`swapdb`); when they are a later state of what we have, clients go on reading ours meanwhile.
 */

import type { Context } from "../engine/context.ts";
import {
  LoadError,
  type LoadOptions,
  type LoadReport,
  loadSnapshot,
} from "../persistence/snapshot/loader.ts";
import type { Snapshots } from "../persistence/snapshot/snapshot.ts";
import { StreamedLoader } from "../persistence/snapshot/streamed_loader.ts";
import { SideStore } from "../store/side_store.ts";
import type { History } from "./history.ts";
import type { Replicas } from "./replicas.ts";

/** What taking over data needs of the replication it belongs to. */
export interface DataOwner {
  readonly context: Context;
  readonly history: History;
  readonly replicas: Replicas;
  readonly snapshots: Snapshots;
  /** Runs work that executes commands, as one turn. */
  inTurn(work: () => void): void;
  /** All data has been replaced: the append-only file has to begin anew. */
  dataReplaced(): void;
  /** Takes the code of a library of functions, lent. */
  readonly takeFunction?: ((code: Uint8Array) => void) | undefined;
  /** Puts libraries in the place of all there are; throws, and changes nothing, where one is wrong. */
  readonly replaceFunctions?: ((codes: readonly Uint8Array[]) => void) | undefined;
}

/** The history, and the place in it, that the data are of. */
export interface Origin {
  readonly id: string;
  readonly place: number;
}

const GIVEN_UP = "loading was given up";

/** Whether a snapshot is loaded while it comes. */
export function loadsStreamed({ config, store }: Context): boolean {
  const mode = config.get("repl-diskless-load");
  return mode === "swapdb" || (mode === "on-empty-db" && store.keyCount === 0);
}

/**
 * Loads what a primary has sent into a file.
 *
 * @returns the database that its stream has selected.
 * @throws {LoadError} when the file is wrong; then there are no data.
 */
export async function loadFile(
  owner: DataOwner,
  origin: Origin,
  path: string,
  isCancelled: () => boolean,
): Promise<number> {
  const { context } = owner;
  const { host, loading } = context;
  await untilIdle(context);
  if (isCancelled()) throw new LoadError(GIVEN_UP);
  attach(owner, origin);
  host.log.notice("MASTER <-> REPLICA sync: Flushing old data");
  owner.inTurn(() => empty(context));
  host.log.notice("MASTER <-> REPLICA sync: Loading DB in memory");
  loading.begin(host.files.stat(path)?.size ?? 0);
  let report: LoadReport;
  try {
    report = await loadSnapshot(context, path, {
      dropsExpired: false,
      isCancelled,
      ...functionsInto(owner),
    });
  } catch (error) {
    // Half of the data is none; another try follows.
    owner.inTurn(() => empty(context));
    throw error;
  } finally {
    loading.end();
  }
  owner.history.adopt(origin.id, origin.place);
  owner.dataReplaced();
  return streamDbOf(context, report);
}

/** A primary's data while they come. */
export class IncomingData {
  /** What is to take the place of our data; null where they are gone. */
  private readonly side: SideStore | null;
  private readonly libraries: Uint8Array[] = [];
  private readonly loader: StreamedLoader;
  private bytes = 0;
  /** Whether our data are still what they were. */
  private isPending = true;

  /** @param totalBytes of the snapshot; -1 when nobody knows. */
  constructor(
    private readonly owner: DataOwner,
    private readonly origin: Origin,
    totalBytes: number,
  ) {
    const { context } = owner;
    const { host, loading, config, store, keyspace } = context;
    const isBeside = config.get("repl-diskless-load") === "swapdb";
    if (isBeside) owner.snapshots.current?.abort("the primary's data take the place of ours");
    else {
      attach(owner, origin);
      host.log.notice("MASTER <-> REPLICA sync: Flushing old data");
      owner.inTurn(() => empty(context));
    }
    host.log.notice("MASTER <-> REPLICA sync: Loading DB in memory");
    loading.begin(Math.max(0, totalBytes), isBeside && owner.history.id === origin.id);
    this.side = isBeside ? new SideStore(store, keyspace) : null;
    this.loader = new StreamedLoader(context, totalBytes < 0 ? Infinity : totalBytes, {
      dropsExpired: false,
      ...(this.side === null ? functionsInto(owner) : {
        into: this.side,
        takeFunction: (code) => void this.libraries.push(code.slice()),
      }),
    });
  }

  /** Whether our data are still there. */
  get keepsOld(): boolean {
    return this.side !== null;
  }

  /** @throws {LoadError} when the bytes, which are lent, are wrong. */
  take(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.loader.take(bytes);
  }

  /**
   * All has come: puts it in the place of our data.
   *
   * @returns the database that the primary's stream has selected.
   * @throws {LoadError} when that was no whole snapshot.
   */
  async finish(isCancelled: () => boolean): Promise<number> {
    const { owner, origin } = this;
    const report = this.loader.finish();
    await untilIdle(owner.context);
    if (isCancelled()) throw new LoadError(GIVEN_UP);
    if (this.side !== null) this.exchange(this.side);
    owner.history.adopt(origin.id, origin.place);
    owner.context.stats.dirty++;
    owner.context.loading.end();
    owner.dataReplaced();
    return streamDbOf(owner.context, report);
  }

  /** The link is lost, or the bytes were wrong: what has come is none; why, in words for the log. */
  giveUp(reason: string): LoadError {
    const { owner, side } = this;
    const { context } = owner;
    if (side === null) owner.inTurn(() => empty(context));
    else if (this.isPending) {
      side.free();
      context.host.log.notice("MASTER <-> REPLICA sync: Discarding temporary DB in background");
    }
    context.loading.end();
    return new LoadError(`Internal error in RDB reading offset ${this.bytes}: ${reason}`);
  }

  private exchange(side: SideStore): void {
    const { owner } = this;
    const { context } = owner;
    const { log } = context.host;
    try {
      owner.replaceFunctions?.(this.libraries);
    } catch (error) {
      throw new LoadError(error instanceof Error ? error.message : String(error));
    }
    this.isPending = false;
    attach(owner, this.origin);
    log.notice("MASTER <-> REPLICA sync: Swapping active DB with loaded DB");
    owner.inTurn(() => {
      side.exchange((db, before) => context.keyspace.replaced(db, before));
      context.tracking.emptied();
      context.ownKeys.forget();
    });
    side.free();
    log.notice("MASTER <-> REPLICA sync: Discarding old DB in background");
  }
}

/** Nobody can go on with the history that we had. */
function attach({ replicas, snapshots, history }: DataOwner, { id, place }: Origin): void {
  replicas.closeAll();
  snapshots.current?.abort("the primary's data take the place of ours");
  history.adopt(id, place);
}

function empty({ store, keyspace, tracking, ownKeys, scripts }: Context): void {
  for (const db of store.databases) keyspace.flushed(db);
  store.clear();
  tracking.emptied();
  ownKeys.forget();
  scripts.engine?.forgetFunctions();
}

function functionsInto({ takeFunction }: DataOwner): Pick<LoadOptions, "takeFunction"> {
  return takeFunction === undefined ? {} : { takeFunction };
}

/** What a script sees stays as it is until it has ended. */
async function untilIdle({ scripts }: Context): Promise<void> {
  while (scripts.isBusy) await scripts.idle();
}

/** The database that the stream has selected where a snapshot was made. */
export function streamDbOf({ store }: Context, report: LoadReport): number {
  const db = Number(report.aux.get("repl-stream-db") ?? 0);
  return store.databases[db] === undefined ? 0 : db;
}
