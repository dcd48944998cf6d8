/**
 * Lists to and from RDB bytes: as a quicklist, whose nodes are listpacks of the size that
 * `list-max-listpack-size` asks for, so that redis-server keeps what it loads as it would its own.
 */

import type { ByteSlice } from "../../rdb/byte_slice.ts";
import { ListpackWriter } from "../../rdb/listpack.ts";
import { QuicklistContainer, RdbType } from "../../rdb/opcodes.ts";
import type { RdbReader } from "../../rdb/rdb_reader.ts";
import type { RdbWriter } from "../../rdb/rdb_writer.ts";
import type { ElementSink } from "../../rdb/value_reader.ts";
import { readList } from "../../rdb/value_reader.ts";
import { ValueType } from "../entry.ts";
import type { ValueHome } from "../value.ts";
import type { LooseValue, ValueCodec } from "../value_codec.ts";
import { ListAccess } from "./list.ts";

/** Sizes that -1 to -5 stand for, in bytes. */
const NODE_BYTES = [4096, 8192, 16384, 32768, 65536] as const;
/** What a node takes at most where a number of elements is asked for. */
const COUNTED_NODE_BYTES = 8192;
/** What an element takes at most beside its own bytes. */
const ELEMENT_OVERHEAD_BYTES = 10;

/** The one list that is worked on, since nothing else runs meanwhile. */
const list = new ListAccess();

export const LIST_CODEC: ValueCodec = {
  rdbTypeOf(): number {
    return RdbType.LIST_QUICKLIST_2;
  },

  save(writer: RdbWriter, home: ValueHome, ref: number): void {
    list.open(home, ref);
    const { listNode } = home.limits;
    writer.lengthOf(walkNodes(listNode, null));
    walkNodes(listNode, (node) => {
      writer.lengthOf(QuicklistContainer.PACKED);
      writer.stringOf(node.finish());
    });
  },

  load(reader: RdbReader, rdbType: number, home: ValueHome): LooseValue {
    list.create(home);
    try {
      readList(reader, rdbType, END);
    } catch (error) {
      list.release();
      throw error;
    }
    const { encoding, storage, value, size } = list;
    return { type: ValueType.LIST, encoding, storage, value, size };
  },
};

const END: ElementSink = {
  element({ data, offset, length }: ByteSlice): boolean {
    list.pushBack(data, offset, length);
    return true;
  },
};

/**
 * Divides a list into nodes; how many they are. Their number comes before them, so a list is walked
 * twice: first without `write`, when only lengths are looked at.
 */
function walkNodes(
  listNode: number,
  write: ((node: ListpackWriter) => void) | null,
): number {
  const maxCount = listNode < 0 ? Infinity : Math.max(1, listNode);
  const maxBytes = listNode < 0
    ? NODE_BYTES[Math.min(-listNode, NODE_BYTES.length) - 1]
    : COUNTED_NODE_BYTES;
  const node = new ListpackWriter();
  let nodes = 0;
  let count = 0;
  let bytes = 0;
  list.seek(0);
  do {
    const { element } = list;
    const size = element.length + ELEMENT_OVERHEAD_BYTES;
    if (count > 0 && (count >= maxCount || bytes + size > maxBytes)) {
      write?.(node);
      node.clear();
      nodes++;
      count = bytes = 0;
    }
    if (write !== null) node.append(element.data, element.offset, element.length);
    count++;
    bytes += size;
  } while (list.next());
  write?.(node);
  return nodes + 1;
}
