/** One case of the comparison with redis-server. */

/** A script without keys, or all words of a command. */
export type Case = string | readonly string[];
