/**
 * Commands written by hand for the edges that chance seldom meets, in redis.conf's notation, a command
 * a line. Each script begins with no data; every reply is compared. A new group is one more file.
 */

import { BITMAP_CASES } from "./bitmap_cases.ts";
import { CONNECTION_CASES } from "./connection_cases.ts";
import { GENERIC_CASES } from "./generic_cases.ts";
import { SERVER_CASES } from "./server_cases.ts";
import { STRING_CASES } from "./string_cases.ts";

export const EDGE_CASES: readonly string[] = [
  ...STRING_CASES,
  ...BITMAP_CASES,
  ...GENERIC_CASES,
  ...CONNECTION_CASES,
  ...SERVER_CASES,
];
