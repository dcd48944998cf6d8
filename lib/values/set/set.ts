/**
 * A set behind one interface, however it is kept:
 *
 * | kept as | OBJECT ENCODING | for |
 * |---|---|---|
 * | sorted integers (structures/int_set.ts), one block | intset | up to `set-max-intset-entries` integers |
 * | packed members (structures/packed.ts), one block | hashtable | up to `set-max-listpack-entries` short members |
 * | a table of members (member_table.ts), an object | hashtable | all others |
 *
 * The names are those of redis-server 7.0, which has no packed sets. A set changes to a form further
 * down as it grows, and never back. [hot]
 *
 * Members are reached by handles, numbers that mean something to the form alone and are good until
 * the set changes; `point` shows the member's bytes, lent until the arena changes.
 */

import { Int64 } from "../../bytes/int64.ts";
import * as int64Module from "../../bytes/int64.ts";
import type { Random } from "../../host/random.ts";
import { Arena } from "../../structures/arena.ts";
import * as arenaModule from "../../structures/arena.ts";
import { IntSet } from "../../structures/int_set.ts";
import { Packed } from "../../structures/packed.ts";
import * as packedModule from "../../structures/packed.ts";
import { TableWalk } from "../../structures/table_walk.ts";
import * as entryModule from "../entry.ts";
import type { ValueHome } from "../value.ts";
import { type MemberSink, MemberTable } from "./member_table.ts";
import * as memberTableModule from "./member_table.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { INT64_TEXT_BYTES } = int64Module;
const { SEGMENT_OF_REF } = arenaModule;
const { packedSize } = packedModule;
const { Encoding, ENCODING_SHIFT, META_WORD, Storage, STORAGE_SHIFT, VALUE_WORD, wordBase } =
  entryModule;
const { memberStart } = memberTableModule;

const Form = { INTEGERS: 0, PACKED: 1, TABLE: 2 } as const;

/** Bytes that a block of packed members begins with. */
const PACKED_HEADER_BYTES = 8;

/** What a set needs of the database that holds it. */
export type SetHome = Pick<
  ValueHome,
  "arena" | "objects" | "limits" | "newTable" | "valueWordOf" | "moveValue" | "discard"
>;

/** What an access that was never opened has in place of a store's. */
const NO_ARENA = new Arena();
const NO_INTEGERS = new IntSet(NO_ARENA);
const NO_PACKED = new Packed(NO_ARENA);

export class SetAccess {
  /** The member last pointed at: the memory it lies in, where, and how long it is. */
  data: DataView;
  offset = 0;
  length = 0;
  /** How the set is kept: what an entry is to be told of it ({@linkcode Database.putValue}). */
  encoding: number = Encoding.INTSET;
  storage: number = Storage.BLOCK;
  /** Ref of the block, or number of the object. */
  value = 0;

  private home: SetHome | null = null;
  private arena = NO_ARENA;
  private integers = NO_INTEGERS;
  private packed = NO_PACKED;
  private ref = 0;
  private expected = 0;
  private form: number = Form.INTEGERS;
  private table: MemberTable | null = null;
  /** The walk over a table, made when one is first walked, and where in its step it is. */
  private walk: TableWalk | null = null;
  private walked = 0;
  /** The handle last pointed at. */
  private handle = -1;
  private readonly integer = new Int64();
  private readonly text = new Uint8Array(INT64_TEXT_BYTES + 4);
  private readonly textData = new DataView(this.text.buffer);

  constructor() {
    this.data = this.textData;
  }

  /** Points at the set that an entry holds. */
  open(home: SetHome, ref: number): this {
    if (home !== this.home) this.use(home);
    const words = home.arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    const meta = words[base + META_WORD];
    const value = words[base + VALUE_WORD];
    const encoding = meta >>> ENCODING_SHIFT & 0xf;
    const storage = meta >>> STORAGE_SHIFT & 3;
    this.ref = ref;
    this.expected = 0;
    this.value = value;
    this.encoding = encoding;
    this.storage = storage;
    if (storage === Storage.OBJECT) {
      this.form = Form.TABLE;
      const table = home.objects.get(value) as MemberTable;
      // Most look at the one from before; comparing is cheaper than storing a pointer.
      if (table !== this.table) this.table = table;
    } else this.form = encoding === Encoding.INTSET ? Form.INTEGERS : Form.PACKED;
    return this;
  }

  /**
   * Begins an empty set that no entry holds yet. Its owner puts {@linkcode value} into an entry and
   * opens it again, or gives it back with {@linkcode release}.
   *
   * @param integers whether the first member will be an integer.
   * @param expected members that will be added about, for a table that needs not grow.
   */
  create(home: SetHome, integers = true, expected = 0): this {
    this.use(home);
    this.expected = expected;
    this.ref = 0;
    this.form = integers ? Form.INTEGERS : Form.PACKED;
    this.encoding = integers ? Encoding.INTSET : Encoding.HASHTABLE;
    this.storage = Storage.BLOCK;
    this.value = integers ? this.integers.create() : this.packed.create();
    return this;
  }

