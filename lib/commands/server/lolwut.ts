/**
 * LOLWUT: a picture, another one each time, and the version. Ours is a woven cloth: warp and weft
 * threads of random kinds, drawn where they cross. Versions 5 and 6 take a size, as Redis's do.
 */

import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { REDIS_VERSION } from "../../config/version.ts";

const COLUMNS = 48;
const ROWS = 10;
const MAX_COLUMNS = 160;
const MAX_ROWS = 60;

/** How often in a row a thread lies above the other ones. */
const WEAVES = [[1, 1], [2, 1], [2, 2], [3, 1], [1, 3]];

export const LOLWUT = command({
  name: "LOLWUT",
  usage: "[VERSION version]",
  summary: "Draws something, and tells the version.",
  since: "5.0.0",
  complexity: "O(N) where N is the number of characters drawn",
  flags: Flag.READONLY | Flag.FAST,
  run(call) {
    const { columns, rows } = readSize(call);
    call.reply.verbatim("txt", `${cloth(call, columns, rows)}\nRedis ver. ${REDIS_VERSION}\n`);
  },
});

export const LOLWUT_COMMANDS = [LOLWUT];

function readSize(call: Call): { columns: number; rows: number } {
  let columns = COLUMNS;
  let rows = ROWS;
  if (call.count >= 3 && call.request.is(1, "VERSION")) {
    const version = readClampedInteger(call, 2);
    // Version 5 takes columns, squares a row and squares a side; version 6 columns and rows.
    const taken = version === 5 ? 3 : version === 6 ? 2 : 0;
    const sizes: number[] = [];
    for (let i = 3; i < Math.min(call.count, 3 + taken); i++) {
      sizes.push(readClampedInteger(call, i));
    }
    columns = sizes[0] ?? columns;
    rows = sizes[1] ?? rows;
  }
  return { columns: within(columns, MAX_COLUMNS), rows: within(rows, MAX_ROWS) };
}

function within(value: number, most: number): number {
  return Math.max(1, Math.min(most, value));
}

function cloth(call: Call, columns: number, rows: number): string {
  const { random } = call.context.host;
  const warp = Array.from({ length: columns }, () => random.below(WEAVES.length));
  const kinds = ["─", "━", "═"];
  let text = "";
  for (let row = 0; row < rows; row++) {
    const shift = random.below(4);
    const weft = kinds[random.below(kinds.length)];
    for (let column = 0; column < columns; column++) {
      const [above, below] = WEAVES[warp[column]];
      const isWarp = (row + shift + column) % (above + below) < above;
      text += isWarp ? (warp[column] % 2 === 0 ? "│" : "┃") : weft;
    }
    text += "\n";
  }
  return text;
}
