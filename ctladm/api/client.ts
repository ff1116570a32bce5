/**
 * A client of the control API.
 *
 * @module
 */

import type { ProblemResource } from "./resources.ts";

/** A request that the daemon refused, or that did not reach it. */
export class ApiError extends Error {
  /** Names the class in logs. */
  override readonly name: string = "ApiError";
  /** Kind of mistake; `unreachable` when no daemon answers. */
  readonly code: string;

  /** Carries the daemon's sentence. */
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Carries a request to a daemon; throws {@linkcode ApiError} without one. */
export type SendRequest = (request: Request) => Promise<Response>;

/** The host of every request: a control socket has no name. */
const ORIGIN = "http://localhost";

/** Asks a daemon. Throws {@linkcode ApiError} for what it refuses. */
export class ApiClient {
  readonly #send: SendRequest;

  /** A client whose requests are carried by a function. */
  constructor(send: SendRequest) {
    this.#send = send;
  }

  /** Reads a resource. */
  get<Resource>(path: string): Promise<Resource> {
    return this.#ask<Resource>("GET", path);
  }

  /** Makes something. */
  post<Resource>(path: string, body?: unknown): Promise<Resource> {
    return this.#ask<Resource>("POST", path, body);
  }

  /** Changes something. */
  patch<Resource>(path: string, body: unknown): Promise<Resource> {
    return this.#ask<Resource>("PATCH", path, body);
  }

  /** Removes something. */
  async delete(path: string): Promise<void> {
    await this.#ask<unknown>("DELETE", path);
  }

  async #ask<Resource>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Resource> {
    const content = body === undefined ? {} : {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    };
    const request = new Request(`${ORIGIN}${path}`, { method, ...content });
    const response = await this.#send(request);
    const text = await response.text();
    if (!response.ok) throw refusalOf(response.status, text);
    return (text === "" ? undefined : JSON.parse(text)) as Resource;
  }
}

function refusalOf(status: number, text: string): ApiError {
  try {
    const problem: ProblemResource = JSON.parse(text);
    return new ApiError(problem.code, problem.message);
  } catch {
    return new ApiError("internal", `HTTP status ${status}: ${text}`);
  }
}
