import { assertEquals, assertStringIncludes } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

const WRONG = "(error) WRONGPASS invalid username-password pair or user is disabled.";
const NO_AUTH = "(error) NOAUTH Authentication required.";
const HELLO_2 =
  "*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n$5\r\nproto\r\n:2\r\n" +
  "$2\r\nid\r\n:1\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";

function locked(): EngineHarness {
  return new EngineHarness({ config: { requirepass: "secret" } });
}

Deno.test("a session must authenticate where there is a password", () => {
  const redis = locked();
  assertEquals(redis.run("GET", "key"), NO_AUTH);
  assertEquals(redis.run("AUTH", "wrong"), WRONG);
  assertEquals(redis.run("AUTH", "secret "), WRONG);
  assertEquals(redis.run("AUTH", ""), WRONG);
  assertEquals(redis.run("GET", "key"), NO_AUTH);
  assertEquals(redis.run("AUTH", "secret"), "OK");
  assertEquals(redis.run("GET", "key"), "(nil)");
  assertEquals(redis.run("AUTH", "wrong"), WRONG);
  assertEquals(redis.run("GET", "key"), "(nil)");
});

Deno.test("AUTH takes the user default and no other", () => {
  const redis = locked();
  assertEquals(redis.run("AUTH", "other", "secret"), WRONG);
  assertEquals(redis.run("AUTH", "default", "wrong"), WRONG);
  assertEquals(redis.run("AUTH", "default", "secret"), "OK");
  assertEquals(redis.run("AUTH", "a", "b", "c"), "(error) ERR syntax error");
  assertEquals(redis.run("AUTH"), "(error) ERR wrong number of arguments for 'auth' command");
});

Deno.test("AUTH without a password set is refused, or accepts any for the user default", () => {
  const redis = new EngineHarness();
  assertStringIncludes(
    redis.run("AUTH", "x"),
    "ERR AUTH <password> called without any password configured for the default user.",
  );
  assertEquals(redis.run("AUTH", "default", "x"), "OK");
  assertEquals(redis.run("AUTH", "other", "x"), WRONG);
});

Deno.test("arity and unknown commands are told before authentication", () => {
  const redis = locked();
  assertEquals(redis.run("GET"), "(error) ERR wrong number of arguments for 'get' command");
  assertStringIncludes(redis.run("NONSENSE"), "ERR unknown command 'NONSENSE'");
  assertEquals(redis.run("QUIT"), "OK");
});

Deno.test("a new password is for those who come after; without one nobody is asked", () => {
  const redis = locked();
  redis.run("AUTH", "secret");
  redis.config.set([["requirepass", "changed"]]);
  assertEquals(redis.run("PING"), "PONG");
  assertEquals(redis.run("AUTH", "secret"), WRONG);
  const later = redis.newSession();
  assertEquals(redis.replyTo(later, "PING").kind, "error");
  redis.config.set([["requirepass", ""]]);
  assertEquals(redis.replyTo(later, "PING").kind, "simple");
  redis.config.set([["requirepass", "again"]]);
  assertEquals(redis.replyTo(later, "PING").kind, "error");
  assertEquals(redis.run("PING"), "PONG");
});

Deno.test("the slow log never shows a password", () => {
  const redis = new EngineHarness({
    config: { "requirepass": "a-long-password", "slowlog-log-slower-than": "0" },
  });
  redis.run("AUTH", "a-long-password");
  redis.run("HELLO", 3, "AUTH", "default", "a-long-password");
  const logged = redis.engine.context.slowLog.newest(-1)
    .flatMap((entry) => entry.args.map((arg) => latin1(arg)));
  assertEquals(logged.length > 0, true);
  assertEquals(logged.filter((arg) => arg.includes("long")), []);
});

Deno.test("HELLO tells about the server in the protocol it was asked for", () => {
  const redis = new EngineHarness();
  const { session } = redis;
  assertEquals(latin1(redis.bytesTo(session, "HELLO")), HELLO_2);
  const inResp3 = HELLO_2.replace("*14", "%7").replace(":2", ":3");
  assertEquals(latin1(redis.bytesTo(session, "HELLO", 3)), inResp3);
  assertEquals(latin1(redis.bytesTo(session, "HELLO")), inResp3);
  assertEquals(latin1(redis.bytesTo(session, "GET", "missing")), "_\r\n");
  assertEquals(latin1(redis.bytesTo(session, "HELLO", 2)), HELLO_2);
});

Deno.test("HELLO refuses versions and options it does not know, and changes nothing", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("HELLO", 4), "(error) NOPROTO unsupported protocol version");
  assertEquals(redis.run("HELLO", 1), "(error) NOPROTO unsupported protocol version");
  const notANumber = "(error) ERR Protocol version is not an integer or out of range";
  assertEquals(redis.run("HELLO", "x"), notANumber);
  assertEquals(redis.run("HELLO", "03"), notANumber);
  const option = (name: string) => `(error) ERR Syntax error in HELLO option '${name}'`;
  assertEquals(redis.run("HELLO", 3, "FOO"), option("FOO"));
  assertEquals(redis.run("HELLO", 3, "SETNAME"), option("SETNAME"));
  assertEquals(redis.run("HELLO", 3, "auth", "default"), option("auth"));
  assertEquals(redis.run("HELLO", 3, "SETNAME", "me", "FOO"), option("FOO"));
  assertEquals(
    redis.run("HELLO", 3, "SETNAME", "a b"),
    "(error) ERR Client names cannot contain spaces, newlines or special characters.",
  );
  assertEquals(redis.run("CLIENT", "GETNAME"), "(nil)");
  assertEquals(redis.session.reply.protocol, 2);
});

Deno.test("HELLO authenticates and names in one go", () => {
  const redis = locked();
  const refused = redis.run("HELLO", 3);
  assertStringIncludes(
    refused,
    "NOAUTH HELLO must be called with the client already authenticated",
  );
  assertEquals(redis.run("HELLO", 3, "SETNAME", "me"), refused);
  assertEquals(redis.run("HELLO", 4), "(error) NOPROTO unsupported protocol version");
  assertEquals(redis.run("HELLO", 3, "AUTH", "default", "wrong", "SETNAME", "me"), WRONG);
  assertEquals(redis.session.name, "");
  assertEquals(redis.session.reply.protocol, 2);
  redis.run("HELLO", 3, "AUTH", "default", "secret", "SETNAME", "me");
  assertEquals(redis.run("CLIENT", "GETNAME"), '"me"');
  assertEquals(redis.session.reply.protocol, 3);
});
