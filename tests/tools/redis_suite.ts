/**
 * Runs the tests that come with Redis's source against our server:
 *
 *     deno task suite -- path/to/redis-7.0.15 [unit/multi integration/aof …] [--lanes 2]
 *
 * The sources are left as they are: what the tests need of them is copied to a directory for each
 * lane, with a program in place of redis-server that starts this one. It needs `tclsh`, and
 * redis-cli, redis-benchmark and redis-check-… of a real Redis; all units take half an hour.
 *
 * Of tests that can't pass `redis_suite_known.ts` has names and reasons; any other that fails makes
 * the exit code 1, and so does a unit that does not come to its end.
 */

import { parseArgs } from "@std/cli";
import { mainPath } from "../support/server_process.ts";
import { KNOWN } from "./redis_suite_known.ts";

/** Units about what Redino does not have. */
const LEFT_OUT = /^unit\/(?:acl|acl-v2|tls|oom-score-adj|cluster.*)$/;
const TOOLS = ["redis-cli", "redis-benchmark", "redis-check-rdb", "redis-check-aof"];
/** Ports of a lane; its servers take them one after the other. */
const PORTS_PER_LANE = 900;
const FIRST_PORT = 21_111;
/** A unit that takes longer hangs. */
const UNIT_TIMEOUT_SECONDS = 900;

interface UnitResult {
  readonly unit: string;
  readonly passed: number;
  readonly failed: readonly string[];
  readonly seconds: number;
  /** Whether it came to its end. */
  readonly isWhole: boolean;
}

async function main(args: readonly string[]): Promise<number> {
  const given = parseArgs(args, { string: ["lanes"], default: { lanes: "2" } });
  const [source, ...chosen] = given._.map(String);
  const lanes = Number(given.lanes);
  if (source === undefined) {
    console.error("usage: redis_suite.ts path/to/redis-source [unit …] [--lanes 2]");
    return 2;
  }
  const units = chosen.length > 0 ? chosen : unitsOf(source);
  const results: UnitResult[] = [];
  const work = Array.from({ length: Math.min(lanes, units.length) }, async (_, lane) => {
    const directory = prepare(source);
    try {
      for (let unit = units.shift(); unit !== undefined; unit = units.shift()) {
        const result = await run(directory, unit, FIRST_PORT + lane * PORTS_PER_LANE);
        results.push(result);
        report(result);
      }
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
  await Promise.all(work);
  return summarize(results);
}

/** All units that the sources name, but for those that are left out. */
function unitsOf(source: string): string[] {
  const text = Deno.readTextFileSync(`${source}/tests/test_helper.tcl`);
  const list = /set ::all_tests \{([^}]*)\}/.exec(text)?.[1] ?? "";
  return list.split(/\s+/).filter((unit) => unit !== "" && !LEFT_OUT.test(unit));
}

/** A directory in which the tests find all that they look for. */
function prepare(source: string): string {
  const directory = Deno.makeTempDirSync({ prefix: "redino-suite-" });
  copy(`${source}/tests`, `${directory}/tests`);
  for (const name of ["runtest", "redis.conf"]) copy(`${source}/${name}`, `${directory}/${name}`);
  Deno.mkdirSync(`${directory}/src`);
  const server = `${directory}/src/redis-server`;
  Deno.writeTextFileSync(
    server,
    `#!/bin/sh\nexec '${Deno.execPath()}' run -A '${mainPath}' "$@"\n`,
  );
  Deno.chmodSync(server, 0o755);
  for (const tool of TOOLS) Deno.symlinkSync(`/usr/bin/${tool}`, `${directory}/src/${tool}`);
  return directory;
}

function copy(from: string, to: string): void {
  const status = Deno.statSync(from);
  if (!status.isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copy(`${from}/${name}`, `${to}/${name}`);
}

async function run(directory: string, unit: string, port: number): Promise<UnitResult> {
  const started = performance.now();
  const child = new Deno.Command("timeout", {
    args: [
      ...[String(UNIT_TIMEOUT_SECONDS), "./runtest", "--single", unit, "--clients", "1"],
      ...["--durable", "--baseport", String(port), "--portcount", String(PORTS_PER_LANE)],
    ],
    cwd: directory,
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout } = await child.output();
  // deno-lint-ignore no-control-regex -- the colours that it prints
  const text = new TextDecoder().decode(stdout).replaceAll(/\x1b\[[\d;]*m/g, "");
  const lines = text.split("\n");
  const failed = lines.map((line) => /^\[(?:err|exception)\]: (.*)$/.exec(line)?.[1] ?? "")
    .filter((name) => name !== "");
  return {
    unit,
    passed: lines.filter((line) => line.startsWith("[ok]: ")).length,
    failed: [...new Set(failed)],
    seconds: Math.round((performance.now() - started) / 1000),
    isWhole: text.includes("The End"),
  };
}

function report({ unit, passed, failed, seconds, isWhole }: UnitResult): void {
  const end = isWhole ? "" : ", did not come to its end";
  console.log(`${unit}: ${passed} passed, ${failed.length} failed${end} (${seconds} s)`);
  for (const name of failed) console.log(`    ${name}${reasonFor(name)}`);
}

function reasonFor(name: string): string {
  const reason = KNOWN.find(([names]) => names.test(name))?.[1];
  return reason === undefined ? "" : ` (known: ${reason})`;
}

function summarize(results: readonly UnitResult[]): number {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.flatMap((result) => result.failed);
  const known = failed.filter((name) => reasonFor(name) !== "").length;
  const cut = results.filter((result) => !result.isWhole).map((result) => result.unit);
  console.log(`${passed} passed, ${failed.length} failed, ${known} of these known`);
  if (cut.length > 0) console.log(`not at their end: ${cut.join(", ")}`);
  return failed.length === known && cut.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
