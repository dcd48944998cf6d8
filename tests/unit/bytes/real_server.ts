/**
 * A real redis-server for the differential tests of this folder, with arguments and replies as
 * binary strings: what these tests compare is text.
 */

import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Reply } from "../../../lib/resp/reply_decoder.ts";
import { startRedis } from "../../support/peers.ts";
import { connect, type RespClient } from "../../support/resp_client.ts";

/** Sends commands in one write; errors come back as "-ERR …", arrays as lists of their texts. */
export type Pipeline = (commands: string[][]) => Promise<(string | string[])[]>;

/** Runs `body` against a fresh redis-server. */
export async function withRealServer(
  body: (pipeline: Pipeline) => Promise<void>,
  args: string[] = [],
): Promise<void> {
  await using server = await startRedis({ args });
  await using client = await connect(server.port);
  await body((commands) => pipeline(client, commands));
}

async function pipeline(client: RespClient, commands: string[][]): Promise<(string | string[])[]> {
  const replies = await client.pipeline(commands.map((command) => command.map(fromLatin1)));
  return replies.map((reply) =>
    reply.kind === "array" ? (reply.items ?? []).map(textOf) : textOf(reply)
  );
}

function textOf(reply: Reply): string {
  if (reply.kind === "simple") return reply.text;
  if (reply.kind === "error") return "-" + reply.text;
  if (reply.kind === "integer") return String(reply.value);
  if (reply.kind === "bulk") return reply.bytes === null ? "(nil)" : latin1(reply.bytes);
  throw new Error(`a reply of kind ${reply.kind} was not expected here`);
}
