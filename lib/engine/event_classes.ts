/**
 * The class of each keyspace event, as a letter of `notify-keyspace-events`: commands name the event
 * only, since in Redis a name belongs to one class wherever it is used. The names are those of Redis
 * 7.2 (https://redis.io/docs/manual/keyspace-notifications) and of the hash fields' expiry after it.
 *
 * Names that one would look for elsewhere: `del`, `expire`, `persist`, `restore` and `copy_to` are
 * generic whatever the key holds; `setbit` (also of BITFIELD) and `pfadd` (also of PFMERGE) are of
 * strings; `sortstore` is of lists; the geo commands' events are of sorted sets; `hexpired` is of
 * hashes and not among the expired keys.
 */

const NAMES: Readonly<Record<string, string>> = {
  g: "del rename_from rename_to move_from move_to copy_to restore expire persist",
  $: "set setrange append incrby incrbyfloat setbit pfadd",
  l: "lpush rpush lpop rpop linsert lset lrem ltrim sortstore",
  s: "sadd srem spop sinterstore sunionstore sdiffstore",
  h: "hset hdel hincrby hincrbyfloat hexpire hpersist hexpired",
  z: "zadd zincr zrem zremrangebyscore zremrangebyrank zremrangebylex zpopmin zpopmax " +
    "zinterstore zunionstore zdiffstore zrangestore geosearchstore georadiusstore",
  x: "expired",
  e: "evicted",
  t: "xadd xdel xtrim xsetid xgroup-create xgroup-createconsumer xgroup-delconsumer " +
    "xgroup-destroy xgroup-setid",
  m: "keymiss",
  n: "new",
};

const CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).flatMap(([letter, names]) =>
    names.split(" ").map((name) => [name, letter] as const)
  ),
);

/** A letter, or undefined for a name that Redis does not have. */
export function classOfEvent(event: string): string | undefined {
  return CLASSES.get(event);
}
