/** How one command is drawn and its replies compared; each group's file is a table of these. */

import type { Draw, Makers } from "./draw.ts";

/** Both replies as binary strings: whether they say the same. */
export type Sameness = (ours: string, theirs: string) => boolean;

export interface Rule {
  /** How often it comes, in comparison with the others; 10 unless given. */
  readonly weight?: number;
  /** Makers for arguments by the name in the usage line, where the type's own does not do. */
  readonly makers?: Makers;
  /** All arguments, in place of what the usage line says. */
  make?(draw: Draw): string[];
  /** Puts right what would wait, expire while the test runs, or take all memory. */
  tame?(args: string[]): void;
  /** How replies are compared that can't be the same bytes. */
  readonly same?: Sameness;
}

/** By name as in the registry: `GET`, `CLIENT|SETNAME`. */
export type Rules = Readonly<Record<string, Rule>>;
