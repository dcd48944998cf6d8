/** An admin app over an engine of the harness, asked as a client on this machine asks. */

import { createAdminApp } from "../../admin/app.ts";
import type { AdminBindings } from "../../admin/route.ts";
import type { HarnessOptions } from "../support/engine_harness.ts";
import { EngineHarness } from "../support/engine_harness.ts";

export interface JsonObject {
  [name: string]: Json;
}
export type Json = string | number | boolean | null | Json[] | JsonObject;

export class AdminClient {
  readonly redis: EngineHarness;
  private readonly app: ReturnType<typeof createAdminApp>;

  constructor(options: HarnessOptions = {}) {
    this.redis = new EngineHarness(options);
    this.app = createAdminApp(this.redis.engine);
  }

  /** A request with a good Host header unless `headers` has another; null sends none. */
  async fetch(
    path: string,
    headers: Record<string, string | null> = {},
    options: { method?: string; from?: AdminBindings } = {},
  ): Promise<Response> {
    const sent = Object.entries({ host: "127.0.0.1:8379", ...headers });
    const given = sent.filter((entry): entry is [string, string] => entry[1] !== null);
    const init = { headers: given, method: options.method ?? "GET" };
    return await this.app.request(path, init, options.from ?? {});
  }

  /** The body of a page that must answer 200. */
  async json(path: string): Promise<JsonObject> {
    const response = await this.fetch(path);
    const body = await response.json();
    if (response.status !== 200) {
      throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
    }
    return body;
  }

  /** Status and detail of a refusal, having checked its form. */
  async problem(
    path: string,
    headers: Record<string, string | null> = {},
    options: { method?: string; from?: AdminBindings } = {},
  ): Promise<[status: number, detail: string]> {
    const response = await this.fetch(path, headers, options);
    const body = await response.json();
    const type = response.headers.get("content-type");
    if (type !== "application/problem+json" || body.status !== response.status) {
      throw new Error(`${path}: no problem but ${response.status} ${type} ${JSON.stringify(body)}`);
    }
    return [response.status, body.detail];
  }
}
