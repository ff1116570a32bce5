/**
 * An etcd of one member for tests, on free ports of 127.0.0.1.
 *
 * @module
 */

import { lastingPort } from "../ports.ts";
import { type RunningProgram, startProgram } from "../process.ts";

/** A member that runs, with its data in a folder of its own. */
export class Etcd implements AsyncDisposable {
  /** Base address of its JSON gateway. */
  readonly url: string;
  readonly #program: RunningProgram;
  readonly #folder: string;

  /** Takes a member over; {@linkcode startEtcd} starts one. */
  constructor(url: string, program: RunningProgram, folder: string) {
    this.url = url;
    this.#program = program;
    this.#folder = folder;
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#program.kill(signal);
  }

  /** Stops it and removes its data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Starts one, and waits until it answers. */
export async function startEtcd(): Promise<Etcd> {
  const folder = await Deno.makeTempDir({ prefix: "dtl-etcd-" });
  const port = lastingPort();
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${lastingPort()}`;
  const program = await startProgram("etcd", [
    ...["--name", "test", "--data-dir", `${folder}/data`],
    ...["--listen-client-urls", url, "--advertise-client-urls", url],
    ...["--listen-peer-urls", peerUrl],
    ...["--initial-advertise-peer-urls", peerUrl],
    ...["--initial-cluster", `test=${peerUrl}`],
    // Not more: no lease is shorter than 1.5 election timeouts.
    ...["--heartbeat-interval", "100", "--election-timeout", "1000"],
    ...["--log-level", "error", "--unsafe-no-fsync"],
  ], { readyPort: port });
  return new Etcd(url, program, folder);
}
