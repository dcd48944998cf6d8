/**
 * The piece between Lua's WebAssembly program and us, a small module of our own:
 *
 * - `invoke_vii` and `throw_longjmp`: how Lua's errors travel. The program was built to leave both to
 *   JavaScript; here they are WebAssembly as well (an exception with a tag of its own), because only
 *   a stack without JavaScript in it can be set aside while others are served.
 * - `run`: `lua_pcall`, which tells its outcome also through the global `status`. Called as a
 *   "promising" function its return value comes as a promise, but the global is set at once.
 * - `hook`: Lua's hook for counted instructions, and `tick`, the hatch of metering.ts. They call the
 *   imports `hooked` and `tick` and, where those return 1, `suspend`, which sets the stack aside.
 * - `c0`, `c1` …: our functions as the table can hold them, for `lua_pushcclosure`. While one runs
 *   the global `depth` is one more; an error that skips it puts `depth` back where it is caught.
 */

import {
  functionBody,
  functionType,
  I32,
  Kind,
  moduleOf,
  name,
  NO_RESULT,
  Op,
  Section,
  section,
  signed,
  unsigned,
  vector,
} from "./wasm_format.ts";

/** Entries of the shared table behind those of the program, in this order. */
export const Slot = {
  HATCH: 0,
  SAVE: 1,
  RESTORE: 2,
  THREW: 3,
  PCALL: 4,
  HOOK: 5,
  FIRST: 6,
} as const;

/** Types by number. */
const Type = {
  TICK: 0,
  HOST: 1,
  INVOKE: 2,
  PAIR: 3,
  SAVE: 4,
  RESTORE: 5,
  PCALL: 6,
  RUN: 7,
} as const;
/** How many functions stand in front of `c0`: invoke_vii, throw_longjmp, run, hook, tick. */
const OWN_FUNCTIONS = 5;
/** Globals by number. */
const Global = { STATUS: 0, DEPTH: 1 } as const;

export interface BridgeExports {
  readonly invoke_vii: (index: number, a: number, b: number) => void;
  readonly throw_longjmp: () => void;
  readonly run: (state: number, args: number, results: number, handler: number) => void;
  readonly hook: (state: number, record: number) => void;
  readonly tick: () => void;
  readonly status: WebAssembly.Global;
  /** How many of our functions are on the stack. */
  readonly depth: WebAssembly.Global;
}

/**
 * @param base number of the first of {@linkcode Slot} in the table.
 * @param functions how many functions of ours (imports `f0`, `f1` …) it passes on.
 */
export function bridgeModule(base: number, functions: number): WebAssembly.Module {
  const types = [
    functionType([], []),
    functionType([I32], [I32]),
    functionType([I32, I32, I32], []),
    functionType([I32, I32], []),
    functionType([], [I32]),
    functionType([I32], []),
    functionType([I32, I32, I32, I32], [I32]),
    functionType([I32, I32, I32, I32], []),
  ];
  const imports = [
    [...name("env"), ...name("table"), Kind.TABLE, 0x70, 0, ...unsigned(base)],
    [...name("env"), ...name("tick"), Kind.FUNCTION, Type.SAVE],
    [...name("env"), ...name("hooked"), Kind.FUNCTION, Type.SAVE],
    [...name("env"), ...name("suspend"), Kind.FUNCTION, Type.TICK],
  ];
  for (let i = 0; i < functions; i++) {
    imports.push([...name("env"), ...name(`f${i}`), Kind.FUNCTION, Type.HOST]);
  }
  const first = 3 + functions;
  const variable = [I32, 1, Op.I32_CONST, 0, Op.END];
  const entries: number[][] = [];
  const exported = [
    [...name("invoke_vii"), Kind.FUNCTION, ...unsigned(first)],
    [...name("throw_longjmp"), Kind.FUNCTION, ...unsigned(first + 1)],
    [...name("run"), Kind.FUNCTION, ...unsigned(first + 2)],
    [...name("hook"), Kind.FUNCTION, ...unsigned(first + 3)],
    [...name("tick"), Kind.FUNCTION, ...unsigned(first + 4)],
    [...name("status"), Kind.GLOBAL, Global.STATUS],
    [...name("depth"), Kind.GLOBAL, Global.DEPTH],
  ];
  for (let i = 0; i < functions; i++) {
    exported.push([...name(`c${i}`), Kind.FUNCTION, ...unsigned(first + OWN_FUNCTIONS + i)]);
    entries.push(entryCode(3 + i));
  }
  return new WebAssembly.Module(moduleOf([
    section(Section.TYPE, vector(types)),
    section(Section.IMPORT, vector(imports)),
    section(
      Section.FUNCTION,
      vector([
        ...[[Type.INVOKE], [Type.TICK], [Type.RUN], [Type.PAIR], [Type.TICK]],
        ...entries.map(() => [Type.HOST]),
      ]),
    ),
    section(Section.TAG, vector([[0, Type.TICK]])),
    section(Section.GLOBAL, vector([variable, variable])),
    section(Section.EXPORT, vector(exported)),
    section(
      Section.CODE,
      vector([
        ...ownCode(base),
        ...entries,
      ]),
    ),
  ]));
}

/** The functions in front of `c0`, in their order. */
function ownCode(base: number): number[][] {
  const at = (slot: number) => [Op.I32_CONST, ...signed(base + slot)];
  const indirect = (type: number) => [Op.CALL_INDIRECT, ...unsigned(type), 0];
  const local = (index: number) => [Op.LOCAL_GET, ...unsigned(index)];
  const savedStack = 3;
  const savedDepth = 4;
  const invoke = [
    ...[...at(Slot.SAVE), ...indirect(Type.SAVE), Op.LOCAL_SET, savedStack],
    ...[Op.GLOBAL_GET, Global.DEPTH, Op.LOCAL_SET, savedDepth],
    ...[Op.BLOCK, NO_RESULT, Op.TRY_TABLE, NO_RESULT, 1, 0, 0, 0],
    ...[...local(1), ...local(2), ...local(0), ...indirect(Type.PAIR)],
    ...[Op.END, Op.RETURN, Op.END],
    ...[...local(savedDepth), Op.GLOBAL_SET, Global.DEPTH],
    ...[...local(savedStack), ...at(Slot.RESTORE), ...indirect(Type.RESTORE)],
    ...[Op.I32_CONST, 1, Op.I32_CONST, 0, ...at(Slot.THREW), ...indirect(Type.PAIR)],
  ];
  const run = [
    ...[...local(0), ...local(1), ...local(2), ...local(3)],
    ...[...at(Slot.PCALL), ...indirect(Type.PCALL), Op.GLOBAL_SET, Global.STATUS],
  ];
  const asks = (question: number) => [Op.CALL, question, Op.IF, NO_RESULT, Op.CALL, 2, Op.END];
  return [
    functionBody(2, invoke),
    functionBody(0, [Op.THROW, 0]),
    functionBody(0, run),
    functionBody(0, asks(1)),
    functionBody(0, asks(0)),
  ];
}

/** Calls the function of ours with that number, one deeper. */
function entryCode(number: number): number[] {
  const deeper = (by: number) => [
    ...[Op.GLOBAL_GET, Global.DEPTH, Op.I32_CONST, ...signed(by), Op.I32_ADD],
    ...[Op.GLOBAL_SET, Global.DEPTH],
  ];
  return functionBody(0, [
    ...deeper(1),
    ...[Op.LOCAL_GET, 0, Op.CALL, ...unsigned(number)],
    ...deeper(-1),
  ]);
}
