/**
 * A daemon without a machine, and a terminal that talks to it: the client
 * programs run as they do for an operator, word for word.
 *
 * @module
 */

import { ApiClient, type SendRequest } from "../../ctladm/api/client.ts";
import { createApi } from "../../ctladm/api/server.ts";
import { ctladm } from "../../ctladm/ctladm.ts";
import { ctlstat } from "../../ctladm/ctlstat.ts";
import type { Plugin } from "../../core/mod.ts";
import { Daemon } from "../../ctladm/daemon/daemon.ts";
import type {
  ByteSink,
  ByteSource,
  HaIdentityRequest,
  Places,
  Surroundings,
} from "../../ctladm/surroundings.ts";
import { type MemoryHost, memoryHost } from "./memory_host.ts";

/** How a program ended. */
export interface Outcome {
  /** Exit code. */
  readonly code: number;
  /** Lines on standard output. */
  readonly lines: readonly string[];
  /** Lines on standard error. */
  readonly errors: readonly string[];
}

/** Where ctld would be. */
const PLACES: Places = {
  folder: "/folder",
  ctld: "/dtl/ctladm/ctld.ts",
  socket: "/run/ctl.sock",
  state: "/state",
  libc: "/lib/libc.so.6",
};

/** A daemon in memory and the programs that manage it. */
export class MemoryDaemon implements AsyncDisposable {
  /** The machine; its clock stands still. */
  readonly host: MemoryHost;
  /** The daemon. */
  readonly daemon: Daemon;
  /** Its API, by request. */
  readonly send: SendRequest;
  /** A client of its API. */
  readonly client: ApiClient;
  /** How often a program has cleared the screen. */
  clears = 0;
  /** How often it was asked to end. */
  shutdowns = 0;
  /** Why no daemon can be started; null: it runs. */
  whyNone: string | null = null;
  /** Files that programs read and write, by path; `-` are their streams. */
  readonly files: Map<string, Uint8Array> = new Map();
  /** Identities that programs asked for. */
  readonly identities: HaIdentityRequest[] = [];
  /** Pauses that programs made, milliseconds. */
  readonly pauses: number[] = [];

  /**
   * Starts with nothing but the core.
   *
   * @param ha the plugin of a pair
   * @param companions plugins that come along with the first LUN
   */
  constructor(
    ha?: Plugin,
    host: MemoryHost = memoryHost(),
    companions: readonly string[] = [],
  ) {
    this.host = host;
    const { log } = host;
    this.daemon = new Daemon({ host: this.host, log, ha, companions });
    const api = createApi({
      daemon: this.daemon,
      version: "1.2.3",
      pid: 4711,
      uptimeMs: () => this.host.clock.nowMs(),
      cpuMs: () => this.host.clock.nowMs() / 4,
      residentBytes: () => 50e6,
      shutdown: () => this.shutdowns += 1,
    });
    this.send = async (request) => await api.fetch(request);
    this.client = new ApiClient(this.send);
  }

  /** Runs ctladm with the words of a line, or with words as they are. */
  ctladm(line: string | readonly string[]): Promise<Outcome> {
    return this.#run(ctladm, line);
  }

  /** Runs ctlstat with the words of a line. */
  ctlstat(line: string): Promise<Outcome> {
    return this.#run(ctlstat, line);
  }

  /** Ends the daemon. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }

  #source(path: string): Promise<ByteSource> {
    const bytes = this.files.get(path);
    if (bytes === undefined) {
      return Promise.reject(new Deno.errors.NotFound("No such file"));
    }
    let at = 0;
    return Promise.resolve({
      read: (into) => {
        const piece = bytes.subarray(at, at + into.length);
        into.set(piece);
        at += piece.length;
        return Promise.resolve(piece.length);
      },
      [Symbol.dispose]() {},
    });
  }

  #sink(path: string): ByteSink {
    this.files.set(path, new Uint8Array(0));
    return {
      write: (bytes) => {
        const before = this.files.get(path) ?? new Uint8Array(0);
        this.files.set(path, Uint8Array.from([...before, ...bytes]));
        return Promise.resolve();
      },
      [Symbol.dispose]() {},
    };
  }

  async #run(
    program: (
      words: readonly string[],
      surroundings: Surroundings,
    ) => Promise<number>,
    line: string | readonly string[],
  ): Promise<Outcome> {
    const lines: string[] = [];
    const errors: string[] = [];
    const words = typeof line === "string"
      ? line.split(" ").filter((word) => word !== "")
      : line;
    const code = await program(words, {
      print: (text) => void lines.push(...text.split("\n")),
      clearScreen: () => this.clears += 1,
      printError: (text) => void errors.push(...text.split("\n")),
      ensureDaemon: () => Promise.resolve(this.whyNone),
      openSource: (path) => this.#source(path),
      openSink: (path) => Promise.resolve(this.#sink(path)),
      connect: () => ({ client: this.client, [Symbol.dispose]() {} }),
      readText: (path) => {
        const bytes = this.files.get(path);
        return bytes === undefined
          ? { problem: `unable to open ${path}`, isMissing: true }
          : { text: new TextDecoder().decode(bytes) };
      },
      realPath: () => undefined,
      places: () => PLACES,
      haIdentity: (request) => {
        this.identities.push(request);
        const { directory, force } = request;
        return Promise.resolve({
          keyFile: `${directory}/ha.key`,
          certificateFile: `${directory}/ha.pem`,
          fingerprint: `sha256:${"ab".repeat(32)}`,
          isNew: force,
        });
      },
      pause: (ms) => {
        this.pauses.push(ms);
        this.host.clock.advance(ms);
        return Promise.resolve();
      },
    });
    return { code, lines, errors };
  }
}
