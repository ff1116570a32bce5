/**
 * etcd's JSON gateway over HTTP. Permission: `--allow-net=HOST:PORT` for each
 * endpoint.
 *
 * @module
 */

import type { EtcdGateway } from "./etcd_arbiter.ts";

/** An endpoint that does not answer is left for the next one. */
const ANSWER_MS_MAX = 700;

/** The first endpoint that answers is asked. */
export class HttpEtcdGateway implements EtcdGateway {
  readonly #endpoints: string[];

  /** @param endpoints such as `http://192.0.2.1:2379` */
  constructor(endpoints: readonly string[]) {
    this.#endpoints = endpoints.map((each) => each.replace(/\/+$/, ""));
  }

  async call(path: string, body: unknown): Promise<unknown> {
    const failures: string[] = [];
    for (const endpoint of [...this.#endpoints]) {
      try {
        const answer = await post(endpoint + path, body);
        this.#prefer(endpoint);
        return answer;
      } catch (error) {
        const told = error instanceof Error ? error.message : String(error);
        failures.push(`${endpoint}: ${told}`);
      }
    }
    throw new Error(failures.join("; "));
  }

  #prefer(endpoint: string): void {
    const at = this.#endpoints.indexOf(endpoint);
    if (at > 0) this.#endpoints.unshift(...this.#endpoints.splice(at, 1));
  }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new Error(`HTTP ${response.status}: ${text.slice(0, 200)}`);
}
