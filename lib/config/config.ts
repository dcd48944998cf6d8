/**
 * The values that all parameters have now, and the only ways to change them.
 *
 * CONFIG SET is all or nothing: every value is checked before the first is stored, and a subscriber
 * that can't follow (a port that is taken) vetoes, upon which all goes back to what it was. Hot code
 * doesn't ask here: its owner subscribes and keeps the value in a field.
 */

import { invariant } from "../host/invariant.ts";
import { ConfigError } from "./config_error.ts";
import type { Parameter, Setting } from "./parameter.ts";
import {
  findParameter,
  NAMES,
  type ParameterName,
  PARAMETERS,
  type ParameterValue,
  ROWS,
} from "./parameters.ts";

/** Told of a change when all values are stored; throws a `ConfigError` to veto it. */
export type ConfigListener = (config: Config) => void;

/** Who wants a change, and when: some parameters are open to some clients, and times, only. */
export interface SetConditions {
  /** The client is on this machine (for `enable-protected-configs local`). */
  readonly local?: boolean;
  /** A data set is being loaded. */
  readonly loading?: boolean;
}

export class Config {
  private readonly settings = new Map<ParameterName, Setting<unknown>>();
  private readonly listeners = new Map<ParameterName, Set<ConfigListener>>();
  /** What redis.conf has set so far: the first `save` line replaces the defaults, others add. */
  private readonly loaded = new Set<ParameterName>();
  private started = false;

  constructor() {
    for (const [name, row] of ROWS) this.settings.set(name, row.initial);
  }

  /** The typed value: yes/no as a boolean, integers and memory (bytes) as numbers. */
  get<Name extends ParameterName>(name: Name): ParameterValue<Name> {
    return this.setting(name).value as ParameterValue<Name>;
  }

  /** What CONFIG GET shows, by name or alias; null for an unknown name. A binary string. */
  text(name: string): string | null {
    const found = findParameter(name);
    return found === null ? null : this.setting(found).text;
  }

  /** Whether a parameter has its default. */
  isDefault(name: ParameterName): boolean {
    return this.setting(name).text === PARAMETERS[name].initial.text;
  }

  /** What CONFIG REWRITE writes after the name, line by line. */
  lines(name: ParameterName): readonly string[] {
    return rowOf(name).lines(this.setting(name));
  }

