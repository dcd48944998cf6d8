/** DEBUG RELOAD: the data through the RDB file and back, while everything else waits. */

import type { Context } from "../engine/context.ts";
import { CommandError, errors } from "../engine/errors.ts";
import type { ReloadOptions, ReloadPort } from "../engine/ports.ts";
import { emptyStore } from "./empty_store.ts";
import { LoadError, loadSnapshotSync } from "./snapshot/loader.ts";
import { snapshotPath } from "./startup.ts";

const FAILED = new CommandError("ERR Error trying to load the RDB dump, check server logs.");

export class Reload implements ReloadPort {
  /** Set by scripting: takes the code of a library of functions, lent. */
  takeFunction: ((code: Uint8Array, replaces: boolean) => void) | null = null;

  constructor(private readonly context: Context) {}

  reload({ saves, flushes, merges }: ReloadOptions): void {
    const { context } = this;
    const { loading, host, persistence } = context;
    if (loading.isActive) throw errors.LOADING;
    if (saves) persistence?.save();
    if (flushes) this.empty();
    const path = snapshotPath(context);
    loading.begin(host.files.stat(path)?.size ?? 0);
    try {
      const { takeFunction } = this;
      loadSnapshotSync(context, path, {
        dropsExpired: true,
        replacesKeys: merges,
        ...(takeFunction === null
          ? {}
          : { takeFunction: (code: Uint8Array) => takeFunction(code, merges) }),
      });
    } catch (error) {
      if (error instanceof LoadError) throw FAILED;
      throw error;
    } finally {
      loading.end();
    }
    host.log.warning("DB reloaded by DEBUG RELOAD");
  }

  private empty(): void {
    emptyStore(this.context);
    // They come back with the file, which they do only where somebody takes them.
    if (this.takeFunction !== null) this.context.scripts.engine?.forgetFunctions();
  }
}
