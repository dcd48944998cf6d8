/** GET /info and GET /healthz. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseInfo } from "../../admin/figures.ts";
import { AdminClient } from "./admin_client.ts";
import type { JsonObject } from "./admin_client.ts";

Deno.test("healthz says ok", async () => {
  assertEquals(await new AdminClient().json("/healthz"), { status: "ok" });
});

Deno.test("INFO becomes typed values by section", () => {
  const text =
    "# Server\r\nredis_version:7.2.4\r\nredis_git_sha1:00000000\r\nrun_id:1234\r\nprocess_id:99\r\n" +
    "tcp_port:6379\r\nbig:9223372036854775807\r\nratio:1.50\r\nnegative:-1\r\nempty:\r\n" +
    "config_file:/etc/a=b,c:d.conf\r\nleading:007\r\n\r\n# Keyspace\r\n" +
    "db0:keys=2,expires=1,avg_ttl=0\r\n\r\n# Commandstats\r\n" +
    "cmdstat_config|get:calls=1,usec=2,usec_per_call=2.00\r\n\r\n# Errorstats\r\n" +
    "errorstat___proto__:count=1\r\n__proto__:5\r\n\r\n# Modules\r\n" +
    "module:name=a,ver=1,options=[x]\r\nmodule:name=b,ver=2,options=[]\r\n";
  assertEquals(
    JSON.parse(JSON.stringify(parseInfo(text))),
    JSON.parse(`{
      "server": {
        "redis_version": "7.2.4", "redis_git_sha1": "00000000", "run_id": "1234",
        "process_id": 99,
        "tcp_port": 6379, "big": "9223372036854775807", "ratio": 1.5, "negative": -1, "empty": "",
        "config_file": "/etc/a=b,c:d.conf", "leading": "007"
      },
      "keyspace": { "db0": { "keys": 2, "expires": 1, "avg_ttl": 0 } },
      "commandstats": { "cmdstat_config|get": { "calls": 1, "usec": 2, "usec_per_call": 2 } },
      "errorstats": { "errorstat___proto__": { "count": 1 }, "__proto__": 5 },
      "modules": {
        "module": [
          { "name": "a", "ver": 1, "options": "[x]" }, { "name": "b", "ver": 2, "options": "[]" }
        ]
      }
    }`),
  );
});

Deno.test("/info shows this server", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a", "1");
  const info = await admin.json("/api/v1/info") as Record<string, JsonObject>;
  assertEquals(info.server.redis_version, "7.2.4");
  assertEquals((info.keyspace.db0 as JsonObject).keys, 1);
  assertEquals(typeof info.memory.used_memory, "number");
  assertEquals(info.commandstats, undefined);
});

Deno.test("section chooses what is shown", async () => {
  const admin = new AdminClient();
  const sections = async (query: string) =>
    Object.keys(await admin.json(`/api/v1/info?${query}`)).sort();
  assertEquals(await sections("section=memory"), ["memory"]);
  assertEquals(await sections("section=memory,cpu"), ["cpu", "memory"]);
  assertEquals(await sections("section=memory&section=cpu"), ["cpu", "memory"]);
  assert((await sections("section=everything")).includes("commandstats"));
  assertEquals(await admin.problem("/api/v1/info?section=nowhere"), [
    404,
    "INFO has no section nowhere",
  ]);
});

Deno.test("Accept chooses between JSON and INFO's text", async () => {
  const admin = new AdminClient();
  const typeFor = async (accept: string | null) => {
    const response = await admin.fetch("/api/v1/info?section=server", { accept });
    const body = await response.text();
    const type = (response.headers.get("content-type") ?? "").split(";")[0];
    if (type === "text/plain") assertMatch(body, /^# Server\r\nredis_version:7\.2\.4\r\n/);
    return type;
  };
  for (const accept of [null, "", "*/*", "application/json", "text/html, */*;q=0.1"]) {
    assertEquals(await typeFor(accept), "application/json", `${accept}`);
  }
  assertEquals(await typeFor("text/plain;q=0.5, application/json"), "application/json");
  for (
    const accept of ["text/plain", "TEXT/*", "text/plain, */*;q=0.9", "*/*, application/json;q=0"]
  ) {
    assertEquals(await typeFor(accept), "text/plain", accept);
  }
  assertEquals(await admin.problem("/api/v1/info", { accept: "text/html" }), [
    406,
    "this page comes as application/json or text/plain",
  ]);
});
