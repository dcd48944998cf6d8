/** What `--help` and `--version` print. */

import { REDINO_VERSION, REDIS_VERSION } from "../config/version.ts";

export const VERSION_TEXT = `Redino server v=${REDINO_VERSION} (speaks Redis ${REDIS_VERSION})\n`;

export const USAGE_TEXT = `Usage: redino [path/to/redis.conf] [--directive value ...] [-]

  redino                                start on 127.0.0.1:6379 with the defaults
  redino /etc/redis.conf                read a redis.conf
  redino /etc/redis.conf --port 7777    directives on the command line override the file
  echo 'maxmemory 128mb' | redino -     read directives from standard input

Every directive of redis.conf can be given as --directive value. The most used:
  --port PORT            TCP port (6379; 0: none, only the Unix socket)
  --bind ADDRESS ...     addresses to listen on (127.0.0.1 -::1)
  --admin-port PORT|no   HTTP admin port on 127.0.0.1 (8379), or none
  --admin-write yes      let the admin port change data; it only reads otherwise
  --admin-token-file F   a token that the admin port asks for (or $REDINO_ADMIN_TOKEN)
  --requirepass TEXT     password that clients must send with AUTH
  --maxmemory BYTES      limit of the data, e.g. 256mb; see --maxmemory-policy
  --maxclients COUNT     connections served at once (10000)
  --dir PATH             directory for data files
  --save "SECONDS CHANGES ..."
                         when dump.rdb is written by itself; "" for never
  --appendonly yes       keep every write in a file; --appendfsync always|everysec|no
  --replicaof HOST PORT  follow another Redino or Redis server
  --loglevel LEVEL       debug, verbose, notice, warning or nothing
  --logfile PATH         log to a file in place of standard output
  --help, -h             this text
  --version, -v          the version

Other things it can do; each says more with --help:
  redino cli             talk to a server
  redino benchmark       measure one
  redino check-rdb FILE, redino check-aof FILE
                         look for damage in data files
  redino rdb FILE --json what an RDB file holds, as JSON lines
`;
