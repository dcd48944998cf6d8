/**
 * Edge cases of errors that quote what the client sent, see edge_cases.ts: texts with NUL, CR and LF
 * in every command that does.
 */

const QUOTING = [
  ...["?", "? a", "FOO ?", "FOO a ? b", "CONFIG ?", "CLIENT ?", "OBJECT ?", "COMMAND ?"],
  ...["MEMORY ?", "SLOWLOG ?", "LATENCY ?", "DEBUG ?", "DEBUG PROTOCOL ?", "DEBUG ERROR ?"],
  ...["EXPIRE key 1 ?", "EXPIREAT key 1 NX ?", "PEXPIRE key ?", "SET key value ?"],
  ...["HELLO ?", "HELLO 2 ?", "CLIENT LIST TYPE ?", "CLIENT KILL TYPE ?", "CLIENT KILL USER ?"],
  ...["CONFIG SET ? 1", "CONFIG SET hz 10 ? 1", "CONFIG SET ? 1 ? 1", "LATENCY GRAPH ?"],
  ...["SCAN 0 TYPE ?", "COMMAND GETKEYS ?", "BITFIELD key GET ? 0", "LCS a b ?", "FLUSHALL ?"],
];

const TEXTS = [
  String.raw`"\x00"`,
  String.raw`"x\r\n"`,
  String.raw`"a\nb"`,
  String.raw`"a\x00b"`,
  String.raw`"x\r\n\x00y"`,
  String.raw`"\n\rx"`,
  String.raw`"a\rb\n\n"`,
  String.raw`"'"`,
  "y".repeat(200),
];

export const QUOTING_CASES: readonly string[] = [
  QUOTING.flatMap((command) => TEXTS.map((text) => command.replaceAll("?", () => text))).join("\n"),
];
