/** A clock that moves on by itself each time it is read, so that time budgets are counted. */

import { FakeClock } from "../../support/fake_host.ts";

export class TickingClock extends FakeClock {
  readings = 0;

  constructor(private readonly stepMs: number) {
    super();
  }

  override monotonicMs(): number {
    this.readings++;
    this.advance(this.stepMs);
    return super.monotonicMs();
  }
}