  /**
   * The names and texts that CONFIG GET replies to some patterns. A pattern without wildcards is a
   * name in any case, answered as it was given; others are matched against all names and aliases
   * in lower case, which `matches(pattern, name)` decides.
   */
  match(
    patterns: readonly string[],
    matches: (pattern: string, name: string) => boolean,
  ): [name: string, text: string][] {
    const found = new Map<string, [string, string]>();
    for (const pattern of patterns) {
      const lower = pattern.toLowerCase();
      if (!/[[*?]/.test(pattern)) {
        const text = this.text(lower);
        if (text !== null && !found.has(lower)) {
          found.set(lower, [pattern, text]);
        }
        continue;
      }
      for (const [name, parameter] of NAMES) {
        if (
          found.has(name) || rowOf(parameter).hidden || !matches(lower, name)
        ) continue;
        found.set(name, [name, this.setting(parameter).text]);
      }
    }
    return [...found.values()];
  }

  /**
   * Changes all of these, or nothing and throws a `ConfigError`. Before `start()`, immutable and
   * protected parameters can be set as well. Subscribers of what changed are told once each.
   */
  set(
    pairs: readonly (readonly [name: string, value: string])[],
    conditions: SetConditions = {},
  ): void {
    const targets = this.admit(pairs, conditions);
    const before = new Map<ParameterName, Setting<unknown>>();
    const changed = new Set<ParameterName>();
    try {
      pairs.forEach(([given, value], index) => {
        const name = targets[index];
        const row = rowOf(name);
        const setting = this.setting(name);
        const next = parsed(
          given,
          row,
          argumentsOf(row, value),
          previousOf(row, setting),
        );
        if (!before.has(name)) before.set(name, setting);
        this.settings.set(name, next);
        if (next.text !== setting.text) changed.add(name);
      });
    } catch (error) {
      this.restore(before);
      throw error;
    }
    this.apply(changed, before, pairs, targets);
  }

  /**
   * Takes a directive of redis.conf or of the command line, before `start()`. Throws a `ConfigError`
   * (of the kind "unknown" for a name that isn't one). Nobody is told.
   */
  load(name: string, args: readonly string[]): void {
    invariant(
      !this.started,
      "configuration is loaded before the server starts",
    );
    const found = findParameter(name);
    if (found === null) throw new ConfigError("", name, "unknown");
    const row = rowOf(found);
    if (!row.manyArguments && args.length !== 1) {
      throw new ConfigError("wrong number of arguments", name);
    }
    const adds = row.accumulates === "always" ||
      (row.accumulates === "in redis.conf" && this.loaded.has(found));
    const split = row.manyArguments && args.length === 1 ? args[0].split(" ") : args;
    const previous = adds ? this.setting(found) : null;
    this.settings.set(found, parsed(name, row, split, previous));
    this.loaded.add(found);
  }

  /**
   * Sets what a command or the server itself decides (REPLICAOF, the directory's full path, the port
   * that was free), immutable or not. Nobody is told: the caller is the owner. Throws a `ConfigError`.
   */
  assign(name: ParameterName, value: string): void {
    const row = rowOf(name);
    const previous = previousOf(row, this.setting(name));
    this.settings.set(
      name,
      parsed(name, row, argumentsOf(row, value), previous),
    );
  }

  /** From here on, what is immutable can't be set. */
  start(): void {
    this.started = true;
  }

  /** Tells `listener` of changes of any of these from now on; returns what ends that. */
  subscribe(
    names: ParameterName | readonly ParameterName[],
    listener: ConfigListener,
  ): () => void {
    const list = typeof names === "string" ? [names] : names;
    for (const name of list) {
      const known = this.listeners.get(name);
      if (known === undefined) this.listeners.set(name, new Set([listener]));
      else known.add(listener);
    }
    return () => {
      for (const name of list) this.listeners.get(name)?.delete(listener);
    };
  }

  /** The parameters meant, if all of them may be set; the first that may not is thrown. */
  private admit(
    pairs: readonly (readonly [name: string, value: string])[],
    conditions: SetConditions,
  ): ParameterName[] {
    const targets: ParameterName[] = [];
    const seen = new Set<string>();
    for (const [given, value] of pairs) {
      const name = findParameter(given);
      if (name === null) throw new ConfigError("", given, "unknown");
      const refusal = this.started ? this.refusal(name, value, conditions) : null;
      if (refusal !== null) throw new ConfigError(refusal, given);
      if (conditions.loading && rowOf(name).denyLoading) {
        throw new ConfigError(
          "Redis is loading the dataset in memory",
          given,
          "loading",
        );
      }
      // An alias beside its name is no duplicate to Redis; the later of the two holds.
      if (seen.has(given.toLowerCase())) {
        throw new ConfigError("duplicate parameter", given);
      }
      seen.add(given.toLowerCase());
      targets.push(name);
    }
    return targets;
  }

  private refusal(
    name: ParameterName,
    value: string,
    conditions: SetConditions,
  ): string | null {
    const row = rowOf(name);
    if (row.immutable) {
      const isSame = row.ours && value === this.setting(name).text;
      return isSame ? null : "can't set immutable config";
    }
    if (!row.protected) return null;
    const allowed = this.get("enable-protected-configs");
    if (allowed === "yes" || (allowed === "local" && conditions.local)) {
      return null;
    }
    return "can't set protected config";
  }

  /** Tells the subscribers, in the order of the pairs; undoes everything when one vetoes. */
  private apply(
    changed: ReadonlySet<ParameterName>,
    before: ReadonlyMap<ParameterName, Setting<unknown>>,
    pairs: readonly (readonly [name: string, value: string])[],
    targets: readonly ParameterName[],
  ): void {
    const told = new Set<ConfigListener>();
    for (let index = 0; index < targets.length; index++) {
      if (!changed.has(targets[index])) continue;
      for (const listener of this.listeners.get(targets[index]) ?? []) {
        if (told.has(listener)) continue;
        told.add(listener);
        try {
          listener(this);
        } catch (error) {
          this.restore(before);
          this.tellAgain(told);
          throw error instanceof ConfigError ? named(error, pairs[index][0]) : error;
        }
      }
    }
  }

  private restore(before: ReadonlyMap<ParameterName, Setting<unknown>>): void {
    for (const [name, setting] of before) this.settings.set(name, setting);
  }

  /** Those who were told of values that no longer hold go back to the old ones. */
  private tellAgain(listeners: ReadonlySet<ConfigListener>): void {
    for (const listener of listeners) {
      try {
        listener(this);
      } catch (error) {
        // Who can't go back either keeps what it has, as in Redis; the veto is what is reported.
        if (!(error instanceof ConfigError)) throw error;
      }
    }
  }

  private setting(name: ParameterName): Setting<unknown> {
    const setting = this.settings.get(name);
    invariant(setting !== undefined, `parameter '${name}' has a value`);
    return setting;
  }
}

function rowOf(name: ParameterName): Parameter<unknown> {
  return PARAMETERS[name];
}

function argumentsOf(
  row: Parameter<unknown>,
  value: string,
): readonly string[] {
  return row.manyArguments ? value.split(" ") : [value];
}

function previousOf(
  row: Parameter<unknown>,
  setting: Setting<unknown>,
): Setting<unknown> | null {
  return row.accumulates === "always" ? setting : null;
}

function parsed(
  name: string,
  row: Parameter<unknown>,
  args: readonly string[],
  previous: Setting<unknown> | null,
): Setting<unknown> {
  try {
    return row.parse(args, previous);
  } catch (error) {
    throw error instanceof ConfigError ? named(error, name) : error;
  }
}

/** A refusal of a value names the parameter in lower case, as Redis's table has it. */
function named(error: ConfigError, given: string): ConfigError {
  return new ConfigError(error.message, given.toLowerCase(), error.kind);
}
