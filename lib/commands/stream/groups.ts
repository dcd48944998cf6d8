/** Consumer groups: XGROUP and its subcommands. */

import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import {
  type ConsumerGroup,
  type Stream,
  StreamId,
  UNKNOWN_READ,
} from "../../values/stream/stream.ts";
import { isMark, LAST_ID, readId, readIdOrEdge } from "./ids.ts";
import { newStream, noSuchGroup, nowOf, streamToChange, subcommandSyntax } from "./opened.ts";

const id = new StreamId();

export const XGROUP = command({
  name: "XGROUP",
  summary: "Makes, changes and removes consumer groups.",
  since: "5.0.0",
  complexity: "Depends on the subcommand.",
});

export const XGROUP_CREATE = command({
  name: "XGROUP|CREATE",
  usage: 'key groupname (id: id | new_id="$") [MKSTREAM] [ENTRIESREAD entries_read]',
  summary: "Makes a consumer group that begins after an id.",
  since: "5.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.INSERT,
  run(call) {
    const options = readOptions(call, true);
    let stream = streamToChange(call, 2);
    if (stream === null && !options.makesStream) throw errors.XGROUP_WITHOUT_KEY;
    if (call.count > 8) throw subcommandSyntax(call);
    if (!isMark(call.request, 4, LAST_ID)) readId(call, 4, id);
    else if (stream === null) id.setZero();
    else id.set(stream.lastId);
    if (stream?.group(call.request.view(3)) !== undefined) throw errors.GROUP_EXISTS;
    stream ??= newStream(call, 2);
    stream.addGroup(call.request.copy(3), id, options.entriesRead);
    call.changed(2, "xgroup-create");
    call.reply.ok();
  },
});

export const XGROUP_SETID = command({
  name: "XGROUP|SETID",
  usage: 'key groupname (id: id | new_id="$") [ENTRIESREAD entries_read]',
  summary: "Lets a group go on after another id.",
  since: "5.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    const { entriesRead } = readOptions(call, false);
    const { stream, group } = openGroup(call);
    if (call.count > 7) throw subcommandSyntax(call);
    if (isMark(call.request, 4, LAST_ID)) id.set(stream.lastId);
    else readIdOrEdge(call, 4, id);
    group.lastId.set(id);
    group.entriesRead = entriesRead;
    call.changed(2, "xgroup-setid");
    call.reply.ok();
  },
});

export const XGROUP_DESTROY = command({
  name: "XGROUP|DESTROY",
  usage: "key groupname",
  summary: "Removes a group with all that is pending in it.",
  since: "5.0.0",
  complexity: "O(N) for N pending entries",
  flags: Flag.WRITE,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const stream = streamToChange(call, 2);
    if (stream === null) throw errors.XGROUP_WITHOUT_KEY;
    const group = stream.group(call.request.view(3));
    if (group === undefined) return call.reply.integer(0);
    stream.removeGroup(group);
    call.changed(2, "xgroup-destroy");
    call.reply.integer(1);
  },
});

export const XGROUP_CREATECONSUMER = command({
  name: "XGROUP|CREATECONSUMER",
  usage: "key groupname consumername",
  summary: "Adds a consumer to a group.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.INSERT,
  run(call) {
    const { group } = openGroup(call);
    const isNew = group.consumer(call.request.view(4)) === undefined;
    if (isNew) {
      group.addConsumer(call.request.copy(4), nowOf(call));
      call.changed(2, "xgroup-createconsumer");
    }
    call.reply.integer(isNew ? 1 : 0);
  },
});

export const XGROUP_DELCONSUMER = command({
  name: "XGROUP|DELCONSUMER",
  usage: "key groupname consumername",
  summary: "Removes a consumer, with all that is pending for it.",
  since: "5.0.0",
  complexity: "O(N) for N entries that are pending for it",
  flags: Flag.WRITE,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const { group } = openGroup(call);
    const consumer = group.consumer(call.request.view(4));
    if (consumer === undefined) return call.reply.integer(0);
    const pending = group.removeConsumer(consumer);
    call.changed(2, "xgroup-delconsumer");
    call.reply.integer(pending);
  },
});

export const GROUP_COMMANDS = [
  XGROUP,
  XGROUP_CREATE,
  XGROUP_SETID,
  XGROUP_DESTROY,
  XGROUP_CREATECONSUMER,
  XGROUP_DELCONSUMER,
  helpCommand({ container: "XGROUP", since: "5.0.0" }),
];

/** The stream and the group at arguments 2 and 3. */
function openGroup(call: Call): { stream: Stream; group: ConsumerGroup } {
  const stream = streamToChange(call, 2);
  if (stream === null) throw errors.XGROUP_WITHOUT_KEY;
  const group = stream.group(call.request.view(3));
  if (group === undefined) throw noSuchGroup(call, 2, 3);
  return { stream, group };
}

/** Reads what stands behind the id: MKSTREAM, where it may, and ENTRIESREAD. */
function readOptions(
  call: Call,
  creates: boolean,
): { makesStream: boolean; entriesRead: bigint } {
  let makesStream = false;
  let entriesRead = UNKNOWN_READ;
  for (let i = 5; i < call.count; i++) {
    if (creates && call.request.is(i, "MKSTREAM")) makesStream = true;
    else if (call.request.is(i, "ENTRIESREAD") && i + 1 < call.count) {
      entriesRead = readBigInteger(call, ++i);
      if (entriesRead < UNKNOWN_READ) throw errors.ENTRIES_READ;
    } else throw subcommandSyntax(call);
  }
  return { makesStream, entriesRead };
}
