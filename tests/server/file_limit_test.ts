/** A server that the system gives too few files: it goes on with those clients that it has. */

import { assert, assertEquals } from "@std/assert";
import { startChildServer } from "../support/child_server.ts";
import { connect, show } from "../support/resp_client.ts";
import { mainPath } from "../support/server_process.ts";

/** The runtime has some two dozen open by itself. */
const FILES = 64;
const CONNECTIONS = 100;

Deno.test({
  name: "a process out of files serves the clients it has, and new ones once some have left",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using server = await startChildServer({
      program: "sh",
      args: (port, directory) => [
        ...["-c", `ulimit -n ${FILES} && exec "$0" "$@"`, Deno.execPath(), "run", "-A"],
        ...["--no-prompt", mainPath, "--port", String(port), "--dir", directory],
        ...["--save", "", "--admin-port", "no"],
      ],
    });
    const first = await connect(server.port);
    await first.send("SET", "key", "value");
    // Those that are not accepted are connected all the same: the system keeps them waiting.
    const crowd: Deno.TcpConn[] = [];
    for (let i = 0; i < CONNECTIONS; i++) {
      crowd.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    }
    assert(
      await server.lineMatching(/Accepting client connection: accept: Too many open files/) !==
        null,
    );
    assertEquals(show(await first.send("GET", "key")), '"value"');
    for (const connection of crowd) connection.close();
    const late = await connect(server.port);
    assertEquals(show(await late.send("GET", "key")), '"value"');
    const complaints = server.lines.filter((line) => line.includes("Too many open files"));
    assert(complaints.length < 10, `${complaints.length} lines in the log`);
    late.close();
    first.close();
  },
});
