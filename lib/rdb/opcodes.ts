/**
 * The numbers of the RDB format: types of values, opcodes between them, and how lengths and strings
 * are told apart. Source: rdb.h of Redis 7.0 and 7.4.
 */

/** What we write: the version of Redis 7.0, which it and all later ones load. */
export const RDB_VERSION = 10;
/** What Redis 7.4 writes, and we only where a value needs it: fields that expire. */
export const RDB_VERSION_FIELD_EXPIRY = 12;
/** The newest version that is read. */
export const NEWEST_RDB_VERSION = 12;
/** The version of Valkey 9.0, whose files begin with its own name. */
export const VALKEY_RDB_VERSION = 80;

/** Types of values, each with its encoding. */
export const RdbType = {
  STRING: 0,
  LIST: 1,
  SET: 2,
  /** Scores as text. */
  ZSET: 3,
  HASH: 4,
  /** Scores as binary doubles. */
  ZSET_2: 5,
  MODULE_PRE_GA: 6,
  MODULE_2: 7,
  HASH_ZIPMAP: 9,
  LIST_ZIPLIST: 10,
  SET_INTSET: 11,
  ZSET_ZIPLIST: 12,
  HASH_ZIPLIST: 13,
  /** Nodes that are ziplists. */
  LIST_QUICKLIST: 14,
  STREAM_LISTPACKS: 15,
  HASH_LISTPACK: 16,
  ZSET_LISTPACK: 17,
  /** Nodes that are listpacks, or single long elements. */
  LIST_QUICKLIST_2: 18,
  STREAM_LISTPACKS_2: 19,
  SET_LISTPACK: 20,
  STREAM_LISTPACKS_3: 21,
  /** Hashes with fields that expire, of release candidates: absolute times. */
  HASH_METADATA_PRE_GA: 22,
  HASH_LISTPACK_EX_PRE_GA: 23,
  /** The same as released: the earliest time first. */
  HASH_METADATA: 24,
  HASH_LISTPACK_EX: 25,
  /**
   * A hash with fields that expire as Valkey writes it, with a number that Redis has given to
   * something else; so it has another one here, which no byte of a file can be.
   */
  HASH_VALKEY: 256 + 22,
} as const;

/** Names of the types as redis-check-rdb knows them. */
export const TYPE_NAMES_OF_RDB: Readonly<Record<number, string>> = {
  [RdbType.STRING]: "string",
  [RdbType.LIST]: "list-linked",
  [RdbType.SET]: "set-hashtable",
  [RdbType.ZSET]: "zset-v1",
  [RdbType.HASH]: "hash-hashtable",
  [RdbType.ZSET_2]: "zset-v2",
  [RdbType.MODULE_PRE_GA]: "module-pre-release",
  [RdbType.MODULE_2]: "module-value",
  [RdbType.HASH_ZIPMAP]: "hash-zipmap",
  [RdbType.LIST_ZIPLIST]: "list-ziplist",
  [RdbType.SET_INTSET]: "set-intset",
  [RdbType.ZSET_ZIPLIST]: "zset-ziplist",
  [RdbType.HASH_ZIPLIST]: "hash-ziplist",
  [RdbType.LIST_QUICKLIST]: "quicklist",
  [RdbType.STREAM_LISTPACKS]: "stream",
  [RdbType.HASH_LISTPACK]: "hash-listpack",
  [RdbType.ZSET_LISTPACK]: "zset-listpack",
  [RdbType.LIST_QUICKLIST_2]: "quicklist-v2",
  [RdbType.STREAM_LISTPACKS_2]: "stream-v2",
  [RdbType.SET_LISTPACK]: "set-listpack",
  [RdbType.STREAM_LISTPACKS_3]: "stream-v3",
  [RdbType.HASH_METADATA_PRE_GA]: "hash-hashtable-md-pre-release",
  [RdbType.HASH_LISTPACK_EX_PRE_GA]: "hash-listpack-md-pre-release",
  [RdbType.HASH_METADATA]: "hash-hashtable-md",
  [RdbType.HASH_LISTPACK_EX]: "hash-listpack-md",
  [RdbType.HASH_VALKEY]: "hash-v2",
};

/** What stands in a file where a type could: everything that is not a value. */
export const Opcode = {
  /** Slots on their way into a node of a cluster; Valkey's only. */
  SLOT_IMPORT: 243,
  SLOT_INFO: 244,
  FUNCTION_2: 245,
  FUNCTION_PRE_GA: 246,
  MODULE_AUX: 247,
  IDLE: 248,
  FREQ: 249,
  AUX: 250,
  RESIZE_DB: 251,
  EXPIRE_TIME_MS: 252,
  EXPIRE_TIME: 253,
  SELECT_DB: 254,
  EOF: 255,
} as const;

/** The upper two bits of a length's first byte. */
export const LengthBits = { SIX: 0, FOURTEEN: 1, LONG: 2, ENCODED: 3 } as const;
/** First bytes of lengths that follow in full, the highest byte first. */
export const LENGTH_32 = 0x80;
export const LENGTH_64 = 0x81;

/** The lower six bits where the upper two say ENCODED: a string in another form. */
export const StringForm = { INT8: 0, INT16: 1, INT32: 2, LZF: 3 } as const;

/** What a node of a quicklist holds. */
export const QuicklistContainer = { PLAIN: 1, PACKED: 2 } as const;

/** What comes before each part of a module's value. */
export const ModulePart = {
  END: 0,
  SIGNED: 1,
  UNSIGNED: 2,
  FLOAT: 3,
  DOUBLE: 4,
  STRING: 5,
} as const;