  /** The same for a set whose first member is known, in the form that it needs. */
  createFor(home: SetHome, data: DataView, offset: number, length: number): this {
    return this.create(home, this.integer.parse(data, offset, length));
  }

  /** Gives back a set that no entry holds. */
  release(): void {
    const home = this.home!;
    if (this.storage === Storage.BLOCK) this.arena.free(this.value);
    else home.discard(home.objects.take(this.value));
  }

  /** Number of members. */
  get size(): number {
    if (this.form === Form.TABLE) return this.table!.table.count;
    return this.form === Form.INTEGERS
      ? this.integers.count(this.value)
      : this.packed.count(this.value);
  }

  /** Whether members are few and are shown all at once by SSCAN. */
  get isSmall(): boolean {
    return this.form !== Form.TABLE;
  }

  /**
   * Handle of a member; -1 when it is not in the set.
   *
   * @param hash what a table of the store says of the member; 0 when nobody has asked yet.
   */
  find(data: DataView, offset: number, length: number, hash = 0): number {
    if (this.form === Form.TABLE) {
      const { table } = this.table!;
      if (hash === 0) hash = table.hash(data, offset, length);
      return table.find(data, offset, length, hash) || -1;
    }
    if (this.form === Form.PACKED) return this.packed.find(this.value, data, offset, length, 1);
    const { integer } = this;
    if (!integer.parse(data, offset, length)) return -1;
    const place = this.integers.search(this.value, integer.high, integer.low);
    return place < 0 ? -1 : place;
  }

  /** Adds a member; false when it was there. `hash` is as in {@linkcode find}. */
  add(data: DataView, offset: number, length: number, hash = 0): boolean {
    if (this.form === Form.TABLE) {
      if (hash === 0) hash = this.table!.table.hash(data, offset, length);
      return this.addHashed(data, offset, length, hash);
    }
    if (this.form === Form.PACKED) return this.addPacked(data, offset, length);
    const { integer, integers } = this;
    if (!integer.parse(data, offset, length)) {
      this.makeRoom(length);
      return this.add(data, offset, length);
    }
    const place = integers.search(this.value, integer.high, integer.low);
    if (place >= 0) return false;
    this.place(integers.insert(this.value, ~place, integer.high, integer.low));
    if (integers.count(this.value) > this.home!.limits.setIntegers) this.makeRoom(0);
    return true;
  }

  /** Removes a member; false when it was not there. `hash` is as in {@linkcode find}. */
  remove(data: DataView, offset: number, length: number, hash = 0): boolean {
    const handle = this.find(data, offset, length, hash);
    if (handle < 0) return false;
    this.removeAt(handle);
    return true;
  }

  /** Removes the member with a handle; other members of a table keep theirs. */
  removeAt(handle: number): void {
    if (this.form === Form.TABLE) this.table!.remove(handle);
    else if (this.form === Form.INTEGERS) this.place(this.integers.remove(this.value, handle));
    else this.place(this.packed.remove(this.value, handle, 1));
  }

  /** Whether the member that another set points at is in this one. */
  hasMemberOf(other: SetAccess): boolean {
    if (this.form === Form.TABLE && other.form === Form.TABLE) {
      const hash = other.table!.table.hashOf(other.handle);
      return this.table!.table.find(other.data, other.offset, other.length, hash) !== 0;
    }
    if (this.form === Form.INTEGERS && other.form === Form.INTEGERS) {
      return this.integers.search(this.value, other.integers.high, other.integers.low) >= 0;
    }
    return this.find(other.data, other.offset, other.length) >= 0;
  }

  /** Adds the member that another set points at; false when it was there. */
  addMemberOf(other: SetAccess): boolean {
    if (this.form === Form.TABLE && other.form === Form.TABLE) {
      const hash = other.table!.table.hashOf(other.handle);
      return this.addHashed(other.data, other.offset, other.length, hash);
    }
    return this.add(other.data, other.offset, other.length);
  }

  /** Handle of the first member, from which {@linkcode next} goes on; -1 when there is none. */
  first(): number {
    if (this.form === Form.TABLE) {
      this.walk ??= new TableWalk();
      this.walk.begin();
      return this.nextStep(this.walk);
    }
    if (this.form === Form.PACKED) return this.packed.first(this.value);
    return this.integers.count(this.value) === 0 ? -1 : 0;
  }

  /** Handle of the member after this one, which is the last that `first` or `next` told; or -1. */
  next(handle: number): number {
    if (this.form === Form.TABLE) {
      const walk = this.walk!;
      if (++this.walked < walk.count) return walk.refs[this.walked];
      return this.nextStep(walk);
    }
    if (this.form === Form.PACKED) return this.packed.next(this.value, handle);
    return handle + 1 < this.integers.count(this.value) ? handle + 1 : -1;
  }

