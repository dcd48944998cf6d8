/**
 * What the engine needs of the layers around it, as interfaces that those fill in when the
 * server is put together; so no inner layer imports an outer one.
 */

import type { ByteBuffer } from "../bytes/byte_buffer.ts";
import type { Reply } from "../resp/reply_decoder.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";

/** Bytes for a client beside its replies: the stream that a replica follows. */
export interface OutputSource {
  /** Bytes that are there to be sent, as they count for output limits. */
  readonly pendingBytes: number;
  /** What is to be sent next, lent until {@linkcode written} says how much of it was; or null. */
  next(): Uint8Array | null;
  written(count: number): void;
}

/** Output that several clients are sent from the same memory (broadcast.ts). */
export interface SharedOutput {
  /** Bytes so far. */
  readonly length: number;
  /** The memory that it lies in, to which nothing is added from now on. */
  close(): ByteBuffer;
  /** Writes all of it to the replies of one who will not send it as it is. */
  copyTo(reply: ReplyWriter): void;
  /** Called by each who follows it: he has sent it, or will not. */
  leave(): void;
}

/** The two ends of a connection, and how to end it. */
export interface Endpoints {
  /** `ip:port`, or a path for a Unix socket. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Closes at once; what was not sent yet is lost. */
  close(): void;
}

/** A client's connection, as commands see it (CLIENT LIST, CLIENT KILL). */
export interface ClientLink extends Endpoints {
  readonly isUnixSocket: boolean;
  /** Bytes read and not run yet, and room left in the read buffer. */
  readonly queryBytes: number;
  readonly queryFreeBytes: number;
  /** Replies waiting to be written: bytes in the current buffer, buffers queued, their bytes. */
  readonly outputBytes: number;
  readonly queuedBuffers: number;
  readonly queuedBytes: number;
  /** Size of the reply buffer and the most of it used lately. */
  readonly replyBufferBytes: number;
  readonly replyBufferPeak: number;
  /** Memory of the connection as a whole. */
  readonly memoryBytes: number;
  /**
   * From now on sends what a source has, whenever no replies wait: to a replica. Left out where the
   * client can be none.
   */
  sendFrom?(source: OutputSource): void;
  /**
   * Lets a parked session go on when the turn ends.
   *
   * @param again whether the request that waits is run once more, or was answered meanwhile.
   */
  resume(again: boolean): void;
  /** The session's rights changed: limits on its requests follow. */
  authenticationChanged(): void;
  /** Starts to send what a command of another session wrote to this one's replies. */
  flush(): void;
  /** Has that sent when the turn ends; called before it is written, for room to write it into. */
  scheduleFlush(): void;
  /**
   * The same for a message of so many bytes; false where the client has not read what it was sent
   * before, so that the message would pass an output limit: the connection is then closed.
   */
  expectPush(bytes: number): boolean;
  /**
   * Has a broadcast, with all that is added to it until then, sent when the turn ends; false where
   * there is, or may be, something else to be sent as well. Left out where nothing can be shared.
   */
  follow?(broadcast: SharedOutput): boolean;
}

/** What the process around the engine does for SHUTDOWN. */
export interface ProcessPort {
  /**
   * Stops the server after the replies of this turn; throws a CommandError when it can't.
   *
   * @param aborted called when the stop was waited for and did not come about.
   * @returns whether the stop is waited for.
   */
  shutdown(options: ShutdownOptions, aborted: () => void): boolean;
  /** How long a stop that is waited for is put off at most, in milliseconds; null without one. */
  readonly shutdownInMs: number | null;
  /** Takes back a shutdown that waits; false when none does. */
  abortShutdown(): boolean;
  /** Ends the server at once, with replies unsent and the exit code for failures. */
  fail(reason: string): void;
}

/** The append-only file, as WAITAOF asks about it. */
export interface DurabilityPort {
  /** Whether effects are written to it (`appendonly`). */
  readonly isOn: boolean;
  /** How far the stream of effects has got, in a measure of its own; grows with each effect. */
  readonly offset: number;
  /**
   * Up to where it is on disk, and could be loaded again; -1 while that is nothing.
   * {@linkcode Acknowledgements.changed} is called when this grows.
   */
  readonly fsyncedOffset: number;
}

/** Takes the data from the RDB file once more, for DEBUG RELOAD. */
export interface ReloadPort {
  /**
   * @throws {CommandError} when saving or loading fails; after loading failed the data are those
   * that were loaded by then.
   */
  reload(options: ReloadOptions): void;
}

export interface ReloadOptions {
  /** Whether the data are saved first. */
  readonly saves: boolean;
  /** Whether the data there are go before. */
  readonly flushes: boolean;
  /** Whether keys of the file replace those that are there; otherwise they are an error. */
  readonly merges: boolean;
}

/** Talks to another server for MIGRATE. */
export interface MigrationPort {
  /** Connections that are kept for the next exchange with the same server. */
  readonly keptLinks: number;
  /**
   * Sends requests to another server; returns at once.
   *
   * @param requests as they go over the wire.
   * @param count number of replies that they have.
   * @param done called once, in a turn, with what came of it.
   */
  exchange(
    target: MigrationTarget,
    requests: Uint8Array,
    count: number,
    done: (outcome: MigrationOutcome) => void,
  ): void;
}

export interface MigrationTarget {
  readonly hostname: string;
  readonly port: number;
  /** Who the connection is for there, in whatever form: only for the same one it is used again. */
  readonly account: string;
  /** How long connecting, and any piece of writing and reading, may take. */
  readonly timeoutMs: number;
}

export interface MigrationOutcome {
  /** The replies that came, fewer than were asked for where something failed. */
  readonly replies: readonly Reply[];
  /** At what it failed; null when all replies are there. */
  readonly failure: "connecting" | "writing" | "reading" | null;
}

export interface ShutdownOptions {
  /** `undefined`: save when save points are configured. */
  readonly save: boolean | undefined;
  readonly now: boolean;
  readonly force: boolean;
}
