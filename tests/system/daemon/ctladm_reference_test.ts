/**
 * Every subcommand of ctladm once, through real sockets, against a daemon with
 * a session: what is printed is laid out as CTL's administrators know it.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DaemonFolder } from "../../support/daemon.ts";
import { read10, STATUS } from "../../support/initiator/mod.ts";
import {
  ctladmTest,
  INITIATOR,
  openTo,
  printed,
  TARGET,
  textOf,
} from "./ctladm_support.ts";

const PATH = "(7:1:1/1): ";
const BYTE = "0x[0-9a-f]{2} ";

/** A line for ctladm, and all of its standard output. */
type Row = readonly [line: string, output: string | RegExp];

const SCSI: readonly Row[] = [
  ["tur 1 -C 1", `${PATH}Unit is ready\n`],
  [
    "inquiry 1",
    `${PATH}<FREEBSD CTLDISK 0001> Fixed Direct Access SPC-4 SCSI device\n`,
  ],
  ["devid 1", new RegExp(`^((${BYTE}){8}\n)+(${BYTE}){0,8}\n?$`)],
  [
    "reqsense 1",
    textOf(
      `${PATH}REQUEST SENSE. CDB: 03 00 00 00 fc 00 `,
      `${PATH}SCSI sense: NO SENSE asc:0,0 (No additional sense information)`,
    ),
  ],
  ["reportluns 1", textOf("2 LUNs returned", "0", "1")],
  [
    "lunlist",
    textOf(
      "(7:1:0/0): <FREEBSD CTLDISK 0001> Fixed Direct Access SPC-4 SCSI " +
        "device",
      `${PATH}<FREEBSD CTLDISK 0001> Fixed Direct Access SPC-4 SCSI device`,
    ),
  ],
  ["read 1 -l 0 -d 1 -b 512 -f FOLDER/block", ""],
  ["write 1 -l 8 -d 1 -b 512 -f FOLDER/block", ""],
  [
    "readcapacity 1",
    `${PATH}Disk Capacity: 8191, Blocksize: 512\n`,
  ],
  ["modesense 1 -l", /^Supported mode pages:\n(\d+\n)+$/],
  [
    "modesense 1 -m 8",
    /^0x88 0x12 (0x[0-9a-f]{1,2} ){14}\n(0x[0-9a-f]{1,2} ){4}\n$/,
  ],
  ["stop 1", `${PATH} LUN stopped successfully\n`],
  ["start 1", `${PATH} LUN started successfully\n`],
  ["synccache 1", `${PATH}Cache synchronized successfully\n`],
  ["prin 1 -a 0", "0x00 0x00 0x00 0x00 0x00 0x00 0x00 0x00 \n"],
  [
    "prout 1 -a 0 -s 0x123",
    `${PATH}PERSISTENT RESERVE OUT executed successfully\n`,
  ],
  [
    "reservations 1",
    textOf(
      "LUN 1: no reservation, generation 1, APTPL off",
      "  Port 1 key 0x123 ioctl0.0,i,7",
    ),
  ],
  ["rtpg 1", new RegExp(`^((${BYTE}){8}\n)+(${BYTE}){0,8}\n?$`)],
];

const BEYOND_CTL: readonly Row[] = [
  ["ha", "This node stands alone\n"],
  ["ha-role primary", ""],
  ["ha-init -d FOLDER/keys", /^Made a key and a certificate\.\n/],
  ["apply --dry-run FOLDER/ctl.conf", "Nothing would change\n"],
  ["copies", /^ {2}ID STATE .* WHAT\n$/],
  ["batch FOLDER/lines", `${PATH}Unit is ready\n`.repeat(2)],
  [
    "permissions --json -f FOLDER/ctl.conf",
    /"value": "\S+\/disk0",\n *"why": "lun \\"\S+,lun,0\\""/,
  ],
  ["top -n 1 -w 1", /^up .* LUNs 2 {3}sessions 1\n/],
  ["trace --blocked", "Nothing has been traced yet\n"],
];

const TEST_AIDS: readonly Row[] = [
  ["delay 1 -l done -t 1 -T oneshot", ""],
  ["delay 1 -l done -t 0", ""],
  [
    "inject 1 -i custom -p tur -s 8 {code}72 {key}v {asc}v 0x44 4",
    "Error injection succeeded, serial number is 0\n",
  ],
  ["inject 1 -d 0", ""],
  ["dumpooa", textOf("Dumping OOA queues", "OOA queues dump done")],
  ["dumpstructs", /^CTL Persistent Reservation information start:\n {2}LUN 1 /],
];

