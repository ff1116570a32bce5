/**
 * What the tests of a pair ask its nodes, in short words.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type CommandOptions,
  modeSelect6,
  modeSense6,
  persistentReserveIn,
  type PersistentReserveList,
  persistentReserveList,
  persistentReserveOut,
  PR_IN,
  read10,
  type Session,
  STATUS,
  write10,
} from "../../support/initiator/mod.ts";

/** All modes with a link. */
export const ALL_MODES = ["standby", "shared", "proxy"] as const;
/** Those in which media commands go through both nodes. */
export const ACTIVE_MODES = ["shared", "proxy"] as const;

/** Two initiators. */
export const A = { initiatorName: "iqn.2026-01.test.dtl:a" };
/** The other one. */
export const B = { initiatorName: "iqn.2026-01.test.dtl:b" };

const { GOOD } = STATUS;

/** How a command ended: `good`, `conflict`, `busy`, or its sense. */
export async function outcome(
  session: Session,
  cdb: Uint8Array,
  options?: CommandOptions,
): Promise<string> {
  const { status, sense } = await session.command(0, cdb, options);
  if (sense !== "") return sense;
  if (status === GOOD) return "good";
  if (status === STATUS.RESERVATION_CONFLICT) return "conflict";
  return status === STATUS.BUSY ? "busy" : `status ${status}`;
}

/** Writes a block. */
export function write(session: Session, lba = 0, byte = 0): Promise<string> {
  const block = new Uint8Array(512).fill(byte);
  return outcome(session, write10(lba, 1), { write: block });
}

/** Reads a block. */
export function read(session: Session, lba = 0): Promise<string> {
  return outcome(session, read10(lba, 1), { read: 512 });
}

/** PERSISTENT RESERVE OUT. */
export function reserveOut(
  session: Session,
  action: number,
  { type = 0, ...list }: PersistentReserveList & { type?: number },
): Promise<string> {
  const cdb = persistentReserveOut(action, type);
  return outcome(session, cdb, { write: persistentReserveList(list) });
}

/** Keys, reservation and full status as bytes in hexadecimal. */
export async function reservationsOf(session: Session): Promise<string[]> {
  const texts: string[] = [];
  for (const action of [PR_IN.READ_KEYS, PR_IN.READ_RESERVATION, 3]) {
    const cdb = persistentReserveIn(action);
    const { status, data, sense } = await session
      .command(0, cdb, { read: 4096 });
    assertEquals(status, GOOD, sense);
    texts.push(data.toHex());
  }
  return texts;
}

/** Keys that are registered, in order, and the type of the reservation. */
export async function heldBy(
  session: Session,
): Promise<{ keys: bigint[]; generation: number; type: number | null }> {
  const ask = async (action: number) => {
    const { data, sense } = await session
      .command(0, persistentReserveIn(action), { read: 4096 });
    assertEquals(sense, "");
    return new DataView(data.buffer, data.byteOffset, data.byteLength);
  };
  const keys = await ask(PR_IN.READ_KEYS);
  const count = keys.getUint32(4) / 8;
  const held = await ask(PR_IN.READ_RESERVATION);
  return {
    keys: Array.from(
      { length: count },
      (_, index) => keys.getBigUint64(8 + index * 8),
    ).sort((a, b) => Number(a - b)),
    generation: keys.getUint32(0),
    type: held.getUint32(4) === 0 ? null : held.getUint8(21) & 0x0f,
  };
}

const CONTROL = 0x0a;
const CONTROL_LENGTH = 12;
/** Where SWP stands in a mode parameter list without block descriptors. */
const SWP_AT = 4 + 4;
const SWP = 0x08;

/** Sets or takes back software write protection (SPC-5 7.5.13). */
export async function protect(
  session: Session,
  on: boolean,
  save = false,
): Promise<string> {
  const cdb = modeSense6({ page: CONTROL, noBlockDescriptors: true });
  const { data } = await session.command(0, cdb, { read: 255 });
  const list = data.slice(0, 4 + CONTROL_LENGTH);
  list.fill(0, 0, 4);
  list[4] = CONTROL;
  list[SWP_AT] = (list[SWP_AT] ?? 0) & ~SWP | (on ? SWP : 0);
  const select = modeSelect6(list.length, save);
  return await outcome(session, select, { write: list });
}

/** Whether MODE SENSE shows software write protection. */
export async function isProtected(session: Session): Promise<boolean> {
  const cdb = modeSense6({ page: CONTROL, noBlockDescriptors: true });
  const { data, sense } = await session.command(0, cdb, { read: 255 });
  assertEquals(sense, "");
  return ((data[SWP_AT] ?? 0) & SWP) !== 0;
}
