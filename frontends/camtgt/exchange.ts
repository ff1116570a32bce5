/**
 * What an HBA keeps with a command: its exchange, and the continue-target-I/O
 * blocks (CTIO) that move its data.
 *
 * @module
 */

import type { ScsiTask } from "../../core/mod.ts";

/** A piece of memory with data of an exchange. */
export interface Segment {
  /** Memory, lent by a pool. */
  readonly bytes: Uint8Array;
  /** Bytes of it that are data. */
  length: number;
}

/** Data-In that one CTIO moves: a list of segments. */
export interface DataInCtio {
  /** Where its data begin in the initiator's buffer. */
  readonly offset: number;
  /** Its scatter/gather list. */
  readonly segments: Segment[];
  /** Bytes of all segments. */
  length: number;
  /** GOOD leaves with its data. */
  withStatus: boolean;
  /** Its data are on the wire. */
  transmitted: boolean;
  /** Times that it was sent again because nothing was heard. */
  retries: number;
  /** Times that the initiator has asked for it again. */
  retransmissions: number;
  /** Ends its delay or its time limit. */
  cancel: (() => void) | null;
}

/** A piece of Data-Out that the core waits for. */
export interface DataOutCtio {
  /** Offset of the next byte. */
  offset: number;
  /** Where the burst that was asked for begins. */
  burstStart: number;
  /** Where it ends. */
  burstEnd: number;
  /** Where the piece ends. */
  readonly end: number;
  /** Where the piece begins. */
  readonly start: number;
  /** Where it is to go. */
  readonly into: Uint8Array;
  /** Byte of `into` for the first byte of the piece. */
  readonly at: number;
  /** The burst was asked for. */
  requested: boolean;
  /** Something was lost: what follows it is passed over. */
  lost: boolean;
  /** Times that data were asked for again. */
  retries: number;
  /** Ends its delay or its time limit. */
  cancel: (() => void) | null;
  /** Tells the core. */
  readonly resolve: (whole: boolean) => void;
}

/** One exchange: the state of the transport with a task. */
export interface Exchange {
  /** Its number, chosen by the initiator. */
  id: number;
  /** Room that was lent to the core and not used yet. */
  lent: Uint8Array | null;
  /** Offset of the next Data-In that the core sends. */
  builtLength: number;
  /** CTIO that is being filled. */
  building: DataInCtio | null;
  /** CTIOs that are full; the first of them moves. */
  queue: DataInCtio[];
  /** Data-Out that is waited for. */
  dataOut: DataOutCtio | null;
  /** GOOD has left with the last data. */
  statusSent: boolean;
  /** The core waits for room. */
  wakeRoom: (() => void) | null;
  /** The core waits until all has moved. */
  moved: (() => void) | null;
}

/** A task of this frontend. */
export type CamTask = ScsiTask<Exchange>;

/** No exchange yet. */
export function newExchange(): Exchange {
  return {
    id: 0,
    lent: null,
    builtLength: 0,
    building: null,
    queue: [],
    dataOut: null,
    statusSent: false,
    wakeRoom: null,
    moved: null,
  };
}

/** Makes a pooled task's exchange fit for the next command. */
export function resetExchange(exchange: Exchange, id: number): void {
  exchange.id = id;
  exchange.builtLength = 0;
  exchange.statusSent = false;
}
