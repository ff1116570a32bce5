/**
 * The copy manager of a target (SPC-5 5.18): its port, its operations, its
 * engine, and what is logged and counted of them.
 *
 * @module
 */

import {
  type Host,
  type LogicalUnit,
  type LunObserver,
  type Nexus,
  type PluginPorts,
  PORT_TYPE,
  STATUS,
  type TargetPort,
  TRANSFER,
} from "../../core/mod.ts";
import { problemOfOptions } from "./access.ts";
import {
  CopyEngine,
  type CopyOutcome,
  type CopyRequest,
} from "./copy_engine.ts";
import {
  type InnerCommand,
  InnerInitiator,
  type InnerResult,
} from "./inner_initiator.ts";
import {
  type AnyOperation,
  type CopyOperation,
  CopyOperations,
  type CopyState,
} from "./operations.ts";
import type { CopyCounters, CopyRecord, CopyService } from "./service.ts";

/** Number of its port, as in CTL. */
const PORT_NUMBER = 2;

/** The copies of one target. */
export class CopyManager implements CopyService, LunObserver, AsyncDisposable {
  /** The machine. */
  readonly host: Host;
  /** The port that shows every unit by its number. */
  readonly port: TargetPort;
  /** Operations. */
  readonly operations: CopyOperations;
  readonly #engine: CopyEngine;
  readonly #ports: PluginPorts;
  readonly #tasks: Set<Promise<unknown>> = new Set();
  readonly #totals = {
    begun: 0,
    completed: 0,
    failed: 0,
    aborted: 0,
    copiedBytes: 0,
    sharedBytes: 0,
  };

  /**
   * Makes the port, on line.
   *
   * @param shares whether stores may copy by themselves, where they can
   */
  constructor(host: Host, ports: PluginPorts, shares = true) {
    this.host = host;
    this.#ports = ports;
    this.port = ports.register({
      frontend: "tpc",
      name: "tpc",
      type: PORT_TYPE.INTERNAL,
      physicalPort: 0,
      virtualPort: 0,
      number: PORT_NUMBER,
    });
    this.port.setOnline(true);
    for (const unit of this.units()) this.#checkOptions(unit);
    this.operations = new CopyOperations(host.clock);
    this.#engine = new CopyEngine({
      port: this.port,
      clock: host.clock,
      activity: () => this.#activity(),
      shares,
    });
  }

  /** Counters. */
  get counters(): CopyCounters {
    return { ...this.#totals };
  }

  /** All units, visible to anybody or not. */
  units(): LogicalUnit[] {
    return [...this.port.allUnits()];
  }

  /** Copies blocks for an operation, and counts it there. */
  async copy(
    operation: CopyOperation,
    request: Omit<CopyRequest, "asker" | "signal">,
  ): Promise<CopyOutcome> {
    const { bytes, commands } = operation;
    const { asker, signal } = operation;
    const outcome = await this.#engine.copy({
      ...request,
      asker,
      signal,
      onProgress: (progress) => {
        operation.bytes = bytes + progress.bytes;
        operation.commands = commands + progress.commands;
        request.onProgress?.(progress);
      },
    });
    operation.bytes = bytes + outcome.bytes;
    operation.commands = commands + outcome.commands;
    operation.how = waysOf(outcome, operation.how);
    this.#totals.sharedBytes += outcome.sharedBytes;
    this.#totals.copiedBytes += outcome.bytes - outcome.sharedBytes;
    return outcome;
  }

  /** Sends one command to a unit for an operation. */
  async execute(
    operation: CopyOperation,
    command: InnerCommand,
  ): Promise<InnerResult> {
    const { asker, signal } = operation;
    const inner = new InnerInitiator(this.port, asker, this.host.clock);
    const stop = () => void inner.disconnect();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await inner.execute(command);
    } finally {
      operation.commands += inner.commands;
      signal.removeEventListener("abort", stop);
      await inner.disconnect();
    }
  }

  /** An operation has begun. */
  noteBegin(): void {
    this.#totals.begun += 1;
  }

  /** An operation has ended: one line in the log says what it was. */
  noteEnd(operation: CopyOperation): void {
    const { state, route, bytes, how, asker, kind, listId } = operation;
    if (state !== "running") this.#totals[state] += 1;
    this.host.log.info("Copy ended", {
      command: kind,
      initiator: asker.initiator.name,
      port: asker.port.number,
      lun: operation.unit.number,
      listId,
      route,
      bytes,
      how,
      timeMs: Math.round(this.#runMs(operation)),
      state,
      ...failureOf(operation, state),
    });
  }

  /**
   * Keeps work that no command waits for: the plugin ends when it has. What
   * it throws is a defect.
   */
  inBackground(work: Promise<unknown>): void {
    const ended: Promise<unknown> = work
      .catch((error) =>
        this.host.log.error("A copy met a defect", {
          error: error instanceof Error ? error.stack : String(error),
        })
      )
      .finally(() => this.#tasks.delete(ended));
    this.#tasks.add(ended);
  }

  /** See `CopyService`. */
  list(): CopyRecord[] {
    return this.operations.all().map((each) => this.#record(each));
  }

  /** See `LunObserver`. */
  unitAdded(unit: LogicalUnit): void {
    this.#checkOptions(unit);
  }

  /** See `LunObserver`. */
  unitChanged(unit: LogicalUnit): void {
    this.#checkOptions(unit);
  }

  /** See `LunObserver`. */
  unitRemoved(unit: LogicalUnit): void {
    this.operations.unitRemoved(unit);
  }

  /** See `LunObserver`. */
  unitReset(unit: LogicalUnit): void {
    this.operations.unitReset(unit);
  }

  /** See `LunObserver`. */
  nexusLost(nexus: Nexus): void {
    if (nexus.port !== this.port) this.operations.nexusLost(nexus);
  }

  /** Stops all copies; resolves when none touches data any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.operations[Symbol.dispose]();
    await Promise.all(this.#tasks);
  }

  // The core does not know this plugin's options: it has let them pass.
  #checkOptions(unit: LogicalUnit): void {
    const problem = problemOfOptions(unit);
    if (problem === null) return;
    const lun = unit.number;
    this.host.log.warn("An option is of no effect", { lun, problem });
  }

  #record(operation: AnyOperation): CopyRecord {
    const { asker, endedMs } = operation;
    return {
      number: operation.number,
      kind: operation.kind,
      lun: operation.unit.number,
      port: asker.port.number,
      initiator: asker.initiator.name,
      listId: operation.listId,
      state: operation.state,
      background: operation.background,
      route: operation.route,
      how: operation.how,
      bytes: operation.bytes,
      totalBytes: operation.totalBytes ?? null,
      segments: operation.segments,
      runMs: this.#runMs(operation),
      heldMs: endedMs === undefined ? null : this.#nowMs() - endedMs,
    };
  }

  #runMs({ startedMs, endedMs }: AnyOperation): number {
    return (endedMs ?? this.#nowMs()) - startedMs;
  }

  #nowMs(): number {
    return this.host.clock.nowMs();
  }

  // Commands that initiators have had done, but those that begin copies.
  #activity(): number {
    let sum = -this.#totals.begun;
    for (const port of this.#ports.all()) {
      if (port === this.port) continue;
      for (const { statistics } of port.nexuses) {
        sum += statistics.of(TRANSFER.READ).operations +
          statistics.of(TRANSFER.WRITE).operations;
      }
    }
    return sum;
  }
}

// A copy may go one way at one place and the other at another.
function waysOf({ bytes, sharedBytes }: CopyOutcome, before: string): string {
  const ways = new Set(before.split(" and ").filter((way) => way !== ""));
  if (sharedBytes > 0) ways.add("shared");
  if (bytes > sharedBytes) ways.add("copied");
  return [...ways].join(" and ");
}

function failureOf(
  { completion }: CopyOperation,
  state: CopyState,
): Record<string, unknown> {
  if (state === "completed" || completion === STATUS.GOOD) return {};
  if (typeof completion === "number") return { status: completion };
  const { key, asc, ascq } = completion;
  const codes = [key, asc, ascq].map((code) => code.toString(16));
  return { sense: codes.join("/") };
}
