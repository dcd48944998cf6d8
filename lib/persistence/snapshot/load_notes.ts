/**
 * What the log tells of a file being loaded: where it comes from, how far it is, what was left out.
 * The lines that operators and their scripts look for are redis-server's.
 */

import { latin1 } from "../../bytes/byte_string.ts";
import type { Host } from "../../engine/context.ts";
import type { Loading } from "../../engine/loading.ts";

/** How often progress is told, in milliseconds. */
const PROGRESS_MS = 5000;
/** Keys of a kind that get a line of their own. */
const LINES_OF_A_KIND = 10;

export class LoadNotes {
  private toldMs: number;
  private emptyKeys = 0;
  private moduleKeys = 0;
  private functions = 0;

  constructor(private readonly host: Host) {
    this.toldMs = host.clock.monotonicMs();
  }

  progress(loading: Loading, keys: number): void {
    const nowMs = this.host.clock.monotonicMs();
    if (nowMs - this.toldMs < PROGRESS_MS) return;
    this.toldMs = nowMs;
    const { loadedBytes, totalBytes } = loading;
    const percent = Math.floor(loading.percent);
    this.host.log.notice(
      `Loading the dataset: ${percent}% (${loadedBytes} of ${totalBytes} bytes), ${keys} keys, ` +
        `about ${loading.etaSeconds} seconds to go`,
    );
  }

  emptyKey(key: Uint8Array): void {
    if (++this.emptyKeys > LINES_OF_A_KIND) return;
    this.host.log.notice(`rdbLoadObject skipping empty key: ${shown(key)}`);
    if (this.emptyKeys === LINES_OF_A_KIND) {
      this.host.log.notice("More empty keys are not named from here on");
    }
  }

  moduleAux(module: string): void {
    this.host.log.warning(
      `What the module '${module}' keeps in the RDB file is left out: there are no modules here`,
    );
  }

  moduleValue(module: string, key: Uint8Array): void {
    if (++this.moduleKeys > LINES_OF_A_KIND) return;
    this.host.log.warning(
      `Key '${shown(key)}' is left out: its value is of the module type '${module}', ` +
        "and there are no modules here",
    );
  }

  functionSkipped(): void {
    if (this.functions++ > 0) return;
    this.host.log.warning("Libraries of functions in the RDB file are left out");
  }

  end(loaded: number, expired: number, empty: number): void {
    const { log } = this.host;
    if (this.moduleKeys > 0) {
      log.warning(`${this.moduleKeys} keys with values of modules were left out`);
    }
    log.notice(
      `Done loading RDB, keys loaded: ${loaded}, keys expired: ${expired}` +
        (empty === 0 ? "." : `, empty keys skipped: ${empty}.`),
    );
  }
}

/** A line about what the writer of a file says of itself, where there is something to say. */
export function describeAux(host: Host, name: string, text: string): void {
  const { log, clock } = host;
  switch (name) {
    case "redis-ver":
    case "valkey-ver":
      return log.notice(`Loading RDB produced by version ${oneLine(text)}`);
    case "ctime": {
      const age = Math.floor(clock.unixMs() / 1000) - Number(text);
      if (!Number.isNaN(age)) log.notice(`RDB age ${Math.max(0, age)} seconds`);
      return;
    }
    case "used-mem": {
      const bytes = Number(text);
      if (Number.isNaN(bytes)) return;
      return log.notice(`RDB memory usage when created ${(bytes / (1 << 20)).toFixed(2)} Mb`);
    }
    case "aof-base":
      if (text !== "0") log.notice("RDB is base AOF");
      return;
    default:
      if (name.startsWith("%")) log.notice(`RDB '${oneLine(name)}': ${oneLine(text)}`);
  }
}

/** Bytes of a file as one line of the log can show them. */
export function shown(bytes: Uint8Array): string {
  return oneLine(latin1(bytes.subarray(0, 128)));
}

function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
