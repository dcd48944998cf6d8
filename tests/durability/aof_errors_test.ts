/** Commands of an append-only file that fail when it is loaded (`propagation-error-behavior`). */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { startServer } from "../../lib/mod.ts";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import { CapturedLog } from "../support/fake_host.ts";
import { shown } from "../support/replication_nodes.ts";
import { connect, encodeCommand } from "../support/resp_client.ts";

const AFTER = "after processing the command 'lpop'";
const CRITICAL = "== CRITICAL == This server is sending an error to its AOF-loading-client: " +
  `'WRONGTYPE Operation against a key holding the wrong kind of value' ${AFTER}`;

for (const behavior of ["ignore", "panic-on-replicas"]) {
  Deno.test(`propagation-error-behavior ${behavior}: a command that fails is logged and counted`, async () => {
    using data = new Data();
    const log = new CapturedLog();
    const server = await startServer({ directives: data.directives(behavior), host: { log } });
    const client = await connect(server.port);
    assertEquals(shown(await client.send("DBSIZE")), "2");
    const stats = shown(await client.send("INFO", "stats"));
    assertStringIncludes(stats, "unexpected_error_replies:1");
    assert(log.messages("warning").includes(CRITICAL));
    client.close();
    await server.close();
  });
}

Deno.test("propagation-error-behavior panic: a command that fails ends the start", async () => {
  using data = new Data();
  const log = new CapturedLog();
  const error = await assertRejects(
    () => startServer({ directives: data.directives("panic"), host: { log } }),
  );
  const reason = `This server panicked sending an error to its AOF-loading-client ${AFTER}`;
  assertStringIncludes(String(error), reason);
  assert(log.messages("warning").includes(CRITICAL));
});

/** A directory with an append-only file of which one command fails. */
class Data {
  private readonly directory = Deno.makeTempDirSync();

  constructor() {
    const folder = `${this.directory}/appendonlydir`;
    const name = "appendonly.aof.1.incr.aof";
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(`${folder}/appendonly.aof.manifest`, `file ${name} seq 1 type i\n`);
    const commands = [["SET", "a", "1"], ["LPOP", "a"], ["SET", "b", "1"]];
    const text = commands.map((words) => latin1(encodeCommand(words))).join("");
    Deno.writeTextFileSync(`${folder}/${name}`, text);
  }

  directives(behavior: string): Record<string, string> {
    return {
      dir: this.directory,
      appendonly: "yes",
      "propagation-error-behavior": behavior,
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}
