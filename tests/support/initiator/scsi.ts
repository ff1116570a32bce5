/**
 * SCSI as the tests speak it: CDB builders, sense data and small answers, for
 * tests that need no iSCSI.
 *
 * @module
 */

export * from "./cdb.ts";
export * from "./cdb_block.ts";
export * from "./cdb_copy.ts";
export * from "./cdb_primary.ts";
export * from "./cdb_reservations.ts";
export * from "./scsi_data.ts";
export * from "./sense.ts";
