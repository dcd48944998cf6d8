/** With `appendfsync always` the admin side tells of no write before it is on disk. */

import { assertEquals } from "@std/assert";
import { createAdminApp } from "../../admin/app.ts";
import { adminEngine } from "../../admin/engine_access.ts";
import { DenoFiles, type FileHandle, type OpenOptions } from "../../lib/host/files.ts";
import { startServer } from "../../lib/mod.ts";

/** Files whose sync takes as long as the test says. */
class SlowDisk extends DenoFiles {
  synced: Promise<void> = Promise.resolve();

  override open(path: string, options: OpenOptions): FileHandle {
    const file = super.open(path, options);
    const sync = file.syncData.bind(file);
    file.syncData = async () => {
      await this.synced;
      await sync();
    };
    return file;
  }
}

Deno.test("a write over HTTP is answered when it is on disk", async () => {
  const files = new SlowDisk();
  const directory = await Deno.makeTempDir();
  try {
    await using server = await startServer({
      directives: { dir: directory, appendonly: "yes", appendfsync: "always" },
      host: { files },
    });
    const app = createAdminApp(adminEngine(server.engine, server), { writes: true });
    const { promise, resolve } = Promise.withResolvers<void>();
    files.synced = promise;
    let answered = false;
    const request = Promise.resolve(app.request("http://127.0.0.1/api/v1/command", {
      method: "POST",
      headers: { "Content-Type": "application/json", Host: "127.0.0.1" },
      body: JSON.stringify({ args: ["SET", "k", "v"] }),
    }));
    void request.then(() => answered = true);
    for (let i = 0; i < 20; i++) await new Promise((next) => setTimeout(next, 1));
    assertEquals(answered, false);
    resolve();
    assertEquals((await request).status, 200);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
