/**
 * The bytes behind a DataView. Elements come as views of a few large buffers, and making a view of
 * bytes for each of them (50 ns) would be much of what writing them costs.
 */

export class WholeView {
  private bytes: Uint8Array = new Uint8Array(0);

  /** All bytes of the view's buffer: offsets are the view's plus its `byteOffset`. */
  of(data: DataView): Uint8Array {
    if (this.bytes.buffer !== data.buffer) this.bytes = new Uint8Array(data.buffer);
    return this.bytes;
  }
}
