/**
 * What stories and tables need of a nexus, so that they can be told over any
 * transport: in memory (`local_initiator.ts`), or over a wire.
 *
 * @module
 */

import type {
  TargetPort,
  TaskManagementFunction,
  TaskManagementRequest,
} from "../../core/mod.ts";
import type { TestTarget } from "./core_target.ts";
import type { CommandOptions, CommandResult } from "./local_initiator.ts";

/** One I_T nexus of a test. */
export interface TestNexus {
  /** The port it talks to. */
  readonly port: TargetPort;
  /** Tag that the next command gets. */
  readonly nextTag: number;
  /** Rules that the target has broken. */
  readonly violations: readonly string[];
  /** Bytes of room lent at a time. */
  roomBytes: number;
  /** Sends a command; resolves with its end. */
  command(
    lun: number,
    cdb: Uint8Array | readonly number[],
    options?: CommandOptions,
  ): Promise<CommandResult>;
  /** Asks for a task management function; resolves with the answer. */
  manage(
    what: TaskManagementFunction,
    lun?: number,
    tag?: number,
  ): Promise<TaskManagementRequest>;
  /** Neither takes nor gives data from now on. */
  hold(): void;
  /** Takes and gives data from now on, those that were waited for first. */
  resume(): void;
  /** Data-Out that was waited for arrives broken; then as `resume`. */
  loseDataOut(): void;
  /** Ends the nexus. */
  disconnect(): Promise<void>;
}

/** Connects the initiator of a name to a port. */
export type Join = (
  test: TestTarget,
  name: string,
  port: TargetPort,
) => TestNexus;

/** What stories are told over. */
export interface TestWire {
  /** Connects. */
  readonly join: Join;
  /** Words in front of the names of tests. */
  readonly prefix: string;
  /** Tests that it cannot pass, by name, and why. */
  readonly exceptions: ReadonlyMap<string, string>;
}

const MEMORY: TestWire = {
  join: (test, name, port) => test.connect(name, port),
  prefix: "",
  exceptions: new Map(),
};

let wire = MEMORY;
const passedOver: Set<string> = new Set();

/** All tests that are registered from now on go over a wire. */
export function useWire(used: TestWire): void {
  wire = used;
}

/** The wire in use. */
export function wireInUse(): TestWire {
  return wire;
}

/** The name of a test over the wire; null: it cannot pass there. */
export function nameOverWire(name: string): string | null {
  if (!wire.exceptions.has(name)) return wire.prefix + name;
  passedOver.add(name);
  return null;
}

/** Exceptions that no test has: they are to be struck. */
export function needlessExceptions(): string[] {
  return [...wire.exceptions.keys()].filter((name) => !passedOver.has(name));
}
