/** The version of Redis that we say we are: what clients and tools decide by. */
export const REDIS_VERSION = "7.2.4";
