/** Waiting for what libraries do in their own time. */

const DEADLINE_MS = 10_000;

/** Resolves when the condition holds, which is tried in each round of the event loop. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`not so in ${DEADLINE_MS / 1000} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
