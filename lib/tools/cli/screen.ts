/** Draws the line being typed, over as many rows of the terminal as it takes. */

const CLEAR_BELOW = "\x1b[J";
const DIM = "\x1b[2m";
const PLAIN = "\x1b[0m";

export interface Drawing {
  readonly prompt: string;
  readonly text: string;
  /** In characters of `text`. */
  readonly cursor: number;
  /** Shown behind the text, where there is room in its last row. */
  readonly hint: string;
}

export class Screen {
  /** Rows between the first one of the line and the cursor. */
  private cursorRow = 0;

  constructor(
    private readonly write: (text: string) => void,
    private readonly columns: () => number,
  ) {}

  draw({ prompt, text, cursor, hint }: Drawing): void {
    const columns = Math.max(1, this.columns());
    const characters = [...text];
    const promptWidth = widthOf(prompt);
    const end = promptWidth + widthOf(text);
    const at = promptWidth + widthOf(characters.slice(0, cursor).join(""));
    const shownHint = [...hint].slice(0, Math.max(0, columns - end % columns - 1)).join("");
    let out = this.toStart() + CLEAR_BELOW + prompt + text;
    if (shownHint !== "") out += DIM + shownHint + PLAIN;
    // A terminal waits with the cursor in the last column until something follows.
    if (end > 0 && end % columns === 0 && shownHint === "") out += "\n";
    const lastRow = Math.floor((end + widthOf(shownHint)) / columns);
    this.cursorRow = Math.floor(at / columns);
    if (lastRow > this.cursorRow) out += `\x1b[${lastRow - this.cursorRow}A`;
    out += "\r";
    if (at % columns > 0) out += `\x1b[${at % columns}C`;
    this.write(out);
  }

  /** Leaves the line, which stays on the screen, without its hint. */
  finish(drawing: Drawing): void {
    this.draw({ ...drawing, cursor: [...drawing.text].length, hint: "" });
    this.write("\r\n");
    this.cursorRow = 0;
  }

  clear(): void {
    this.write("\x1b[H\x1b[2J");
    this.cursorRow = 0;
  }

  private toStart(): string {
    return this.cursorRow > 0 ? `\x1b[${this.cursorRow}A\r` : "\r";
  }
}

/** Columns that a text takes: wide characters two, marks that combine with others none. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
