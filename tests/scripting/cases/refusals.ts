/** Scripts that a full server refuses, by the flags that they declare. */

import type { Case } from "./case.ts";

const SET = "return redis.call('SET', 'k', 'v')";
const GET = "return redis.call('GET', 'k')";
const LIBRARY = `#!lua name=refused
redis.register_function('plain', function() ${SET} end)
redis.register_function{function_name='oom', flags={'allow-oom'}, callback=function() ${SET} end}
redis.register_function{function_name='reads', flags={'no-writes'}, callback=function() ${GET} end}`;

const SCRIPTS = [
  SET,
  GET,
  `#!lua\n${GET}`,
  `#!lua\n${SET}`,
  `#!lua flags=allow-oom\n${SET}`,
  `#!lua flags=no-writes\n${SET}`,
  `#!lua flags=no-writes\n${GET}`,
  `#!lua flags=allow-stale\n${GET}`,
  `#!lua flags=nonsense\n${GET}`,
  `#!lua flags=no-writes`,
  "#",
];

const CALLS: readonly Case[] = [
  ...SCRIPTS.flatMap((script) => [["EVAL", script, "0"], ["EVAL_RO", script, "0"]]),
  ...["plain", "oom", "reads", "unknown"].flatMap((name) => [
    ["FCALL", name, "0"],
    ["FCALL_RO", name, "0"],
    ["FCALL", name, "x"],
    ["FCALL", name],
  ]),
];

export const refusals: readonly Case[] = [
  ["SET", "k", "v"],
  ["FUNCTION", "LOAD", LIBRARY],
  ...CALLS,
  ["CONFIG", "SET", "maxmemory", "1"],
  ...CALLS,
  ...CALLS.flatMap((one): Case[] => [["MULTI"], one, ["EXEC"]]),
  ["CONFIG", "SET", "maxmemory", "0"],
  ...CALLS.flatMap((one): Case[] => [
    ["MULTI"],
    one,
    ["CONFIG", "SET", "maxmemory", "1"],
    ["EXEC"],
    ["CONFIG", "SET", "maxmemory", "0"],
  ]),
  ["FUNCTION", "RESTORE", "payload", "FLUSH", "more"],
  ["FUNCTION", "RESTORE", "payload", "1", "2", "3"],
];
