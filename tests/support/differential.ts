/**
 * Runs the same commands against our engine and a real redis-server and finds where replies differ. A
 * difference is cut down, by leaving out ever smaller parts of what came before, to the few
 * commands that show it.
 */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import type { Session } from "../../lib/engine/session.ts";
import { EngineHarness } from "./engine_harness.ts";
import { connect, encodeCommand, type RespClient } from "./resp_client.ts";
import { hasCommand, sameReplies } from "./workload.ts";
import { bytesOf } from "./workload/draw.ts";
import { decoded, inAnyOrder, within } from "./workload/sameness.ts";

/** Words as binary strings, one char a byte. */
export type Words = readonly string[];

/** One side of the comparison: it runs commands and gives the exact bytes of the replies. */
export interface Subject {
  run(commands: readonly Words[]): Promise<string[]>;
  /** Back to no data and a new session. */
  reset(): Promise<void>;
  close(): void;
}

/** Our engine in this process, at the time of the other side. */
export class EngineSubject implements Subject {
  private harness: EngineHarness;
  private session: Session;

  constructor(private readonly protocol: 2 | 3) {
    this.harness = newHarness();
    this.session = this.harness.newSession(protocol);
  }

  run(commands: readonly Words[]): Promise<string[]> {
    this.harness.clock.jumpTo(Date.now());
    return Promise.resolve(
      commands.map((words) => latin1(this.harness.bytesTo(this.session, ...bytesOf(words)))),
    );
  }

  reset(): Promise<void> {
    this.harness = newHarness();
    this.session = this.harness.newSession(this.protocol);
    return Promise.resolve();
  }

  close(): void {}
}

function newHarness(): EngineHarness {
  const harness = new EngineHarness({
    config: { "enable-debug-command": "yes", "enable-protected-configs": "yes" },
  });
  harness.clock.jumpTo(Date.now());
  return harness;
}

/** A server at a port of this machine. */
export class SocketSubject implements Subject {
  private constructor(
    private readonly port: number,
    private readonly protocol: 2 | 3,
    private client: RespClient,
  ) {}

  static async connect(port: number, protocol: 2 | 3): Promise<SocketSubject> {
    const subject = new SocketSubject(port, protocol, await connect(port, { resp: protocol }));
    await subject.reset();
    return subject;
  }

  async run(commands: readonly Words[]): Promise<string[]> {
    const replies = this.client.rawReplies(commands.length);
    const frames = commands.map((words) => latin1(encodeCommand(bytesOf(words)))).join("");
    await this.client.raw(fromLatin1(frames));
    return (await replies).map((bytes) => latin1(bytes));
  }

  async reset(): Promise<void> {
    await this.client.send("FLUSHALL");
    this.client.close();
    this.client = await connect(this.port, { resp: this.protocol });
  }

  close(): void {
    this.client.close();
  }
}

export interface Difference {
  readonly commands: readonly Words[];
  readonly ours: string;
  readonly theirs: string;
}

const batchSize = 250;
/** Attempts to make one difference shorter. */
const maxAttempts = 400;

/** Both sides; the data of both is the same as long as no difference was found. */
export class Comparison {
  constructor(private readonly ours: Subject, private readonly theirs: Subject) {}

  async reset(): Promise<void> {
    await Promise.all([this.ours.reset(), this.theirs.reset()]);
  }

  close(): void {
    this.ours.close();
    this.theirs.close();
  }

  /**
   * Runs `count` commands that `next` makes. The first differences, at most `limit` and one for each
   * command name, shortened; after each the run goes on with empty data. Then all data is compared.
   */
  async run(count: number, next: () => Words, limit: number): Promise<Difference[]> {
    const found = new Map<string, Difference>();
    let history: Words[] = [];
    await this.reset();
    for (let done = 0; done < count && found.size < limit;) {
      const batch: Words[] = [];
      while (batch.length < batchSize && done < count) {
        batch.push(next());
        done++;
      }
      const difference = await this.firstDifference(batch);
      history.push(...batch);
      if (difference === null) continue;
      const upTo = history.slice(0, history.length - batch.length + difference.commands.length);
      const name = nameOf(upTo[upTo.length - 1]);
      if (!found.has(name)) found.set(name, await this.shorten(upTo, difference));
      history = [];
      await this.reset();
    }
    if (found.size === 0) {
      const difference = await this.dataDifference();
      if (difference !== null) found.set("data", await this.shortenData(history, difference));
    }
    return [...found.values()];
  }

  /** All differences in the replies to a script that begins with no data, as they stand. */
  async differencesIn(script: readonly Words[]): Promise<Difference[]> {
    await this.reset();
    const [ours, theirs] = await Promise.all([this.ours.run(script), this.theirs.run(script)]);
    return script.flatMap((words, i) =>
      sameReplies(words, ours[i], theirs[i])
        ? []
        : [{ commands: [words], ours: ours[i], theirs: theirs[i] }]
    );
  }

  /** The commands up to and including the first whose replies differ. */
  private async firstDifference(commands: readonly Words[]): Promise<Difference | null> {
    const [ours, theirs] = await Promise.all([
      this.ours.run(commands),
      this.theirs.run(commands),
    ]);
    const at = commands.findIndex((words, i) => !sameReplies(words, ours[i], theirs[i]));
    if (at < 0) return null;
    return { commands: commands.slice(0, at + 1), ours: ours[at], theirs: theirs[at] };
  }

