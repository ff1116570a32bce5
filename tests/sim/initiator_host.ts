/**
 * A host with a path to each node. It retries as dm-multipath does: what may
 * be tried again is, on this path or the other one; anything else is an error
 * of the application, and ends the run.
 *
 * @module
 */

import type { CommandResult } from "../support/local_initiator.ts";
import { BLOCK_BYTES } from "./medium.ts";
import type { SimPath, TryResult } from "./multipath.ts";
import type { SharedWish, Work } from "./plan.ts";
import type { Random } from "./random.ts";
import type { Recorder } from "./recorder.ts";
import type { Schedule } from "./schedule.ts";
import { cdbOf, modeText, statusText } from "./shared_commands.ts";
import { CONFLICT, GOOD, type SharedOp } from "./shared_state.ts";

/** What a host is made of. */
export interface HostOptions {
  /** Its name. */
  readonly name: string;
  /** Ways to node 1 and node 2. */
  readonly paths: readonly [SimPath, SimPath];
  /** Time. */
  readonly schedule: Schedule;
  /** Chance. */
  readonly random: Random;
  /** Who notes what it asked for and heard. */
  readonly recorder: Recorder;
  /** Something that no application may see. */
  readonly complain: (what: string) => void;
}

/** What a host does next about a command. */
type Verdict = "done" | "conflict" | "again" | "other path" | "error";

/** Times that a command on shared state is tried. */
const SHARED_TRIES_MAX = 4;
/** Milliseconds in which a command that ended BUSY may still be done. */
const AFTERMATH_MS = 5000;
const RETRY_MS_MIN = 15;
const RETRY_MS_MAX = 400;

const STATUS = { GOOD: 0, CHECK: 2, BUSY: 8, CONFLICT: 0x18 } as const;
const READ_10 = 0x28;
const WRITE_10 = 0x2a;

/** The host. */
export class InitiatorHost {
  readonly #options: HostOptions;
  readonly #keys: [number, number] = [9, 9];
  #active = 0;

  /** It begins with the first path. */
  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Does some work, however long it takes. */
  async run(work: Work): Promise<void> {
    if (work.kind === "read") await this.read(work.lba, work.count);
    else if (work.kind === "write") await this.write(work.lba, work.count);
    else await this.#shared(work.node, work.op);
  }

  /** Reads blocks. */
  async read(lba: number, count: number): Promise<void> {
    const { recorder } = this.#options;
    for (let tries = 1;; tries += 1) {
      const fromMs = this.#nowMs;
      const path = this.#path();
      const outcome = await path.submit(
        [READ_10, 0, 0, 0, 0, lba, 0, 0, count, 0],
        { read: count * BLOCK_BYTES },
      );
      const verdict = this.#judge(outcome, path);
      if (verdict === "done" && outcome.how === "answered") {
        return recorder.wasRead(lba, numbersIn(outcome.result.data), fromMs);
      }
      await this.#next(verdict, tries, outcome, "read");
    }
  }

  /** Writes blocks. */
  write(lba: number, count: number, abortMs?: number): Promise<void> {
    return this.#write(lba, count, () => this.#path(), abortMs);
  }

  /** Writes a block by way of a node, and of no other. */
  writeBy(node: 1 | 2, lba: number): Promise<void> {
    const path = this.#options.paths[node - 1] ?? this.#path();
    return this.#write(lba, 1, () => path);
  }

