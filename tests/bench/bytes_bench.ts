/**
 * What the hot parts of lib/bytes cost, per call: `deno bench tests/bench/bytes_bench.ts`. Each
 * round makes CALLS calls on different inputs, so divide its time by that.
 */

import { dataOf } from "../../lib/bytes/copy.ts";
import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { Crc64 } from "../../lib/bytes/crc64.ts";
import { parseDouble } from "../../lib/bytes/double.ts";
import { matchGlob } from "../../lib/bytes/glob.ts";
import { halfSipHash } from "../../lib/bytes/hash.ts";
import { formatInteger, parseInteger } from "../../lib/bytes/integer.ts";
import { addFloats } from "../../lib/bytes/long_double.ts";
import { compressLzf, decompressLzf } from "../../lib/bytes/lzf.ts";

const CALLS = 1000;
const WIDTH = 32;
const bytes = new Uint8Array(CALLS * WIDTH).map((_, at) => Math.imul(at, 0x9e3779b1) >>> 24);
const data = dataOf(bytes);
const target = new Uint8Array(WIDTH);
let sink = 0;

for (const length of [8, 16, 32, 64]) {
  Deno.bench({ name: `halfSipHash, ${length} bytes`, group: "hash" }, () => {
    for (let i = 0; i < CALLS - 1; i++) sink ^= halfSipHash(data, i * WIDTH, length, 1, 2);
  });
}

for (const digits of [1, 3, 6, 9, 13, 16]) {
  const values = Array.from(
    { length: CALLS },
    (_, i) => Math.floor(10 ** digits * (0.1 + i / 1200)),
  );
  const safe = values.map((value) => Math.min(value, Number.MAX_SAFE_INTEGER));
  const texts = new Uint8Array(CALLS * WIDTH);
  const lengths = safe.map((value, i) => formatInteger(value, texts, i * WIDTH));
  Deno.bench({ name: `parseInteger, ${digits} digits`, group: "integer" }, () => {
    for (let i = 0; i < CALLS; i++) sink += parseInteger(texts, i * WIDTH, lengths[i]);
  });
  Deno.bench({ name: `formatInteger, ${digits} digits`, group: "integer" }, () => {
    for (let i = 0; i < CALLS; i++) sink += formatInteger(safe[i], target, 0);
  });
}

const GLOBS = ["key:*", "*:12345", "user:[0-9]*:name", "*a*b*c*d", "key:00000?234567"];
const text = fromLatin1("key:000001234567");
for (const glob of GLOBS) {
  const pattern = fromLatin1(glob);
  Deno.bench({ name: `matchGlob, ${glob}`, group: "glob" }, () => {
    for (let i = 0; i < CALLS; i++) {
      if (matchGlob(pattern, 0, pattern.length, text, 0, text.length, false)) sink++;
    }
  });
}

for (const number of ["42", "3.25", "0.1234567890123456789", "1e10"]) {
  const spelled = fromLatin1(number);
  Deno.bench({ name: `parseDouble, ${number}`, group: "double" }, () => {
    for (let i = 0; i < CALLS; i++) sink += parseDouble(spelled, 0, spelled.length);
  });
}

Deno.bench({ name: "addFloats, 10.5 + 0.1", group: "double" }, () => {
  for (let i = 0; i < CALLS; i++) sink += addFloats("10.5", "0.1").ok ? 1 : 0;
});

const block = new Uint8Array(65536).map((_, at) => (at * at) % 1009 % 17);
const packed = compressLzf(block, 0, block.length);
const crc = new Crc64();
Deno.bench({ name: "Crc64, 64 KiB", group: "block" }, () => crc.update(block));
Deno.bench({ name: "compressLzf, 64 KiB", group: "block" }, () => {
  sink += compressLzf(block, 0, block.length)?.length ?? 0;
});
if (packed !== null) {
  Deno.bench({ name: "decompressLzf, 64 KiB", group: "block" }, () => {
    sink += decompressLzf(packed, 0, packed.length, block.length).length;
  });
}
