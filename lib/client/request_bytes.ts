/** Requests as clients send them: arrays of bulk strings. */

/** Strings are sent as UTF-8; bytes as they are. */
export type Argument = string | number | bigint | Uint8Array;

const encoder = new TextEncoder();
const CR = 0x0d;
const LF = 0x0a;

/** The bytes of one request. */
export function encodeRequest(args: readonly Argument[]): Uint8Array<ArrayBuffer> {
  return encodeRequests([args]);
}

/** The bytes of several requests, to be sent in one write. */
export function encodeRequests(
  requests: readonly (readonly Argument[])[],
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let total = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    total += part.length;
  };
  for (const args of requests) {
    add(encoder.encode(`*${args.length}\r\n`));
    for (const arg of args) {
      const bytes = arg instanceof Uint8Array ? arg : encoder.encode(String(arg));
      add(encoder.encode(`$${bytes.length}\r\n`));
      add(bytes);
      add(LINE_END);
    }
  }
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const LINE_END = new Uint8Array([CR, LF]);
