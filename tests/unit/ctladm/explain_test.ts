import { assert, assertEquals } from "@std/assert";
import type { AuthGroup } from "../../../mod.ts";
import { rowsTest, withDisk } from "../../support/ctladm_rows.ts";
import type { MemoryDaemon } from "../../support/memory_daemon.ts";

const HOST = "iqn.2026-01.test:host";
const TARGET = "iqn.2026-01.test:target";
const FIRST = "UNIT ATTENTION asc:29,0 (Power on, reset, or bus device " +
  "reset occurred) (unit attention)";
const OPEN = "nothing is in its way";

const EVERYBODY: AuthGroup = {
  type: "none",
  credentials: new Map(),
  initiatorNames: new Set(),
  admitsAddress: () => true,
};

async function addTarget(
  machine: MemoryDaemon,
  group: Partial<AuthGroup>,
  redirect?: string,
): Promise<void> {
  const iscsi = await machine.daemon.iscsi();
  iscsi.setPortalGroup({
    name: "pg0",
    tag: 1,
    discoveryAuthGroup: EVERYBODY,
    discoveryFilter: "none",
    portals: [],
  });
  iscsi.createPort({
    target: TARGET,
    portalGroup: "pg0",
    tag: 1,
    access: {
      authGroup: { ...EVERYBODY, ...group },
      redirect,
      portalGroups: ["pg0"],
    },
  }).setOnline(true);
}

async function reasonsFor(machine: MemoryDaemon, words = "") {
  const { lines } = await machine.ctladm(`explain 0 ${words} ${HOST}`);
  return lines.filter((line) => line.startsWith("  because"))
    .map((line) => line.slice("  because ".length));
}

rowsTest("ctladm explain tells a local initiator what it sees", [
  {
    line: "explain 0 7",
    out: [
      "LUN 0 for 7:",
      "Port 1 (ioctl ioctl): visible as LUN 0",
      "  session ioctl0.0,i,7",
      `  TEST UNIT READY: ${OPEN}`,
      `  READ(10): ${OPEN}`,
      `  WRITE(10): ${OPEN}`,
    ],
  },
  {
    line: "lunmap -p 1 -l 4 -L 0",
  },
  {
    line: "explain 0 ioctl0.0,i,8",
    out: [
      "LUN 0 for ioctl0.0,i,8:",
      "Port 1 (ioctl ioctl): visible as LUN 4",
      `  TEST UNIT READY: ${FIRST}`,
      `  READ(10): ${FIRST}`,
      `  WRITE(10): ${FIRST}`,
    ],
  },
  { line: "lunmap -p 1 -l 4" },
  { line: "port -o off -p 1", out: ["Front End Ports disabled"] },
  {
    line: "explain 0 8",
    out: [
      "LUN 0 for 8:",
      "Port 1 (ioctl ioctl): not visible",
      "  because the port is off line",
      "  because the LUN map of the port does not hold LUN 0",
    ],
  },
  {
    line: "explain 5 8",
    code: 1,
    err: ["ctladm: LUN 5 does not exist"],
  },
  {
    line: "explain 0",
    code: 1,
    err: ["ctladm: name the initiator: its iSCSI name, or a number"],
  },
]);

/** What is done first, and what then stands in the way of a write. */
const OBSTACLES: readonly (readonly [
  lines: readonly string[],
  write: string,
])[] = [
  [
    ["stop 0"],
    "NOT READY asc:4,2 (Logical unit not ready, initializing command " +
    "required) (unit state)",
  ],
  [
    ["modify -b ramdisk -l 0 -s 4m -o capacity=8m -o readonly=on"],
    "UNIT ATTENTION asc:2a,9 (Capacity data has changed) (unit attention), " +
    "then DATA PROTECT asc:27,1 (Hardware write protected) (unit state)",
  ],
  [
    ["tur 0 -I 8", "prout 0 -I 8 -a 0 -s 1", "prout 0 -I 8 -a 1 -k 1 -r 0"],
    "Reservation Conflict (reservation)",
  ],
];

for (const [lines, write] of OBSTACLES) {
  Deno.test(`ctladm explain foresees ${write}`, () =>
    withDisk(async (machine) => {
      for (const line of lines) {
        assertEquals((await machine.ctladm(line)).code, 0);
      }
      const before = await machine.ctladm("explain 0 7");
      assertEquals(before.lines.at(-1), `  WRITE(10): ${write}`);
      // It has reported nothing and changed nothing.
      assertEquals(await machine.ctladm("explain 0 7"), before);
    }));
}

Deno.test("ctladm explain: what it foresees is what happens", () =>
  withDisk(async (machine) => {
    await machine.ctladm(
      "modify -b ramdisk -l 0 -s 4m -o capacity=8m -o readonly=on",
    );
    machine.files.set("z", new Uint8Array(512));
    const write = "write 0 -l 0 -d 1 -b 512 -c 10 -f z";
    const senses = [];
    for (const _ of [1, 2]) {
      const { errors } = await machine.ctladm(write);
      senses.push(errors.at(-1)?.replace(/^.*sense: /, ""));
    }
    assertEquals(senses, [
      "UNIT ATTENTION asc:2a,9 (Capacity data has changed)",
      "DATA PROTECT asc:27,1 (Hardware write protected)",
    ]);
  }));

