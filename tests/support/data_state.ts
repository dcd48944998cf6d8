/**
 * All that a store holds, key by key, as text that is equal when the data are: more than DEBUG DIGEST,
 * which knows neither when a key expires nor the groups of a stream.
 */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import { bytesOf } from "../../lib/bytes/copy.ts";
import { Crc64 } from "../../lib/bytes/crc64.ts";
import { RdbWriter } from "../../lib/rdb/rdb_writer.ts";
import { type Stream, StreamCursor, StreamId } from "../../lib/values/stream/stream.ts";
import type { Database } from "../../lib/store/database.ts";
import type { Store } from "../../lib/store/store.ts";
import { saveValue } from "../../lib/values/codecs.ts";
import { TYPE_NAMES, typeOf, ValueType } from "../../lib/values/entry.ts";
import { ListAccess } from "../../lib/values/list/list.ts";
import { SetAccess } from "../../lib/values/set/set.ts";
import { SortedSetAccess } from "../../lib/values/sorted_set/sorted_set.ts";
import { HashAccess } from "../../lib/values/hash/hash.ts";

interface Range {
  readonly data: DataView;
  readonly offset: number;
  readonly length: number;
}

const SEPARATOR = "|";

/**
 * What each key holds, by `db:key`. Hashes of which all fields are past their time are left out.
 *
 * @param withSeenTimes whether it counts when consumers of streams were last seen.
 */
export function dataState(store: Store, withSeenTimes = true): Map<string, string> {
  const state = new Map<string, string>();
  for (const db of store.databases) {
    db.table.forEach((ref) => {
      const type = typeOf(db.arena, ref);
      if (type === ValueType.HASH && new HashAccess().open(db, ref).size === 0) return;
      const parts = [TYPE_NAMES[type], String(db.exactExpiryOf(ref)), short(contentOf(db, ref))];
      if (type === ValueType.STREAM) {
        parts.push(withSeenTimes ? savedBytes(db, ref) : groupsOf(db.objectOf(ref) as Stream));
      }
      state.set(`${db.index}:${latin1(db.keyOf(ref))}`, parts.join(" "));
    });
  }
  return state;
}

/** Where two states differ, a line for each key; empty when they are equal. */
export function differences(
  expected: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): string[] {
  const lines: string[] = [];
  for (const [key, value] of expected) {
    const other = actual.get(key);
    if (other === undefined) lines.push(`${key} is missing: ${cut(value)}`);
    else if (other !== value) lines.push(`${key}: ${cut(value)} became ${cut(other)}`);
  }
  for (const [key, value] of actual) {
    if (!expected.has(key)) lines.push(`${key} is too many: ${cut(value)}`);
  }
  return lines;
}

/** A value's elements, in an order that does not depend on how they are kept. */
function contentOf(db: Database, ref: number): string {
  switch (typeOf(db.arena, ref)) {
    case ValueType.STRING:
      return latin1(db.stringOf(ref).view());
    case ValueType.LIST:
      return elements(new ListAccess().open(db, ref)).join(SEPARATOR);
    case ValueType.SET:
      return members(new SetAccess().open(db, ref)).sort().join(SEPARATOR);
    case ValueType.SORTED_SET:
      return scored(new SortedSetAccess().open(db, ref)).join(SEPARATOR);
    case ValueType.HASH:
      return fields(new HashAccess().open(db, ref)).sort().join(SEPARATOR);
    default:
      return entries(db.objectOf(ref) as Stream).join(SEPARATOR);
  }
}

function elements(list: ListAccess): string[] {
  const texts: string[] = [];
  list.seek(0);
  do {
    texts.push(text(list.element));
  } while (list.next());
  return texts;
}

function members(set: SetAccess): string[] {
  const texts: string[] = [];
  for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
    texts.push(text(set.point(handle)));
  }
  return texts;
}

function scored(set: SortedSetAccess): string[] {
  const texts: string[] = [];
  set.seek(0);
  do {
    texts.push(`${set.score} ${text(set)}`);
  } while (set.next());
  return texts;
}

/** Fields with their values, and times where they expire. */
function fields(hash: HashAccess): string[] {
  return hash.places().map((place) => {
    hash.pointField(place);
    const field = text(hash);
    hash.pointValue(place);
    return `${field}=${text(hash)} ${hash.expiresAt(place)}`;
  });
}

function entries(stream: Stream): string[] {
  const texts: string[] = [];
  const cursor = new StreamCursor().start(stream.log, new StreamId(), StreamId.max());
  while (cursor.next()) {
    texts.push(String(cursor.id));
    for (let left = cursor.pairs; left > 0; left--) {
      cursor.nextField();
      texts.push(text(cursor));
      cursor.nextValue();
      texts.push(text(cursor));
    }
  }
  return texts;
}

function text({ data, offset, length }: Range): string {
  return latin1(bytesOf(data, offset, length));
}

/** A text as it is, or its length and a checksum. */
function short(content: string): string {
  if (content.length <= 1000) return content;
  const sum = new Crc64();
  sum.update(fromLatin1(content));
  return `${content.length} characters ${sum}`;
}

/** Everything of a stream, groups and consumers in their order. */
function savedBytes(db: Database, ref: number): string {
  const writer = new RdbWriter(false);
  saveValue(writer, db, ref);
  return short(latin1(writer.view()));
}

function groupsOf(stream: Stream): string {
  const id = new StreamId();
  const lines = [`${stream.lastId} ${stream.entriesAdded} ${stream.maxDeletedId}`];
  for (const group of stream.groups()) {
    lines.push(`group ${latin1(group.name)} ${group.lastId} ${group.entriesRead}`);
    for (const consumer of group.consumers()) lines.push(`consumer ${latin1(consumer.name)}`);
    for (let more = group.first(); more; more = group.next()) {
      group.readId(id);
      // XCLAIM can't bring back what is pending though its entry is gone.
      if (!new StreamCursor().find(stream.log, id)) continue;
      const { deliveredMs, deliveries, holder } = group;
      lines.push(`pending ${id} ${latin1(holder.name)} ${deliveredMs} ${deliveries}`);
    }
  }
  return lines.join("\n");
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
