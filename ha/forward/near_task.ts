/**
 * A command of one of our initiators that the other node serves.
 *
 * @module
 */

import type {
  CommandRow,
  Completion,
  LogicalUnit,
  Nexus,
  ScsiTask,
} from "../../core/mod.ts";

/** How far it is. */
export const PHASE = {
  /** It is not in use. */
  FREE: 0,
  /** The other node has it. */
  SENT: 2,
  /** The other node keeps its place; it runs here. */
  GRANTED: 3,
  /** It was being aborted when the link ended: it may still touch data. */
  LOST: 4,
} as const;

/** One of our initiators, as the other node knows it. */
export interface NearNexus {
  /** Its number on the link. */
  readonly id: number;
  /** The nexus. */
  readonly nexus: Nexus;
  /** Incarnation of the link on which the other node was told. */
  toldOn: number;
  /** Data-In passed on that the other node has not heard of. */
  owedBytes: number;
  /** Data-In that its initiator has not taken yet. */
  parkedBytes: number;
}

/** The command. Used again and again, so that one costs no closures. */
export class NearTask {
  /** Its number on the link. */
  readonly id: number;
  /** How far it is: one of {@linkcode PHASE}. */
  phase: number = PHASE.FREE;
  /** The task; null: not in use. */
  task: ScsiTask | null = null;
  /** Row of its command. */
  row: CommandRow | null = null;
  /** Its unit. */
  unit: LogicalUnit | null = null;
  /** Its nexus. */
  nexus: NearNexus | null = null;
  /** Counts its uses: what waited for an earlier one sees that it is over. */
  use = 0;
  /** The other node has been asked to abort it. */
  abortAsked = false;
  /** Data-Out that left with it. */
  sentLength = 0;
  /** Data-Out is being fetched for the other node. */
  supplying = false;
  /** It only takes its place at the other node. */
  grant = false;
  /** Data-In that could not be passed on yet. */
  readonly parked: Uint8Array[] = [];
  /** Data-In are being passed on. */
  delivering = false;
  /** The last of the parked data end it GOOD. */
  endsWithData = false;
  /** How it ends when all data are passed on; null: that is not known yet. */
  outcome: Completion | null = null;
  /** For the task: called when it is aborted. */
  readonly wake: () => void;

  /** @param aborted called when its task is aborted */
  constructor(id: number, aborted: (near: NearTask) => void) {
    this.id = id;
    this.wake = () => aborted(this);
  }

  /** Takes it into use. */
  take(
    task: ScsiTask,
    row: CommandRow,
    unit: LogicalUnit,
    nexus: NearNexus,
    grant: boolean,
  ): void {
    this.phase = PHASE.SENT;
    this.task = task;
    this.row = row;
    this.unit = unit;
    this.nexus = nexus;
    this.grant = grant;
    this.abortAsked = false;
    this.sentLength = 0;
    this.supplying = false;
    this.delivering = false;
    this.endsWithData = false;
    this.outcome = null;
  }

  /** Nobody uses it any more. */
  free(): void {
    this.use += 1;
    this.phase = PHASE.FREE;
    this.task = null;
    this.row = null;
    this.unit = null;
    this.nexus = null;
    // To set the length of an array is a call, even to what it is.
    if (this.parked.length > 0) this.parked.length = 0;
  }
}
