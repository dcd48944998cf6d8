/** The version of Redis that we say we are: what clients and tools decide by. */
export const REDIS_VERSION = "7.2.4";

/** Our own version, that of deno.json. */
export const REDINO_VERSION = "0.1.0";
