/**
 * Definitions of what JSON a request brings: each checks a value and describes it as JSON Schema, so that
 * the checks and /openapi.json can't say different things.
 */

import { Problem } from "./problem.ts";

export type JsonSchema = { readonly [name: string]: unknown };

/** What a JSON body must be. */
export interface Shape<T> {
  readonly schema: JsonSchema;
  /** @param at where in the body the value stands, for the refusal. */
  read(value: unknown, at: string): T;
}

export type ShapeValue<S> = S extends Shape<infer T> ? T : never;
type ShapeValues<F> = { readonly [N in keyof F]: F[N] extends Shape<infer T> ? T : never };

export function shape<T>(schema: JsonSchema, read: Shape<T>["read"]): Shape<T> {
  return { schema, read };
}

/** An object with these members and no others; a shape made by {@linkcode optional} may be left out. */
export function objectShape<F extends { readonly [name: string]: Shape<unknown> }>(
  fields: F,
): Shape<ShapeValues<F>> {
  const names = Object.keys(fields);
  return {
    schema: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, fields[name].schema])),
      required: names.filter((name) => !isOptional(fields[name])),
      additionalProperties: false,
    },
    read(value, at) {
      const given = record(value, at);
      for (const name of Object.keys(given)) {
        if (!names.includes(name)) throw new Problem(400, `${at} has an unknown member ${name}`);
      }
      const values = names.map((name) => [name, fields[name].read(given[name], `${at}.${name}`)]);
      return Object.fromEntries(values) as ShapeValues<F>;
    },
  };
}

export function optional<T>(inner: Shape<T>): Shape<T | undefined> {
  const read: Shape<T | undefined>["read"] = (value, at) =>
    value === undefined ? undefined : inner.read(value, at);
  return { schema: { ...inner.schema, [OPTIONAL]: true }, read };
}

export function arrayShape<T>(
  inner: Shape<T>,
  limits: { readonly min?: number; readonly max: number },
): Shape<readonly T[]> {
  const { min = 0, max } = limits;
  return shape(
    { type: "array", items: inner.schema, minItems: min, maxItems: max },
    (value, at) => {
      if (!Array.isArray(value) || value.length < min || value.length > max) {
        throw new Problem(400, `${at} must be an array of ${min} to ${max} elements`);
      }
      return value.map((item, i) => inner.read(item, `${at}[${i}]`));
    },
  );
}

export const textShape: Shape<string> = shape({ type: "string" }, (value, at) => {
  if (typeof value !== "string") throw new Problem(400, `${at} must be a string`);
  return value;
});

export const booleanShape: Shape<boolean> = shape({ type: "boolean" }, (value, at) => {
  if (typeof value !== "boolean") throw new Problem(400, `${at} must be true or false`);
  return value;
});

export function integerShape(min: number, max: number): Shape<number> {
  return shape({ type: "integer", minimum: min, maximum: max }, (value, at) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
      return value;
    }
    throw new Problem(400, `${at} must be a whole number between ${min} and ${max}`);
  });
}

export function wordShape<const W extends string>(words: readonly W[]): Shape<W> {
  return shape({ type: "string", enum: words }, (value, at) => {
    const found = words.find((known) => known === value);
    if (found === undefined) throw new Problem(400, `${at} must be ${words.join(" or ")}`);
    return found;
  });
}

/** A JSON object as what it is; anything else is refused. */
export function record(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Problem(400, `${at} must be an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Marks schemas of members that may be left out; JSON leaves symbols out. */
const OPTIONAL = Symbol("optional");

function isOptional(inner: Shape<unknown>): boolean {
  return Reflect.get(inner.schema, OPTIONAL) === true;
}
