import { assertEquals } from "@std/assert";
import { DEVICE_TYPE, maskOfDeviceType } from "../../../../core/mod.ts";
import {
  type LunWish,
  targetTest,
  type TestTarget,
} from "../../../support/core_target.ts";
import type { LocalInitiator } from "../../../support/local_initiator.ts";
import {
  codesOf,
  maskOf,
  REFERENCE_ROWS,
  type ReferenceRow,
} from "./reference_rows.ts";

// What REPORT SUPPORTED OPERATION CODES answers is the reference, byte for
// byte, for units that offer all that their device type can.

const UNITS: Readonly<Record<string, LunWish>> = {
  disk: { options: { removable: "on" } },
  processor: { backend: "controlled", deviceType: DEVICE_TYPE.PROCESSOR },
  CD: { deviceType: DEVICE_TYPE.CD },
};

const LENGTH = 65535;

async function ask(
  a: LocalInitiator,
  option: number,
  [opcode, action = 0]: [number, number | undefined] = [0, 0],
): Promise<Uint8Array> {
  const cdb = new Uint8Array(12);
  const view = new DataView(cdb.buffer);
  cdb.set([0xa3, 0x0c, option, opcode]);
  view.setUint16(4, action);
  view.setUint32(6, LENGTH);
  const { data } = await a.command(0, cdb, { read: LENGTH });
  return data;
}

/** Rows that a unit offers, in the order of their codes. */
function rowsOf({ target }: TestTarget): ReferenceRow[] {
  const unit = target.luns.get(0);
  return REFERENCE_ROWS
    .filter((reference) => {
      const row = target.commands.get(...codesOf(reference));
      if (row === undefined || unit === undefined) return false;
      const mask = maskOfDeviceType(unit.deviceType);
      const offered = row.supported?.(unit) ?? true;
      return (maskOf(reference) & mask) !== 0 && offered;
    })
    .sort((one, other) => one.code < other.code ? -1 : 1);
}

function describe(row: ReferenceRow): string {
  const [opcode, action] = codesOf(row);
  const hex = (value: number, digits: number) =>
    value.toString(16).padStart(digits, "0");
  const grouped = action === undefined ? 0 : 1;
  return `${hex(opcode, 2)}00${hex(action ?? 0, 4)}00${hex(grouped, 2)}` +
    hex(row.length, 4);
}

for (const [name, wish] of Object.entries(UNITS)) {
  targetTest(`RSOC lists the commands of a ${name}`, async (test) => {
    await test.addLun(wish);
    const a = await test.connectReady("a");
    // Those of variable length are told when they are asked for.
    const rows = rowsOf(test).filter(({ length }) => length <= 16);
    const all = (await ask(a, 0)).toHex();
    assertEquals(
      all.slice(8).match(/.{16}/g),
      rows.map(describe),
    );
    assertEquals(parseInt(all.slice(0, 8), 16), 8 * rows.length);
  });

  targetTest(`RSOC tells each CDB of a ${name}`, async (test) => {
    await test.addLun(wish);
    const a = await test.connectReady("a");
    for (const row of rowsOf(test)) {
      const codes = codesOf(row);
      const [opcode, action] = codes;
      const cdb = Uint8Array.of(opcode, ...row.usage).toHex();
      const length = row.length.toString(16).padStart(4, "0");
      const wanted = `0003${length}${cdb}`;
      for (const option of [action === undefined ? 1 : 2, 3]) {
        assertEquals((await ask(a, option, codes)).toHex(), wanted, row.code);
      }
    }
  });
}
