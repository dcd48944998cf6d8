/**
 * The terminal of an interactive tool: keys as they are typed, the width of its lines, and the
 * environment that its user has set. Where standard input is no terminal, its bytes come the same way.
 */

export interface Console {
  readonly inputIsTerminal: boolean;
  readonly outputIsTerminal: boolean;
  readonly errorIsTerminal: boolean;
  /** Characters in a line; 80 where nobody knows. */
  columns(): number;
  /** Bytes read from standard input into the start of `target`; null at its end. */
  read(target: Uint8Array): Promise<number | null>;
  /** In raw mode each key is read at once and shown by nobody; Ctrl+C is a byte. */
  setRaw(on: boolean): void;
  /** Of the environment; undefined when not set. */
  variable(name: string): string | undefined;
}

/** The real terminal. */
export class DenoConsole implements Console {
  readonly inputIsTerminal = Deno.stdin.isTerminal();
  readonly outputIsTerminal = Deno.stdout.isTerminal();
  readonly errorIsTerminal = Deno.stderr.isTerminal();
  private raw = false;

  columns(): number {
    try {
      return Deno.consoleSize().columns || 80;
    } catch {
      return 80;
    }
  }

  read(target: Uint8Array): Promise<number | null> {
    return Deno.stdin.read(target);
  }

  setRaw(on: boolean): void {
    if (!this.inputIsTerminal || on === this.raw) return;
    Deno.stdin.setRaw(on);
    this.raw = on;
  }

  variable(name: string): string | undefined {
    return Deno.env.get(name);
  }
}
