/**
 * One of the two paths to a disk: a session that is opened again whenever it
 * was lost, and looked at while the node behind it serves nothing.
 *
 * @module
 */

import {
  openSession,
  type Session,
  testUnitReady,
} from "../support/initiator/mod.ts";
import { judge, judgeFailure } from "./outcome.ts";

/** What a path is good for: nothing, as far as is known nothing, or all. */
export type PathState = "down" | "passive" | "active";

/** Milliseconds between tries to log in, and between looks at it. */
const TRY_MS = 50;
const LOOK_MS = 100;

/** A path. */
export class Path {
  /** Where it leads. */
  readonly port: number;
  /** Times that it was lost. */
  losses = 0;
  readonly #targetName: string;
  readonly #initiatorName: string;
  readonly #changed: () => void;
  #session: Session | null = null;
  #state: PathState = "down";
  #closed = false;
  #keeper: Promise<void> = Promise.resolve();

  /** @param changed called when it is up again */
  constructor(
    names: { target: string; initiator: string },
    port: number,
    changed: () => void,
  ) {
    this.port = port;
    this.#targetName = names.target;
    this.#initiatorName = names.initiator;
    this.#changed = changed;
  }

  /** What it is good for. */
  get state(): PathState {
    return this.#session?.ended === true ? "down" : this.#state;
  }

  /** Its session. */
  get session(): Session {
    if (this.#session !== null) return this.#session;
    throw new TypeError("A path that is down has no session");
  }

  /** Opens it, and keeps it open from now on. */
  open(): void {
    this.#keeper = this.#keep();
  }

  /** A command has met the end of this session. */
  lost(session: Session): void {
    if (this.#session !== session) return;
    this.losses += 1;
    this.#session = null;
    this.#state = "down";
  }

  /** The node behind it has served something. */
  serves(session: Session): void {
    if (this.#session === session) this.#state = "active";
  }

  /** The node behind it says that it serves nothing. */
  passive(session: Session): void {
    if (this.#session === session) this.#state = "passive";
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#keeper;
    await this.#session?.[Symbol.asyncDispose]();
  }

  async #keep(): Promise<void> {
    while (!this.#closed) {
      if (this.state === "down") await this.#login();
      else if (this.#state === "passive") await this.#look();
      const waitMs = this.state === "active" ? LOOK_MS : TRY_MS;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  async #login(): Promise<void> {
    const old = this.#session;
    if (old !== null) {
      this.lost(old);
      await old.abort();
    }
    try {
      this.#session = await openSession({
        portal: { port: this.port },
        targetName: this.#targetName,
        initiatorName: this.#initiatorName,
      });
      this.#state = "passive";
      this.#changed();
      await this.#look();
    } catch {
      // Nobody listens, or the node goes down at this moment.
    }
  }

  // TEST UNIT READY, as path checkers have it.
  async #look(): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    try {
      const result = await session.command(0, testUnitReady());
      const { verdict } = judge(result);
      if (verdict !== "done" || this.#state !== "passive") return;
      this.#state = "active";
    } catch (error) {
      const { verdict } = judgeFailure(session, error);
      if (verdict === "path-lost") this.lost(session);
    }
  }
}
