/** Tests of Redis 7.0.15's own suite that can't pass, by their names, and why. */

const NO_ACL = "users beside `default` are not there";
const NO_FORK = "it looks for a forked process";
const CHECKSUMS = "it reads an append-only file itself, and not past lines that begin with #";
const BUFFERS = "it counts on the sizes of Redis's buffers";
const AFTER_FAILURE = "one before it has failed and left its settings";
const REFUSED = "it wants a damaged payload to be taken, or to end the server; it is refused";

export const KNOWN: readonly (readonly [names: RegExp, reason: string])[] = [
  [/authorization error|RESET clears auth|Script ACL|sensitive information/, NO_ACL],
  [/aborts if target rejects sync request/, NO_ACL],
  [/dict containing long chain|rehash if|rdb pipe|replication child|pipe cleanup/, NO_FORK],
  [/Kill rdb child|EINTR|failed bgsave prevents|bg_unlink|deleted in signal/, NO_FORK],
  [/^SMOVE /, AFTER_FAILURE],
  [/in AOF in|MULTI with FLUSHALL and AOF|timestamp annotations/, CHECKSUMS],
  [/verify reply buffer limits|query buffer resized/, BUFFERS],
  [/Replication buffer will become|backlog size can outgrow|beyond backlog config/, BUFFERS],
  [/backlog memory will become smaller/, BUFFERS],
  [/^corrupt payload: |^ta format/, REFUSED],
  [/HRANDFIELD with huge count/, "a count whose reply would be too large is refused"],
  [/Crash report/, "no such report is made"],
  [/Process title/, "the runtime can't change it"],
  [/bind-source-addr/, "the runtime can't choose the address that it connects from"],
  [/Default bind address|Protected mode/, "it listens on this machine only by default"],
  [/propagation of XREADGROUP/, "XGROUP SETID follows, as in 7.2"],
  [/LATENCY of expire events/, "expiring never takes that long at a time"],
  [/CLUSTER RESET|FILTERBY PATTERN/, "cluster mode is not there"],
  [
    /slow verbatim Lua script from AOF/,
    "DEBUG LOADAOF loads all at once: others wait meanwhile, without an error",
  ],
  [/^bugger of scripts/, "scripts have no debugger"],
];