const LUNS_AND_PORTS: readonly Row[] = [
  [
    "create -b ramdisk -s 1m -o capacity=1m",
    textOf(
      "LUN created successfully",
      "backend:       ramdisk",
      "device type:   0",
      "LUN size:      1048576 bytes",
      "blocksize      512 bytes",
      "LUN ID:        2",
      "Serial Number: MYSERIAL0002",
      "Device ID:     MYDEVID0002",
    ),
  ],
  [
    "modify -b ramdisk -l 2 -s 2m -o capacity=2m",
    "LUN 2 modified successfully\n",
  ],
  [
    "devlist -b ramdisk",
    textOf(
      "LUN Backend       Size (Blocks)   BS Serial Number    Device ID       ",
      "  1 ramdisk                8192  512 SERIAL4          DEVICE4         ",
      "  2 ramdisk                4096  512 MYSERIAL0002     MYDEVID0002     ",
    ),
  ],
  ["remove -b ramdisk -l 2", "LUN 2 removed successfully\n"],
  [
    "port -c -d ioctl -O pp=11 -O vp=12",
    textOf("Port created successfully", "frontend: ioctl", "port:     4"),
  ],
  ["port -o off -p 4", "Front End Ports disabled\n"],
  ["lunmap -p 4 -l 0 -L 1", ""],
  [
    "portlist -q -l -f ioctl",
    textOf(
      "1    YES    ioctl    ioctl    0  0  ",
      "  All LUNs mapped",
      "4    NO     ioctl    ioctl    11 12 ",
      "  LUN 0: 1",
    ),
  ],
  ["port -r -p 4", "Port destroyed successfully\n"],
  ["load nothing-of-that-kind", /^$/],
  ["unload ramdisk", /^$/],
  ["completion bash", /^_ctladm\(\) \{/],
];

const SESSIONS: readonly Row[] = [
  [
    "islist",
    textOf(
      "  ID Portal           Initiator name                       " +
        "Target name                         ",
      `   1 127.0.0.1        ${INITIATOR.padEnd(36)} ${TARGET.padEnd(36)}`,
    ),
  ],
  [
    `explain 0 ${INITIATOR}`,
    new RegExp(
      `^LUN 0 for ${INITIATOR}:\nPort 1 .*: not visible\n.*\n(.*\n)*` +
        `Port 3 \\(iscsi ${TARGET}\\): visible as LUN 0\n  session `,
    ),
  ],
  ["islogout -c 1", "iSCSI logout requests submitted\n"],
  ["isterminate -a", "iSCSI connections terminated\n"],
  ["nvlist", /^ {2}ID Transport {8}HostNQN {30}SubNQN {30}\n$/],
  ["help tur", /^tur: ask whether a LUN is ready\n/],
];

/** Lines that fail: they have no standard output, and exit with 1. */
const FAILING: ReadonlyMap<string, RegExp> = new Map([
  ["load nothing-of-that-kind", /^ctladm: .*nothing-of-that-kind/],
  ["ha-role primary", /^ctladm: this node stands alone: "ha \{ … \}"/],
  ["unload ramdisk", /^ctladm: Cannot unload plugin "ramdisk": LUN 1 uses/],
]);

async function drive(
  folder: DaemonFolder,
  rows: readonly Row[],
): Promise<string[]> {
  for (const [line, output] of rows) {
    const words = line.replace("FOLDER", folder.path).split(" ");
    // The words of `-s` that belong together.
    const joined = line.startsWith("inject 1 -i custom")
      ? [...words.slice(0, 8), words.slice(8, 11).join(" "), ...words.slice(11)]
      : words;
    const { code, stdout, stderr } = await folder.ctladm(...joined);
    const failing = FAILING.get(line);
    assertEquals([line, code], [line, failing === undefined ? 0 : 1]);
    if (failing === undefined) assertEquals([line, stderr], [line, ""]);
    else assertMatch(stderr, failing);
    if (typeof output !== "string") assertMatch(stdout, output, line);
    else assertEquals(stdout, output, line);
  }
  return rows.map(([line]) => line.split(" ")[0] ?? "");
}

ctladmTest("every subcommand against a daemon", async (folder, port) => {
  const events = folder.ctladm("events", "-n", "1", "--json");
  await Deno.writeTextFile(`${folder.path}/lines`, "tur 1\n# twice\ntur 1\n");
  await using _session = await openTo(port);
  const driven = [
    ...await drive(folder, SCSI),
    ...await drive(folder, BEYOND_CTL),
    ...await drive(folder, TEST_AIDS),
    ...await drive(folder, LUNS_AND_PORTS),
    ...await drive(folder, SESSIONS),
  ];
  const { code, stdout } = await events;
  assertEquals([code, typeof JSON.parse(stdout).id], [0, "number"]);
  const shutdown = await printed(folder, "shutdown");
  assertEquals(shutdown, "The daemon is shutting down\n");
  const { stdout: usage } = await folder.ctladm("help");
  const [, commands = ""] = usage.split("Primary commands:\n", 2);
  const [table = ""] = commands.split("General Options:");
  const names = [...table.matchAll(/^ +ctladm (\S+)/gm)]
    .map(([, name = ""]) => name);
  const left = names.filter((name) => !driven.includes(name));
  // Of NVMe there is nothing to end, and adddev is a word and no more.
  const without = ["adddev", "events", "nvterminate", "shutdown"];
  assertEquals(left.sort(), without);
});

ctladmTest("inject and delay act on an initiator", async (folder, port) => {
  await using session = await openTo(port);
  const lun = 4;
  const read = () => session.command(lun, read10(0, 1), { read: 512 });
  const words = "inject 1 -i mediumerr -p read -r 0,1 -c".split(" ");
  await printed(folder, ...words);
  // The first command to a LUN is told of the power on, ahead of all else.
  await read();
  for (const _ of [1, 2]) assertEquals((await read()).sense, "3/11/00");
  const beyond = await session.command(lun, read10(1, 1), { read: 512 });
  assertEquals(beyond.status, STATUS.GOOD);
  await printed(folder, "inject", "1", "-d", "0");
  assertEquals((await read()).status, STATUS.GOOD);

  await printed(folder, ..."delay 1 -l datamove -t 1".split(" "));
  const startedMs = performance.now();
  const slow = session.start(lun, read10(0, 1), { read: 512 });
  await session.ping();
  assert(!slow.done);
  assertEquals((await slow.result()).status, STATUS.GOOD);
  assert(performance.now() - startedMs >= 900);
});
