/**
 * Every directive of redis.conf with a value: the ones of Redis up to 7.2, and our own.
 *
 * The rows are in files by theme; this is the table they make, and how names are looked up in it.
 * To add a parameter, add its row there: CONFIG, redis.conf, the command line and CONFIG REWRITE
 * follow from it. Names and defaults are those of a real server (facts of 7.0.15); bounds and texts
 * of errors were compared with one (tests/unit/config/redis_comparison_test.ts).
 */

import {
  ENCODING_PARAMETERS,
  MEMORY_PARAMETERS,
  OBSERVATION_PARAMETERS,
} from "./data_parameters.ts";
import {
  APPEND_ONLY_PARAMETERS,
  CLUSTER_PARAMETERS,
  REPLICATION_PARAMETERS,
  SNAPSHOT_PARAMETERS,
} from "./durability_parameters.ts";
import {
  CLIENT_PARAMETERS,
  NETWORK_PARAMETERS,
  SECURITY_PARAMETERS,
  SERVER_PARAMETERS,
  TLS_PARAMETERS,
} from "./network_parameters.ts";
import type { Parameter } from "./parameter.ts";

export const PARAMETERS = {
  ...NETWORK_PARAMETERS,
  ...CLIENT_PARAMETERS,
  ...SECURITY_PARAMETERS,
  ...SERVER_PARAMETERS,
  ...MEMORY_PARAMETERS,
  ...ENCODING_PARAMETERS,
  ...OBSERVATION_PARAMETERS,
  ...SNAPSHOT_PARAMETERS,
  ...APPEND_ONLY_PARAMETERS,
  ...REPLICATION_PARAMETERS,
  ...CLUSTER_PARAMETERS,
  ...TLS_PARAMETERS,
};

/** The name of a parameter; not one of its aliases. */
export type ParameterName = keyof typeof PARAMETERS;

/** The type of a parameter's value. */
export type ParameterValue<Name extends ParameterName> = (typeof PARAMETERS)[Name] extends
  Parameter<infer Value> ? Value : never;

/** The rows by name, where the value's type doesn't matter. */
export const ROWS: ReadonlyMap<ParameterName, Parameter<unknown>> = new Map(
  Object.entries(PARAMETERS).map(([name, row]) => [name as ParameterName, row]),
);

const names = new Map<string, ParameterName>();
for (const [name, row] of ROWS) {
  names.set(name, name);
  for (const alias of row.aliases) names.set(alias, name);
}

/** Every name and alias, with the parameter it stands for, in the order of the table. */
export const NAMES: ReadonlyMap<string, ParameterName> = names;

/** The parameter that a name or alias stands for, in any case; null for an unknown one. */
export function findParameter(name: string): ParameterName | null {
  return NAMES.get(name.toLowerCase()) ?? null;
}

/** Whether the value of a parameter, by name or alias, must be kept out of logs. */
export function isSensitive(name: string): boolean {
  const found = findParameter(name);
  return found !== null && PARAMETERS[found].sensitive;
}

/** The one table of the parameters that are accepted and change nothing, and why. */
export const WITHOUT_EFFECT: ReadonlyMap<ParameterName, string> = new Map(
  [...ROWS].filter(([, row]) => row.withoutEffect !== "").map((
    [name, row],
  ) => [name, row.withoutEffect]),
);
