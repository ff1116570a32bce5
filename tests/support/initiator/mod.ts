/**
 * An iSCSI initiator for tests. It shares no code with the target, so that a
 * mistake of one does not hide in the other.
 *
 * ```ts ignore
 * await using session = await openSession({ portal, targetName });
 * const { data, status } = await session.command(0, inquiry(), { read: 255 });
 * ```
 *
 * From the wire up: {@linkcode Pdu} and the request builders put any bytes
 * together; {@linkcode Connection} carries them; {@linkcode LoginExchange}
 * logs in request by request, {@linkcode login} by itself;
 * {@linkcode Session} is the full feature phase.
 *
 * @module
 */

export * from "./chap.ts";
export * from "./codes.ts";
export * from "./command.ts";
export * from "./connection.ts";
export * from "./crc32c.ts";
export * from "./data_in.ts";
export * from "./discovery.ts";
export * from "./login.ts";
export * from "./login_exchange.ts";
export * from "./memory_stream.ts";
export * from "./negotiation.ts";
export * from "./pdu.ts";
export * from "./request_channel.ts";
export * from "./requests.ts";
export * from "./scsi.ts";
export * from "./session.ts";
export * from "./session_numbers.ts";
export * from "./text.ts";
