/**
 * What is kept with a task that came from the other node.
 *
 * @module
 */

import type { Completion, ScsiTask } from "../../core/mod.ts";
import type { FarNexus } from "./far_nexus.ts";

/** Data-Out that a command waits for. */
export interface DataOutWait {
  /** Next byte of the initiator's buffer. */
  offset: number;
  /** End of what is waited for. */
  readonly end: number;
  /** Where it goes. */
  readonly into: Uint8Array;
  /** Where the next byte goes in there. */
  at: number;
  /** Tells the command. */
  readonly resolve: (whole: boolean) => void;
}

/** A task of the other node. Used again and again with its `ScsiTask`. */
export class FarContext {
  /** The initiator that it is from. */
  readonly owner: FarNexus;
  /** Its number on the link. */
  id = 0;
  /** Incarnation of the link that it came over. */
  incarnation = 0;
  /** It is with the core. */
  active = false;
  /** Its status has left with the last data. */
  statusSent = false;
  /** The other node runs it. */
  granted = false;
  /** The other node has been asked to abort it. */
  revoked = false;
  /** First Data-Out, kept for a command that waits. */
  held: Uint8Array | null = null;
  /** End of the Data-Out that the command has taken. */
  takenLength = 0;
  /** Data-Out that it waits for. */
  wait: DataOutWait | null = null;
  /** The command waits for room. */
  wakeRoom: (() => void) | null = null;
  /** A placeholder waits for its end. */
  finish: ((completion: Completion) => void) | null = null;

  /** Of a task that has no command yet. */
  constructor(owner: FarNexus) {
    this.owner = owner;
  }

  /** For a new command. */
  reset(id: number, incarnation: number): void {
    this.id = id;
    this.incarnation = incarnation;
    this.active = true;
    this.statusSent = false;
    this.granted = false;
    this.revoked = false;
    this.takenLength = 0;
  }
}

/** A task of the other node. */
export type FarTask = ScsiTask<FarContext>;
