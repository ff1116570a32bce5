/**
 * What forwarding may hold, by formula.
 *
 * A node holds at the most, for each initiator of the other node
 * `DATA_IN_WINDOW_BYTES` of Data-In that are built and not confirmed and
 * `HELD_BYTES_MAX` of first Data-Out, and for each of its own initiators
 * `DATA_IN_WINDOW_BYTES` of Data-In that it does not take. Data-Out on their
 * way stand in buffers of the nexus (`NEXUS_BUFFER_BYTES` of the core), on
 * both nodes.
 *
 * @module
 */

/** Tasks that one node may have at the other at once. */
export const TASKS_MAX = 8192;

/** Initiators that one node may have told the other of. */
export const NEXUSES_MAX = 65536;

/** Functions that one node may have asked the other for at once. */
export const FUNCTIONS_MAX = 1024;

/** Data-In of one initiator that are on their way to the other node. */
export const DATA_IN_WINDOW_BYTES: number = 2 ** 20;

/** Data-In that are passed on before the other node hears of it. */
export const CREDIT_BYTES: number = DATA_IN_WINDOW_BYTES / 4;

/** Data that one frame carries, either way. */
export const PIECE_BYTES: number = 256 * 1024;

/** Room below which Data-In wait for more, unless they need less. */
export const PIECE_BYTES_MIN: number = 64 * 1024;

/** First Data-Out of waiting commands that are kept, per initiator. */
export const HELD_BYTES_MAX: number = 16 * 2 ** 20;

/** Slabs that are kept for the next Data-In. */
export const IDLE_SLABS_MAX = 32;
