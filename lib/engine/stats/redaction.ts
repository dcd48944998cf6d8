/**
 * Which arguments are secrets: SLOWLOG and MONITOR show `(redacted)` in their place. Asked only when
 * a command is shown to somebody, so that the commands themselves need not think of it.
 */

import { isSensitive } from "../../config/parameters.ts";
import { latin1 } from "../../bytes/byte_string.ts";
import type { Request } from "../../resp/request.ts";
import type { CommandSpec } from "../command_spec.ts";

/** What is shown in place of a secret. */
export const REDACTED = "(redacted)";

/** The indexes of the arguments to hide, none for most commands. */
export function secretArguments(command: CommandSpec, request: Request): ReadonlySet<number> {
  const find = FINDERS.get(command.name);
  return find === undefined ? NONE : new Set(find(request));
}

const NONE: ReadonlySet<number> = new Set();

const FINDERS: ReadonlyMap<string, (request: Request) => number[]> = new Map([
  ["AUTH", (request) => allFrom(request, 1)],
  ["HELLO", (request) => afterWord(request, 2, "AUTH", 2)],
  ["ACL|SETUSER", (request) => allFrom(request, 2)],
  ["ACL|DELUSER", (request) => allFrom(request, 2)],
  ["ACL|GETUSER", (request) => allFrom(request, 2)],
  ["CONFIG|SET", sensitiveValues],
  ["MIGRATE", migrateSecrets],
]);

function allFrom(request: Request, first: number): number[] {
  return Array.from({ length: Math.max(0, request.count - first) }, (_, i) => first + i);
}

function afterWord(request: Request, first: number, word: string, count: number): number[] {
  for (let i = first; i < request.count; i++) {
    if (!request.is(i, word)) continue;
    return allFrom(request, i + 1).slice(0, count);
  }
  return [];
}

function sensitiveValues(request: Request): number[] {
  const found: number[] = [];
  for (let i = 2; i + 1 < request.count; i += 2) {
    if (isSensitive(latin1(request.view(i)))) found.push(i + 1);
  }
  return found;
}

function migrateSecrets(request: Request): number[] {
  return [...afterWord(request, 6, "AUTH", 1), ...afterWord(request, 6, "AUTH2", 2)];
}
