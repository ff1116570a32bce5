/**
 * Limits of an HBA, with CTL's numbers where it has them.
 *
 * @module
 */

/** Accept-target-I/O blocks: commands that a port takes at a time. */
export const ATIOS_DEFAULT = 1024;
/** Immediate-notify blocks: functions that it takes at a time. */
export const INOTS_DEFAULT = 1024;
/** Entries of a scatter/gather list. */
export const SEGMENTS_MAX = 32;
/** Bytes of one entry: one frame. */
export const SEGMENT_BYTES: number = 64 * 1024;
/** Bytes that one CTIO moves, unless the port says otherwise. */
export const MAX_IO_DEFAULT: number = 2 ** 20;
/** Milliseconds until a CTIO of which nothing is heard is tried again. */
export const CTIO_TIMEOUT_MS = 5000;
/** Times that it is tried again. */
export const CTIO_RETRIES_MAX = 2;
/** Times that an initiator may ask for the data of one CTIO again. */
export const RETRANSMISSIONS_MAX = 64;
/** Bytes of Data-In that one login may have in CTIOs. */
export const LOGIN_CTIO_BYTES_MAX: number = 4 * 2 ** 20;
/** Output after which a login is not read before it has taken that. */
export const OUTPUT_BYTES_MAX: number = 2 ** 20;
/** Responses that a login can ask for again. */
export const RESPONSES_KEPT = 64;
/**
 * What a login may waste in a second: frames for nothing cost one, resets and
 * their kin more. Then it is not read until the next second.
 */
export const WASTE_MAX = 4096;
/** Cost of a function that ends commands of others: 32 in a second. */
export const RESET_WASTE = 128;
/** Logins of a port, unless it says otherwise. */
export const LOGINS_DEFAULT = 256;
/** Connections that have not logged in yet; the oldest makes room. */
export const CONNECTIONS_WAITING_MAX = 64;
/** Milliseconds until a connection has to have logged in. */
export const LOGIN_MS_MAX = 10_000;
/** Commands that a login may have where a unit is crowded. */
export const CROWDED_TASKS = 16;