  /** The first key that differs, as the command that shows it. */
  private async dataDifference(): Promise<Difference | null> {
    for (let db = 0; db < 16; db++) {
      const select = hasCommand("SELECT") ? [["SELECT", String(db)]] : [];
      if (select.length === 0 && db > 0) break;
      for (const session of [this.ours, this.theirs]) await session.run(select);
      const [listing] = await this.theirs.run([["KEYS", "*"]]);
      const reply = decoded(listing);
      const items = reply.kind === "array" ? reply.items ?? [] : [];
      const keys = items.map((item) => item.kind === "bulk" ? latin1(item.bytes!) : "");
      const types = await this.theirs.run(keys.map((key) => ["TYPE", key]));
      const views = keys.flatMap((key, i) => viewsOf(key, types[i]));
      if (hasCommand("DBSIZE")) views.push({ command: ["DBSIZE"] });
      const commands = views.map(({ command }) => command);
      const [ours, theirs] = [await this.ours.run(commands), await this.theirs.run(commands)];
      const at = views.findIndex(({ same }, i) =>
        ours[i] !== theirs[i] && same?.(ours[i], theirs[i]) !== true
      );
      if (at >= 0) {
        return { commands: [...select, commands[at]], ours: ours[at], theirs: theirs[at] };
      }
    }
    return null;
  }

  private async shortenData(
    history: readonly Words[],
    difference: Difference,
  ): Promise<Difference> {
    // Seen only at the end: the same look at the data decides whether a shorter run still shows it.
    const commands = [...history, ...difference.commands];
    return await this.shorten(commands, difference, difference.commands.length);
  }

  /** `commands` without as many as can be left out; the last `kept` stay. */
  private async shorten(
    commands: readonly Words[],
    seen: { ours: string; theirs: string },
    kept = 1,
  ): Promise<Difference> {
    const last = commands.slice(commands.length - kept);
    let before = commands.slice(0, commands.length - kept);
    let result = await this.replay([...before, ...last]);
    let attempts = 0;
    for (let size = Math.ceil(before.length / 2); result !== null && before.length > 0;) {
      let removed = false;
      for (let at = 0; at < before.length && attempts < maxAttempts;) {
        attempts++;
        const fewer = [...before.slice(0, at), ...before.slice(at + size)];
        const shorter = await this.replay([...fewer, ...last]);
        if (shorter === null) {
          at += size;
          continue;
        }
        before = fewer;
        result = shorter;
        removed = true;
      }
      if (attempts >= maxAttempts || (size === 1 && !removed)) break;
      size = Math.max(1, Math.min(size >> 1, before.length));
    }
    // What a repetition does not show hangs on time, or on chance: the last commands may tell.
    return result ?? { ...seen, commands: commands.slice(-3) };
  }

  /** Both replies to the last command after all before it, if these differ. */
  private async replay(commands: readonly Words[]): Promise<Difference | null> {
    await this.reset();
    const ours = await this.ours.run(commands);
    const theirs = await this.theirs.run(commands);
    const last = commands.length - 1;
    if (sameReplies(commands[last], ours[last], theirs[last])) return null;
    return { commands, ours: ours[last], theirs: theirs[last] };
  }
}

/** The difference as a person reads and repeats it, in redis-cli's notation. */
export function describe(difference: Difference): string {
  return [
    ...difference.commands.map((words) => `  ${words.map(quotedWord).join(" ")}`),
    `    ours:   ${quotedWord(difference.ours)}`,
    `    theirs: ${quotedWord(difference.theirs)}`,
  ].join("\n");
}

function nameOf(words: Words): string {
  return words[0].toUpperCase();
}

interface View {
  readonly command: Words;
  readonly same?: (ours: string, theirs: string) => boolean;
}

/** How the whole value of a type is read. */
const readers: Readonly<Record<string, (key: string) => View>> = {
  string: (key) => ({ command: ["GET", key] }),
  list: (key) => ({ command: ["LRANGE", key, "0", "-1"] }),
  set: (key) => ({ command: ["SMEMBERS", key], same: inAnyOrder }),
  hash: (key) => ({ command: ["HGETALL", key], same: inAnyOrder }),
  zset: (key) => ({ command: ["ZRANGE", key, "0", "-1", "WITHSCORES"] }),
  stream: (key) => ({ command: ["XRANGE", key, "-", "+"] }),
};

function viewsOf(key: string, typeReply: string): View[] {
  const type = typeReply.slice(1, -2);
  const views: View[] = [{ command: ["TYPE", key] }];
  if (readers[type] !== undefined) views.push(readers[type](key));
  views.push({ command: ["PEXPIRETIME", key], same: within(2_000) });
  views.push({ command: ["OBJECT", "ENCODING", key] });
  return views.filter(({ command: [name, second] }) =>
    hasCommand(name === "OBJECT" ? `OBJECT|${second}` : name)
  );
}

function quotedWord(word: string): string {
  if (/^[!#-&(-[\]-~]+$/.test(word)) return word;
  let text = "";
  for (const char of word) {
    const code = char.charCodeAt(0);
    if (char === '"' || char === "\\") text += `\\${char}`;
    else if (code === 13) text += "\\r";
    else if (code === 10) text += "\\n";
    else if (code < 32 || code > 126) text += `\\x${code.toString(16).padStart(2, "0")}`;
    else text += char;
  }
  return `"${text}"`;
}
