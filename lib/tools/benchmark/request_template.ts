/**
 * The bytes of a pipeline of requests, made once; before each sending the places that say
 * `__rand_int__` get twelve new digits. [hot]
 */

import { latin1, utf8 } from "../../bytes/byte_string.ts";
import { encodeRequest } from "../../client/request_bytes.ts";
import type { Random } from "../../host/random.ts";

const PLACEHOLDER = "__rand_int__";
const DIGITS = PLACEHOLDER.length;

export class RequestTemplate {
  readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly places: Int32Array;

  /** @param request one request as it is sent. @param keyspace 0 leaves the placeholders alone. */
  constructor(request: Uint8Array, readonly pipeline: number, private readonly keyspace: number) {
    this.bytes = new Uint8Array(request.length * pipeline);
    for (let i = 0; i < pipeline; i++) this.bytes.set(request, i * request.length);
    const places: number[] = [];
    if (keyspace > 0) {
      const text = latin1(this.bytes);
      for (let at = text.indexOf(PLACEHOLDER); at >= 0;) {
        places.push(at);
        at = text.indexOf(PLACEHOLDER, at + DIGITS);
      }
    }
    this.places = Int32Array.from(places);
  }

  static of(args: readonly (string | Uint8Array)[], pipeline: number, keyspace: number) {
    return new RequestTemplate(encodeRequest(args), pipeline, keyspace);
  }

  /** A copy that another connection patches for itself. */
  copy(): RequestTemplate {
    const request = this.bytes.subarray(0, this.bytes.length / this.pipeline);
    return new RequestTemplate(request, this.pipeline, this.keyspace);
  }

  randomize(random: Random): void {
    const { bytes, places } = this;
    for (let i = 0; i < places.length; i++) {
      let number = random.below(this.keyspace);
      for (let at = places[i] + DIGITS - 1; at >= places[i]; at--) {
        const rest = Math.floor(number / 10);
        bytes[at] = 0x30 + number - rest * 10;
        number = rest;
      }
    }
  }
}

export const INLINE_PING: Uint8Array = utf8("PING\r\n");
