/** What `benchmark --help` prints. */

export const BENCHMARK_HELP = `Usage: redino benchmark [OPTIONS] [COMMAND [ARGUMENT ...]]

Measures a Redino or Redis server: many connections send a command over and over; reported are
requests per second and how long they took. The tests, their names and the layout are those of
redis-benchmark. It writes keys named key:*, counter:*, mylist, myset, myhash and myzset.

  redino benchmark                              all tests against 127.0.0.1:6379
  redino benchmark -q -t set,get -P 16          two tests, 16 requests at a time, a line for each
  redino benchmark -t set -n 1000000 -r 100000  a million SETs over 100,000 keys
  redino benchmark -r 1000 HSET users __rand_int__ x
                                                a command of your own

Server
  -h HOST, -p PORT      127.0.0.1, 6379
  -s PATH               Unix socket, in place of host and port
  -u URI                redis://[user:password@]host[:port][/db]
  -a PASSWORD           or the environment variable REDISCLI_AUTH
  --user NAME           user that the password belongs to
  --dbnum DB            number of the database (0)
  -3                    protocol RESP3

Load
  -c CLIENTS            connections at the same time (50)
  -n REQUESTS           in each test (100000)
  -P COUNT              requests sent at once on each connection (1)
  -d BYTES              size of the values (3)
  -r KEYS               each __rand_int__ of a command becomes one of KEYS numbers of 12 digits;
                        without it all requests name the same key
  -k 0                  a new connection for each request
  -t NAMES              tests to run, apart by commas: ping_inline ping_mbulk set get incr lpush
                        rpush lpop rpop sadd hset spop zadd zpopmin lrange_100 lrange_300
                        lrange_500 lrange_600 mset; ping and lrange mean all of theirs
  -l                    again and again, until Ctrl+C
  -I                    only opens the connections and waits
  -x                    takes the last argument of your command from standard input
  --seed NUMBER         the same random keys each time

Output
  -q                    one line for each test
  --csv                 comma-separated values
  --precision DIGITS    of milliseconds (3)
  --help, --version

Latency is counted from sending a pipeline to the first bytes of its replies. The tool and the
server share the machine's processors when both run on one: compare servers under the same load only.
`;
