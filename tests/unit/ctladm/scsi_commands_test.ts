import { assertEquals } from "@std/assert";
import { rowsTest, withDisk } from "../../support/ctladm_rows.ts";

rowsTest("ctladm tur, start, stop", [
  { line: "tur 0", out: ["(7:1:0/0): Unit is ready"] },
  { line: "stop 0", out: ["(7:1:0/0):  LUN stopped successfully"] },
  {
    line: "tur 0",
    err: [
      "(7:1:0/0): TEST UNIT READY. CDB: 00 00 00 00 00 00 ",
      "(7:1:0/0): Tag: 0x0004, Type: 1",
      "(7:1:0/0): CTL Status: SCSI Error",
      "(7:1:0/0): SCSI Status: Check Condition",
      "(7:1:0/0): SCSI sense: NOT READY asc:4,2 (Logical unit not ready, " +
      "initializing command required)",
    ],
  },
  { line: "sta 0 -i", out: ["(7:1:0/0):  LUN started successfully"] },
  { line: "t 0", out: ["(7:1:0/0): Unit is ready"] },
]);

rowsTest("ctladm sends a command again while it fails", [
  {
    line: "tur 0 -I 8",
    err: [
      "(8:1:0/0): TEST UNIT READY. CDB: 00 00 00 00 00 00 ",
      "(8:1:0/0): Tag: 0x0001, Type: 1",
      "(8:1:0/0): CTL Status: SCSI Error",
      "(8:1:0/0): SCSI Status: Check Condition",
      "(8:1:0/0): SCSI sense: UNIT ATTENTION asc:29,0 (Power on, reset, or " +
      "bus device reset occurred)",
    ],
  },
  { line: "tur 0 -I 9 -C 1", out: ["(9:1:0/0): Unit is ready"] },
]);

rowsTest("ctladm wants a LUN where one is needed", [
  {
    line: "inquiry 5",
    out: [
      "(7:1:5/4294967295): <FREEBSD CTLDISK 0001> Fixed Uninstalled SPC-4 " +
      "SCSI device (LUN not supported)",
    ],
  },
]);

Deno.test("ctladm refuses a SCSI command without a LUN", () =>
  withDisk(async (machine) => {
    for (const line of ["tur", "tur x", "read -l 0"]) {
      const { code, lines, errors } = await machine.ctladm(line);
      const [word] = line.split(" ");
      assertEquals(
        [code, lines[0], errors],
        [1, "Usage:", [`ctladm: option ${word} requires a lun argument`]],
      );
    }
  }));

rowsTest("ctladm inquiry, lunlist, reportluns", [
  {
    line: "inquiry 0",
    out: [
      "(7:1:0/0): <FREEBSD CTLDISK 0001> Fixed Direct Access SPC-4 SCSI device",
    ],
  },
  {
    line: "lunlist",
    out: [
      "(7:1:0/0): <FREEBSD CTLDISK 0001> Fixed Direct Access SPC-4 SCSI device",
    ],
  },
  { line: "reportluns 0", out: ["1 LUNs returned", "0"] },
  { line: "rep 0 --json", out: ["[", "  0", "]"] },
]);

rowsTest("ctladm reqsense shows the command and the sense", [
  {
    line: "reqsense 0",
    out: [
      "(7:1:0/0): REQUEST SENSE. CDB: 03 00 00 00 fc 00 ",
      "(7:1:0/0): SCSI sense: NO SENSE asc:0,0 (No additional sense " +
      "information)",
    ],
  },
]);

rowsTest("ctladm readcapacity", [
  {
    line: "readcapacity 0",
    out: ["(7:1:0/0): Disk Capacity: 16383, Blocksize: 512"],
  },
  {
    line: "readcap 0 -c 16",
    out: ["(7:1:0/0): Disk Capacity: 16383, Blocksize: 512"],
  },
  {
    line: "readc 0 --json",
    out: ["{", '  "lastLba": 16383,', '  "blockLength": 512', "}"],
  },
  {
    line: "readcapacity 0 -c 12",
    code: 1,
    err: ["ctladm: invalid cdbsize 12, valid sizes are 10 and 16"],
  },
]);

rowsTest("ctladm synccache", [
  { line: "synccache 0", out: ["(7:1:0/0): Cache synchronized successfully"] },
  {
    line: "sy 0 -c 16 -l 8 -b 8",
    out: ["(7:1:0/0): Cache synchronized successfully"],
  },
  {
    line: "synccache 0 -l 0x100000000",
    err: [
      "(7:1:0/0): SYNCHRONIZE CACHE(16). CDB: 91 00 00 00 00 01 00 00 00 00 " +
      "00 00 00 00 00 00 ",
      "(7:1:0/0): Tag: 0x0004, Type: 1",
      "(7:1:0/0): CTL Status: SCSI Error",
      "(7:1:0/0): SCSI Status: Check Condition",
      "(7:1:0/0): SCSI sense: ILLEGAL REQUEST asc:21,0 (Logical block address " +
      "out of range)",
    ],
  },
]);

rowsTest("ctladm devid and rtpg dump bytes, eight a line", [
  {
    line: "rtpg 0",
    out: [
      "0x00 0x00 0x00 0x0c 0x00 0x8f 0x00 0x01 ",
      "0x00 0x02 0x00 0x01 0x00 0x00 0x00 0x01 ",
    ],
  },
]);

Deno.test("ctladm devid dumps the whole page and no more", () =>
  withDisk(async (machine) => {
    const { code, lines } = await machine.ctladm("devid 0");
    assertEquals(code, 0);
    const bytes = lines.join("").trim().split(" ").map(Number);
    const length = 4 + (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0);
    assertEquals([bytes[1], bytes.length], [0x83, length]);
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
    assertEquals(hex.join("").includes("3102030405060708"), true);
  }));

