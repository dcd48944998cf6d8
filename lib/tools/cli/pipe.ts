/**
 * `--pipe`: requests from standard input straight to the server, replies counted. Behind the last
 * request goes an ECHO of random bytes: when they come back, all replies are here.
 */

import { latin1 } from "../../bytes/byte_string.ts";
import type { ByteStream } from "../../client/byte_stream.ts";
import { ClientError, reasonText } from "../../client/client_error.ts";
import { errorText } from "../../client/redis_client.ts";
import { encodeRequest } from "../../client/request_bytes.ts";
import type { Console } from "../../host/console.ts";
import { ReplyDecoder, ReplyFormatError } from "../../resp/reply_decoder.ts";
import { readChunks } from "../standard_input.ts";
import { print, printError } from "../tool_host.ts";
import type { CliSession } from "./session.ts";

const MARK_BYTES = 20;

/** Exit code 1 when there were errors among the replies, or no reply came in time. */
export async function pipe(session: CliSession, console: Console): Promise<number> {
  const client = await session.connect();
  if (client === null) return 1;
  const { host } = session;
  const mark = host.random.bytes(MARK_BYTES);
  // Replies come by the hundred thousand: they are taken from the stream without a promise for each.
  const count = new PipeCount(session, client.takeStream(), latin1(mark));
  const counting = count.run();
  counting.catch(() => {});
  try {
    for await (const chunk of readChunks(console)) await count.send(chunk);
    await count.send(encodeRequest(["ECHO", mark]));
    print(host, "All data transferred. Waiting for the last reply...");
    count.wait();
    await counting;
    print(host, "Last reply received from server.");
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    printError(host, `Error: ${error.message}`);
    count.errors++;
  } finally {
    count.end();
  }
  print(host, `errors: ${count.errors}, replies: ${count.replies}`);
  return count.errors > 0 ? 1 : 0;
}

class PipeCount {
  errors = 0;
  replies = 0;
  private timer: { cancel(): void } | null = null;
  private late: ClientError | null = null;

  constructor(
    private readonly session: CliSession,
    private readonly stream: ByteStream,
    private readonly mark: string,
  ) {}

  /** Counts replies up to the mark. */
  async run(): Promise<void> {
    const decoder = new ReplyDecoder();
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await this.read(buffer);
      if (count === null) throw new ClientError("lost", "Server closed the connection");
      decoder.feed(buffer.subarray(0, count));
      if (this.take(decoder)) return;
    }
  }

  async send(bytes: Uint8Array): Promise<void> {
    try {
      await this.stream.write(bytes);
    } catch (error) {
      throw this.late ?? new ClientError("lost", reasonText(error), { cause: error });
    }
  }

  /** From now on the replies must not pause for longer than the limit. */
  wait(): void {
    const { pipeTimeoutSeconds } = this.session.options;
    if (pipeTimeoutSeconds <= 0) return;
    const seen = this.replies;
    this.timer = this.session.host.clock.schedule(pipeTimeoutSeconds * 1000, () => {
      if (this.replies !== seen) return this.wait();
      const text = `No replies for ${pipeTimeoutSeconds} seconds: exiting.`;
      this.late = new ClientError("timeout", text);
      this.stream.close();
    });
  }

  end(): void {
    this.timer?.cancel();
    this.stream.close();
  }

  private async read(buffer: Uint8Array): Promise<number | null> {
    try {
      return await this.stream.read(buffer);
    } catch (error) {
      throw this.late ?? error;
    }
  }

  /** Whether the mark was among the complete replies. */
  private take(decoder: ReplyDecoder): boolean {
    try {
      for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
        const isMark = reply.kind === "bulk" && reply.bytes !== null &&
          reply.bytes.length === MARK_BYTES && latin1(reply.bytes) === this.mark;
        if (isMark) return true;
        this.replies++;
        const refusal = errorText(reply);
        if (refusal === null) continue;
        this.errors++;
        printError(this.session.host, refusal);
      }
      return false;
    } catch (error) {
      if (!(error instanceof ReplyFormatError)) throw error;
      throw new ClientError("format", `Protocol error, ${error.message}`, { cause: error });
    }
  }
}
