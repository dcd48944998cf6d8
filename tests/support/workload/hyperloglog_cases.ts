/** Edge cases of HyperLogLogs, see edge_cases.ts. */

/** The header of a sparse counter, up to its registers. */
const SPARSE = String.raw`HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80`;

const counting = String.raw`
PFADD h
PFADD h
GET h
PFCOUNT h
GET h
PFADD h a b c d
PFADD h a
GET h
PFCOUNT h
GET h
PFCOUNT h missing
PFCOUNT missing
PFCOUNT missing missing
PFCOUNT
PFADD
OBJECT ENCODING h
PFADD g x y z a
PFCOUNT h g
PFMERGE m h g missing
GET m
PFCOUNT m
PFMERGE m
GET m
PFMERGE new
GET new
PFMERGE
PFDEBUG DECODE h
PFDEBUG ENCODING h
PFDEBUG ENCODING missing
PFDEBUG ENCODING h x
PFDEBUG NOSUCH h
PFDEBUG NOSUCH h x
PFDEBUG NOSUCH missing x
PFDEBUG ENCODING
PFDEBUG TODENSE h
PFDEBUG TODENSE h
PFDEBUG DECODE h
PFDEBUG GETREG g
PFDEBUG ENCODING g
GET h
PFADD h a
PFADD h e
PFCOUNT h
GET h
PFMERGE m h
PFDEBUG ENCODING m
GET m
EXPIRE h 1000
PFADD h f
TTL h
SADD s a
PFADD s a
PFCOUNT s
PFCOUNT h s
PFMERGE h s
PFMERGE s h
PFDEBUG ENCODING s
`;

const damaged = [
  "",
  "x",
  "HYLL",
  String.raw`HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00`,
  String.raw`HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff`,
  String.raw`HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff`,
  String.raw`hYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff`,
  SPARSE,
  String.raw`${SPARSE}\x7f`,
  String.raw`${SPARSE}\x7f\xfe`,
  String.raw`${SPARSE}\x7f\xff\x00`,
  String.raw`${SPARSE}\x7f\xff\x7f\xff`,
  String.raw`${SPARSE}\x00\x00\x00`,
  String.raw`${SPARSE}\xff\xff\xff`,
  String.raw`${SPARSE}\x7f\xfb\x80\x80\x80\x80`,
  String.raw`${SPARSE}\x7f\xf7\xff\xff`,
  String.raw`HYLL\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f\x7f\xff`,
].map((bytes) =>
  String.raw`
SET h "${bytes}"
PFCOUNT h
PFCOUNT h missing
PFADD h
PFDEBUG DECODE h
PFDEBUG GETREG h
SET h "${bytes}"
PFMERGE d h
EXISTS d
PFADD h a
GET h
PFCOUNT h
SET h "${bytes}"
PFDEBUG TODENSE h
PFMERGE h missing
GET h
`
);

export const HYPERLOGLOG_CASES: readonly string[] = [counting, ...damaged];
