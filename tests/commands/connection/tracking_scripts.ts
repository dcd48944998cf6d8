/**
 * What several connections send of CLIENT TRACKING and around it, for the comparison with redis-server:
 * a line is the number of a connection and its command; `{1}` is the id of connection 1.
 */

export const SCRIPTS: Readonly<Record<string, [protocols: (2 | 3)[], script: string]>> = {
  "options and their errors": [
    [2, 3],
    `
    0 CLIENT TRACKING ON REDIRECT 0
    0 CLIENT TRACKING ON REDIRECT -1
    0 CLIENT TRACKING ON REDIRECT 999999999
    0 CLIENT TRACKING ON REDIRECT 9223372036854775807
    0 CLIENT TRACKING ON REDIRECT 9223372036854775808
    0 CLIENT TRACKING ON REDIRECT x
    0 CLIENT TRACKING ON REDIRECT {1} REDIRECT {1}
    0 CLIENT TRACKING ON REDIRECT
    0 CLIENT TRACKING ON PREFIX
    0 CLIENT TRACKING ON PREFIX a
    0 CLIENT TRACKING OFF PREFIX a
    0 CLIENT TRACKING OFF REDIRECT 999999999
    0 CLIENT TRACKING OFF nonsense
    0 CLIENT TRACKING maybe
    0 CLIENT TRACKING
    0 CLIENT TRACKING ON OPTIN OPTOUT
    0 CLIENT TRACKING ON BCAST OPTIN
    0 CLIENT TRACKING ON BCAST OPTOUT PREFIX a PREFIX ab
    0 CLIENT CACHING YES
    0 CLIENT CACHING nonsense
    0 CLIENT CACHING
    0 CLIENT GETREDIR
    0 CLIENT TRACKINGINFO
    1 CLIENT TRACKINGINFO
    0 CLIENT TRACKING on optin noloop redirect {1}
    0 CLIENT TRACKINGINFO
    0 CLIENT TRACKING ON OPTOUT
    0 CLIENT TRACKING ON BCAST
    0 CLIENT CACHING NO
    0 CLIENT CACHING nonsense
    0 CLIENT CACHING yes
    0 CLIENT TRACKINGINFO
    0 CLIENT TRACKINGINFO
    0 GET a
    0 CLIENT TRACKINGINFO
    0 CLIENT CACHING YES
    0 CLIENT TRACKING ON OPTIN
    0 CLIENT TRACKINGINFO
    0 CLIENT TRACKING ON
    0 CLIENT TRACKINGINFO
    0 CLIENT TRACKING ON OPTOUT
    0 CLIENT CACHING YES
    0 CLIENT CACHING no
    0 CLIENT TRACKINGINFO
    0 CLIENT TRACKING OFF
    0 CLIENT TRACKING OFF
    0 CLIENT TRACKINGINFO
    0 CLIENT GETREDIR
    0 RESET
    0 CLIENT TRACKINGINFO
    `,
  ],
  "prefixes must not overlap": [
    [2, 3],
    `
    1 CLIENT TRACKING ON BCAST PREFIX foo PREFIX fo
    1 CLIENT TRACKING ON BCAST PREFIX foo PREFIX foo
    1 CLIENT TRACKING ON BCAST PREFIX '' PREFIX foo
    1 CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar PREFIX zap
    1 CLIENT TRACKINGINFO
    1 CLIENT TRACKING ON BCAST PREFIX qux PREFIX barrel
    1 CLIENT TRACKING ON BCAST PREFIX foo
    1 CLIENT TRACKING ON BCAST PREFIX f PREFIX b
    1 CLIENT TRACKING ON BCAST PREFIX ''
    1 CLIENT TRACKING ON BCAST NOLOOP PREFIX egg
    1 CLIENT TRACKINGINFO
    0 MSET foo1 1 foo2 2 other 3 bar 4 zap 5
    1 CLIENT TRACKING ON BCAST
    0 SET other 1
    1 CLIENT TRACKING ON
    1 CLIENT TRACKING ON BCAST PREFIX x
    1 CLIENT TRACKING OFF
    1 CLIENT TRACKINGINFO
    0 SET foo1 1
    1 CLIENT TRACKING ON BCAST PREFIX x
    0 MSET foo1 1 x1 1
    `,
  ],
  "what was read is told once": [
    [3, 2],
    `
    0 CLIENT TRACKING ON
    0 GET a
    0 MGET a b c b
    1 SET a 1
    1 SET a 2
    1 MSET c 1 d 1 b 1
    0 EXISTS a
    1 EXPIRE a 100
    0 TTL a
    1 PERSIST a
    0 TTL a
    1 RENAME a z
    0 MGET a z
    1 RENAME z a
    0 RPUSH l 1 2 3
    0 GET l
    1 RPUSH l 4
    0 LRANGE l 0 -1
    1 LMOVE l m LEFT LEFT
    0 LRANGE m 0 -1
    1 DEL l m
    0 GET nothing
    1 DEL nothing
    1 SET nothing 1
    0 SET own 1
    0 GET own
    0 SET own 2
    0 SET own 3
    0 XREAD STREAMS s1 s2 0 0
    1 XADD s2 1-1 a b
    0 SORT_RO s1
    1 RPUSH s1 1
    0 OBJECT ENCODING s1
    1 DEL s1
    0 MEMORY USAGE s1 SAMPLES x
    1 RPUSH s1 1
    0 SINTERCARD 2 s3 s4
    0 ZUNION 2 z1 z2
    0 ZINTER 1 z2 WITHSCORES
    1 SADD s4 1
    1 ZADD z2 1 a
    0 GETEX own
    0 WATCH own
    1 SET own 1
    0 SUBSTR own 0
    0 SUBSTR own 0 1
    1 APPEND own x
    `,
  ],
  "emptied databases": [
    [3, 2, 3],
    `
    0 CLIENT TRACKING ON NOLOOP
    2 CLIENT TRACKING ON BCAST PREFIX a
    0 GET a
    1 FLUSHALL
    1 FLUSHDB
    0 FLUSHALL ASYNC
    2 FLUSHDB
    1 SELECT 3
    1 FLUSHDB
    0 GET a
    1 SET a 1
    0 GET a
    1 SWAPDB 0 3
    1 DEL a
    `,
  ],
  "a transaction": [
    [3, 3],
    `
    0 CLIENT TRACKING ON
    0 GET a
    0 MULTI
    0 SET a 2
    0 GET a
    0 SET a 4
    0 GET b
    0 FLUSHALL
    0 GET c
    0 EXEC
    1 MSET a 1 b 1 c 1
    0 GET a
    1 MULTI
    1 SET a 1
    1 GET a
    1 SET a 1
    1 EXEC
    0 MULTI
    0 CLIENT TRACKING OFF
    0 CLIENT TRACKING ON OPTIN
    0 CLIENT CACHING YES
    0 GET a
    0 GET b
    0 EXEC
    0 GET c
    1 MSET a 1 b 1 c 1
    0 CLIENT CACHING YES
    0 MULTI
    0 GET a
    0 GET b
    0 EXEC
    0 GET c
    1 MSET a 1 b 1 c 1
    0 MULTI
    0 GET a
    0 EXEC
    1 SET a 1
    `,
  ],
  "choosing what is cached": [
    [3, 2],
    `
    0 CLIENT TRACKING ON OPTIN
    0 GET a
    1 SET a 1
    0 CLIENT CACHING YES
    0 GET a
    0 GET b
    1 MSET a 1 b 1
    0 CLIENT CACHING YES
    0 GET
    0 GET a
    1 SET a 1
    0 CLIENT CACHING YES
    0 NOSUCH
    0 GET a
    1 SET a 1
    0 CLIENT CACHING YES
    0 CLIENT GETNAME
    0 CLIENT NOSUCH
    0 GET a
    1 SET a 1
    0 CLIENT TRACKING OFF
    0 CLIENT TRACKING ON OPTOUT
    0 GET a
    0 CLIENT CACHING NO
    0 GET b
    0 GET c
    1 MSET a 1 b 1 c 1
    `,
  ],
  "one's own changes": [
    [3, 3],
    `
    0 CLIENT TRACKING ON NOLOOP
    1 CLIENT TRACKING ON
    0 GET a
    1 GET a
    0 SET a 1
    0 GET a
    1 GET a
    1 SET a 1
    0 GET a
    0 SET a 1 PXAT 1
    0 GET a
    1 SET a 1 PXAT 1
    0 TTL a
    0 GET a
    1 SET a 1
    0 GET a
    0 CLIENT TRACKING OFF
    1 SET a 1
    0 GET a
    0 CLIENT TRACKING ON
    1 SET a 1
    0 GET b
    0 CLIENT TRACKING OFF
    0 CLIENT TRACKING ON BCAST NOLOOP
    1 SET b 1
    0 SET b 1
    0 MSET c 1 d 1
    1 MSET c 1 d 1
    0 SET e 1 PXAT 1
    1 CLIENT TRACKING OFF
    1 CLIENT TRACKING ON BCAST
    0 GET e
    `,
  ],
  "a RESP2 client told of another's keys": [
    [2, 2, 2],
    `
    0 CLIENT TRACKING ON REDIRECT {1}
    0 GET a
    2 SET a 1
    1 SUBSCRIBE __redis__:invalidate
    0 GET a
    2 SET a 1
    0 GET a
    0 SET a 1
    2 FLUSHALL
    0 FLUSHALL
    1 UNSUBSCRIBE
    1 PSUBSCRIBE other
    0 GET a
    2 SET a 1
    2 PUBLISH __redis__:invalidate x
    1 SUBSCRIBE __redis__:invalidate
    2 PUBLISH __redis__:invalidate x
    0 CLIENT TRACKING OFF
    0 CLIENT TRACKING ON BCAST REDIRECT {1}
    2 MSET b 1 a 1
    0 CLIENT TRACKINGINFO
    1 QUIT
    2 SET a 1
    `,
  ],
  "a redirection whose end is gone": [
    [3, 3, 2],
    `
    0 CLIENT TRACKING ON REDIRECT {1}
    0 GET a
    1 QUIT
    0 CLIENT TRACKINGINFO
    2 SET a 1
    0 CLIENT TRACKINGINFO
    0 GET a
    0 SET a 1
    2 FLUSHALL
    0 CLIENT TRACKING ON
    0 CLIENT TRACKINGINFO
    0 GET a
    2 SET a 1
    `,
  ],
  "a RESP3 client told of another's keys": [
    [2, 3, 3],
    `
    0 CLIENT TRACKING ON REDIRECT {1}
    2 CLIENT TRACKING ON REDIRECT {1}
    0 GET a
    2 GET b
    2 SET a 1
    0 SET b 1
    0 FLUSHALL
    0 CLIENT TRACKING ON REDIRECT {0}
    0 GET a
    2 SET a 1
    0 RESET
    0 GET a
    2 SET a 1
    `,
  ],
};
