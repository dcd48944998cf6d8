/** `redis://user:password@host:port/db`: a server, and who to be there, in one word. */

export interface ServerUri {
  readonly hostname: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly db: number | null;
}

/** The parts of the URI, or what is wrong with it. */
export function parseServerUri(uri: string): ServerUri | string {
  if (/^rediss:\/\//i.test(uri)) return "rediss:// is only supported when TLS is supported.";
  if (!/^redis:\/\//i.test(uri)) return "Invalid URI scheme";
  let rest = uri.slice("redis://".length).replace(/\?.*$/, "");
  let username: string | null = null;
  let password: string | null = null;
  const at = rest.lastIndexOf("@");
  if (at >= 0) {
    const identity = rest.slice(0, at);
    rest = rest.slice(at + 1);
    const colon = identity.indexOf(":");
    // A single word is the password, as redis-cli has it.
    if (colon > 0) username = decoded(identity.slice(0, colon));
    password = decoded(identity.slice(colon + 1));
  }
  const slash = rest.indexOf("/");
  const path = slash < 0 ? "" : rest.slice(slash + 1);
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?/.exec(authority);
  const hostname = decoded((parts?.[1] ?? "").replace(/^\[|\]$/g, "")) || "127.0.0.1";
  const port = parts?.[2] === undefined ? 6379 : Number(parts[2]);
  return { hostname, port, username, password, db: path === "" ? null : parseInt(path, 10) || 0 };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
