/**
 * The same schedule of commands, closed connections and passing time on several connections of our
 * server and of a real redis-server: after each step every connection must have been sent the same
 * bytes, or been closed.
 *
 * Our side is the whole server over a network without sockets, and a clock that is moved on by hand.
 */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import type { Connection } from "../../lib/host/network.ts";
import { writeAll } from "../../lib/host/network.ts";
import { LocalServer } from "./local_server.ts";
import { encodeCommand } from "./resp_client.ts";

/** One step; `@2` as a word stands for the client id of connection 2. */
export type ScheduleStep =
  /** Commands sent in one write, as binary strings. */
  | { readonly kind: "send"; readonly connection: number; readonly commands: string[][] }
  /** The client goes away; another one takes its place at once, as after a kill. */
  | { readonly kind: "close"; readonly connection: number }
  /**
   * A command that waits for a short time, which passes; left out where another one waits before it,
   * since its time would then begin at some later moment.
   */
  | { readonly kind: "timed"; readonly connection: number; readonly commands: string[][] };

/** Longer than any limit that a schedule sets to be waited for. */
const ELAPSE_MS = 50;
const DEADLINE_MS = 2_000;
/** Stands for the end of a connection in what it received. */
const CLOSED = "<closed>";

/** One client's end of a connection. */
class Client {
  received = "";
  id = "";

  constructor(private readonly connection: Connection, private readonly arrived: () => void) {
    void this.read();
  }

  async send(commands: readonly string[][]): Promise<void> {
    try {
      const bytes = commands.map((words) => latin1(encodeCommand(words.map(fromLatin1)))).join("");
      await writeAll(this.connection, fromLatin1(bytes));
    } catch {
      // The server has closed it: that was received, or will be.
    }
  }

  take(): string {
    const text = this.received;
    this.received = "";
    return text;
  }

  close(): void {
    try {
      this.connection.close();
    } catch {
      // The runtime has closed it already.
    }
  }

  private async read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await this.connection.read(buffer);
        if (count === null) break;
        this.received += latin1(buffer, 0, count);
        this.arrived();
      }
    } catch {
      // Reset by the server, or closed by the schedule.
    }
    this.received += CLOSED;
    this.arrived();
  }
}

/** The clients of one of the two servers. */
abstract class Side {
  clients: Client[] = [];
  private wake: () => void = () => {};

  protected abstract connect(): Promise<Connection>;

  protected async newClient(): Promise<Client> {
    const client = new Client(await this.connect(), () => this.wake());
    await client.send([["CLIENT", "ID"]]);
    await this.until(() => client.received.endsWith("\r\n"));
    client.id = client.take().slice(1, -2);
    return client;
  }

  async open(protocols: readonly (2 | 3)[]): Promise<void> {
    for (const client of this.clients) client.close();
    this.clients = [];
    for (const protocol of protocols) {
      const client = await this.newClient();
      this.clients.push(client);
      if (protocol === 2) continue;
      await client.send([["HELLO", "3"]]);
      await this.until(() => client.received.endsWith("modules\r\n*0\r\n"));
      client.take();
    }
  }

  send(connection: number, commands: readonly string[][]): Promise<void> {
    const named = commands.map((words) =>
      words.map((word) => /^@\d$/.test(word) ? this.clients[Number(word[1])].id : word)
    );
    return this.clients[connection].send(named);
  }

  /** Puts a new client in the place of one that goes away. */
  async replace(connection: number): Promise<void> {
    this.clients[connection].close();
    this.clients[connection] = await this.newClient();
  }

  /** Waits for what has to come, and not longer than a test may take. */
  protected async until(isDone: () => boolean): Promise<void> {
    let isLate = false;
    const timer = isDone() ? undefined : setTimeout(() => {
      isLate = true;
      this.wake();
    }, DEADLINE_MS);
    while (!isDone() && !isLate) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await promise;
    }
    clearTimeout(timer);
  }
}

class OurSide extends Side {
  private readonly server = new LocalServer({
    config: { "notify-keyspace-events": "KEA" },
  });

  protected connect(): Promise<Connection> {
    return this.server.open();
  }

  isWaiting(connection: number): boolean {
    return this.server.engine.context.sessions.get(Number(this.clients[connection].id))!.parked;
  }

