/** What one session has asked of CLIENT TRACKING. */

/** The modes of CLIENT TRACKING ON. */
export interface TrackingOptions {
  /** BCAST: told of all keys with certain prefixes, in place of those that it has read. */
  readonly isBroadcast: boolean;
  /** OPTIN: only what is read right after CLIENT CACHING YES counts. */
  readonly optsIn: boolean;
  /** OPTOUT: all counts but what is read right after CLIENT CACHING NO. */
  readonly optsOut: boolean;
  /** NOLOOP: not told of its own changes. */
  readonly noLoop: boolean;
}

const NO_OPTIONS: TrackingOptions = {
  isBroadcast: false,
  optsIn: false,
  optsOut: false,
  noLoop: false,
};

export class TrackingState {
  isOn = false;
  options: TrackingOptions = NO_OPTIONS;
  /** Id of the session that is told in this one's place; 0 for none. */
  redirect = 0;
  /** The session named by {@linkcode redirect} was gone when it was to be told something. */
  isBroken = false;
  /** CLIENT CACHING was called and its command has not come yet. */
  caching = false;
  /** Prefixes of BCAST, one character a byte. */
  readonly prefixes: Set<string> = new Set();

  /** @param serial the number by which the table of keys knows the session. */
  constructor(readonly serial: number) {}

  /** Whether what the session reads now is to be remembered. */
  get remembers(): boolean {
    const { isBroadcast, optsIn, optsOut } = this.options;
    return this.isOn && !isBroadcast && (!optsIn || this.caching) && !(optsOut && this.caching);
  }

  /** Forgets modes, not where messages went: a redirection outlives CLIENT TRACKING OFF. */
  turnOff(): void {
    this.isOn = false;
    this.options = NO_OPTIONS;
    this.isBroken = false;
    this.caching = false;
  }
}
