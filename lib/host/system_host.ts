/** The real host as a whole, for the program and for servers embedded in other programs. */

import { SystemClock } from "./clock.ts";
import { DenoFiles } from "./files.ts";
import type { Log } from "./log.ts";
import { DenoNetwork } from "./network.ts";
import { DenoProcess } from "./process.ts";
import { SystemRandom } from "./random.ts";

export interface SystemHost {
  readonly clock: SystemClock;
  readonly random: SystemRandom;
  readonly files: DenoFiles;
  readonly process: DenoProcess;
  readonly network: DenoNetwork;
  readonly log: Log;
}

/** @param log made from the clock and the process, which every line of it names. */
export function systemHost(
  log: (clock: SystemClock, process: DenoProcess) => Log,
): SystemHost {
  const clock = new SystemClock();
  const process = new DenoProcess();
  return {
    clock,
    process,
    random: new SystemRandom(),
    files: new DenoFiles(),
    network: new DenoNetwork(),
    log: log(clock, process),
  };
}
