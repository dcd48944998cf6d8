/**
 * Lua's WebAssembly program, a file of the npm package `wasmoon-lua5.1`. Nothing else of the package
 * is used: its JavaScript makes text of what are bytes here.
 *
 * The runtime has no import for the bytes of such a file, so its path is asked for and the file read
 * when the first script comes. A package that is only asked for a path is neither downloaded nor put
 * into a compiled program; the import in {@linkcode luaPackage}, which nobody calls, is what makes
 * the runtime do both.
 */

const FILE = "wasmoon-lua5.1/dist/liblua5.1.wasm";

let bytes: Uint8Array<ArrayBuffer> | null = null;

/**
 * The program, read once.
 *
 * @throws {Error} when the package is not there.
 */
export function luaBinary(): Uint8Array<ArrayBuffer> {
  if (bytes !== null) return bytes;
  bytes = Deno.readFileSync(new URL(import.meta.resolve(FILE)));
  return bytes;
}

/** See above. */
export function luaPackage(): Promise<unknown> {
  return import("wasmoon-lua5.1");
}
