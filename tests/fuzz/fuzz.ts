/**
 * Feeds broken requests to a running server of ours and to a redis-server: both must stay up and
 * decide the same. `deno task fuzz [--count 100000] [--seed N]`; a frame that is found belongs into
 * tests/server/mutated_frames_test.ts.
 */

import { parseArgs } from "@std/cli";
import { megabytes } from "../tools/figures.ts";
import { peakResidentBytes, residentBytes, withPair } from "../tools/pair.ts";
import { Frames, literal } from "./frames.ts";
import { fuzz, type FuzzResult, Judge, summary } from "./verdict.ts";

const password = "secret";

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, { boolean: ["noise"], string: ["count", "seed"] });
  const count = Number(options.count ?? 100_000);
  const seed = Number(options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`seed ${seed}, ${count} frames, a fifth of them to servers with a password`);
  const open = await run("without password", Math.ceil(count * 0.8), seed);
  const closed = await run("with password", Math.floor(count * 0.2), seed + 1, password);
  const found = open.disagreements.length + closed.disagreements.length;
  if (found > 0) Deno.exit(1);
}

async function run(
  title: string,
  count: number,
  seed: number,
  secret?: string,
): Promise<FuzzResult> {
  let result: FuzzResult = { frames: 0, closed: 0, disagreements: [] };
  const args = secret === undefined ? [] : ["--requirepass", secret];
  // With --noise two redis-servers are compared: what then differs is the tool's fault.
  await withPair({ args, noise: Deno.args.includes("--noise") }, async ({ ours, theirs }) => {
    const judges = [await Judge.open(ours.port, secret), await Judge.open(theirs.port, secret)];
    const before = residentBytes(ours.pid);
    const started = performance.now();
    result = await fuzz(judges[0], judges[1], new Frames(seed), count, (done) => {
      if (done % 10_000 === 0) console.log(`${title}: ${done} frames`);
    });
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `${title}: ${result.frames} frames in ${seconds.toFixed(1)} s, ` +
        `${result.closed} of them ended the connection; ` +
        `${result.disagreements.length} decided differently`,
    );
    console.log(
      `${title}: resident memory ${megabytes(before)} before, ` +
        `${megabytes(residentBytes(ours.pid))} after, ${
          megabytes(peakResidentBytes(ours.pid))
        } peak`,
    );
    for (const { frame, ours, theirs } of result.disagreements.slice(0, 20)) {
      console.log(`frame  ${literal(frame).slice(0, 1_000)}`);
      console.log(`ours   ${summary(ours).slice(0, 500)}`);
      console.log(`theirs ${summary(theirs).slice(0, 500)}`);
    }
    for (const judge of judges) judge.close();
  });
  return result;
}

if (import.meta.main) await main();
