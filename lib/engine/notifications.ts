/**
 * Keyspace notifications: changes of keys as messages, first to `__keyspace@<db>__:<key>` with the
 * event, then to `__keyevent@<db>__:<event>` with the key. It listens to the keyspace only while
 * `notify-keyspace-events` asks for a class of events and for one of the two channels.
 */

import { fromLatin1 } from "../bytes/byte_string.ts";
import type { Config } from "../config/config.ts";
import type { Database } from "../store/database.ts";
import type { StoreState } from "../store/store_state.ts";
import { classOfEvent } from "./event_classes.ts";
import type { ChangeListener, Keyspace } from "./keyspace.ts";
import type { PubSub } from "./pubsub.ts";

export class Notifications implements ChangeListener {
  private isListening = false;
  private toKeyspace = false;
  private toKeyevent = false;
  /** The classes that are on, as letters. */
  private classes = "";
  private readonly eventNames: Map<string, Uint8Array> = new Map();

  constructor(
    private readonly pubsub: PubSub,
    private readonly keyspace: Keyspace,
    private readonly state: StoreState,
    private readonly config: Config,
  ) {
    this.follow();
    config.subscribe("notify-keyspace-events", () => this.follow());
  }

  keyChanged(db: Database, key: Uint8Array, event: string): void {
    const letter = classOfEvent(event);
    if (letter === undefined || !this.classes.includes(letter) || this.pubsub.isIdle) return;
    const name = this.nameOf(event);
    if (this.toKeyspace) this.pubsub.publish(joined(`__keyspace@${db.index}__:`, key), name);
    if (this.toKeyevent) this.pubsub.publish(joined(`__keyevent@${db.index}__:`, name), key);
  }

  private follow(): void {
    const letters = this.config.get("notify-keyspace-events");
    this.toKeyspace = letters.includes("K");
    this.toKeyevent = letters.includes("E");
    this.classes = letters.replace(/[KE]/g, "");
    const listens = (this.toKeyspace || this.toKeyevent) && this.classes !== "";
    if (listens && !this.isListening) this.keyspace.listen(this);
    else if (!listens && this.isListening) this.keyspace.unlisten(this);
    this.isListening = listens;
    this.state.observesMisses = listens && this.classes.includes("m");
    this.keyspace.announcesNewKeys = listens && this.classes.includes("n");
    this.keyspace.observe(this.state);
  }

  private nameOf(event: string): Uint8Array {
    let name = this.eventNames.get(event);
    if (name === undefined) {
      name = fromLatin1(event);
      this.eventNames.set(event, name);
    }
    return name;
  }
}

function joined(prefix: string, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(prefix.length + rest.length);
  bytes.set(fromLatin1(prefix));
  bytes.set(rest, prefix.length);
  return bytes;
}
