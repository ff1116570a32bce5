/**
 * A client of the control API.
 *
 * @module
 */

import { LOCAL_HEADER } from "./local_header.ts";
import { readEvents } from "./event_stream.ts";
import type { EventResource, ProblemResource } from "./resources.ts";

/** A SCSI command, as `/v1/commands` takes it. */
export interface LocalCommandQuery {
  /** CDB, hexadecimal. */
  readonly cdb: string;
  /** LUN as the port shows it. */
  readonly lun: number;
  /** Number of the initiator. */
  readonly initiator: number;
  /** Bytes of Data-In to take at the most. */
  readonly in?: number | undefined;
  /** Task attribute. */
  readonly attribute?: number | undefined;
  /** Tag. */
  readonly tag?: number | undefined;
}

/** How a SCSI command ended. */
export interface CommandOutcome {
  /** Name of the command. */
  readonly command: string;
  /** Number of the target port. */
  readonly port: number;
  /** LUN number in the target; null: there is none. */
  readonly unit: number | null;
  /** Tag of the task. */
  readonly tag: number;
  /** Status; null: it was aborted. */
  readonly status: number | null;
  /** Sense data. */
  readonly sense: Uint8Array;
  /** Bytes that the command wanted to move. */
  readonly transferLength: number;
  /** What came in. */
  readonly dataIn: Uint8Array;
}

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

  /** Sets something to what it shall be. */
  put<Resource>(path: string, body: unknown): Promise<Resource> {
    return this.#ask<Resource>("PUT", path, body);
  }

  /** Changes something. */
  patch<Resource>(path: string, body: unknown): Promise<Resource> {
    return this.#ask<Resource>("PATCH", path, body);
  }

  /** Removes something. */
  async delete(path: string): Promise<void> {
    await this.#ask<unknown>("DELETE", path);
  }

  /** What happens from now on, until the daemon ends. */
  async *events(): AsyncGenerator<EventResource> {
    const response = await this.#send(new Request(`${ORIGIN}/v1/events`));
    if (!response.ok || response.body === null) {
      throw refusalOf(response.status, await response.text());
    }
    yield* readEvents(response.body);
  }

  /** Sends a SCSI command through the local port of the socket. */
  async command(
    query: LocalCommandQuery,
    dataOut?: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<CommandOutcome> {
    const out = dataOut?.length;
    const words = Object.entries({ ...query, out })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`);
    const request = new Request(`${ORIGIN}/v1/commands?${words.join("&")}`, {
      method: "POST",
      ...dataOut === undefined ? {} : { body: dataOut },
      ...signal === undefined ? {} : { signal },
    });
    const response = await this.#send(request);
    if (!response.ok) {
      throw refusalOf(response.status, await response.text());
    }
    return outcomeOf(
      response.headers,
      new Uint8Array(await response.arrayBuffer()),
    );
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

function outcomeOf(headers: Headers, dataIn: Uint8Array): CommandOutcome {
  const number = (name: string) => {
    const text = headers.get(name);
    return text === null ? null : Number(text);
  };
  return {
    command: headers.get(LOCAL_HEADER.COMMAND) ?? "",
    port: number(LOCAL_HEADER.PORT) ?? 0,
    unit: number(LOCAL_HEADER.UNIT),
    tag: number(LOCAL_HEADER.TAG) ?? 0,
    status: number(LOCAL_HEADER.STATUS),
    sense: Uint8Array.fromHex(headers.get(LOCAL_HEADER.SENSE) ?? ""),
    transferLength: number(LOCAL_HEADER.TRANSFER_LENGTH) ?? 0,
    dataIn,
  };
}

function refusalOf(status: number, text: string): ApiError {
  try {
    const problem: ProblemResource = JSON.parse(text);
    return new ApiError(problem.code, problem.message);
  } catch {
    return new ApiError("internal", `HTTP status ${status}: ${text}`);
  }
}
