import { assertEquals } from "@std/assert";
import { FLAG, type Nexus, type NexusName } from "../../../core/mod.ts";
import { Reservations } from "../../../core/reservations.ts";
import { TaskMaker } from "../../support/core_tasks.ts";

// Classes of commands by the flags of the command table (scsi-commands.md, 2).
const CLASSES = {
  "no flag (WRITE)": 0,
  "R (INQUIRY)": FLAG.RESERVED,
  "PW (READ)": FLAG.WRITE_EXCLUSIVE,
  "PR (TEST UNIT READY)": FLAG.PERSISTENT,
  "R PR (PERSISTENT RESERVE)": FLAG.RESERVED | FLAG.PERSISTENT,
} as const;

const maker = new TaskMaker(3);
const [holder, registrant, stranger] = maker.nexuses as [Nexus, Nexus, Nexus];

function reserved(type: number): Reservations {
  const reservations = new Reservations();
  const register = (initiator: NexusName) =>
    reservations.persistent.register({
      initiator,
      key: 0n,
      actionKey: 1n,
      scope: 0,
      type,
    }, false);
  register(holder.initiator);
  register(registrant.initiator);
  reservations.persistent.reserve({
    initiator: holder.initiator,
    key: 1n,
    actionKey: 0n,
    scope: 0,
    type,
  });
  return reservations;
}

/** Who conflicts with a command that may be refused at all. */
const CONFLICTS: Readonly<Record<number, readonly Nexus[]>> = {
  1: [registrant, stranger],
  3: [registrant, stranger],
  5: [stranger],
  6: [stranger],
  7: [stranger],
  8: [stranger],
};

for (const [type, refused] of Object.entries(CONFLICTS)) {
  for (const [name, flags] of Object.entries(CLASSES)) {
    Deno.test(`a reservation of type ${type} against ${name}`, () => {
      const reservations = reserved(Number(type));
      const exclusiveWrites = [1, 5, 7].includes(Number(type));
      const exempt = (flags & FLAG.PERSISTENT) !== 0 ||
        ((flags & FLAG.WRITE_EXCLUSIVE) !== 0 && exclusiveWrites);
      for (const nexus of [holder, registrant, stranger]) {
        const expected = !exempt && refused.includes(nexus);
        assertEquals(reservations.conflicts(nexus, flags), expected);
      }
    });
  }
}

for (const [name, flags] of Object.entries(CLASSES)) {
  Deno.test(`a RESERVE against ${name}`, () => {
    const reservations = new Reservations();
    reservations.holder = holder;
    assertEquals(reservations.conflicts(holder, flags), false);
    const expected = (flags & FLAG.RESERVED) === 0;
    assertEquals(reservations.conflicts(stranger, flags), expected);
  });
}

Deno.test("Reservations are in force when either kind is", () => {
  assertEquals(new Reservations().inForce, false);
  assertEquals(reserved(5).inForce, true);
  const reservations = new Reservations();
  reservations.holder = holder;
  assertEquals(reservations.inForce, true);
  reservations.dropHolder(stranger);
  assertEquals(reservations.inForce, true);
  reservations.dropHolder(holder);
  assertEquals(reservations.inForce, false);
});
