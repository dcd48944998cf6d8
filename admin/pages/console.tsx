/** `/console`: commands by hand. The script has the hints, the history and the form of replies. */

import type { Page } from "./page.ts";
import { NeedsScript } from "./live.tsx";

export const consolePage: Page = {
  path: "/console",
  title: "Console",
  name: "console",
  render(asked) {
    const { databases } = asked.parts.engine.context.store;
    const option = (_: unknown, db: number) => <option value={String(db)}>db{db}</option>;
    return (
      <section class="card console" aria-label="Console">
        <NeedsScript what="The console" />
        <div id="output" role="log" aria-live="polite" aria-label="Replies" tabindex={0}>
          <p class="hint" id="console-intro">
            Type a command, such as <code>PING</code> or{" "}
            <code>INFO server</code>, and press Enter; Tab completes, ↑ and ↓ bring back what you
            typed, <code>HELP SET</code> explains a command. {asked.writes ? null : (
              <strong>
                The admin side is read-only: only commands that read keys and cost little are run.
              </strong>
            )}
          </p>
        </div>
        <div id="hint" class="console-hint" aria-live="polite"></div>
        <form id="console" class="bar" autocomplete="off">
          <label for="console-db" class="unseen">Database</label>
          <select id="console-db">{databases.map(option)}</select>
          <label for="line" class="unseen">Command</label>
          <input
            id="line"
            class="wide mono"
            placeholder="Command"
            autocapitalize="off"
            autocomplete="off"
            spellcheck={false}
            aria-describedby="hint"
            autofocus
          />
          <button type="submit" class="primary">Run</button>
          <button type="button" id="clear">Clear</button>
        </form>
      </section>
    );
  },
};
