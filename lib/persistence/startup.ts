/**
 * What a server's data are when it starts: those of the append-only file where it is on, otherwise
 * those of the RDB file, otherwise none. As in Redis the RDB file is not looked at where the
 * append-only file is on: it may be older.
 */

import { hostText } from "../config/words.ts";
import type { Context } from "../engine/context.ts";
import { pathIn } from "../host/files.ts";
import type { LoadReport } from "./snapshot/loader.ts";
import { loadSnapshot } from "./snapshot/loader.ts";

export interface StartupOptions {
  /** Loads the append-only file, and says whether there was one; without it there is none. */
  readonly loadAppendOnly?: (isCancelled: () => boolean) => Promise<boolean>;
  /** Takes the code of a library of functions out of a file, lent. */
  readonly takeFunction?: (code: Uint8Array) => void;
  /** Hears of keys that are past their time and left out: see the loader's options. */
  readonly keyExpired: (db: number, key: Uint8Array) => void;
  /** The server is to stop: loading is given up. */
  readonly isCancelled: () => boolean;
}

/**
 * Loads what there is. Clients are refused from before until after, which is the caller's to bring
 * about (`context.loading`).
 *
 * @returns what the RDB file said, null when none was loaded.
 * @throws {LoadError} when a file is there and can't be loaded.
 */
export async function loadAtStart(
  context: Context,
  options: StartupOptions,
): Promise<LoadReport | null> {
  const { host } = context;
  const startedMs = host.clock.monotonicMs();
  const tellTime = (what: string): void => {
    const seconds = ((host.clock.monotonicMs() - startedMs) / 1000).toFixed(3);
    host.log.notice(`DB loaded from ${what}: ${seconds} seconds`);
  };
  if (context.config.get("appendonly")) {
    if (options.loadAppendOnly === undefined) return null;
    if (await options.loadAppendOnly(options.isCancelled)) tellTime("append only file");
    return null;
  }
  const path = snapshotPath(context);
  const status = host.files.stat(path);
  if (status === null) return null;
  context.loading.begin(status.size);
  const report = await loadSnapshot(context, path, {
    // A replica leaves that to its primary.
    dropsExpired: context.config.get("replicaof") === null,
    keyExpired: options.keyExpired,
    isCancelled: options.isCancelled,
    ...(options.takeFunction === undefined ? {} : { takeFunction: options.takeFunction }),
  });
  tellTime("disk");
  return report;
}

/** Where the RDB file is, or is to be. */
export function snapshotPath({ config }: Context): string {
  return pathIn(hostText(config.get("dir")), hostText(config.get("dbfilename")));
}
