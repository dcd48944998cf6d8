/** The results of `compare`, and how they are shown. */

import { grouped, median, shown, table } from "./figures.ts";
import { NAMES, type Side } from "./pair.ts";

export interface Plan {
  test: string;
  pipeline: number;
  requests: number;
  clients: number;
}

export interface Run {
  perSecond: number;
  cpuMicroseconds: number;
  /** Processor time a second: who is near to 1 is what limits the load. */
  coreShare: number;
}

/** One run of each server, one after the other; of the floor only where it can do what they do. */
export type Round = Record<Side, Run> & { floor?: Run };

export interface Result extends Plan {
  rounds: Round[];
}

/** Throughput and processor time, ours and theirs. */
export function summary(results: readonly Result[], noise: boolean): string {
  const ours = noise ? "redis-server beside itself" : NAMES.ours;
  const header = [
    "test",
    "P",
    `${ours} requests/s`,
    `${NAMES.theirs} requests/s`,
    "ratio (min to max)",
    `${ours} CPU µs/request`,
    `${NAMES.theirs} CPU µs/request`,
    "CPU ratio",
  ];
  return table(header, results.map(rowOf));
}

/** Ratios among ours, theirs and the floor, and which part of a core each of them used. */
export function floorSummary(results: readonly Result[], noise: boolean): string {
  const ours = noise ? "redis-server beside itself" : NAMES.ours;
  const pairs = [`${ours}/${NAMES.theirs}`, `floor/${NAMES.theirs}`, `${ours}/floor`];
  const header = [
    "test",
    "P",
    ...pairs.map((pair) => `requests/s ${pair}`),
    ...pairs.map((pair) => `CPU ${pair}`),
    ...[ours, NAMES.theirs, "floor"].map((name) => `${name} cores`),
  ];
  return table(header, results.map(floorRowOf));
}

function rowOf({ test, pipeline, rounds }: Result): string[] {
  const of = (side: Side, key: keyof Run) => median(rounds.map((round) => round[side][key]));
  const ratios = rounds.map(({ ours, theirs }) => ours.perSecond / theirs.perSecond);
  const cpuRatios = rounds.map(({ ours, theirs }) => ours.cpuMicroseconds / theirs.cpuMicroseconds);
  return [
    test,
    String(pipeline),
    grouped(of("ours", "perSecond")),
    grouped(of("theirs", "perSecond")),
    `${shown(median(ratios))} (${shown(Math.min(...ratios))} to ${shown(Math.max(...ratios))})`,
    shown(of("ours", "cpuMicroseconds")),
    shown(of("theirs", "cpuMicroseconds")),
    shown(median(cpuRatios)),
  ];
}

type Server = keyof Round;

function floorRowOf({ test, pipeline, rounds }: Result): string[] {
  const middle = (figure: (round: Round) => number | undefined) => {
    const values = rounds.map(figure).filter((value) => value !== undefined);
    return values.length === 0 ? "–" : shown(median(values));
  };
  const ratio = (above: Server, below: Server, key: keyof Run) =>
    middle((round) => {
      const [over, under] = [round[above], round[below]];
      return over === undefined || under === undefined ? undefined : over[key] / under[key];
    });
  const ratios = (key: keyof Run) => [
    ratio("ours", "theirs", key),
    ratio("floor", "theirs", key),
    ratio("ours", "floor", key),
  ];
  const servers: Server[] = ["ours", "theirs", "floor"];
  return [
    test,
    String(pipeline),
    ...ratios("perSecond"),
    ...ratios("cpuMicroseconds"),
    ...servers.map((server) => middle((round) => round[server]?.coreShare)),
  ];
}
