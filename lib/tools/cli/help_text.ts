/** What `cli --help` prints. */

export const CLI_HELP = `Usage: redino cli [OPTIONS] [COMMAND [ARGUMENT ...]]

Talks to a Redino or Redis server. With a command it runs that, prints the reply and ends. Without
one it asks for commands: at a terminal with history, hints and completion, otherwise line by line
from standard input.

  redino cli                               a dialogue with 127.0.0.1:6379
  redino cli SET greeting "hello world"    one command
  redino cli -p 7000 -n 2 --json HGETALL user:1
  cat commands.txt | redino cli            one command in each line
  redino cli -r 10 -i 1 INFO stats         ten times, one second apart

Server
  -h HOST             name or address (127.0.0.1)
  -p PORT             port (6379)
  -s PATH             Unix socket, in place of host and port
  -u URI              redis://[user:password@]host[:port][/db]
  -n DB               number of the database (0)
  -a, --pass PASSWORD password; the environment variable REDISCLI_AUTH hides it from other users
  --user NAME         user that the password belongs to
  --askpass           asks for the password
  --no-auth-warning   no warning about passwords on the command line
  -2, -3              protocol RESP2 or RESP3

Command
  -r COUNT            runs it COUNT times; -1 for ever
  -i SECONDS          pause between two runs; fractions as 0.1 are fine
  -x                  takes the last argument from standard input
  -X TAG              takes the argument that reads TAG from standard input
  -e                  exit code 1 when the server replies an error
  --quoted-input      arguments may be quoted, as "a\\x00b"
  --eval FILE KEY ... , ARGUMENT ...
                      runs a Lua script; the comma stands apart, between keys and arguments

Replies
  --raw               bare values (the default unless standard output is a terminal)
  --no-raw            with types and numbers, for people
  --json              JSON; --quoted-json keeps every byte in escaped form
  --csv               comma-separated values
  -d TEXT, -D TEXT    between the elements of a raw reply, and behind each reply (a line end)
  --show-pushes yn    whether RESP3 pushes are printed

In place of a command
  --scan              all keys; --pattern GLOB, --type TYPE and --count N limit the walk
  --bigkeys           the largest key of each type, by elements
  --memkeys           the largest key of each type, by memory; --memkeys-samples N
  --hotkeys           the most used keys (needs an LFU maxmemory-policy)
  --stat              a line of figures each second, or each -i seconds
  --latency           how long PING takes
  --latency-history   the same, with a new count every 15 seconds, or every -i seconds
  --pipe              sends requests in the Redis protocol from standard input, counts replies
  --pipe-timeout N    seconds without a reply until --pipe gives up (30; 0 never)
  --rdb FILE          fetches the data as an RDB file, as a replica does; - is standard output

  --help, --version

MONITOR and SUBSCRIBE show what comes until Ctrl+C. Exit code: 0; 1 for a wrong command line, a
server that can't be reached, and with -e or --pipe for errors that the server replied.
Environment: REDISCLI_AUTH (password), REDISCLI_HISTFILE (where typed lines are kept).
`;
