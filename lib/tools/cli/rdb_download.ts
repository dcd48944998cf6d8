/**
 * `--rdb FILE`: asks the server for its data as a replica does, and writes what it sends to a file.
 * The snapshot comes with its length in front, or (from a server that makes it while it sends) behind
 * a mark of 40 bytes that also ends it.
 */

import { fromLatin1 } from "../../bytes/byte_string.ts";
import type { ByteStream } from "../../client/byte_stream.ts";
import { ClientError } from "../../client/client_error.ts";
import { encodeRequest } from "../../client/request_bytes.ts";
import { type FileHandle, writeAllSync } from "../../host/files.ts";
import { systemErrorText } from "../../host/system_error.ts";
import { printError } from "../tool_host.ts";
import type { CliSession } from "./session.ts";

const MARK_PREFIX = "$EOF:";

/** Writes to standard output when the file is "-". */
export async function downloadSnapshot(session: CliSession): Promise<number> {
  const client = await session.connect();
  if (client === null) return 1;
  const { host, options } = session;
  for (const capability of [["capa", "eof"], ["rdb-only", "1"]]) {
    // A server that knows nothing of them sends all it has, with its length.
    await client.request("REPLCONF", ...capability);
  }
  const stream = client.takeStream();
  await stream.write(encodeRequest(["SYNC"]));
  let header = "";
  // Empty lines say that the snapshot is still being made.
  while (header === "") header = await stream.readLine();
  if (!header.startsWith("$")) {
    printError(host, `SYNC failed: ${header.replace(/^-/, "")}`);
    return 1;
  }
  const toOutput = options.file === "-";
  let file: FileHandle | null = null;
  try {
    if (!toOutput) {
      file = host.files.open(options.file, { write: true, create: true, truncate: true });
    }
  } catch (error) {
    printError(host, `Error opening '${options.file}': ${systemErrorText(error)}`);
    return 1;
  }
  try {
    const target = file;
    const write = (bytes: Uint8Array) => {
      if (target === null) host.write(bytes);
      else writeAllSync(target, bytes);
    };
    if (header.startsWith(MARK_PREFIX)) {
      printError(host, `SYNC sent to master, writing bytes of bulk transfer until EOF marker`);
      await copyUntilMark(stream, fromLatin1(header.slice(MARK_PREFIX.length)), write);
    } else {
      const length = Number(header.slice(1));
      printError(host, `SYNC sent to master, writing ${length} bytes to '${options.file}'`);
      await copyBytes(stream, length, write);
    }
    file?.syncSync();
  } finally {
    file?.close();
    stream.close();
  }
  printError(host, "Transfer finished with success.");
  return 0;
}

type Write = (bytes: Uint8Array) => void;

async function copyBytes(stream: ByteStream, length: number, write: Write): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let left = length; left > 0;) {
    const count = await stream.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (count === null) throw new ClientError("lost", "Server closed the connection");
    write(buffer.subarray(0, count));
    left -= count;
  }
}

/** The last bytes are held back, since they may be the mark. */
async function copyUntilMark(stream: ByteStream, mark: Uint8Array, write: Write): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let held = 0;
  for (;;) {
    const count = await stream.read(buffer.subarray(held));
    if (count === null) throw new ClientError("lost", "Server closed the connection");
    const end = held + count;
    const start = end - mark.length;
    if (start >= 0 && mark.every((byte, index) => buffer[start + index] === byte)) {
      write(buffer.subarray(0, start));
      return;
    }
    held = Math.min(mark.length, end);
    write(buffer.subarray(0, end - held));
    buffer.copyWithin(0, end - held, end);
  }
}