const LOGINS: readonly (readonly [
  group: Partial<AuthGroup>,
  words: string,
  reason: string,
])[] = [
  [{}, "", "there is no session; it may log in: no proof is asked for"],
  [
    { type: "chap" },
    "",
    "there is no session; it may log in: CHAP is asked for",
  ],
  [
    { type: "deny" },
    "",
    "there is no session, and a login is refused: the auth-group denies " +
    "everyone",
  ],
  [
    { initiatorNames: new Set(["iqn.2026-01.test:other"]) },
    "",
    "there is no session, and a login is refused: the auth-group does not " +
    "allow this name or address",
  ],
  [
    { admitsAddress: (address) => address === "192.0.2.1" },
    "",
    "there is no session, and a login is refused: the auth-group looks at " +
    "the initiator's address, which is not known",
  ],
  [
    { admitsAddress: (address) => address === "192.0.2.1" },
    "-a 192.0.2.1",
    "there is no session; it may log in: no proof is asked for",
  ],
  [
    { admitsAddress: (address) => address === "192.0.2.1" },
    "-a 192.0.2.2",
    "there is no session, and a login is refused: the auth-group does not " +
    "allow this name or address",
  ],
];

for (const [group, words, reason] of LOGINS) {
  Deno.test(`ctladm explain ${words}: ${reason}`, () =>
    withDisk(async (machine) => {
      await addTarget(machine, group);
      assertEquals(await reasonsFor(machine, words), [
        "only programs on this machine reach the port",
        reason,
      ]);
    }));
}

Deno.test("ctladm explain tells of a redirection", () =>
  withDisk(async (machine) => {
    await addTarget(machine, {}, "192.0.2.9:3260");
    const [, reason] = await reasonsFor(machine);
    assertEquals(
      reason,
      "there is no session, and a login is refused: redirected to " +
        "192.0.2.9:3260",
    );
  }));

rowsTest("ctladm reservations shows keys, holder, type and RESERVE", [
  {
    line: "reservations",
    out: ["LUN 0: no reservation, generation 0, APTPL off"],
  },
  { line: "tur 0 -I 8 -C 1", out: ["(8:1:0/0): Unit is ready"] },
  {
    line: "prout 0 -a 0 -s 0x123",
    out: ["(7:1:0/0): PERSISTENT RESERVE OUT executed successfully"],
  },
  {
    line: "prout 0 -I 8 -a 0 -s 0x456",
    out: ["(8:1:0/0): PERSISTENT RESERVE OUT executed successfully"],
  },
  {
    line: "prout 0 -a 1 -k 0x123 -r 2",
    out: ["(7:1:0/0): PERSISTENT RESERVE OUT executed successfully"],
  },
  {
    line: "reservations 0",
    out: [
      "LUN 0: write exclusive, registrants only, generation 2, APTPL off",
      "  Port 1 key 0x123 ioctl0.0,i,7 (holder)",
      "  Port 1 key 0x456 ioctl0.0,i,8",
    ],
  },
  {
    line: "reservations 3",
    code: 1,
    err: ["ctladm: LUN 3 does not exist"],
  },
  {
    line: "reservations x",
    code: 1,
    err: ['ctladm: invalid lun "x": expected a number'],
  },
]);

Deno.test("ctladm reservations tells of a RESERVE, in JSON too", () =>
  withDisk(async (machine) => {
    const ioctl = await machine.daemon.ioctl();
    const { status } = await ioctl.initiator(1, 7)
      .execute({ lun: 0, cdb: Uint8Array.fromHex("160000000000") });
    assertEquals(status, 0);
    assertEquals((await machine.ctladm("reservations 0")).lines, [
      "LUN 0: no reservation, generation 0, APTPL off",
      "  RESERVE held by ioctl0.0,i,7 at port 1",
    ]);
    const { lines } = await machine.ctladm("reservations --json");
    const [one] = JSON.parse(lines.join("\n"));
    assert(one.reserve.port === 1 && one.type === null);
    const { lines: others } = await machine.ctladm("explain 0 9");
    assertEquals(
      others.at(-1),
      `  WRITE(10): ${FIRST}, then Reservation Conflict (reservation)`,
    );
  }));

Deno.test("ctladm explain foresees what a sanitize refuses", () =>
  withDisk(async (machine) => {
    await machine.ctladm(
      "modify -b ramdisk -l 0 -o capacity=8m -o sanitize_rate=1m",
    );
    const ioctl = await machine.daemon.ioctl();
    const initiator = ioctl.initiator(1, 7);
    // SANITIZE, OVERWRITE with IMMED: one pass of a pattern of four zeroes.
    const { status } = await initiator.execute({
      lun: 0,
      cdb: Uint8Array.fromHex("48810000000000000800"),
      dataOut: Uint8Array.fromHex("0100000400000000"),
    });
    assertEquals(status, 0);
    const { lines } = await machine.ctladm("explain 0 7");
    assertEquals(
      lines.at(-1),
      "  WRITE(10): NOT READY asc:4,1b (Logical unit not ready, sanitize in " +
        "progress) (unit state)",
    );
  }));

Deno.test("ctladm explain foresees a medium that is out", () =>
  withDisk(async (machine) => {
    machine.daemon.target.luns.get(0)?.eject();
    const { lines } = await machine.ctladm("explain 0 7");
    assertEquals(
      lines.at(-1),
      "  WRITE(10): NOT READY asc:3a,2 (Medium not present - tray open) " +
        "(unit state)",
    );
  }));
