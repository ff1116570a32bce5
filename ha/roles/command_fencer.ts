/**
 * An operator's command keeps the peer off: it cuts its power, or its way to
 * the store. It has succeeded when it exits with 0.
 *
 * @module
 */

import type { FenceOutcome, Fencer, FenceRequest } from "./fencer.ts";

/** Milliseconds that the command may take. */
export const FENCE_COMMAND_MS_MAX = 30_000;

/** How a command ended; `code` null: it took too long, or did not start. */
export interface CommandOutcome {
  /** Exit code. */
  readonly code: number | null;
  /** What it wrote to its standard error, or why it did not start. */
  readonly message: string;
}

/** Runs a command to its end. */
export type CommandRunner = (
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
  timeMsMax: number,
) => Promise<CommandOutcome>;

/**
 * Runs the command, with what it has to know in its environment:
 * `DTL_HA_PEER` (1 or 2), `DTL_HA_EPOCH`, `DTL_HA_PURPOSE` (`promotion` or
 * `peer-lost`), `DTL_HA_STORES` (paths, a line each). It does not run when the
 * peer has told that it let go of the store, or the operator vouches for it.
 */
export class CommandFencer implements Fencer {
  readonly name = "command";
  readonly #words: readonly string[];
  readonly #run: CommandRunner;

  /** @param words program and its arguments */
  constructor(words: readonly string[], run: CommandRunner) {
    this.#words = words;
    this.#run = run;
  }

  async fence(request: FenceRequest): Promise<FenceOutcome> {
    if (request.peerReleased || request.peerFenced) return { ok: true };
    const variables = {
      DTL_HA_PEER: String(request.peer),
      DTL_HA_EPOCH: String(request.epoch),
      DTL_HA_PURPOSE: request.purpose,
      DTL_HA_STORES: request.stores.join("\n"),
    };
    const ms = FENCE_COMMAND_MS_MAX;
    const { code, message } = await this.#run(this.#words, variables, ms);
    if (code === 0) return { ok: true };
    const [program] = this.#words;
    const how = code === null ? "failed" : `ended with ${code}`;
    return { ok: false, reason: `${program} ${how}: ${message}` };
  }

  release(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
