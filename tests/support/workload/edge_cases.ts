/**
 * Commands written by hand for the edges that chance seldom meets, in redis.conf's notation, a command
 * a line. Each script begins with no data; every reply is compared. A new group is one more file.
 */

import { BITMAP_CASES } from "./bitmap_cases.ts";
import { CONNECTION_CASES } from "./connection_cases.ts";
import { GENERIC_CASES } from "./generic_cases.ts";
import { HASH_CASES } from "./hash_cases.ts";
import { GEO_CASES } from "./geo_cases.ts";
import { HYPERLOGLOG_CASES } from "./hyperloglog_cases.ts";
import { LIST_CASES } from "./list_cases.ts";
import { QUOTING_CASES } from "./quoting_cases.ts";
import { SERVER_CASES } from "./server_cases.ts";
import { SET_CASES } from "./set_cases.ts";
import { SORTED_SET_CASES } from "./sorted_set_cases.ts";
import { STREAM_CASES } from "./stream_cases.ts";
import { STRING_CASES } from "./string_cases.ts";

export const EDGE_CASES: readonly string[] = [
  ...STREAM_CASES,
  ...STRING_CASES,
  ...BITMAP_CASES,
  ...HASH_CASES,
  ...HYPERLOGLOG_CASES,
  ...LIST_CASES,
  ...SET_CASES,
  ...SORTED_SET_CASES,
  ...GEO_CASES,
  ...GENERIC_CASES,
  ...CONNECTION_CASES,
  ...SERVER_CASES,
  ...QUOTING_CASES,
];
