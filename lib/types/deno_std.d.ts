/**
 * The types of what we use of Deno's standard library. It comes from npm, where it is plain JavaScript
 * without types, so that it can be installed wherever npm packages can. What another file needs from it
 * is declared here first.
 */

declare module "@std/assert" {
  type Constructor<T> = abstract new (...args: never[]) => T;

  /** What a failed assertion throws. */
  export class AssertionError extends Error {
    constructor(message: string, options?: ErrorOptions);
  }

  export function assert(condition: unknown, message?: string): asserts condition;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    message?: string,
  ): void;
  export function assertEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
  export function assertFalse(condition: unknown, message?: string): void;
  export function assertGreater<T>(actual: T, expected: T, message?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void;
  export function assertInstanceOf<T>(
    actual: unknown,
    expected: Constructor<T>,
    message?: string,
  ): asserts actual is T;
  export function assertLess<T>(actual: T, expected: T, message?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void;
  export function assertMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    message?: string,
  ): asserts actual is T;
  export function assertStringIncludes(actual: string, expected: string, message?: string): void;

  /** Returns what was thrown or rejected with. */
  export function assertThrows(run: () => unknown, message?: string): unknown;
  export function assertThrows<E extends Error>(
    run: () => unknown,
    errorClass: Constructor<E>,
    messageIncludes?: string,
    message?: string,
  ): E;
  export function assertRejects(
    run: () => PromiseLike<unknown>,
    message?: string,
  ): Promise<unknown>;
  export function assertRejects<E extends Error>(
    run: () => PromiseLike<unknown>,
    errorClass: Constructor<E>,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;

  export function equal(a: unknown, b: unknown): boolean;
  export function fail(message?: string): never;
  export function unreachable(reason?: string): never;
}

/**
 * Only `parseArgs`: deno.json maps the name to that one file, since the package on npm lacks a data file
 * that the module of all of `@std/cli` reads.
 */
declare module "@std/cli" {
  /** `B` are the names of options that are on or off, `S` of those with a value, `C` of lists. */
  export interface ParseOptions<
    B extends string = string,
    S extends string = string,
    C extends string = string,
  > {
    boolean?: readonly B[];
    string?: readonly S[];
    /** Options that may be given several times. */
    collect?: readonly C[];
    /** Options that `--no-NAME` turns off. */
    negatable?: readonly string[];
    alias?: Readonly<Record<string, string | readonly string[]>>;
    default?: Readonly<Record<string, unknown>>;
    /** Keeps what follows `--` apart, in the result's `--`. */
    "--"?: boolean;
    /** Everything from the first argument that is no option is left as it stands in `_`. */
    stopEarly?: boolean;
    /** Called for what is not declared; when it returns false, that is left out of the result. */
    unknown?: (argument: string, key?: string, value?: unknown) => unknown;
  }

  export type ParsedArguments<B extends string, S extends string, C extends string> =
    & { _: (string | number)[]; "--"?: string[] }
    & { [name in B]: boolean }
    & { [name in S]: name extends C ? string[] : string | undefined };

  export function parseArgs<
    const B extends string = never,
    const S extends string = never,
    const C extends string = never,
  >(args: readonly string[], options?: ParseOptions<B, S, C>): ParsedArguments<B, S, C>;
}

declare module "@std/streams" {
  type Bytes = Uint8Array<ArrayBuffer>;

  /** A growing buffer with a readable and a writable end. */
  export class Buffer {
    constructor(initial?: ArrayBufferLike | ArrayLike<number>);
    readonly readable: ReadableStream<Bytes>;
    readonly writable: WritableStream<Uint8Array>;
    readonly length: number;
    readonly capacity: number;
    bytes(options?: { copy: boolean }): Bytes;
    empty(): boolean;
    reset(): void;
    truncate(length: number): void;
    grow(byteCount: number): void;
  }

  /** Lets the bytes from `start` to `end` (included) through. */
  export class ByteSliceStream extends TransformStream<Uint8Array, Uint8Array> {
    constructor(start?: number, end?: number);
  }

  /** Cuts a stream of bytes at each delimiter. */
  export class DelimiterStream extends TransformStream<Uint8Array, Uint8Array> {
    constructor(delimiter: Uint8Array, options?: { disposition?: "suffix" | "prefix" | "discard" });
  }

  /** Ends the stream, or with `error` fails it with a RangeError, at the chunk that passes `size`. */
  export class LimitedBytesTransformStream extends TransformStream<Uint8Array, Uint8Array> {
    constructor(size: number, options?: { error?: boolean });
  }

  /** As `LimitedBytesTransformStream`, counted in chunks. */
  export class LimitedTransformStream<T> extends TransformStream<T, T> {
    constructor(size: number, options?: { error?: boolean });
  }

  export class TextDelimiterStream extends TransformStream<string, string> {
    constructor(
      delimiter: string,
      options?: { disposition?: "suffix" | "prefix" | "discard" },
    );
  }

  /** Cuts text into lines, at LF or CR LF (with `allowCR`, at CR as well). */
  export class TextLineStream extends TransformStream<string, string> {
    constructor(options?: { allowCR: boolean });
  }

  export function concatReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  export function mergeReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  export function zipReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;

  export function toArrayBuffer(stream: ReadableStream<Uint8Array>): Promise<ArrayBuffer>;
  export function toBlob(stream: ReadableStream<Uint8Array>): Promise<Blob>;
  export function toBytes(stream: ReadableStream<Uint8Array>): Promise<Bytes>;
  export function toJson(stream: ReadableStream<Uint8Array | string>): Promise<unknown>;
  export function toText(stream: ReadableStream<Uint8Array | string>): Promise<string>;
}
