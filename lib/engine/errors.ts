/**
 * Every error that a client can cause, once. They are thrown by readers and commands and caught
 * in the dispatcher; a constant without a stack costs 0.6 µs to throw where a `new Error` costs
 * 5.6 µs. Texts are those of redis-server, since clients match on them.
 */

import type { Request } from "../resp/request.ts";

export class CommandError {
  /** @param text the reply without `-`: the code, then the message. */
  constructor(readonly text: string) {}
}

/** Not a refusal: whoever gives it has parked the session, or closed it, and nothing is to be done. */
export const POSTPONED = new CommandError("");

export const errors = {
  SYNTAX: new CommandError("ERR syntax error"),
  WRONG_TYPE: new CommandError(
    "WRONGTYPE Operation against a key holding the wrong kind of value",
  ),
  NOT_AN_INTEGER: new CommandError("ERR value is not an integer or out of range"),
  NOT_A_FLOAT: new CommandError("ERR value is not a valid float"),
  OUT_OF_RANGE: new CommandError("ERR value is out of range"),
  MUST_BE_POSITIVE: new CommandError("ERR value is out of range, must be positive"),
  NO_SUCH_KEY: new CommandError("ERR no such key"),
  INDEX_OUT_OF_RANGE: new CommandError("ERR index out of range"),
  DB_INDEX_OUT_OF_RANGE: new CommandError("ERR DB index is out of range"),
  SAME_OBJECT: new CommandError("ERR source and destination objects are the same"),
  OFFSET_OUT_OF_RANGE: new CommandError("ERR offset is out of range"),
  OVERFLOW: new CommandError("ERR increment or decrement would overflow"),
  DECREMENT_OVERFLOW: new CommandError("ERR decrement would overflow"),
  HASH_NOT_AN_INTEGER: new CommandError("ERR hash value is not an integer"),
  HASH_NOT_A_FLOAT: new CommandError("ERR hash value is not a float"),
  INFINITE_VALUE: new CommandError("ERR value is NaN or Infinity"),
  NAN_OR_INFINITY: new CommandError("ERR increment would produce NaN or Infinity"),
  STRING_TOO_LONG: new CommandError(
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
  ),
  BIT_OFFSET: new CommandError("ERR bit offset is not an integer or out of range"),
  BIT_VALUE: new CommandError("ERR bit is not an integer or out of range"),
  BIT_ARGUMENT: new CommandError("ERR The bit argument must be 1 or 0."),
  BITOP_NOT_ONE_KEY: new CommandError("ERR BITOP NOT must be called with a single source key."),
  BITFIELD_TYPE: new CommandError(
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but " +
      "i64 is.",
  ),
  BITFIELD_OVERFLOW: new CommandError("ERR Invalid OVERFLOW type specified"),
  BITFIELD_READ_ONLY: new CommandError("ERR BITFIELD_RO only supports the GET subcommand"),
  LCS_NOT_STRINGS: new CommandError("ERR The specified keys must contain string values"),
  LCS_LENGTH_AND_INDEXES: new CommandError(
    "ERR If you want both the length and indexes, please just use IDX.",
  ),
  LCS_MEMORY: new CommandError(
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
  ),
  NUMKEYS_TOO_SMALL: new CommandError("ERR numkeys should be greater than 0"),
  NUMKEYS_TOO_LARGE: new CommandError(
    "ERR Number of keys can't be greater than number of args",
  ),
  NEGATIVE_LIMIT: new CommandError("ERR LIMIT can't be negative"),
  ZADD_NX_AND_XX: new CommandError(
    "ERR XX and NX options at the same time are not compatible",
  ),
  ZADD_COMPARISONS: new CommandError(
    "ERR GT, LT, and/or NX options at the same time are not compatible",
  ),
  ZADD_INCR_PAIRS: new CommandError("ERR INCR option supports a single increment-element pair"),
  SCORE_NOT_A_NUMBER: new CommandError("ERR resulting score is not a number (NaN)"),
  SCORE_RANGE: new CommandError("ERR min or max is not a float"),
  MEMBER_RANGE: new CommandError("ERR min or max not valid string range item"),
  LIMIT_BY_RANK: new CommandError(
    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
  ),
  WITHSCORES_BY_MEMBER: new CommandError(
    "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
  ),
  WEIGHT_NOT_A_FLOAT: new CommandError("ERR weight value is not a float"),
  COUNT_TOO_SMALL: new CommandError("ERR count should be greater than 0"),
  NO_SUCH_MEMBER: new CommandError("ERR could not decode requested zset member"),
  RADIUS_NOT_A_NUMBER: new CommandError("ERR need numeric radius"),
  NEGATIVE_RADIUS: new CommandError("ERR radius cannot be negative"),
  WIDTH_NOT_A_NUMBER: new CommandError("ERR need numeric width"),
  HEIGHT_NOT_A_NUMBER: new CommandError("ERR need numeric height"),
  NEGATIVE_BOX: new CommandError("ERR height or width cannot be negative"),
  DISTANCE_UNIT: new CommandError(
    "ERR unsupported unit provided. please use M, KM, FT, MI",
  ),
  GEO_COUNT: new CommandError("ERR COUNT must be > 0"),
  GEO_ANY_WITHOUT_COUNT: new CommandError("ERR the ANY argument requires COUNT argument"),
  NOT_A_HYPERLOGLOG: new CommandError(
    "WRONGTYPE Key is not a valid HyperLogLog string value.",
  ),
  CORRUPTED_HYPERLOGLOG: new CommandError("INVALIDOBJ Corrupted HLL object detected"),
  HYPERLOGLOG_NOT_SPARSE: new CommandError("ERR HLL encoding is not sparse"),
  STREAM_ID: new CommandError("ERR Invalid stream ID specified as stream command argument"),
  STREAM_START: new CommandError("ERR invalid start ID for the interval"),
  STREAM_END: new CommandError("ERR invalid end ID for the interval"),
  STREAM_TRIMS: new CommandError(
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
  ),
  NEGATIVE_STREAM_LENGTH: new CommandError("ERR The MAXLEN argument must be >= 0."),
  NEGATIVE_TRIM_LIMIT: new CommandError("ERR The LIMIT argument must be >= 0."),
  TRIM_LIMIT_ALONE: new CommandError(
    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
  ),
  TRIM_LIMIT_EXACT: new CommandError(
    "ERR syntax error, LIMIT cannot be used without the special ~ option",
  ),
  NO_TRIM: new CommandError(
    "ERR syntax error, XTRIM must be called with a trimming strategy",
  ),
  XADD_ID_ZERO: new CommandError("ERR The ID specified in XADD must be greater than 0-0"),
  XADD_ID_SMALL: new CommandError(
    "ERR The ID specified in XADD is equal or smaller than the target stream top item",
  ),
  XADD_NO_IDS: new CommandError(
    "ERR The stream has exhausted the last possible ID, unable to add more items",
  ),
  XADD_TOO_LARGE: new CommandError("ERR Elements are too large to be stored"),
  NEGATIVE_ENTRIES_ADDED: new CommandError("ERR entries_added must be positive"),
  XSETID_BELOW_GIVEN: new CommandError(
    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
  ),
  XSETID_BELOW_LAST: new CommandError(
    "ERR The ID specified in XSETID is smaller than the target stream top item",
  ),
  XSETID_ENTRIES_ADDED: new CommandError(
    "ERR The entries_added specified in XSETID is smaller than the target stream length",
  ),
  /** Redis 7.0 says XREAD and $ also where XREADGROUP is meant. */
  UNBALANCED_STREAMS: new CommandError(
    "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
  ),
  XREAD_GROUP: new CommandError(
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
  ),
  XREAD_NOACK: new CommandError(
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
  ),
  XREAD_NEW_ID: new CommandError(
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> " +
      "<consumer> option.",
  ),
  XREADGROUP_WITHOUT_GROUP: new CommandError("ERR Missing GROUP option for XREADGROUP"),
  XREADGROUP_LAST_ID: new CommandError(
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of " +
      "this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID " +
      "would just return an empty result set.",
  ),
  TIMEOUT_NOT_AN_INTEGER: new CommandError("ERR timeout is not an integer or out of range"),
  TIMEOUT_NOT_A_FLOAT: new CommandError("ERR timeout is not a float or out of range"),
  NEGATIVE_TIMEOUT: new CommandError("ERR timeout is negative"),
  TIMEOUT_RANGE: new CommandError("ERR timeout is out of range"),
  ROLE_CHANGED: new CommandError(
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
  ),
  UNBLOCKED: new CommandError("UNBLOCKED client unblocked via CLIENT UNBLOCK"),
  STREAM_GONE: new CommandError("UNBLOCKED the stream key no longer exists"),
  GROUP_GONE: new CommandError(
    "NOGROUP the consumer group this client was blocked on no longer exists",
  ),
  WAIT_ON_REPLICA: new CommandError(
    "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a " +
      "replica is configured to be writable (which is not the default) writes to replicas are " +
      "just local and are not propagated.",
  ),
  WAITAOF_ON_REPLICA: new CommandError(
    "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas " +
      "are just local and are not propagated.",
  ),
  WAITAOF_WITHOUT_AOF: new CommandError(
    "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
  ),
  XGROUP_WITHOUT_KEY: new CommandError(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to " +
      "use the MKSTREAM option to create an empty stream automatically.",
  ),
  GROUP_EXISTS: new CommandError("BUSYGROUP Consumer Group name already exists"),
  ENTRIES_READ: new CommandError("ERR value for ENTRIESREAD must be positive or -1"),
  XCLAIM_MIN_IDLE: new CommandError("ERR Invalid min-idle-time argument for XCLAIM"),
  XCLAIM_IDLE: new CommandError("ERR Invalid IDLE option argument for XCLAIM"),
  XCLAIM_TIME: new CommandError("ERR Invalid TIME option argument for XCLAIM"),
  XCLAIM_RETRYCOUNT: new CommandError("ERR Invalid RETRYCOUNT option argument for XCLAIM"),
  XAUTOCLAIM_MIN_IDLE: new CommandError("ERR Invalid min-idle-time argument for XAUTOCLAIM"),
  XAUTOCLAIM_COUNT: new CommandError("ERR COUNT must be > 0"),
  XAUTOCLAIM_MEMORY: new CommandError(
    "ERR Insufficient memory, failed allocating transient memory, COUNT too high.",
  ),
  NO_SPECIFIED_KEY: new CommandError("ERR The specified key does not exist"),
  NEGATIVE_COUNT: new CommandError("ERR COUNT can't be negative"),
  NEGATIVE_MAXLEN: new CommandError("ERR MAXLEN can't be negative"),
  ZERO_RANK: new CommandError(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use " +
      "negative to start from the end of the list",
  ),
  OUT_OF_MEMORY: new CommandError(
    "OOM command not allowed when used memory > 'maxmemory'.",
  ),
  SHUTDOWN_FAILED: new CommandError("ERR Errors trying to SHUTDOWN. Check logs."),
  SNAPSHOT_FAILED: new CommandError(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to " +
      "disk. Commands that may modify the data set are disabled, because this instance is " +
      "configured to report errors during writes if RDB snapshotting fails " +
      "(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the " +
      "RDB error.",
  ),
  ALREADY_REWRITING: new CommandError(
    "ERR Background append only file rewriting already in progress",
  ),
  REWRITE_FAILED: new CommandError(
    "ERR Can't execute an AOF background rewriting. Please check the server logs for more " +
      "information.",
  ),
  RELOAD_FAILED: new CommandError("ERR Error trying to load the AOF files, check server logs"),
  READ_ONLY: new CommandError("READONLY You can't write against a read only replica."),
  FEW_REPLICAS: new CommandError("NOREPLICAS Not enough good replicas to write."),
  STALE: new CommandError(
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  ),
  WRONG_PASSWORD: new CommandError(
    "WRONGPASS invalid username-password pair or user is disabled.",
  ),
  /** Redis counts who watches by MONITOR as a replica. */
  NO_KEYS_FOR_REPLICA: new CommandError("ERR Replica can't interact with the keyspace"),
  BUSY_KEY: new CommandError("BUSYKEY Target key name already exists."),
  NEGATIVE_TTL: new CommandError("ERR Invalid TTL value, must be >= 0"),
  NEGATIVE_IDLE_TIME: new CommandError("ERR Invalid IDLETIME value, must be >= 0"),
  FREQUENCY_RANGE: new CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255"),
  BROKEN_PAYLOAD: new CommandError("ERR DUMP payload version or checksum are wrong"),
  BAD_DATA_FORMAT: new CommandError("ERR Bad data format"),
  MIGRATE_KEY_AND_KEYS: new CommandError(
    "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
  ),
  MIGRATE_NOT_HERE: new CommandError(
    "ERR MIGRATE needs a connection to wait on: it can't run in a transaction or script",
  ),
  MULTI_NESTED: new CommandError("ERR MULTI calls can not be nested"),
  EXEC_WITHOUT_MULTI: new CommandError("ERR EXEC without MULTI"),
  DISCARD_WITHOUT_MULTI: new CommandError("ERR DISCARD without MULTI"),
  WATCH_IN_MULTI: new CommandError("ERR WATCH inside MULTI is not allowed"),
  EXEC_ABORTED: new CommandError(
    "EXECABORT Transaction discarded because of previous errors.",
  ),
  NOT_IN_MULTI: new CommandError("ERR Command not allowed inside a transaction"),
  NO_AUTH: new CommandError("NOAUTH Authentication required."),
  LOADING: new CommandError("LOADING Redis is loading the dataset in memory"),
} as const;

