/**
 * Draws the program's icon, the face of the banner, and writes it as `fixtures/icon/redino.ico`:
 *
 *     deno run -A tests/tools/make_icon.ts
 *
 * An .ico file is a list of pictures: a header of 6 bytes, 16 bytes for each picture (width, height,
 * colours, planes, bits, length, place), and the pictures, here PNG, which Windows reads in icons
 * since Vista. Each size is drawn by itself, since a shrunk large one would be mush at 16 pixels.
 */

import { crc32, deflateSync } from "node:zlib";

const SIZES = [16, 24, 32, 48, 64, 256];
/** A pixel's colour is the mean of this many places across and down. */
const SAMPLES = 4;

type Colour = readonly [red: number, green: number, blue: number];
const FACE: Colour = [0xc6, 0x30, 0x2b];
const SHADE: Colour = [0x8f, 0x1d, 0x1a];
const LIGHT: Colour = [0xff, 0xf4, 0xe8];

/** The whole icon file. */
export function redinoIcon(): Uint8Array<ArrayBuffer> {
  const pictures = SIZES.map((size) => png(size, draw(size)));
  const headBytes = 6 + 16 * SIZES.length;
  const icon = new Uint8Array(pictures.reduce((sum, { length }) => sum + length, headBytes));
  const data = new DataView(icon.buffer);
  data.setUint16(2, 1, true);
  data.setUint16(4, SIZES.length, true);
  let place = headBytes;
  pictures.forEach((picture, index) => {
    const entry = 6 + 16 * index;
    // A width of 256 is written as 0.
    icon[entry] = icon[entry + 1] = SIZES[index] & 0xff;
    data.setUint16(entry + 4, 1, true);
    data.setUint16(entry + 6, 32, true);
    data.setUint32(entry + 8, picture.length, true);
    data.setUint32(entry + 12, place, true);
    icon.set(picture, place);
    place += picture.length;
  });
  return icon;
}

/** Red, green, blue and opacity of each pixel, row by row. */
function draw(size: number): Uint8Array {
  const pixels = new Uint8Array(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const sum = [0, 0, 0, 0];
      for (let part = 0; part < SAMPLES * SAMPLES; part++) {
        const across = (x + (part % SAMPLES + 0.5) / SAMPLES) / size;
        const down = (y + (Math.floor(part / SAMPLES) + 0.5) / SAMPLES) / size;
        const colour = colourAt(across * 2 - 1, down * 2 - 1, size);
        if (colour === null) continue;
        colour.forEach((value, channel) => sum[channel] += value);
        sum[3]++;
      }
      const at = (y * size + x) * 4;
      for (let channel = 0; channel < 3 && sum[3] > 0; channel++) {
        pixels[at + channel] = Math.round(sum[channel] / sum[3]);
      }
      pixels[at + 3] = Math.round(255 * sum[3] / (SAMPLES * SAMPLES));
    }
  }
  return pixels;
}

/** The picture as a function of a place, from -1 to 1 both ways; null outside. */
function colourAt(x: number, y: number, size: number): Colour | null {
  const fromCentre = Math.hypot(x, y);
  if (fromCentre > 0.97) return null;
  // Small pictures need thicker features.
  const thick = size <= 24 ? 0.14 : 0.1;
  const eye = Math.hypot(Math.abs(x) - 0.36, y + 0.2);
  if (eye < thick + 0.06) return LIGHT;
  const smile = Math.hypot(x, y - 0.02);
  if (y > 0.2 && Math.abs(smile - 0.52) < thick * 0.75) return LIGHT;
  if (y > -0.02 && y < 0.16 && Math.abs(x) < (y + 0.02) * 0.6 && size > 24) return LIGHT;
  return fromCentre > 0.97 - thick * 0.8 ? SHADE : FACE;
}

function png(size: number, pixels: Uint8Array): Uint8Array {
  const rows = new Uint8Array(size * (size * 4 + 1));
  for (let y = 0; y < size; y++) {
    rows.set(pixels.subarray(y * size * 4, (y + 1) * size * 4), y * (size * 4 + 1) + 1);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, size);
  view.setUint32(4, size);
  // Eight bits for each of red, green, blue and opacity.
  header.set([8, 6], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const content = new Uint8Array(deflateSync(rows, { level: 9 }));
  return joined([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", content),
    chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const named = joined([new TextEncoder().encode(type), content]);
  const ends = new DataView(new ArrayBuffer(8));
  ends.setUint32(0, content.length);
  ends.setUint32(4, crc32(named));
  const bytes = new Uint8Array(ends.buffer);
  return joined([bytes.subarray(0, 4), named, bytes.subarray(4)]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

if (import.meta.main) {
  const target = new URL("../../fixtures/icon/redino.ico", import.meta.url);
  Deno.mkdirSync(new URL(".", target), { recursive: true });
  Deno.writeFileSync(target, redinoIcon());
}
