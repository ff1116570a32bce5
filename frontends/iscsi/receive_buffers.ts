/**
 * Buffers that connections receive into. An idle connection waits with a
 * small one; one that is sent much gets a large one until it falls silent.
 *
 * @module
 */

/** A buffer with the one view through which PDUs are read. */
export interface ReceiveBuffer {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Its view. */
  readonly view: DataView;
}

/** Enough for commands without data. */
export const SMALL_RECEIVE_BYTES = 8192;
/** Enough for several PDUs with all the data we take. */
export const LARGE_RECEIVE_BYTES = 1048576;
/** A batch of fewer bytes does not need a large buffer. */
export const BUSY_BYTES = 8192;

const IDLE_SMALL_MAX = 64;
const IDLE_LARGE_MAX = 16;

/** Receive buffers, shared by all connections of a frontend. */
export class ReceiveBuffers {
  readonly #small: ReceiveBuffer[] = [];
  readonly #large: ReceiveBuffer[] = [];

  /** A buffer of the small or the large size; its content is stale. */
  take(large: boolean): ReceiveBuffer {
    const buffer = (large ? this.#large : this.#small).pop();
    if (buffer !== undefined) return buffer;
    const bytes = new Uint8Array(
      large ? LARGE_RECEIVE_BYTES : SMALL_RECEIVE_BYTES,
    );
    return { bytes, view: new DataView(bytes.buffer) };
  }

  /** Takes a buffer back. */
  give(buffer: ReceiveBuffer): void {
    const large = buffer.bytes.length === LARGE_RECEIVE_BYTES;
    const idle = large ? this.#large : this.#small;
    if (idle.length < (large ? IDLE_LARGE_MAX : IDLE_SMALL_MAX)) {
      idle.push(buffer);
    }
  }
}
