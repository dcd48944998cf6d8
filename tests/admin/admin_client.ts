/** An admin app over an engine of the harness, asked as a client on this machine asks. */

import { createAdminApp } from "../../admin/app.ts";
import type { AppOptions } from "../../admin/app.ts";
import { adminEngine } from "../../admin/engine_access.ts";
import type { AdminBindings } from "../../admin/route.ts";
import type { HarnessOptions } from "../support/engine_harness.ts";
import { EngineHarness } from "../support/engine_harness.ts";

export interface JsonObject {
  [name: string]: Json;
}
export type Json = string | number | boolean | null | Json[] | JsonObject;

export interface FetchOptions {
  readonly method?: string;
  readonly from?: AdminBindings;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

export class AdminClient {
  readonly redis: EngineHarness;
  private readonly app: ReturnType<typeof createAdminApp>;

  constructor(options: HarnessOptions & AppOptions = {}) {
    this.redis = new EngineHarness(options);
    this.app = createAdminApp(adminEngine(this.redis.engine), options);
  }

  /** A request with a good Host header unless `headers` has another; null sends none. */
  async fetch(
    path: string,
    headers: Record<string, string | null> = {},
    options: FetchOptions = {},
  ): Promise<Response> {
    const sent = Object.entries({ host: "127.0.0.1:8379", ...headers });
    const given = sent.filter((entry): entry is [string, string] => entry[1] !== null);
    const { method = "GET", body } = options;
    const init = { headers: given, method, ...(body === undefined ? {} : { body }) };
    return await this.app.request(path, init, options.from ?? {});
  }

  /** The body of a page that must answer 200. */
  async json(path: string, headers: Record<string, string | null> = {}): Promise<JsonObject> {
    return await this.bodyOf(path, await this.fetch(path, headers));
  }

  /** The same of a request with a JSON body. */
  async send(
    method: string,
    path: string,
    body: unknown = {},
    headers: Record<string, string | null> = {},
  ): Promise<JsonObject> {
    return await this.bodyOf(path, await this.post(method, path, body, headers));
  }

  /** A request with a JSON body, whatever comes of it. */
  async post(
    method: string,
    path: string,
    body: unknown = {},
    headers: Record<string, string | null> = {},
  ): Promise<Response> {
    const sent = { "content-type": "application/json", ...headers };
    return await this.fetch(path, sent, { method, body: JSON.stringify(body) });
  }

  /** Status and detail of a refusal, having checked its form. */
  async problem(
    path: string,
    headers: Record<string, string | null> = {},
    options: FetchOptions = {},
  ): Promise<[status: number, detail: string]> {
    return await problemOf(path, await this.fetch(path, headers, options));
  }

  /** The same of a request with a JSON body. */
  async refusal(
    method: string,
    path: string,
    body: unknown = {},
    headers: Record<string, string | null> = {},
  ): Promise<[status: number, detail: string]> {
    return await problemOf(path, await this.post(method, path, body, headers));
  }

  private async bodyOf(path: string, response: Response): Promise<JsonObject> {
    const body = await response.json();
    if (response.status !== 200) {
      throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
    }
    return body;
  }
}

async function problemOf(path: string, response: Response): Promise<[number, string]> {
  const body = await response.json();
  const type = response.headers.get("content-type");
  if (type !== "application/problem+json" || body.status !== response.status) {
    throw new Error(`${path}: no problem but ${response.status} ${type} ${JSON.stringify(body)}`);
  }
  return [response.status, body.detail];
}
