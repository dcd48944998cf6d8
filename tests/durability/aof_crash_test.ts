/**
 * The power goes at any operation on the disk: what is loaded afterwards is what was acknowledged.
 *
 * REDINO_SIMULATIONS asks for more seeds than a normal run has (`deno task sim`).
 */

import { assert, assertEquals } from "@std/assert";
import { type CrashOptions, crashRun, recover } from "../support/crash_run.ts";
import { seed as newSeed } from "../unit/bytes/random.ts";

const seeds = Number(Deno.env.get("REDINO_SIMULATIONS") ?? 100);

/** Checks one run that ends at an operation. */
async function check(seed: number, options: CrashOptions, stopAt: number): Promise<void> {
  const result = await crashRun(seed, options, stopAt);
  const { disk, units, unitMs, acknowledged } = result;
  const before = `seed ${seed}, ${JSON.stringify(options)}, stopped at ${stopAt}: ` +
    [disk.journal.at(-1), ...result.log.messages()].join("\n");
  disk.restart();
  let recovered: Awaited<ReturnType<typeof recover>> | null = null;
  let again: Awaited<ReturnType<typeof recover>> | null = null;
  try {
    const { count, server } = recovered = await recover(result, seed, options);
    const log = server.log.messages().join("\n");
    if (options.policy === "always") {
      assert(count >= acknowledged, `${count} of ${acknowledged} acknowledged units: ${log}`);
    } else if (options.policy === "everysec" && count < units.length) {
      const lostMs = result.endMs - unitMs[count];
      assert(lostMs <= 2000, `${lostMs} ms were lost: ${log}`);
    }
    // The file goes on where it was cut.
    if (seed % 4 > 0 && stopAt % 4 > 0) return;
    const unit = [["RPUSH", "log", "after the restart"]];
    server.turn(() => server.execute(unit[0]));
    server.appendOnly.writer.flushAndSync();
    disk.killProcess();
    const longer = { ...result, units: [...units.slice(0, count), [["SELECT", "0"], ...unit]] };
    again = await recover(longer, seed, options);
    assertEquals(again.count, count + 1);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${before}`);
  } finally {
    recovered?.server.end();
    again?.server.end();
  }
}

async function operationsOf(seed: number, options: CrashOptions): Promise<number> {
  return (await crashRun(seed, options)).disk.operations;
}

for (const policy of ["always", "everysec"] as const) {
  Deno.test(`a crash at every operation of starting, appending and rewriting loses nothing with ${policy}`, async () => {
    const options = { policy, turns: 20 };
    const seed = 7;
    const count = await operationsOf(seed, options);
    assert(count > 50, `only ${count} operations`);
    for (let stopAt = 1; stopAt <= count; stopAt++) await check(seed, options, stopAt);
  });

  Deno.test(`random runs that end anywhere lose nothing with ${policy}`, async () => {
    const first = newSeed();
    for (let i = 0; i < seeds; i++) {
      const seed = first + i;
      const options: CrashOptions = {
        policy,
        turns: 10 + seed % 30,
        valueBytes: seed % 3 === 0 ? 3000 : 40,
        config: { "aof-use-rdb-preamble": seed % 4 === 0 ? "no" : "yes" },
      };
      await check(seed, options, 10 + (seed * 7919) % (4 * options.turns));
    }
  });
}

Deno.test("these checks notice a disk that says it has synced and has not", async () => {
  const options = { policy: "always", turns: 30, lyingDisk: true } as const;
  const count = await operationsOf(1, options);
  let noticed = 0;
  for (let stopAt = count - 20; stopAt <= count; stopAt++) {
    await check(1, options, stopAt).catch(() => noticed++);
  }
  assert(noticed > 5, `${noticed} of 20 were noticed`);
});