/** What the append-only file can't be written for, in the operating system's words. */
export function appendOnlyFailed(reason: string): CommandError {
  return new CommandError(`MISCONF Errors writing to the AOF file: ${reason}`);
}

/**
 * An argument as error texts quote it: redis-server formats them as C strings, which end at the
 * first NUL. What becomes of CR and LF is in {@linkcode ReplyWriter.error}.
 *
 * @param limit bytes at most: an error that quotes what it was sent stays short.
 */
export function quotedArgument(request: Request, index: number, limit = Infinity): string {
  return cString(request.text(index, limit));
}

/** Text up to its first NUL, which is all that C's `%s` shows of it. */
export function cString(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** An error that ends with what the client sent, whose last line ends are left out. */
export function errorEndingWith(text: string, quoted: string): CommandError {
  return new CommandError(text + quoted.replace(/[\r\n]+$/, ""));
}

/** `ERR invalid expire time in 'set' command`. */
export function invalidExpireTime(command: string): CommandError {
  return new CommandError(`ERR invalid expire time in '${command}' command`);
}

/** EXEC itself was refused, which ends the transaction; an `ERR` of the reason is left out. */
export function execRefused(reason: CommandError): CommandError {
  const text = reason.text.replace(/^ERR /, "");
  return new CommandError(`EXECABORT Transaction discarded because of: ${text}`);
}

/** What waits or ends the connection's order cannot be run by EXEC. */
export function deniedBlocking(command: string, article: string): CommandError {
  return new CommandError(`ERR ${command} isn't allowed for ${article}DENY BLOCKING client`);
}

/** XREAD and XREADGROUP do not even pretend to wait for a script. */
export function blockFromScript(command: string): CommandError {
  return new CommandError(
    `ERR ${command} command is not allowed with BLOCK option from scripts`,
  );
}

/** A RESP2 connection that is subscribed can only change its subscriptions. */
export function notForSubscribers(command: string): CommandError {
  return new CommandError(
    `ERR Can't execute '${command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
      "are allowed in this context",
  );
}

export function wrongArity(command: string): CommandError {
  return new CommandError(`ERR wrong number of arguments for '${command}' command`);
}
