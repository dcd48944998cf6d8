/**
 * Makes the portable form for Windows: a folder that is copied to a machine and runs there, without
 * an installation and without a network.
 *
 *     deno task portable:windows [--output FOLDER] [--deno FILE]
 *
 * | file             | what it is                                                                |
 * | ---------------- | ------------------------------------------------------------------------- |
 * | `redino.cmd`     | starts the program with the arguments that it is given                    |
 * | `deno.exe`       | Deno for Windows, which npm has as a package of its own                   |
 * | `redino.js`      | the whole program, with its packages and pages, as one module             |
 * | `liblua5.1.wasm` | Lua, read when the first script comes                                     |
 * | `redino.env`     | variables of the environment, set before the program starts               |
 * | `licenses/`      | of the packages, which all want to be named where their code is given away |
 *
 * `deno compile` makes one file of it all, but takes its runtime from Deno's own site; here npm alone
 * is enough, for Deno and for the bundler that `deno bundle` fetches.
 */

import { parseArgs } from "@std/cli";

const HELP = `Makes a folder with Redino and Deno for Windows, ready to run there.

  --output FOLDER  where to; dist/redino-windows
  --deno FILE      a deno.exe to put there, instead of the one that npm has
`;

const root = filePath(new URL("../../", import.meta.url));

/**
 * How Deno runs the bundle: with no prompts, nothing taken from the network, nothing read from a
 * project that the folder may lie in, and V8's limits as in the compiled program.
 */
export const RUN_OPTIONS = [
  ...["run", "-A", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm"],
  "--v8-flags=--max-inlined-bytecode-size-cumulative=3000",
];

/** Deno looks for a newer one of itself now and then; a server should not call anybody. */
const ENVIRONMENT = "DENO_NO_UPDATE_CHECK=1\nDENO_NO_PACKAGE_JSON=1\n";

const LUA = "wasmoon-lua5.1/dist/liblua5.1.wasm";

/** The packages whose code is in the bundle. */
const PACKAGES = ["hono", "wasmoon-lua5.1"];

/** Writes everything but Deno itself into `folder`. */
export async function writeProgram(folder: string): Promise<void> {
  Deno.mkdirSync(`${folder}/licenses`, { recursive: true });
  const script = `${folder}/redino.js`;
  await run(Deno.execPath(), [
    "bundle",
    "--quiet",
    "--platform=deno",
    "--output",
    script,
    "main.ts",
  ]);
  Deno.writeTextFileSync(script, relocated(Deno.readTextFileSync(script)));
  Deno.copyFileSync(new URL(import.meta.resolve(LUA)), `${folder}/liblua5.1.wasm`);
  Deno.writeTextFileSync(`${folder}/redino.cmd`, startFile().replaceAll("\n", "\r\n"));
  Deno.writeTextFileSync(`${folder}/redino.env`, ENVIRONMENT);
  Deno.copyFileSync(`${root}LICENSE`, `${folder}/licenses/redino.txt`);
  for (const name of PACKAGES) {
    Deno.copyFileSync(licenseOf(name), `${folder}/licenses/${name}.txt`);
  }
}

/**
 * The bundle made independent of the machine that built it: Lua is asked for beside the script in
 * place of the cache of packages, and comments that say where in that cache a module was go.
 */
function relocated(code: string): string {
  const asked = `"${LUA}"`;
  const parts = code.split(asked);
  if (parts.length !== 2) throw new Error(`${asked} is in the bundle ${parts.length - 1} times`);
  return parts.join('"./liblua5.1.wasm"').replace(/^\/\/ .*\/npm\/[^/\n]+\//gm, "// npm: ");
}

/**
 * Ctrl+C in a batch file makes cmd ask "Terminate batch job (Y/N)?" when the program has ended. A jump
 * to a label that is nowhere ends the batch file but not the line that it stands in, which cmd goes on
 * with as if it had been typed: nothing is left to ask about, and the exit code is the program's. npm
 * starts its programs the same way.
 *
 * `%~dp0` is right in a subroutine only: by itself it means the current directory after
 * `"redino" --port 7000` with quotes, when the folder is on the PATH.
 */
function startFile(): string {
  const options = ['--env-file="%folder%redino.env"', '"%folder%redino.js"', "%*"];
  const deno = ['"%folder%deno.exe"', ...RUN_OPTIONS, ...options].join(" ");
  return `@echo off
setlocal
call :find
endlocal & goto nowhere 2>nul || title %COMSPEC% & ${deno}

:find
set "folder=%~dp0"
exit /b
`;
}

/** The license in the folder of a package, which lies above the file that the package is imported by. */
function licenseOf(name: string): URL {
  for (let folder = new URL(".", import.meta.resolve(name));; folder = new URL("..", folder)) {
    const license = new URL("LICENSE", folder);
    if (isThere(license)) return license;
    if (folder.pathname.endsWith("/npm/")) throw new Error(`${name} has no license`);
  }
}

/**
 * Puts npm's deno.exe into `folder`, in the version that runs this; where npm has not got that one
 * (packages of a version appear one after the other), in the newest with the same beginning.
 */
async function fetchDeno(folder: string): Promise<string> {
  const { deno } = Deno.version;
  const work = Deno.makeTempDirSync({ prefix: "redino-portable-" });
  try {
    const install = (version: string) => {
      const options = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund"];
      // It is made for another system, which npm refuses unless forced.
      options.push("--ignore-scripts", "--force", "--loglevel=error", "--prefix", work);
      return run(...npm(["install", ...options, `@deno/win32-x64@${version}`]));
    };
    await install(deno).catch(() => install(deno.replace(/^(\d+\.\d+).*/, "$1")));
    const from = `${work}/node_modules/@deno/win32-x64`;
    Deno.copyFileSync(`${from}/deno.exe`, `${folder}/deno.exe`);
    const { version } = JSON.parse(Deno.readTextFileSync(`${from}/package.json`));
    return String(version);
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}

/** npm is a batch file on Windows, which only cmd can start. */
function npm(args: string[]): [program: string, args: string[]] {
  return Deno.build.os === "windows" ? ["cmd", ["/c", "npm", ...args]] : ["npm", args];
}

async function run(program: string, args: string[]): Promise<void> {
  const command = new Deno.Command(program, { args, cwd: root, stdin: "null", stderr: "piped" });
  const { success, stderr } = await command.output();
  if (success) return;
  throw new Error(`${program} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
}

function isThere(file: URL): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A file URL of Windows has a slash before the drive. */
function filePath(url: URL): string {
  return decodeURIComponent(url.pathname).replace(/^\/([A-Za-z]:)/, "$1");
}

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["output", "deno"],
    unknown: (argument) => {
      console.error(`portable: unknown option "${argument}", see --help`);
      Deno.exit(1);
    },
  });
  if (options.help) return console.log(HELP);
  const folder = options.output ?? `${root}dist/redino-windows`;
  await writeProgram(folder);
  if (options.deno !== undefined) Deno.copyFileSync(options.deno, `${folder}/deno.exe`);
  const version = options.deno === undefined ? `Deno ${await fetchDeno(folder)}` : options.deno;
  console.log(`${folder}: Redino with ${version}; start it by redino.cmd`);
}

if (import.meta.main) await main();
