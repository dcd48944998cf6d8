/** A client of the server-sent events. */

import { assert, assertEquals } from "@std/assert";
import type { AdminClient } from "./admin_client.ts";

export interface Received {
  readonly event: string;
  readonly data: unknown;
}

export interface Events {
  /** Of the last event that came. */
  readonly lastId: string;
  /** The next events, at least so many; comments are left out. */
  next(count: number): Promise<Received[]>;
  /** Reads until the stream begins, which gives an id. */
  begun(): Promise<void>;
  /** As when the connection is lost. */
  close(): Promise<void>;
}

/** @param lastId the id of the last event that was got before. */
export async function openEvents(
  admin: AdminClient,
  path: string,
  lastId: string | null = null,
): Promise<Events> {
  const response = await admin.fetch(path, { "last-event-id": lastId });
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let received: Received[] = [];
  const read = async (): Promise<void> => {
    const { done, value } = await reader.read();
    assert(!done, "the stream has ended");
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const [, id] = /^id: (.*)$/m.exec(part) ?? [];
      if (id !== undefined) events.lastId = id;
      const [, event, data] = /event: (.*)\ndata: (.*)/.exec(part) ?? [];
      if (event !== undefined) received.push({ event, data: JSON.parse(data) });
    }
  };
  const events = {
    lastId: lastId ?? "",
    async next(count: number) {
      while (received.length < count) await read();
      const taken = received;
      received = [];
      return taken;
    },
    async begun() {
      while (events.lastId === "") await read();
    },
    close: () => reader.cancel(),
  };
  return events;
}