rowsTest("ctladm modesense", [
  {
    line: "modesense 0 -m 8 -d",
    out: [
      "0x88 0x12 0x10 0x0 0xff 0xff 0x0 0x0 0xff 0xff 0xff 0xff 0x0 0x0 0x0 0x0 ",
      "0x0 0x0 0x0 0x0 ",
    ],
  },
  {
    line: "modesense 0",
    code: 1,
    err: ["ctladm: you must specify either a page code (-m) or -l"],
  },
  {
    line: "modesense 0 -l -P 1",
    code: 1,
    err: ["ctladm: arg -P makes no sense with -l"],
  },
  {
    line: "modesense 0 -m 64",
    code: 1,
    err: ["ctladm: invalid page code 64: expected 0 to 63"],
  },
]);

Deno.test("ctladm modesense -l lists the pages of both CDB sizes", () =>
  withDisk(async (machine) => {
    const short = await machine.ctladm("modesense 0 -l");
    assertEquals(short.lines[0], "Supported mode pages:");
    assertEquals(short.lines.slice(1), ["1", "3", "4", "7", "8", "10", "28"]);
    const long = await machine.ctladm("modesense 0 -l -c 10");
    assertEquals(long.lines, short.lines);
  }));

const CONFLICT = [
  "(8:1:0/0): WRITE(6). CDB: 0a 00 00 00 01 00 ",
  "(8:1:0/0): Tag: 0x0002, Type: 1",
  "(8:1:0/0): CTL Status: SCSI Error",
  "(8:1:0/0): SCSI Status: Reservation Conflict",
];

rowsTest("ctladm prin and prout", [
  {
    line: "prout 0 -a 0 -s 0x123",
    out: ["(7:1:0/0): PERSISTENT RESERVE OUT executed successfully"],
  },
  {
    line: "prin 0 -a 0",
    out: [
      "0x00 0x00 0x00 0x01 0x00 0x00 0x00 0x08 ",
      "0x00 0x00 0x00 0x00 0x00 0x00 0x01 0x23 ",
    ],
  },
  {
    line: "prout 0 -a 1 -k 0x123",
    code: 1,
    err: ["ctladm: you must specify the restype with -r"],
  },
  {
    line: "prout 0 -a 1 -k 0x123 -r 0",
    out: ["(7:1:0/0): PERSISTENT RESERVE OUT executed successfully"],
  },
  { line: "tur 0 -I 8 -C 1", out: ["(8:1:0/0): Unit is ready"] },
  { line: "write 0 -I 8 -l 0 -d 1 -b 512 -N", err: CONFLICT.map(tagged(3)) },
  {
    line: "prin 0 -a 3",
    code: 1,
    err: ["ctladm: invalid action 3: expected 0 to 2"],
  },
  {
    line: "prout 0 -a 0 -s 0x10000000000000000",
    code: 1,
    err: [
      'ctladm: invalid key "0x10000000000000000": expected a 64-bit number',
    ],
  },
]);

function tagged(tag: number): (line: string) => string {
  return (line) => line.replace("0x0002", `0x000${tag}`);
}

Deno.test("ctladm read and write move what a file holds", () =>
  withDisk(async (machine) => {
    const data = Uint8Array.from({ length: 6 * 2 ** 20 }, (_, at) => at * 7);
    machine.files.set("in", data);
    const written = await machine.ctladm("write 0 -l 4 -d 12288 -b 512 -f in");
    assertEquals(written, { code: 0, lines: [], errors: [] });
    const read = await machine.ctladm("read 0 -l 4 -d 12288 -b 512 -f out");
    assertEquals(read, { code: 0, lines: [], errors: [] });
    assertEquals(machine.files.get("out"), data);
  }));

for (const size of [6, 10, 12, 16]) {
  Deno.test(`ctladm read and write take CDBs of ${size} bytes`, () =>
    withDisk(async (machine) => {
      const block = new Uint8Array(512).fill(size);
      machine.files.set("-", block);
      await machine.ctladm(`write 0 -l 9 -d 1 -b 512 -f - -c ${size}`);
      const words = `read 0 -l 9 -d 1 -b 512 -f - -c ${size}`;
      assertEquals((await machine.ctladm(words)).code, 0);
      assertEquals(machine.files.get("-"), block);
    }));
}

rowsTest("ctladm read says what is missing", [
  {
    line: "read 0 -d 1 -b 512 -f x",
    code: 1,
    err: ["ctladm: you must specify the LBA with -l"],
  },
  {
    line: "read 0 -l 0 -b 512 -f x",
    code: 1,
    err: ["ctladm: you must specify the data length with -d"],
  },
  {
    line: "read 0 -l 0 -d 1 -b 512",
    code: 1,
    err: ["ctladm: you must supply a filename using -f"],
  },
  {
    line: "read 0 -l 0 -d 1 -f x",
    code: 1,
    err: ["ctladm: you must specify the blocksize with -b"],
  },
  {
    line: "read 0 -l 0 -d 1 -b 512 -f x -c 8",
    code: 1,
    err: ["ctladm: invalid cdbsize 8, valid sizes are 6, 10, 12 or 16"],
  },
  {
    line: "write 0 -l 0 -d 1 -b 512 -f missing",
    code: 1,
    err: ["ctladm: unable to open file missing: No such file"],
  },
]);

Deno.test("ctladm write says when its file is short", () =>
  withDisk(async (machine) => {
    machine.files.set("short", new Uint8Array(700));
    const { code, errors } = await machine
      .ctladm("write 0 -l 0 -d 2 -b 512 -f short");
    assertEquals(code, 1);
    assertEquals(errors, ["ctladm: only read 700 bytes from file short"]);
  }));
