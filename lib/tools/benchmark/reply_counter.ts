/**
 * Counts complete replies in a stream of bytes without making anything of them. Nested replies are
 * counted down by one number: each header adds its elements to those that are still to come. Remembers
 * where it is across reads. [hot]
 */

const CR = 0x0d;
const LF = 0x0a;

export class ReplyCounter {
  /** Error replies seen so far, nested ones too. */
  errors = 0;
  /** The first error as a binary string, cut to what one read had of it; "" while there is none. */
  firstError = "";
  /** Elements of the open reply that are still to come; 0 between replies. */
  private missing = 0;
  /** Bytes of a bulk string, its end included, that are to be passed over. */
  private skip = 0;
  /** Type and number of a header that the last read cut off; 0 when none was. */
  private type = 0;
  private number = 0;
  private negative = false;

  /** How many replies ended in the first `end` bytes. */
  count(bytes: Uint8Array, end: number): number {
    let complete = 0;
    let at = 0;
    while (at < end) {
      if (this.skip > 0) {
        const passed = Math.min(this.skip, end - at);
        this.skip -= passed;
        at += passed;
        if (this.skip === 0) complete += this.element(0);
        continue;
      }
      if (this.type === 0) this.begin(bytes, at++, end);
      at = this.header(bytes, at, end);
      if (at < 0) break;
      complete += this.headerEnded();
    }
    return complete;
  }

  private begin(bytes: Uint8Array, at: number, end: number): void {
    this.type = bytes[at];
    this.number = 0;
    this.negative = false;
    if (this.type === 0x2d || this.type === 0x21) this.note(bytes, at, end);
  }

  /** Reads up to the end of the line; the place behind it, or -1 when it is not there yet. */
  private header(bytes: Uint8Array, from: number, end: number): number {
    const numbered = hasNumber(this.type);
    for (let at = from; at < end; at++) {
      const byte = bytes[at];
      if (byte === LF) return at + 1;
      if (!numbered || byte === CR) continue;
      if (byte === 0x2d) this.negative = true;
      else this.number = this.number * 10 + byte - 0x30;
    }
    return -1;
  }

  /** Returns 1 when a whole reply ended with this line. */
  private headerEnded(): number {
    const { type } = this;
    this.type = 0;
    if (!hasNumber(type)) return this.element(0);
    const number = this.negative ? -1 : this.number;
    switch (type) {
      case 0x24: // $
      case 0x3d: // =
      case 0x21: // !
        if (number < 0) return this.element(0);
        this.skip = number + 2;
        return 0;
      case 0x25: // %
        return this.element(number * 2);
      case 0x7c: // |, whose reply follows
        return this.element(number * 2 + 1);
      case 0x3e: // >, which answers no request
        if (this.missing === 0) this.missing++;
        return this.pushed(number);
      default:
        return this.element(Math.max(0, number));
    }
  }

  /** One element is here, and brings others that are to come. */
  private element(children: number): number {
    if (this.missing === 0) {
      this.missing = children;
      return children === 0 ? 1 : 0;
    }
    this.missing += children - 1;
    return this.missing === 0 ? 1 : 0;
  }

  /** A push is counted as part of the reply behind it. */
  private pushed(children: number): number {
    this.missing += children;
    return 0;
  }

  private note(bytes: Uint8Array, at: number, end: number): void {
    this.errors++;
    if (this.firstError !== "") return;
    for (let i = at + 1; i < end && bytes[i] !== CR; i++) {
      this.firstError += String.fromCharCode(bytes[i]);
    }
  }
}

function hasNumber(type: number): boolean {
  switch (type) {
    case 0x24: // $
    case 0x3d: // =
    case 0x21: // !
    case 0x2a: // *
    case 0x25: // %
    case 0x7e: // ~
    case 0x3e: // >
    case 0x7c: // |
      return true;
    default:
      return false;
  }
}
