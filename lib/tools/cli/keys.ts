/**
 * Bytes of a terminal → keys. Terminals send an escape sequence at once, so one that is cut off at
 * the end of a read is the Escape key itself.
 */

/** A key by its name ("left", "ctrl-a"), or text that is to be put in. */
export type Key = { readonly name: string } | { readonly text: string };

const SEQUENCES: ReadonlyMap<string, string> = new Map([
  ["[A", "up"],
  ["[B", "down"],
  ["[C", "right"],
  ["[D", "left"],
  ["[H", "home"],
  ["[F", "end"],
  ["OA", "up"],
  ["OB", "down"],
  ["OC", "right"],
  ["OD", "left"],
  ["OH", "home"],
  ["OF", "end"],
  ["[1~", "home"],
  ["[7~", "home"],
  ["[4~", "end"],
  ["[8~", "end"],
  ["[3~", "delete"],
  ["[1;5C", "word-right"],
  ["[1;5D", "word-left"],
  ["b", "word-left"],
  ["f", "word-right"],
]);

export class KeyDecoder {
  private readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** The keys of one read. Pasted text is one key, cut at its line ends. */
  decode(bytes: Uint8Array): Key[] {
    const input = this.decoder.decode(bytes, { stream: true });
    const keys: Key[] = [];
    let text = "";
    const endText = () => {
      if (text !== "") keys.push({ text });
      text = "";
    };
    for (let at = 0; at < input.length; at++) {
      const code = input.charCodeAt(at);
      if (code >= 0x20 && code !== 0x7f) {
        text += input[at];
        continue;
      }
      endText();
      if (code === 0x1b) {
        // deno-lint-ignore no-control-regex -- Escape sequences are made of control characters.
        const sequence = /^\x1b(\[[0-9;]*[A-Za-z~]|O[A-Z]|[a-z])/.exec(input.slice(at));
        keys.push({ name: sequence === null ? "escape" : SEQUENCES.get(sequence[1]) ?? "none" });
        if (sequence !== null) at += sequence[0].length - 1;
      } else if (code === 0x0d && input[at + 1] === "\n") {
        keys.push({ name: "enter" });
        at++;
      } else keys.push({ name: controlName(code) });
    }
    endText();
    return keys;
  }
}

function controlName(code: number): string {
  if (code === 0x0d || code === 0x0a) return "enter";
  if (code === 0x09) return "tab";
  if (code === 0x7f || code === 0x08) return "backspace";
  return `ctrl-${String.fromCharCode(code + 0x60)}`;
}
