/** Where some bytes occur among others, for files that have to be searched for a way on. */

/** The first place from `from` on where `part` begins; -1 when it does not occur. */
export function indexOfBytes(bytes: Uint8Array, part: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(part[0], from); at >= 0; at = bytes.indexOf(part[0], at + 1)) {
    let i = 1;
    while (i < part.length && bytes[at + i] === part[i]) i++;
    if (i === part.length) return at;
  }
  return -1;
}
