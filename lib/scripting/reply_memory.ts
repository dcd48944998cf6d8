/**
 * Where the replies to a script's commands are written: a piece of Lua's own memory, so that a reply
 * becomes a string of Lua without being copied through JavaScript. Replies that are longer than that
 * go elsewhere, as the writer likes.
 */

import { ByteBuffer } from "../bytes/byte_buffer.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";

const REPLY_BYTES = 64 * 1024;
const NUMBERS_BYTES = 2048;

export class ReplyMemory {
  /** Where it begins in Lua's memory. */
  readonly pointer: number;
  /** Where numbers among a command's arguments are written. */
  readonly numbers: number;
  private buffer: ByteBuffer;
  private data: DataView;

  constructor(private readonly machine: LuaMachine) {
    this.pointer = machine.api.malloc(REPLY_BYTES + NUMBERS_BYTES);
    this.numbers = this.pointer + REPLY_BYTES;
    this.data = machine.data;
    this.buffer = this.fresh();
  }

  /** Has the writer start over here. */
  attach(writer: ReplyWriter): void {
    if (this.data !== this.machine.data) {
      this.data = this.machine.data;
      this.buffer = this.fresh();
    }
    if (writer.buffer !== this.buffer.bytes) writer.attach(this.buffer);
    writer.length = 0;
  }

  /** Whether what the writer has written is here. */
  holds(writer: ReplyWriter): boolean {
    return writer.buffer === this.buffer.bytes;
  }

  private fresh(): ByteBuffer {
    const { buffer } = this.machine.bytes;
    return new ByteBuffer(new Uint8Array(buffer, this.pointer, REPLY_BYTES));
  }
}