  /** Shows a member through {@linkcode data}, {@linkcode offset} and {@linkcode length}. */
  point(handle: number): this {
    this.handle = handle;
    if (this.form === Form.TABLE) {
      const data = this.arena.data[handle >>> SEGMENT_OF_REF];
      if (data !== this.data) this.data = data;
      this.offset = memberStart(handle);
      this.length = this.table!.table.keyLengthOf(handle);
    } else if (this.form === Form.PACKED) {
      const { packed } = this;
      packed.point(this.value, handle);
      this.data = packed.data;
      this.offset = packed.offset;
      this.length = packed.length;
    } else {
      const { integers, integer } = this;
      integers.load(this.value, handle);
      integer.high = integers.high;
      integer.low = integers.low;
      this.data = this.textData;
      this.offset = 0;
      this.length = integer.format(this.text, 0);
    }
    return this;
  }

  /** Handle of a member picked at random from a set that is not empty. */
  random(random: Random): number {
    if (this.form === Form.TABLE) return this.table!.table.pick(random);
    if (this.form === Form.INTEGERS) return random.below(this.integers.count(this.value));
    return this.packed.nth(this.value, random.below(this.packed.count(this.value)));
  }

  /** Hands all members on to a sink. */
  writeTo(sink: MemberSink): void {
    if (this.form === Form.TABLE) return this.table!.writeTo(sink);
    for (let handle = this.first(); handle >= 0; handle = this.next(handle)) {
      this.point(handle);
      sink.bulkRange(this.data, this.offset, this.length);
    }
  }

  /** The handles of all members; those of small sets in ascending order. */
  handles(): Int32Array<ArrayBuffer> {
    const handles = new Int32Array(this.size);
    let i = 0;
    for (let handle = this.first(); handle >= 0; handle = this.next(handle)) handles[i++] = handle;
    return handles;
  }

  /** One step of a scan over a set that is not small: see `HashTable.scan`. */
  scan(cursor: number, visit: (handle: number) => void): number {
    return this.table!.table.scan(cursor, visit);
  }

  /** The bytes of the member pointed at, copied. */
  copyMember(): Uint8Array<ArrayBuffer> {
    const { data } = this;
    const start = data.byteOffset + this.offset;
    return new Uint8Array(data.buffer, start, this.length).slice() as Uint8Array<ArrayBuffer>;
  }

  private use(home: SetHome): void {
    this.home = home;
    if (this.arena === home.arena) return;
    this.arena = home.arena;
    this.integers = new IntSet(home.arena);
    this.packed = new Packed(home.arena);
  }

  private nextStep(walk: TableWalk): number {
    if (!walk.step(this.table!.table)) return -1;
    this.walked = 0;
    return walk.refs[0];
  }

  private addHashed(data: DataView, offset: number, length: number, hash: number): boolean {
    const members = this.table!;
    if (members.table.find(data, offset, length, hash) !== 0) return false;
    members.insert(data, offset, length, hash);
    return true;
  }

  private addPacked(data: DataView, offset: number, length: number): boolean {
    const { packed } = this;
    if (packed.find(this.value, data, offset, length, 1) >= 0) return false;
    if (this.fits(packed.count(this.value) + 1, length)) {
      this.place(packed.append(this.value, data, offset, length));
      return true;
    }
    this.toTable();
    return this.add(data, offset, length);
  }

  /** Whether so many members, the longest of which has `length` bytes, may stay packed. */
  private fits(count: number, length: number): boolean {
    const { limits } = this.home!;
    return count <= limits.setEntries && length <= limits.setValueBytes;
  }

  /** Leaves the form of integers; `length` is what the next member has, 0 if none waits. */
  private makeRoom(length: number): void {
    const count = this.integers.count(this.value);
    if (this.fits(length === 0 ? count : count + 1, length)) this.toPacked(length);
    else this.toTable();
  }

  private toPacked(length: number): void {
    let bytes = PACKED_HEADER_BYTES + packedSize(length);
    for (let handle = this.first(); handle >= 0; handle = this.next(handle)) {
      bytes += packedSize(this.point(handle).length);
    }
    let block = this.packed.create(bytes);
    for (let handle = this.first(); handle >= 0; handle = this.next(handle)) {
      this.point(handle);
      block = this.packed.append(block, this.data, this.offset, this.length);
    }
    const old = this.value;
    this.form = Form.PACKED;
    this.moveTo(Encoding.HASHTABLE, Storage.BLOCK, block);
    this.arena.free(old);
  }

  private toTable(): void {
    const home = this.home!;
    const members = new MemberTable(home);
    members.table.reserve(Math.max(this.size + 1, this.expected));
    for (let handle = this.first(); handle >= 0; handle = this.next(handle)) {
      const { data, offset, length } = this.point(handle);
      members.insert(data, offset, length, members.table.hash(data, offset, length));
    }
    const old = this.value;
    this.form = Form.TABLE;
    this.table = members;
    this.moveTo(Encoding.HASHTABLE, Storage.OBJECT, home.objects.add(members));
    this.arena.free(old);
  }

  /** Notes where the block lies after a change. */
  private place(block: number): void {
    if (block !== this.value) this.moveTo(this.encoding, this.storage, block);
  }

  private moveTo(encoding: number, storage: number, value: number): void {
    this.encoding = encoding;
    this.storage = storage;
    this.value = value;
    if (this.ref !== 0) this.home!.moveValue(this.ref, encoding, storage, value);
  }
}
