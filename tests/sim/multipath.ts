/**
 * A path of an initiator to a node: a session that breaks and is made again,
 * commands that are aborted when they take too long.
 *
 * @module
 */

import {
  type CommandOptions,
  type CommandResult,
  FUNCTION,
  LocalInitiator,
  SILENT,
} from "../support/local_initiator.ts";
import type { SimNetwork } from "./network.ts";
import type { Schedule } from "./schedule.ts";
import type { Told } from "./told.ts";
import type { SimNode } from "./sim_node.ts";

/** How a try of a command has ended. */
export type TryResult =
  | { readonly how: "answered"; readonly result: CommandResult }
  /** The node has confirmed that it was aborted. */
  | { readonly how: "aborted" }
  /** The session broke: nobody knows. */
  | { readonly how: "lost" };

/** What is around a path. */
export interface PathOptions {
  /** Name of the initiator. */
  readonly name: string;
  /** Node that it leads to. */
  readonly id: 1 | 2;
  /** The node as it runs; null: it does not. */
  readonly node: () => SimNode | null;
  /** Time. */
  readonly schedule: Schedule;
  /** The network between. */
  readonly network: SimNetwork;
  /** For the trace. */
  readonly told: Told;
}

interface Session {
  readonly node: SimNode;
  readonly initiator: LocalInitiator;
  /** Commands whose ends the initiator waits for. */
  readonly losers: Set<() => void>;
  nextTag: number;
  /** When the last of each direction arrives: it keeps its order, as TCP. */
  readonly arriveMs: { there: number; back: number };
  /** The node knows that it has ended. */
  gone: boolean;
}

/** Milliseconds until a command is aborted. */
const COMMAND_MS = 1200;
/** Milliseconds until the session of an abort is given up. */
const ABORT_MS = 600;
/** Milliseconds until a login is given up. */
const LOGIN_MS = 500;
/** More than any command reads at once. */
const ROOM_BYTES = 8192;
/** Milliseconds between logins. */
const AGAIN_MS = 150;

/** The path. */
export class SimPath {
  readonly #options: PathOptions;
  #session: Session | null = null;
  #old: Session | null = null;
  #closed = false;

  /** Begins to log in. */
  constructor(options: PathOptions) {
    this.#options = options;
    this.#login();
  }

  /** Node that it leads to. */
  get id(): 1 | 2 {
    return this.#options.id;
  }

  /** There is a session. */
  get up(): boolean {
    return this.#session !== null;
  }

  /** No more logins. */
  close(): void {
    this.#closed = true;
  }

  /** The connection is reset, or its node has ended. */
  drop(reason: string): void {
    const session = this.#session;
    if (session === null) return;
    this.#options.told?.(`path to node ${this.#options.id} lost: ${reason}`);
    this.#session = null;
    this.#old = session;
    for (const lose of [...session.losers]) lose();
    if (this.#reaches()) this.#after(this.#latency(), () => void end(session));
    this.#after(AGAIN_MS, () => this.#login());
  }

  /** Sends a command; it is aborted when it takes too long, or at `abortAt`. */
  submit(
    cdb: readonly number[],
    options: CommandOptions,
    abortMs: number = COMMAND_MS,
  ): Promise<TryResult> {
    const session = this.#session;
    if (session === null) return Promise.resolve({ how: "lost" });
    const tag = session.nextTag++;
    return new Promise((resolve) => {
      let timer = () => {};
      const settle = (result: TryResult) => {
        timer();
        session.losers.delete(lose);
        resolve(result);
      };
      const lose = () => settle({ how: "lost" });
      session.losers.add(lose);
      const { told, id } = this.#options;
      told?.(`${id}.${tag} sends ${wordsOf(cdb, options)}`);
      timer = this.#after(abortMs, () => this.#abort(session, tag, settle));
      this.#send(session, () => {
        const sent = session.initiator.command(0, cdb, { ...options, tag });
        void sent.then((result) => {
          if (result.status === SILENT) return; // Nothing is on the wire.
          told?.(`${id}.${tag} ends ${result.status} ${result.sense}`);
          this.#reply(session, () => settle({ how: "answered", result }));
        });
      });
    });
  }

  #abort(
    session: Session,
    tag: number,
    settle: (result: TryResult) => void,
  ): void {
    if (session !== this.#session) return;
    const timer = this.#after(ABORT_MS, () => {
      if (session === this.#session) this.drop("an abort takes too long");
    });
    const { told, id } = this.#options;
    told?.(`${id}.${tag} is aborted`);
    this.#send(session, () => {
      const asked = session.initiator.manage(FUNCTION.ABORT_TASK, 0, tag);
      void asked.then(({ response }) =>
        this.#reply(session, () => {
          timer();
          told?.(`${id}.${tag} abort: ${response}`);
          if (response === "FUNCTION COMPLETE") settle({ how: "aborted" });
        })
      );
    });
  }

  #send(session: Session, arrive: () => void): void {
    const { process } = session.node;
    const entry = process.entry(() => {
      if (!session.gone) arrive();
    });
    this.#after(this.#inOrder(session, "there"), () => {
      if (this.#reaches()) entry();
    });
  }

  #reply(session: Session, arrive: () => void): void {
    if (!session.node.process.alive) return;
    this.#after(this.#inOrder(session, "back"), () => {
      if (session === this.#session && this.#reaches()) arrive();
    });
  }

  #inOrder({ arriveMs }: Session, way: "there" | "back"): number {
    const { nowMs } = this.#options.schedule;
    arriveMs[way] = Math.max(arriveMs[way], nowMs + this.#latency());
    return arriveMs[way] - nowMs;
  }

  #login(): void {
    if (this.#session !== null || this.#closed) return;
    let open = true;
    const fail = () => {
      if (!open) return;
      open = false;
      this.#after(AGAIN_MS, () => this.#login());
    };
    this.#after(LOGIN_MS, fail);
    this.#after(this.#latency(), () => {
      const node = this.#options.node();
      if (node === null || node.port === null || !this.#reaches()) return;
      node.process.entry(() => {
        void this.#connect(node, () => {
          const isWanted = open;
          open = false;
          return isWanted;
        });
      })();
    });
  }

  // An older session of the same initiator ends first.
  async #connect(node: SimNode, isWanted: () => boolean): Promise<void> {
    const old = this.#old;
    if (old !== null && old.node === node) await end(old);
    const { port } = node;
    if (port === null || !node.process.alive || !isWanted()) return;
    const name = `iqn.${this.#options.name}`;
    const initiator = new LocalInitiator(port, name, ROOM_BYTES);
    const session = {
      ...{ node, initiator, losers: new Set<() => void>(), nextTag: 1 },
      ...{ gone: false, arriveMs: { there: 0, back: 0 } },
    };
    this.#session = session;
    this.#old = null;
  }

  #reaches(): boolean {
    const { network, name, id } = this.#options;
    return network.reaches(name, `${id}`);
  }

  #latency(): number {
    return this.#options.network.latencyMs();
  }

  #after(delayMs: number, call: () => void): () => void {
    return this.#options.schedule.after(delayMs, call);
  }
}

async function end(session: Session): Promise<void> {
  if (session.gone) return;
  const { process } = session.node;
  await new Promise<void>((resolve) =>
    process.entry(() => {
      if (session.gone) return resolve();
      session.gone = true;
      void session.initiator.disconnect().then(resolve);
    })()
  );
}

function wordsOf(
  cdb: readonly number[],
  { write = new Uint8Array(0) }: CommandOptions,
): string {
  const hex = Uint8Array.from(cdb).toHex();
  return `${hex} ${write.subarray(0, 24).toHex()}`;
}
