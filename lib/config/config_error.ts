/**
 * Refusals of configuration values. They are thrown, because a value is checked deep inside the
 * parameter that it is for, and caught where the words around them differ: CONFIG SET, redis.conf.
 */

/** Why a change was refused: what CONFIG SET answers depends on it. */
export type ConfigErrorKind = "unknown" | "refused" | "loading";

/**
 * A value, or a change, that is not taken. `message` is the reason alone, as Redis words it, and
 * `parameter` the name that the refusal is about ("" until the configuration fills it in).
 */
export class ConfigError extends Error {
  override name = "ConfigError";

  constructor(
    reason: string,
    readonly parameter = "",
    readonly kind: ConfigErrorKind = "refused",
  ) {
    super(reason);
  }

  /** What CONFIG SET answers, without the error code ("ERR", or "LOADING" for that kind). */
  get replyText(): string {
    if (this.kind === "unknown") {
      // Formatted as a C string in Redis: a NUL ends it.
      return `Unknown option or number of arguments for CONFIG SET - '${
        this.parameter.split("\0", 1)[0]
      }'`;
    }
    if (this.kind === "loading") return this.message;
    return `CONFIG SET failed (possibly related to argument '${this.parameter}') - ${this.message}`;
  }
}