  elapse(): void {
    this.server.clock.advance(ELAPSE_MS);
  }

  dispose(): void {
    this.server[Symbol.dispose]();
  }
}

class TheirSide extends Side {
  private control: Client | null = null;

  constructor(private readonly port: number) {
    super();
  }

  protected async connect(): Promise<Connection> {
    const socket = await Deno.connect({ port: this.port, hostname: "127.0.0.1" });
    // Else what follows on a connection that is not answered may come after what is sent on others.
    socket.setNoDelay();
    return socket;
  }

  /** Waits until all that was sent before has been read by the server. */
  async barrier(): Promise<void> {
    const control = this.control ??= await this.newClient();
    await control.send([["PING"]]);
    await this.until(() => control.received.length >= 7);
    control.take();
  }

  async run(...words: string[]): Promise<void> {
    const control = this.control ??= await this.newClient();
    await control.send([words]);
    await this.until(() => control.received.endsWith("\r\n"));
    control.take();
  }

  /** Waits until each connection has as much as it should have. */
  arrival(lengths: readonly number[]): Promise<void> {
    return this.until(() => this.clients.every(({ received }, i) => received.length >= lengths[i]));
  }

  dispose(): void {
    this.control?.close();
    for (const client of this.clients) client.close();
  }
}

export class ScheduleComparison {
  private readonly ours = new OurSide();
  private readonly theirs: TheirSide;

  private constructor(port: number) {
    this.theirs = new TheirSide(port);
  }

  /** @param port of a redis-server that this test has for itself. */
  static async with(port: number): Promise<ScheduleComparison> {
    const comparison = new ScheduleComparison(port);
    await comparison.theirs.run("CONFIG", "SET", "notify-keyspace-events", "KEA");
    return comparison;
  }

  /** Runs a schedule on both; a report of the first difference, or null. */
  async run(protocols: readonly (2 | 3)[], steps: readonly ScheduleStep[]): Promise<string | null> {
    const { ours, theirs } = this;
    await Promise.all([ours.open(protocols), theirs.open(protocols)]);
    await theirs.barrier();
    for (const [at, step] of steps.entries()) {
      const difference = await this.step(step);
      if (difference === null) continue;
      return [...steps.slice(0, at + 1).map((done) => `  ${shown(done)}`), difference].join("\n");
    }
    return null;
  }

  [Symbol.dispose](): void {
    this.ours.dispose();
    this.theirs.dispose();
  }

  private async step(step: ScheduleStep): Promise<string | null> {
    const { ours, theirs } = this;
    switch (step.kind) {
      case "send":
        await ours.send(step.connection, step.commands);
        await theirs.send(step.connection, step.commands);
        break;
      case "close":
        await Promise.all([ours.replace(step.connection), theirs.replace(step.connection)]);
        break;
      case "timed":
        if (ours.isWaiting(step.connection)) return null;
        await ours.send(step.connection, step.commands);
        await theirs.send(step.connection, step.commands);
        await theirs.barrier();
        ours.elapse();
    }
    // Ours needs no more than promises to be done, of which this leaves time for plenty.
    await theirs.barrier();
    await theirs.arrival(ours.clients.map(({ received }) => received.length));
    const ended = ours.clients.map(({ received }) => received.endsWith(CLOSED));
    const difference = this.difference();
    if (difference !== null) return difference;
    for (const [i, isEnded] of ended.entries()) {
      if (isEnded) await Promise.all([ours.replace(i), theirs.replace(i)]);
    }
    return null;
  }

  private difference(): string | null {
    for (const [i, client] of this.ours.clients.entries()) {
      const wanted = client.take();
      const found = this.theirs.clients[i].take();
      if (wanted === found) continue;
      return [
        `  connection ${i}, ours:   ${JSON.stringify(wanted)}`,
        `  connection ${i}, theirs: ${JSON.stringify(found)}`,
      ].join("\n");
    }
    return null;
  }
}

function shown(step: ScheduleStep): string {
  if (step.kind === "close") return `${step.connection}: goes away`;
  const commands = step.commands.map((words) => words.join(" ")).join(" | ");
  return `${step.connection}: ${commands}${step.kind === "timed" ? ", and time passes" : ""}`;
}
