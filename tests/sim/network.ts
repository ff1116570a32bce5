/**
 * The network of a simulation: who reaches whom, and how late.
 *
 * @module
 */

import type {
  PeerAcceptor,
  PeerEndpoint,
  PeerStream,
  PeerTransport,
} from "../../ha/link/peer_transport.ts";
import type { SimProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

/** Who can be reached: a node (`1`, `2`), `etcd`, a host (`h0`). */
export type Place = string;

/** Bytes that a direction holds before the writer has to wait. */
const PIPE_BYTES_MAX = 64 * 1024;

/** Ways between places. */
export class SimNetwork {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #cut: Map<string, number> = new Map();
  readonly #healed: Set<() => void> = new Set();
  readonly #cables: Set<SimCable> = new Set();
  /** Milliseconds that bytes between the nodes take more. */
  lagMs = 0;
  #listener: { acceptor: PeerAcceptor; process: SimProcess } | null = null;

  /** A network without trouble. */
  constructor(schedule: Schedule, random: Random) {
    this.#schedule = schedule;
    this.#random = random;
  }

  /** Whether what is sent arrives. */
  reaches(from: Place, to: Place): boolean {
    return (this.#cut.get(`${from}>${to}`) ?? 0) === 0;
  }

  /** Nothing arrives for a time. */
  cut(from: Place, to: Place, forMs: number): void {
    const key = `${from}>${to}`;
    this.#cut.set(key, (this.#cut.get(key) ?? 0) + 1);
    this.#schedule.after(forMs, () => {
      this.#cut.set(key, Math.max(0, (this.#cut.get(key) ?? 0) - 1));
      for (const each of [...this.#healed]) each();
    });
  }

  /** All is well again from now on. */
  heal(): void {
    this.#cut.clear();
    for (const each of [...this.#healed]) each();
  }

  /** Milliseconds that a message takes: mostly few. */
  latencyMs(): number {
    const slow = this.#random.chance(0.02) ? this.#random.between(5, 300) : 0;
    return 0.1 + this.#random.next() + slow;
  }

  /** Waits for the end of a cut; the result takes it back. */
  whenHealed(call: () => void): () => void {
    this.#healed.add(call);
    return () => this.#healed.delete(call);
  }

  /** All connections between the nodes are reset. */
  resetLinks(): void {
    for (const cable of [...this.#cables]) cable.reset();
  }

  /** Connections of a process that has ended are closed by its system. */
  processEnded(process: SimProcess, vanished: boolean): void {
    if (this.#listener?.process === process) this.#listener = null;
    for (const cable of [...this.#cables]) cable.ended(process, vanished);
  }

  /** How a node makes its link: node 1 listens, node 2 connects. */
  transport(id: 1 | 2, process: SimProcess): PeerTransport {
    return id === 1
      ? {
        ...{ description: "listen", listens: true },
        begin: (acceptor) => this.#listen(acceptor, process),
      }
      : {
        ...{ description: "connect", listens: false },
        begin: (acceptor) => this.#connect(acceptor, process),
      };
  }

  /** For cables. */
  get services(): CableServices {
    const [network, schedule] = [this, this.#schedule];
    return { network, schedule, cables: this.#cables };
  }

  #listen(acceptor: PeerAcceptor, process: SimProcess): PeerEndpoint {
    this.#listener = { acceptor, process };
    return {
      close: () => {
        if (this.#listener?.process === process) this.#listener = null;
      },
    };
  }

  #connect(acceptor: PeerAcceptor, process: SimProcess): PeerEndpoint {
    let open = true;
    const fail = process.entry(() => open && acceptor.failed("no answer"));
    const connect = () => {
      const reached = this.reaches("2", "1") && this.reaches("1", "2");
      if (this.#listener === null || !reached) return fail();
      const { acceptor: taker, process: far } = this.#listener;
      const cable = new SimCable(this.services, process, far);
      far.entry(() =>
        taker.accepted({ stream: cable.far, peerAddress: "near" })
      )();
      process.entry(() => {
        if (!open) return cable.near.close();
        acceptor.accepted({ stream: cable.near, peerAddress: "far" });
      })();
    };
    this.#schedule.after(2 * this.latencyMs(), connect);
    return { close: () => void (open = false) };
  }
}

/** What a cable needs. */
interface CableServices {
  readonly network: SimNetwork;
  readonly schedule: Schedule;
  readonly cables: Set<SimCable>;
}

/** A connection between the nodes. */
class SimCable {
  readonly near: PeerStream;
  readonly far: PeerStream;
  readonly #there: SimPipe;
  readonly #back: SimPipe;
  readonly #services: CableServices;
  readonly #processes: readonly [SimProcess, SimProcess];

  constructor(services: CableServices, near: SimProcess, far: SimProcess) {
    this.#services = services;
    this.#processes = [near, far];
    this.#there = new SimPipe(services, near, far, ["2", "1"]);
    this.#back = new SimPipe(services, far, near, ["1", "2"]);
    this.near = this.#end(near, this.#back, this.#there);
    this.far = this.#end(far, this.#there, this.#back);
    services.cables.add(this);
  }

  reset(): void {
    this.#services.cables.delete(this);
    for (const pipe of [this.#there, this.#back]) pipe.reset();
  }

  // A host that has vanished does not even close its connections.
  ended(process: SimProcess, vanished: boolean): void {
    const [near, far] = this.#processes;
    if (process !== near && process !== far) return;
    this.#services.cables.delete(this);
    if (vanished) return;
    (process === near ? this.#there : this.#back).finish();
  }

  #end(process: SimProcess, from: SimPipe, to: SimPipe): PeerStream {
    return {
      read: (into) => from.read(into),
      write: (bytes) => to.write(bytes),
      close: () => {
        if (!process.alive) return;
        from.reset();
        to.finish();
      },
    };
  }
}

/** One direction of a connection. */
class SimPipe {
  readonly #services: CableServices;
  readonly #from: SimProcess;
  readonly #to: SimProcess;
  readonly #way: readonly [Place, Place];
  readonly #chunks: Uint8Array[] = [];
  #lastAtMs = 0;
  #held: (() => void)[] = [];
  #wakeReader: (() => void) | null = null;
  #wakeWriter: (() => void) | null = null;
  #pendingBytes = 0;
  #finished = false;
  #broken = false;
  #forgetHeal: (() => void) | null = null;

  constructor(
    services: CableServices,
    from: SimProcess,
    to: SimProcess,
    way: readonly [Place, Place],
  ) {
    this.#services = services;
    this.#from = from;
    this.#to = to;
    this.#way = way;
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#from.alive) return await new Promise(() => {});
    while (this.#pendingBytes >= PIPE_BYTES_MAX && !this.#isOver) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.#isOver) throw new Error("broken pipe");
    const chunk = bytes.slice();
    this.#pendingBytes += chunk.length;
    this.#send(() => this.#arrive(chunk));
    return chunk.length;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (true) {
      if (this.#broken) throw new Error("connection reset");
      const chunk = this.#chunks.shift();
      if (chunk === undefined) {
        if (this.#finished) return null;
        await new Promise<void>((resolve) => this.#wakeReader = resolve);
        continue;
      }
      const count = Math.min(chunk.length, into.length);
      into.set(chunk.subarray(0, count));
      if (count < chunk.length) this.#chunks.unshift(chunk.subarray(count));
      this.#pendingBytes -= count;
      this.#wake("writer");
      return count;
    }
  }

  /** The end of the bytes, behind those that are under way. */
  finish(): void {
    this.#send(() => {
      this.#finished = true;
      this.#wake("reader");
    });
  }

  /** Nothing more, at once. */
  reset(): void {
    this.#broken = true;
    this.#held = [];
    this.#forgetHeal?.();
    this.#wake("reader");
    this.#wake("writer");
  }

  get #isOver(): boolean {
    return this.#broken || this.#finished;
  }

  #arrive(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#wake("reader");
  }

  // In order; what meets a cut waits for its end, as TCP sends again.
  #send(deliver: () => void): void {
    const { schedule, network } = this.#services;
    const [from, to] = this.#way;
    const arrive = () => {
      if (this.#broken) return;
      if (this.#held.length > 0 || !network.reaches(from, to)) {
        this.#hold(deliver);
      } else deliver();
    };
    const atMs = Math.max(
      this.#lastAtMs,
      schedule.nowMs + network.lagMs + network.latencyMs(),
    );
    this.#lastAtMs = atMs;
    schedule.after(atMs - schedule.nowMs, arrive);
  }

  #hold(deliver: () => void): void {
    this.#held.push(deliver);
    this.#forgetHeal ??= this.#services.network.whenHealed(() => {
      const [from, to] = this.#way;
      if (!this.#services.network.reaches(from, to)) return;
      this.#forgetHeal?.();
      this.#forgetHeal = null;
      const waiting = this.#held;
      this.#held = [];
      for (const each of waiting) each();
    });
  }

  #wake(who: "reader" | "writer"): void {
    const isReader = who === "reader";
    const wake = isReader ? this.#wakeReader : this.#wakeWriter;
    if (wake === null) return;
    if (isReader) this.#wakeReader = null;
    else this.#wakeWriter = null;
    (isReader ? this.#to : this.#from).entry(wake)();
  }
}
