/**
 * The list of an entry, however it is kept: a list of one chunk is a block that the entry refers to, a
 * longer one is an object. Commands cannot tell the two apart; Redis calls both a quicklist. [hot]
 *
 * A block is lent to a list that is kept here for the time of an operation, and taken back after
 * it, so that both kinds go through the same code.
 */

import { Arena } from "../../structures/arena.ts";
import * as arenaModule from "../../structures/arena.ts";
import { ChunkedList, type FrameSink } from "../../structures/chunked_list.ts";
import { ListChunks, type ListElement } from "../../structures/list_chunks.ts";
import * as listChunksModule from "../../structures/list_chunks.ts";
import * as entryModule from "../entry.ts";
import type { ValueHome } from "../value.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { SEGMENT_OF_REF } = arenaModule;
const { CHUNK_FRAME_BYTES, Room } = listChunksModule;
const { Encoding, META_WORD, Storage, STORAGE_SHIFT, VALUE_WORD, wordBase } = entryModule;

export type { ListElement } from "../../structures/list_chunks.ts";

export class ListAccess {
  /** As OBJECT ENCODING names it; lists have but one encoding in Redis 7.0. */
  readonly encoding: number = Encoding.QUICKLIST;
  /** BLOCK or OBJECT of {@linkcode Storage}. */
  storage: number = Storage.BLOCK;
  /** Ref of the block, or number of the object. */
  value = 0;

  private home: ValueHome | null = null;
  private arena: Arena = new Arena();
  /** The entry, or 0 for a list that no entry holds yet. */
  private entry = 0;
  /** The list that stands for blocks. */
  private lent: ChunkedList = new ChunkedList(new ListChunks(this.arena));
  /** The list that is worked on: an object of the store, or {@linkcode lent}. */
  private list: ChunkedList = this.lent;

  /** Turns to the list of an entry. */
  open(home: ValueHome, entry: number): this {
    if (home !== this.home) this.use(home);
    const words = home.arena.words[entry >>> SEGMENT_OF_REF];
    const base = wordBase(entry);
    this.entry = entry;
    this.storage = words[base + META_WORD] >>> STORAGE_SHIFT & 3;
    this.value = words[base + VALUE_WORD];
    let list = this.lent;
    if (this.storage === Storage.BLOCK) list.borrow(this.value);
    else list = home.objects.get(this.value) as ChunkedList;
    // Most look at the one from before; comparing is cheaper than storing a pointer.
    if (list !== this.list) this.list = list;
    return this;
  }

  /**
   * Turns to a new list, for `Database.putValue` or {@linkcode release}.
   *
   * @param bytes that its elements will take with their frames, as far as that is known.
   * @param atFront whether they will come in front of each other.
   */
  create(home: ValueHome, bytes = 0, atFront = false): this {
    if (home !== this.home) this.use(home);
    const room = atFront ? Room.AT_FRONT : Room.AT_BACK;
    this.entry = 0;
    this.storage = Storage.BLOCK;
    this.value = this.lent.chunks.create(Math.min(bytes, CHUNK_FRAME_BYTES), room);
    this.lent.borrow(this.value);
    this.list = this.lent;
    return this;
  }

  /** Gives back a list that no entry is going to hold. */
  release(): void {
    const home = this.home as ValueHome;
    if (this.storage === Storage.BLOCK) home.arena.free(this.value);
    else home.discard(home.objects.take(this.value));
  }

  /** Number of elements. */
  get size(): number {
    return this.list.size;
  }

  /** The element last pointed at. */
  get element(): ListElement {
    return this.list.chunks;
  }

  first(): ListElement {
    this.list.pointFirst();
    return this.list.chunks;
  }

  last(): ListElement {
    this.list.pointLast();
    return this.list.chunks;
  }

  /** The element at an index that is in range; {@linkcode next} goes on from there. */
  seek(index: number): ListElement {
    this.list.seek(index);
    return this.list.chunks;
  }

  /** Goes on to the next element; false when there is none. */
  next(): boolean {
    return this.list.next();
  }

  /** Goes on to the element before; false when there is none. */
  previous(): boolean {
    return this.list.previous();
  }

  /** Whether the element pointed at is the given one. */
  equals(data: DataView, offset: number, length: number): boolean {
    return this.list.chunks.equals(data, offset, length);
  }

  /** Hands `elements` elements from `from` on to a sink, as bulk strings. */
  writeRange(from: number, elements: number, sink: FrameSink): void {
    this.list.writeRange(from, elements, sink);
  }

  pushFront(data: DataView, offset: number, length: number): void {
    this.list.pushFront(data, offset, length);
    // An object does not become small by this.
    if (this.list === this.lent) this.settle();
  }

  pushBack(data: DataView, offset: number, length: number): void {
    this.list.pushBack(data, offset, length);
    if (this.list === this.lent) this.settle();
  }

  removeFront(elements: number): void {
    this.list.removeFront(elements);
    this.settle();
  }

  /** Takes away the first element, which must be the one that {@linkcode first} has just told. */
  removeFirst(): void {
    this.list.removeFirst();
    this.settle();
  }

  /** Takes away the last element, which must be the one that {@linkcode last} has just told. */
  removeLast(): void {
    this.list.removeLast();
    this.settle();
  }

  removeBack(elements: number): void {
    this.list.removeBack(elements);
    this.settle();
  }

  /** Adds an element before the one at `index`. */
  insert(index: number, data: DataView, offset: number, length: number): void {
    try {
      this.list.insert(index, data, offset, length);
    } finally {
      // Even what ends for want of memory may have split a chunk before.
      this.settle();
    }
  }

  /** Puts an element in the place of the one at `index`. */
  replace(index: number, data: DataView, offset: number, length: number): void {
    try {
      this.list.replace(index, data, offset, length);
    } finally {
      this.settle();
    }
  }

  /**
   * Takes away elements that equal the given one, the first `limit` of them or, with `fromBack`, the
   * last; says how many there were.
   */
  removeEqual(
    data: DataView,
    offset: number,
    length: number,
    limit: number,
    fromBack: boolean,
  ): number {
    try {
      return this.list.removeEqual(data, offset, length, limit, fromBack);
    } finally {
      this.settle();
    }
  }

  private use(home: ValueHome): void {
    this.home = home;
    if (home.arena === this.arena) return;
    this.arena = home.arena;
    this.lent = new ChunkedList(new ListChunks(home.arena));
  }

  /** Makes the entry refer to the list as it is after an operation. */
  private settle(): void {
    const { list } = this;
    if (list !== this.lent) {
      if (list.isSmall) this.becomeBlock();
    } else if (list.chunkCount > 1) this.becomeObject();
    else if (list.firstChunk !== this.value) this.moved(Storage.BLOCK, list.firstChunk);
  }

  private becomeObject(): void {
    const home = this.home as ValueHome;
    this.list.account();
    this.moved(Storage.OBJECT, home.objects.add(this.list));
    this.lent = new ChunkedList(this.list.chunks);
  }

  private becomeBlock(): void {
    const home = this.home as ValueHome;
    home.objects.take(this.value);
    this.moved(Storage.BLOCK, this.list.takeChunk());
    this.lent.borrow(this.value);
    this.list = this.lent;
  }

  private moved(storage: number, value: number): void {
    this.storage = storage;
    this.value = value;
    if (this.entry !== 0) {
      (this.home as ValueHome).moveValue(this.entry, this.encoding, storage, value);
    }
  }
}
