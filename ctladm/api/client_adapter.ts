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

/** Asks the daemon behind a control socket. */
export class ApiClient implements Disposable {
  readonly #path: string;
  readonly #http: Deno.HttpClient;

  /** A client for the control socket at a path. */
  constructor(path: string) {
    this.#path = path;
    this.#http = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  }

  /** Reads a resource. */
  get<Resource>(path: string): Promise<Resource> {
    return this.#send<Resource>("GET", path);
  }

  /** Makes something. */
  post<Resource>(path: string, body?: unknown): Promise<Resource> {
    return this.#send<Resource>("POST", path, body);
  }

  /** Changes something. */
  patch<Resource>(path: string, body: unknown): Promise<Resource> {
    return this.#send<Resource>("PATCH", path, body);
  }

  /** Removes something. */
  async delete(path: string): Promise<void> {
    await this.#send<unknown>("DELETE", path);
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }

  async #send<Resource>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Resource> {
    const response = await this.#request(method, path, body);
    const text = await response.text();
    if (!response.ok) throw refusalOf(response.status, text);
    return (text === "" ? undefined : JSON.parse(text)) as Resource;
  }

  async #request(
    method: string,
    path: string,
    body: unknown,
  ): Promise<Response> {
    try {
      return await fetch(`http://localhost${path}`, {
        client: this.#http,
        method,
        ...(body === undefined ? {} : {
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      });
    } catch (error) {
      throw new ApiError("unreachable", unreachable(this.#path, error));
    }
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

function unreachable(path: string, error: unknown): string {
  const reason = error instanceof Error ? reasonOf(error) : String(error);
  return `error opening ${path}: ${reason}. Is a daemon running? Start one ` +
    `with "deno task ctld" or "deno task start", or set CTL_SOCKET`;
}

function reasonOf(error: Error): string {
  const text = `${error.message} ${error.cause ?? ""}`;
  if (/No such file/.test(text)) return "No such file or directory";
  if (/refused/i.test(text)) return "Connection refused";
  if (/denied/i.test(text)) return "Permission denied";
  return error.message;
}
