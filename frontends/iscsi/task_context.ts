/**
 * What the session knows of a SCSI task beyond what the core knows.
 *
 * @module
 */

/** A piece of Data-Out that a command waits for. */
export interface DataOutWait {
  /** Next byte of the initiator's buffer that is missing. */
  offset: number;
  /** Where the piece ends. */
  readonly end: number;
  /** Where the bytes go. */
  readonly into: Uint8Array;
  /** Where byte `offset` goes. */
  at: number;
  /** Tells the command; false: they will not come. */
  readonly resolve: (whole: boolean) => void;
}

/** iSCSI state of one task; reused with it. */
export class TaskContext {
  /** The task is with the core. */
  active = false;
  /** It stands in the session's table of tasks. */
  listed = false;
  /** It counts among the immediate tasks of its session. */
  immediate = false;
  /** It takes a place in the command window, until its status is built. */
  numbered = false;
  /** First four bytes of its LUN, for R2T. */
  lunHigh = 0;
  /** Last four bytes of its LUN. */
  lunLow = 0;
  /** Expected Data Transfer Length. */
  expectedLength = 0;
  /** Bytes of Data-In sent. */
  sentLength = 0;
  /** Bytes of Data-In sent in the present sequence. */
  sequenceLength = 0;
  /** Bytes that the command wanted to send when it asked for room last. */
  wantedLength = 0;
  /** Data-In and R2T PDUs sent. */
  dataSn = 0;
  /** Status left with the last Data-In. */
  statusSent = false;
  /** Buffer of the pool that holds its first data; null: none does. */
  held: Uint8Array | null = null;
  /** Unsolicited Data-Out is still to come. */
  unsolicited = false;
  /** Bytes that it and immediate data may have together. */
  unsolicitedLength = 0;
  /** DataSN that the next unsolicited Data-Out must have. */
  unsolicitedDataSn = 0;
  /** Bytes of Data-Out that commands have taken so far. */
  takenLength = 0;
  /** R2Ts sent. */
  r2tSn = 0;
  /** Target Transfer Tag of the R2T under way; valid with `r2tEnd`. */
  targetTransferTag = 0;
  /** Where the data of that R2T end; 0: none is under way. */
  r2tEnd = 0;
  /** Data-Out of it was thrown away for its digest. */
  corrupt = false;
  /** DataSN that its next Data-Out must have. */
  r2tDataSn = 0;
  /** What the command waits for; null: nothing. */
  wait: DataOutWait | null = null;
  /** Wakes a command that waits for room to send; null: none does. */
  wakeRoom: (() => void) | null = null;

  /** Begins a new task. */
  reset(lunHigh: number, lunLow: number, expectedLength: number): void {
    this.active = true;
    this.listed = false;
    this.immediate = false;
    this.numbered = false;
    this.lunHigh = lunHigh;
    this.lunLow = lunLow;
    this.expectedLength = expectedLength;
    this.sentLength = 0;
    this.sequenceLength = 0;
    this.dataSn = 0;
    this.statusSent = false;
    this.unsolicited = false;
    this.unsolicitedDataSn = 0;
    this.takenLength = 0;
    this.held = null;
    this.unsolicitedLength = 0;
    this.r2tSn = 0;
    this.r2tEnd = 0;
    this.corrupt = false;
    this.wait = null;
    this.wakeRoom = null;
  }
}
