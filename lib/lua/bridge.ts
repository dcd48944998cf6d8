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
 * - `c0`, `c1` …: our functions as the table can hold them, for `lua_pushcclosure`.
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
const Type = { TICK: 0, HOST: 1, INVOKE: 2, PAIR: 3, SAVE: 4, RESTORE: 5, PCALL: 6 } as const;

export interface BridgeExports {
  readonly invoke_vii: (index: number, a: number, b: number) => void;
  readonly throw_longjmp: () => void;
  readonly run: (state: number, args: number, results: number, handler: number) => void;
  readonly hook: (state: number, record: number) => void;
  readonly tick: () => void;
  readonly status: WebAssembly.Global;
}

/**
 * @param base number of the first of {@linkcode Slot} in the table.
 * @param functions how many functions of ours (imports `f0`, `f1` …) it passes on.
 */
export function bridgeModule(base: number, functions: number): WebAssembly.Module {
  const at = (slot: number) => [Op.I32_CONST, ...signed(base + slot)];
  const indirect = (type: number) => [Op.CALL_INDIRECT, ...unsigned(type), 0];
  const local = (index: number) => [Op.LOCAL_GET, ...unsigned(index)];
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
  const savedStack = 3;
  const invoke = [
    ...[...at(Slot.SAVE), ...indirect(Type.SAVE), Op.LOCAL_SET, savedStack],
    ...[Op.BLOCK, NO_RESULT, Op.TRY_TABLE, NO_RESULT, 1, 0, 0, 0],
    ...[...local(1), ...local(2), ...local(0), ...indirect(Type.PAIR)],
    ...[Op.END, Op.RETURN, Op.END],
    ...[...local(savedStack), ...at(Slot.RESTORE), ...indirect(Type.RESTORE)],
    ...[Op.I32_CONST, 1, Op.I32_CONST, 0, ...at(Slot.THREW), ...indirect(Type.PAIR)],
  ];
  const run = [
    ...[...local(0), ...local(1), ...local(2), ...local(3)],
    ...[...at(Slot.PCALL), ...indirect(Type.PCALL), Op.GLOBAL_SET, 0],
  ];
  const asks = (question: number) => [Op.CALL, question, Op.IF, NO_RESULT, Op.CALL, 2, Op.END];
  const exported = [
    [...name("invoke_vii"), Kind.FUNCTION, ...unsigned(first)],
    [...name("throw_longjmp"), Kind.FUNCTION, ...unsigned(first + 1)],
    [...name("run"), Kind.FUNCTION, ...unsigned(first + 2)],
    [...name("hook"), Kind.FUNCTION, ...unsigned(first + 3)],
    [...name("tick"), Kind.FUNCTION, ...unsigned(first + 4)],
    [...name("status"), Kind.GLOBAL, 0],
  ];
  for (let i = 0; i < functions; i++) {
    exported.push([...name(`c${i}`), Kind.FUNCTION, ...unsigned(3 + i)]);
  }
  return new WebAssembly.Module(moduleOf([
    section(Section.TYPE, vector(types)),
    section(Section.IMPORT, vector(imports)),
    section(Section.FUNCTION, vector([[Type.INVOKE], [Type.TICK], [7], [Type.PAIR], [Type.TICK]])),
    section(Section.TAG, vector([[0, Type.TICK]])),
    section(Section.GLOBAL, vector([[I32, 1, Op.I32_CONST, 0, Op.END]])),
    section(Section.EXPORT, vector(exported)),
    section(
      Section.CODE,
      vector([
        functionBody(1, invoke),
        functionBody(0, [Op.THROW, 0]),
        functionBody(0, run),
        functionBody(0, asks(1)),
        functionBody(0, asks(0)),
      ]),
    ),
  ]));
}
