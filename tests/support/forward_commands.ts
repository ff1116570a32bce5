/**
 * Commands that tests of forwarding send to LUN 0.
 *
 * @module
 */

import { read10, write10 } from "./initiator/cdb_block.ts";
import type { CommandResult, LocalInitiator } from "./local_initiator.ts";

/** Bytes of a block. */
export const BLOCK = 512;

/** Sense of ASYMMETRIC ACCESS STATE TRANSITION. */
export const RETRY = "2/04/0a";

/** Reads blocks. */
export function read(
  by: LocalInitiator,
  lba: number,
  blocks: number,
): Promise<CommandResult> {
  return by.command(0, read10(lba, blocks), { read: blocks * BLOCK });
}

/** Writes blocks. */
export function write(
  by: LocalInitiator,
  lba: number,
  data: Uint8Array,
): Promise<CommandResult> {
  return by.command(0, write10(lba, data.length / BLOCK), { write: data });
}
