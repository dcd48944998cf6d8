/**
 * Schedules written by hand around commands that wait: what random ones come to too seldom. A line is
 * one connection's commands, sent at once; `@2` stands for the client id of connection 2.
 */

export const BLOCKING_CASES: Readonly<Record<string, string>> = {
  "whatever makes a list wakes who waits for one": `
0: BLPOP k 0
1: RPUSH x 1 2 3
1: RENAME x k
0: BLPOP k 0
1: DEL k
1: RPUSH x 1 2 3
1: COPY x k
0: BRPOP l 0
1: SORT x STORE l
0: BLPOP m 0
1: SELECT 1 | RPUSH m 1 | MOVE m 0 | SELECT 0
0: BLMOVE n o LEFT RIGHT 0
1: LMOVE x n LEFT LEFT
0: BRPOPLPUSH p q 0
1: RPOPLPUSH x p
0: BLMPOP 0 2 r s RIGHT COUNT 5
1: LPUSH s 1 2 3`,
  "a chain of moves serves one after the other": `
0: BLMOVE a b LEFT RIGHT 0
1: BLMOVE b c LEFT RIGHT 0
2: BLMOVE c d LEFT RIGHT 0
3: BLPOP d 0
1: PING
4: LPUSH a 1
0: PING
4: LPUSH c x y
4: KEYS *`,
  "a move to a wrong type fails and leaves the rest to the next": `
0: SET str x
1: BLMOVE a str LEFT LEFT 0
2: BLPOP a 0
0: LPUSH a 1
1: PING`,
  "what is made and emptied by one transaction serves nobody": `
0: BLPOP k 0
1: MULTI | LPUSH k 1 | LPOP k | EXEC
1: MULTI | LPUSH k 1 | DEL k | SET k x | EXEC
1: MULTI | DEL k | LPUSH k 2 | EXEC`,
  "the first key that became ready counts, not the first asked for": `
0: BLPOP x y 0
1: MULTI | LPUSH y 1 | LPUSH x 2 | EXEC
0: BZPOPMIN x2 y2 0
1: MULTI | ZADD y2 1 a | ZADD x2 2 b | EXEC
0: XREAD BLOCK 0 STREAMS x3 y3 $ $
1: MULTI | XADD y3 1-1 f v | XADD x3 1-1 f v | EXEC`,
  "a type that nobody waits for makes no key ready": `
0: BLPOP j k 0
1: MULTI | ZADD k 1 a | DEL k | LPUSH j 1 | LPUSH k 2 | EXEC
1: DEL j k
0: BLPOP j k 0
2: BZPOPMIN elsewhere 0
1: MULTI | ZADD k 1 a | DEL k | LPUSH j 1 | LPUSH k 2 | EXEC`,
  "a list put over another value wakes nobody": `
0: BLPOP k 0
1: RPUSH x 1 2
1: SET k x
1: SORT x STORE k
1: LPUSH k 3
1: DEL k
1: LPUSH k 4`,
  "SWAPDB and MOVE bring keys to those who wait": `
0: BLPOP k 0
1: SELECT 1 | LPUSH k 1 | SWAPDB 0 1
0: BZPOPMAX z 0
1: SELECT 5 | ZADD z 1 a 2 b | MOVE z 0`,
  "readers in a group learn that their stream is gone": `
0: XGROUP CREATE s g $ MKSTREAM
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
0: FLUSHALL
0: XGROUP CREATE s g $ MKSTREAM
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
0: FLUSHDB ASYNC
0: XGROUP CREATE s g $ MKSTREAM
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
0: SWAPDB 0 7
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
0: SWAPDB 0 7
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
0: MULTI | DEL s | ZADD s 1 a | EXEC
0: DEL s
0: XGROUP CREATE s g $ MKSTREAM
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
0: PEXPIREAT s 1
0: XGROUP CREATE s g $ MKSTREAM
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
0: MULTI | DEL s | XGROUP CREATE s g $ MKSTREAM | EXEC
0: XADD s 1-1 f v`,
  "readers in a group share, readers without one all get": `
0: XGROUP CREATE s g $ MKSTREAM
0: XGROUP CREATE s h $
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
2: XREADGROUP GROUP g d BLOCK 0 NOACK STREAMS s >
3: XREADGROUP GROUP h c BLOCK 0 COUNT 1 STREAMS s >
4: XREAD BLOCK 0 STREAMS s $
0: MULTI | XADD s 1-1 f v | XADD s 1-2 f v | EXEC
0: XADD s 1-3 f v
0: XPENDING s g
0: XPENDING s h`,
  "a deleted entry wakes readers with nothing": `
0: XGROUP CREATE s g $ MKSTREAM
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
2: XREAD BLOCK 0 STREAMS s $
0: MULTI | XADD s 9-0 a b | XDEL s 9-0 | EXEC`,
  "XGROUP DESTROY and SETID": `
0: XADD s 5-0 a b
0: XGROUP CREATE s g $
1: XREADGROUP GROUP g c BLOCK 0 STREAMS s >
2: XREAD BLOCK 0 STREAMS s $
0: XGROUP SETID s g 0
0: XGROUP DESTROY s g
0: XADD s 6-0 a b`,
  "CLIENT UNBLOCK": `
0: BLPOP k 0
1: CLIENT UNBLOCK @0 TIMEOUT | CLIENT UNBLOCK @0
0: BLPOP k 0
1: CLIENT UNBLOCK @0 ERROR
0: BLMOVE k l LEFT LEFT 0
1: CLIENT UNBLOCK @0
0: XREAD BLOCK 0 STREAMS k $
1: CLIENT UNBLOCK @0
0: WAIT 1 0
1: CLIENT UNBLOCK @0
0: WAIT 1 0
1: CLIENT UNBLOCK @0 ERROR
0: BZPOPMIN k 0
1: MULTI | ZADD k 1 a | CLIENT UNBLOCK @0 | EXEC
1: CLIENT UNBLOCK @0`,
  "who is killed takes nothing": `
0: BLPOP k 0
1: BLPOP k 0
2: MULTI | LPUSH k 1 2 | CLIENT KILL ID @0 | EXEC
2: LRANGE k 0 -1`,
  "muted replies": `
0: CLIENT REPLY SKIP | BLPOP k 0
1: LPUSH k 1 2
0: PING
0: CLIENT REPLY OFF
0: BLPOP l 0
1: LPUSH l 1
0: CLIENT REPLY ON
0: CLIENT REPLY SKIP | BLPOP l 0
1: CLIENT UNBLOCK @0 ERROR
0: PING`,
  "what was sent behind waits as well": `
0: BLPOP k 0 | LPUSH l 1 | BLPOP m 0 | PING
1: BLPOP l 0
2: LPUSH k 1
2: LPUSH m 2`,
  "in a transaction nobody waits": `
0: MULTI | BLPOP k 0 | BRPOP k 0 | BLMOVE k l LEFT LEFT 0 | BRPOPLPUSH k l 0 | EXEC
0: MULTI | BLMPOP 0 1 k LEFT | BZPOPMIN k 0 | BZPOPMAX k 0 | BZMPOP 0 1 k MIN | EXEC
0: MULTI | XREAD BLOCK 0 STREAMS k $ | WAIT 1 0 | EXEC`,
  "what is there is taken at once": `
0: RPUSH k 1 2 3 4 5 6 7
0: BLPOP nokey k 0
0: BRPOP k nokey 0
0: BLMPOP 0 2 nokey k LEFT COUNT 2
0: BLMOVE k l LEFT RIGHT 0
0: BRPOPLPUSH k k 0
0: ZADD z 1 a 2.5 b 3 c 4 d
0: BZPOPMIN nokey z 0
0: BZPOPMAX z 0
0: BZMPOP 0 1 z MAX COUNT 9`,
  "arguments that are wrong": `
0: BLPOP k abc
0: BLPOP k -1
0: BLPOP k nan
0: BLPOP k
0: BLMOVE a b LEFT FOO 0
0: BLMOVE a b LEFT LEFT abc
0: BLMPOP abc 0 k LEFT
0: BLMPOP abc 1 k LEFT
0: BLMPOP 0 1 k FOO
0: BLMPOP 0 1 k LEFT COUNT 0
0: BZMPOP abc 1 k FOO
0: BZMPOP -1 1 k MIN
0: BRPOPLPUSH a b x
0: SET str x
0: BLPOP nokey str 0
0: BLMOVE str b LEFT RIGHT 0
0: BZPOPMIN nokey str 0
0: BLPOP nokey str abc
0: XREAD BLOCK -1 STREAMS k $
0: XREAD BLOCK x STREAMS k $
0: WAIT x 0 | WAIT 1 x | WAIT 1 -1 | WAIT 0 0 | WAIT -1 0`,
};
