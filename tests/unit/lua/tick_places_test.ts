/** Which loops and calls of a program are counted, on code made by hand. */

import { assertEquals, assertThrows } from "@std/assert";
import { codeShape } from "../../../lib/lua/code_shape.ts";
import { luaBinary } from "../../../lib/host/lua_binary.ts";
import { metered } from "../../../lib/lua/metering.ts";
import { tickPlaces } from "../../../lib/lua/tick_places.ts";
import { NO_RESULT, Op, signed, unsigned } from "../../../lib/lua/wasm_format.ts";

const IMPORTED = 2;
const LOOP = [Op.LOOP, NO_RESULT];
/** As Lua's interpreter is known: a jump for each of 38 instructions. */
const INTERPRETER = [
  ...[Op.BLOCK, NO_RESULT, Op.LOCAL_GET, 0, Op.BR_TABLE, 38, ...new Array(39).fill(0), Op.END],
];

function call(index: number): number[] {
  return [Op.CALL, ...unsigned(IMPORTED + index)];
}

function shape(code: readonly number[]) {
  const bytes = Uint8Array.from([...code, Op.END]);
  return codeShape(bytes, 0, bytes.length);
}

/** The places of functions that stand behind an interpreter, which has number 0. */
function placesOf(...functions: readonly (readonly number[])[]) {
  return tickPlaces([INTERPRETER, ...functions].map(shape), IMPORTED).slice(1);
}

Deno.test("loops count where they begin if anything is called within them, at any depth", () => {
  const code = [
    ...[...LOOP, Op.LOCAL_GET, 0, Op.BR_IF, 0, Op.END],
    ...[...LOOP, ...LOOP, Op.BLOCK, NO_RESULT, ...call(2), Op.END, Op.END, Op.END],
    ...[...LOOP, Op.END, ...call(2)],
  ];
  assertEquals(placesOf(code, [])[0], { atStart: false, loops: [9, 11] });
});

Deno.test("functions that call each other count, and those that only call them don't", () => {
  const places = placesOf(call(2), [...call(3), ...call(4)], call(2), [], call(5));
  assertEquals(places.map(({ atStart }) => atStart), [false, true, true, false, true]);
});

Deno.test("who may call anybody counts", () => {
  const places = placesOf([Op.CALL_INDIRECT, 0, 0], [Op.CALL, 1], call(0), []);
  assertEquals(places.map(({ atStart }) => atStart), [true, true, false, false]);
});

Deno.test("the interpreter leaves counting to Lua, whoever calls it", () => {
  const code = [...LOOP, ...INTERPRETER, ...call(1), Op.END];
  const places = tickPlaces([code, call(0)].map(shape), IMPORTED);
  assertEquals(places, [{ atStart: false, loops: [] }, { atStart: false, loops: [] }]);
  assertThrows(() => tickPlaces([call(0)].map(shape), IMPORTED), Error, "interpreter");
  assertThrows(() => tickPlaces([code, code].map(shape), IMPORTED), Error, "interpreter");
});

Deno.test("operands that look like loops and calls are none", () => {
  const { LOOP: loop, CALL: calls } = Op;
  const code = [
    ...[Op.I32_CONST, ...signed(loop), Op.I64_CONST, ...signed(-calls)],
    ...[Op.F32_CONST, loop, calls, loop, calls, Op.F64_CONST, loop, 0, calls, 0, 0, 0, 0, 0],
    ...[Op.I32_LOAD, 2, loop, Op.BULK, 10, 0, 0, Op.BULK, 11, 0, Op.MEMORY_SIZE, 0, Op.DROP],
    ...[Op.LOCAL_SET, calls, Op.I32_ADD, Op.SELECT, Op.BR, loop],
  ];
  const { loops, calls: called, callsIndirectly } = shape(code);
  assertEquals([loops.length, called.size, callsIndirectly], [0, 0, false]);
});

Deno.test("a program with instructions that are not known is refused", () => {
  assertThrows(() => shape([Op.TRY_TABLE, NO_RESULT, 0]), Error, "the instruction 31");
  assertThrows(() => shape([Op.BULK, 12, 0, 0]), Error, "the bulk instruction 12");
  const binary = luaBinary();
  assertEquals(WebAssembly.validate(metered(binary).bytes), true);
});
