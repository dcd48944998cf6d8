/**
 * Definitions of query parameters, as shape.ts has them of bodies: each checks a value and describes it as JSON Schema, so that
 * the checks and /openapi.json can't say different things.
 */

import { Problem } from "./problem.ts";
import { bytesOfParameter } from "./json_values.ts";
import type { JsonSchema } from "./shape.ts";

/** A query parameter. */
export interface Parameter<T> {
  readonly schema: JsonSchema;
  readonly description: string;
  readonly required: boolean;
  /** Throws a `Problem` that names the parameter. */
  read(text: string | undefined, name: string): T;
}

/** One that may be given several times. */
export interface RepeatedParameter<T> extends Parameter<T> {
  readAll(texts: readonly string[], name: string): T;
}

export function isRepeated<T>(parameter: Parameter<T>): parameter is RepeatedParameter<T> {
  return "readAll" in parameter;
}

export type Parameters = { readonly [name: string]: Parameter<unknown> };
export type ParameterValues<P> = {
  readonly [N in keyof P]: P[N] extends Parameter<infer T> ? T : never;
};

/** A whole number between two bounds, both included. */
export function integer<I extends number | undefined>(
  options: { readonly initial: I; readonly min: number; readonly max: number },
  description: string,
): Parameter<number | I> {
  const { initial, min, max } = options;
  return {
    schema: {
      type: "integer",
      minimum: min,
      maximum: max,
      ...(initial === undefined ? {} : { default: initial }),
    },
    description,
    required: false,
    read(text, name) {
      if (text === undefined) return initial;
      const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
      if (value >= min && value <= max) return value;
      throw new Problem(400, `${name} must be a whole number between ${min} and ${max}`);
    },
  };
}

/** The number of a database; that it exists is checked when commands run on it. */
export const database: Parameter<number> = {
  schema: { type: "integer", minimum: 0, default: 0 },
  description: "Number of the database.",
  required: false,
  read(text) {
    if (text === undefined) return 0;
    if (!/^\d{1,9}$/.test(text)) throw new Problem(400, "ERR invalid DB index");
    return Number(text);
  },
};

/** One of some words. */
export function word<const W extends string>(
  words: readonly W[],
  initial: W,
  description: string,
): Parameter<W> {
  return {
    schema: { type: "string", enum: words, default: initial },
    description,
    required: false,
    read(text, name) {
      if (text === undefined) return initial;
      const found = words.find((known) => known === text);
      if (found === undefined) throw new Problem(400, `${name} must be ${words.join(" or ")}`);
      return found;
    },
  };
}

/** Any text that a pattern allows, or none. */
export function text(
  description: string,
  pattern: RegExp = /^[^]{0,1024}$/,
  refusal?: string,
): Parameter<string | undefined> {
  return {
    schema: { type: "string", pattern: pattern.source },
    description,
    required: false,
    read(value, name) {
      if (value === undefined || pattern.test(value)) return value;
      throw new Problem(400, refusal ?? `${name} is malformed`);
    },
  };
}

/** Words separated by commas; none where it is left out. */
export function list(description: string): Parameter<readonly string[]> {
  return {
    schema: { type: "string" },
    description: `${description} Several are separated by commas.`,
    required: false,
    read: (value) => (value ?? "").split(",").filter((part) => part !== ""),
  };
}

/** Bytes: as text, or `b64:` and base64. */
export function bytes(description: string): Parameter<Uint8Array | undefined> {
  return {
    schema: { type: "string" },
    description: `${description} As text, or \`b64:\` and its bytes as base64.`,
    required: false,
    read: (value) => value === undefined ? undefined : bytesOfParameter(value),
  };
}

/** Bytes as {@linkcode bytes} takes them, several by giving the parameter as often. */
export function manyBytes(
  description: string,
  max: number,
): RepeatedParameter<readonly Uint8Array[]> {
  const { schema, description: form } = bytes(description);
  return {
    schema: { type: "array", items: schema, maxItems: max },
    description: form,
    required: false,
    read: (value) => value === undefined ? [] : [bytesOfParameter(value)],
    readAll(values, name) {
      if (values.length > max) throw new Problem(400, `${name} may be given ${max} times at most`);
      return values.map(bytesOfParameter);
    },
  };
}
