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
import { type LooseValue, SLICE_ELEMENTS, type ValueCodec } from "../value_codec.ts";
import { ListAccess } from "./list.ts";

/** Sizes that -1 to -5 stand for, in bytes. */
const NODE_BYTES = [4096, 8192, 16384, 32768, 65536] as const;
/** What a node takes at most where a number of elements is asked for. */
const COUNTED_NODE_BYTES = 8192;
/** What an element takes at most beside its own bytes. */
const ELEMENT_OVERHEAD_BYTES = 10;

/** Elements that are looked at in one step to count the nodes. */
const COUNTED_AT_ONCE = 4 * SLICE_ELEMENTS;

/** The one list that is worked on: what is done with it is done before anything else runs. */
const list = new ListAccess();

export const LIST_CODEC: ValueCodec = {
  rdbTypeOf(): number {
    return RdbType.LIST_QUICKLIST_2;
  },

  save(writer: RdbWriter, home: ValueHome, ref: number): void {
    list.open(home, ref);
    const { listNode } = home.limits;
    writer.lengthOf(new NodeWalk(listNode).run(list.size, null));
    new NodeWalk(listNode).run(list.size, writer);
  },

  /** The list is opened anew at each step: what was used between two may have turned it elsewhere. */
  *saveSlices(writer: RdbWriter, home: ValueHome, ref: number): Generator<void, void> {
    const { listNode } = home.limits;
    const count = new NodeWalk(listNode);
    const { size } = list.open(home, ref);
    while (count.at < size) {
      list.open(home, ref);
      count.run(Math.min(size, count.at + COUNTED_AT_ONCE), null);
      yield;
    }
    writer.lengthOf(count.nodes);
    const nodes = new NodeWalk(listNode);
    while (nodes.at < size) {
      list.open(home, ref);
      nodes.run(Math.min(size, nodes.at + SLICE_ELEMENTS), writer);
      yield;
    }
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
 * Divides a list into nodes. Their number comes before them, so a list is walked twice: first without
 * a writer, when only lengths are looked at.
 */
class NodeWalk {
  /** Index of the next element. */
  at = 0;
  /** Nodes that are complete. */
  nodes = 0;
  private readonly maxCount: number;
  private readonly maxBytes: number;
  private readonly node = new ListpackWriter();
  private count = 0;
  private bytes = 0;

  constructor(listNode: number) {
    this.maxCount = listNode < 0 ? Infinity : Math.max(1, listNode);
    this.maxBytes = listNode < 0
      ? NODE_BYTES[Math.min(-listNode, NODE_BYTES.length) - 1]
      : COUNTED_NODE_BYTES;
  }

  /**
   * Goes on up to the element before `end`; the last node is complete when that is the last element.
   *
   * @returns the number of complete nodes.
   */
  run(end: number, writer: RdbWriter | null): number {
    const { element } = list;
    for (list.seek(this.at); this.at < end; list.next()) {
      const size = element.length + ELEMENT_OVERHEAD_BYTES;
      if (
        this.count > 0 && (this.count >= this.maxCount || this.bytes + size > this.maxBytes)
      ) this.finish(writer);
      if (writer !== null) this.node.append(element.data, element.offset, element.length);
      this.count++;
      this.bytes += size;
      this.at++;
    }
    if (this.at === list.size) this.finish(writer);
    return this.nodes;
  }

  private finish(writer: RdbWriter | null): void {
    this.nodes++;
    this.count = this.bytes = 0;
    if (writer === null) return;
    writer.lengthOf(QuicklistContainer.PACKED);
    writer.stringOf(this.node.finish());
    this.node.clear();
  }
}
