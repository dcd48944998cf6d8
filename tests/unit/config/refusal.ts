/** What the tests of this folder share: asking for a refusal, and reading samples. */

import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { ConfigError } from "../../../lib/config/config_error.ts";
import type { ConfigSources } from "../../../lib/config/config_file.ts";

/** What CONFIG SET would answer: the text of the refusal, or "OK". */
export function replyOf(change: () => void): string {
  try {
    change();
  } catch (error) {
    if (error instanceof ConfigError) return error.replyText;
    throw error;
  }
  return "OK";
}

/** A file of fixtures/config as a binary string. */
export function sample(name: string): string {
  const root = new URL("../../../", import.meta.url);
  return latin1(Deno.readFileSync(new URL(name, root)));
}

/** Sources over texts in memory, with `sample` behind them; `*` in a pattern is any text. */
export function sources(
  files: Readonly<Record<string, string>>,
  options: Partial<ConfigSources> = {},
): ConfigSources {
  return {
    readText: (path) => files[path] ?? sample(path),
    expandPattern: (pattern) => {
      const [before, after] = pattern.split("*");
      return Object.keys(files).filter((path) => path.startsWith(before) && path.endsWith(after));
    },
    ...options,
  };
}
