/** The slow log: the commands that took longest lately, newest first (SLOWLOG). */

import type { Request } from "../../resp/request.ts";
import type { CommandSpec } from "../command_spec.ts";
import { REDACTED, secretArguments } from "./redaction.ts";

/** Arguments kept of one command, and bytes of one argument, as Redis cuts them. */
const MAX_ARGUMENTS = 32;
const MAX_ARGUMENT_BYTES = 128;

export interface SlowLogEntry {
  readonly id: number;
  /** Unix time in seconds. */
  readonly time: number;
  readonly microseconds: number;
  readonly args: readonly Uint8Array[];
  readonly clientAddress: string;
  readonly clientName: string;
}

export class SlowLog {
  /** Commands at least this slow are kept; negative: none. In microseconds. */
  thresholdMicroseconds = 10_000;
  maxLength = 128;
  private nextId = 0;
  private entries: SlowLogEntry[] = [];

  record(
    command: CommandSpec,
    request: Request,
    microseconds: number,
    unixSeconds: number,
    client: { readonly address: string; readonly name: string },
  ): void {
    if (this.maxLength === 0) return;
    this.entries.unshift({
      id: this.nextId++,
      time: unixSeconds,
      microseconds,
      args: keptArguments(command, request),
      clientAddress: client.address,
      clientName: client.name,
    });
    if (this.entries.length > this.maxLength) this.entries.length = this.maxLength;
  }

  /** The newest entries; all of them when `count` is negative. */
  newest(count: number): readonly SlowLogEntry[] {
    return count < 0 ? this.entries : this.entries.slice(0, count);
  }

  get length(): number {
    return this.entries.length;
  }

  clear(): void {
    this.entries = [];
  }
}

function keptArguments(command: CommandSpec, request: Request): Uint8Array[] {
  const encoder = new TextEncoder();
  const secrets = secretArguments(command, request);
  const kept: Uint8Array[] = [];
  const count = Math.min(request.count, MAX_ARGUMENTS);
  for (let i = 0; i < count; i++) {
    if (i === MAX_ARGUMENTS - 1 && request.count > MAX_ARGUMENTS) {
      kept.push(encoder.encode(`... (${request.count - i} more arguments)`));
    } else if (secrets.has(i)) {
      kept.push(encoder.encode(REDACTED));
    } else if (request.lengths[i] > MAX_ARGUMENT_BYTES) {
      const shown = request.view(i).slice(0, MAX_ARGUMENT_BYTES);
      const note = encoder.encode(`... (${request.lengths[i] - MAX_ARGUMENT_BYTES} more bytes)`);
      const argument = new Uint8Array(shown.length + note.length);
      argument.set(shown);
      argument.set(note, shown.length);
      kept.push(argument);
    } else kept.push(request.copy(i));
  }
  return kept;
}
