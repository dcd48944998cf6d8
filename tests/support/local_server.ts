/**
 * Engine, clients and listeners put together inside the test, over real sockets or over a network
 * without any; the clock and the log are the test's. There is no cron: `tick()` is called by hand.
 */

import { COMMANDS } from "../../lib/commands/all.ts";
import { Config } from "../../lib/config/config.ts";
import { Engine } from "../../lib/engine/engine.ts";
import type { Connection, Network } from "../../lib/host/network.ts";
import { DenoNetwork } from "../../lib/host/network.ts";
import { DenoProcess } from "../../lib/host/process.ts";
import { Clients } from "../../lib/server/clients.ts";
import { Listeners } from "../../lib/server/listener.ts";
import { Turn } from "../../lib/server/turn.ts";
import { CapturedLog, FakeClock, LoopbackNetwork, MemoryFiles, SeededRandom } from "./fake_host.ts";
import { RespClient } from "./resp_client.ts";

export interface LocalServerOptions {
  /** Directives as in redis.conf. */
  readonly config?: Readonly<Record<string, string>>;
  /** Real sockets in place of a {@linkcode LoopbackNetwork}. */
  readonly sockets?: boolean;
}

export class LocalServer {
  readonly clock: FakeClock = new FakeClock();
  readonly log: CapturedLog = new CapturedLog();
  readonly config: Config = new Config();
  readonly loopback: LoopbackNetwork = new LoopbackNetwork();
  readonly network: Network;
  readonly engine: Engine;
  readonly clients: Clients;
  readonly turn: Turn;
  private readonly listeners: Listeners;

  constructor(options: LocalServerOptions = {}) {
    this.network = options.sockets === true ? new DenoNetwork() : this.loopback;
    this.config.load("bind", ["127.0.0.1"]);
    for (const [name, value] of Object.entries(options.config ?? {})) {
      this.config.load(name, [value]);
    }
    const host = {
      clock: this.clock,
      random: new SeededRandom(1),
      files: new MemoryFiles(),
      process: new DenoProcess(),
      log: this.log,
      network: this.network,
    };
    this.engine = new Engine({ host, config: this.config, commands: COMMANDS });
    this.turn = new Turn(this.engine);
    this.clients = new Clients(this.engine, this.turn);
    this.listeners = Listeners.open(
      host,
      this.config,
      (connection) => this.clients.accept(connection),
      { anyPort: true },
    );
  }

  get port(): number {
    return this.listeners.port;
  }

  /** A connection without a client behind it. */
  open(): Promise<Connection> {
    return this.network.connect("127.0.0.1", this.port);
  }

  async connect(): Promise<RespClient> {
    return new RespClient(await this.open());
  }

  /** What the cron does now and then. */
  tick(): void {
    this.turn.begin();
    this.clients.tick(this.clock.unixMs());
  }

  [Symbol.dispose](): void {
    this.listeners.close();
    this.clients.closeAll();
  }
}

/** Lets everything that is ready to run, run: a round of the event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