  async #write(
    lba: number,
    count: number,
    pathOf: () => SimPath,
    abortMs?: number,
  ): Promise<void> {
    const { recorder, name } = this.#options;
    const work = recorder.writeBegins(name, lba, count);
    for (let tries = 1;; tries += 1) {
      const fromMs = this.#nowMs;
      const path = pathOf();
      const attempt = recorder.attempt(work);
      const outcome = await path.submit(
        [WRITE_10, 0, 0, 0, 0, lba, 0, 0, count, 0],
        { write: blocksOf(attempt, count) },
        ...(abortMs === undefined || tries > 1 ? [] : [abortMs]),
      );
      if (outcome.how === "aborted") recorder.abortConfirmed(attempt);
      const verdict = this.#judge(outcome, path);
      const by = this.#nexus(path);
      if (verdict === "conflict" || verdict === "done") {
        const answer = verdict === "done" ? GOOD : CONFLICT;
        recorder.shared({ kind: "write", by }, fromMs, answer);
        return recorder.writeEnded(work, verdict === "done");
      }
      await this.#next(verdict, tries, outcome, "write");
    }
  }

  /** Looks at all that is shared, by each path. */
  async look(): Promise<void> {
    for (const node of [1, 2] as const) {
      await this.#shared(node, { kind: "look" });
      await this.#shared(node, { kind: "sense" });
    }
  }

  async #shared(node: 1 | 2, wish: SharedWish): Promise<void> {
    const { recorder, name, paths } = this.#options;
    const path = paths[node - 1] ?? paths[0];
    const by = `${name}@${node}`;
    for (let tries = 1; tries <= SHARED_TRIES_MAX; tries += 1) {
      const own = this.#keys[node - 1] ?? 9;
      const op = { by, own, ...wish };
      const fromMs = this.#nowMs;
      const [cdb, more] = cdbOf(op);
      const outcome = await path.submit(cdb, more);
      const answer = this.#answerOf(op, outcome);
      if (answer !== "not done") {
        recorder.shared(op, fromMs, answer, this.#overMs(outcome, answer));
      }
      const isKnown = answer !== null && answer !== "not done";
      if (isKnown) return this.#noteKey(node, op, answer);
      if (this.#judge(outcome, path) === "error") this.#error(outcome, op.kind);
      await this.#pause(tries);
    }
  }

  // Only what is certain is told: all else may have been done, or not.
  #answerOf(op: SharedOp, outcome: TryResult): string | null {
    if (outcome.how !== "answered") return null;
    const { status, sense, data } = outcome.result;
    if (status === STATUS.CONFLICT) return CONFLICT;
    if (status === STATUS.GOOD) {
      if (op.kind === "look") return statusText(data);
      return op.kind === "sense" ? modeText(data) : GOOD;
    }
    return sense.startsWith("6/") ? "not done" : null;
  }

  // What the other node was asked for may still be done there, when the link
  // has ended, and ahead of all that follows.
  #overMs({ how }: TryResult, answer: string | null): number {
    if (answer !== null || how === "aborted") return this.#nowMs;
    return how === "lost" ? Infinity : this.#nowMs + AFTERMATH_MS;
  }

  #noteKey(node: 1 | 2, op: SharedOp, answer: string): void {
    if (op.kind === "register" && answer === GOOD) {
      this.#keys[node - 1] = op.key;
    }
  }

  #judge(outcome: TryResult, path: SimPath): Verdict {
    if (outcome.how === "lost") return "other path";
    if (outcome.how === "aborted") return path.up ? "again" : "other path";
    return judgeResult(outcome.result);
  }

  async #next(
    verdict: Verdict,
    tries: number,
    outcome: TryResult,
    what: string,
  ): Promise<void> {
    if (verdict === "error" || verdict === "conflict") {
      this.#error(outcome, what);
    }
    if (verdict === "other path" || tries % 6 === 0) {
      this.#active = 1 - this.#active;
    }
    await this.#pause(tries);
  }

  #error(outcome: TryResult, what: string): void {
    const { name, complain } = this.#options;
    if (outcome.how !== "answered") return;
    const { status, sense } = outcome.result;
    complain(`${name}: a ${what} ended with status ${status}, sense ${sense}`);
  }

  #path(): SimPath {
    const { paths } = this.#options;
    const path = paths[this.#active] ?? paths[0];
    const other = paths[1 - this.#active] ?? paths[1];
    if (path.up || !other.up) return path;
    this.#active = 1 - this.#active;
    return other;
  }

  #nexus(path: SimPath): string {
    const { paths, name } = this.#options;
    return `${name}@${paths.indexOf(path) + 1}`;
  }

  #pause(tries: number): Promise<void> {
    const { schedule, random } = this.#options;
    const most = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** tries);
    const ms = RETRY_MS_MIN + random.next() * most;
    return new Promise((resolve) => schedule.after(ms, resolve));
  }

  get #nowMs(): number {
    return this.#options.schedule.nowMs;
  }
}

function judgeResult({ status, sense }: CommandResult): Verdict {
  if (status === STATUS.GOOD) return "done";
  if (status === STATUS.CONFLICT) return "conflict";
  if (status === STATUS.BUSY) return "again";
  if (status !== STATUS.CHECK) return "error";
  if (sense.startsWith("6/") || sense === "2/04/0a") return "again";
  return sense === "2/04/0b" || sense === "2/04/0c" ? "other path" : "error";
}

function blocksOf(attempt: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count * BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    view.setUint32(at, attempt);
  }
  return bytes;
}

function numbersIn(data: Uint8Array): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from(
    { length: data.length / BLOCK_BYTES },
    (_, index) => view.getUint32(index * BLOCK_BYTES),
  );
}
