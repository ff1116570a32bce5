import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { findCommand } from "../../../ctladm/ctladm.ts";
import { MemoryDaemon } from "../../support/memory_daemon.ts";

Deno.test("ctladm without words shows how to use it, and fails", async () => {
  await using machine = new MemoryDaemon();
  const { code, lines, errors } = await machine.ctladm("");
  assertEquals([code, lines, errors[0]], [1, [], "Usage:"]);
});

for (const word of ["help", "-h", "-?"]) {
  Deno.test(`ctladm ${word} shows every command with an example`, async () => {
    await using machine = new MemoryDaemon();
    const { code, lines, errors } = await machine.ctladm(word);
    assertEquals([code, lines[0], errors], [0, "Usage:", []]);
    const examples = lines.filter((line) => line.includes("example: ctladm"));
    const commands = lines.filter((line) => /^ {9}ctladm /.test(line));
    assertEquals(examples.length * 2, commands.length);
  });
}

Deno.test("ctladm knows commands by an unambiguous beginning", async () => {
  await using machine = new MemoryDaemon();
  const { code, lines } = await machine.ctladm("devl");
  assertEquals(code, 0);
  assertStringIncludes(lines[0] ?? "", "LUN Backend");
  const unknown = await machine.ctladm("frobnicate");
  assertEquals(unknown.code, 1);
  assertEquals(unknown.errors, ["ctladm: option frobnicate not found"]);
});

Deno.test("ctladm create tells what it made", async () => {
  await using machine = new MemoryDaemon();
  const { code, lines, errors } = await machine.ctladm(
    "create -b ramdisk -s 1m -o capacity=1m",
  );
  assertEquals([code, errors], [0, []]);
  assertEquals(lines, [
    "LUN created successfully",
    "backend:       ramdisk",
    "device type:   0",
    "LUN size:      1048576 bytes",
    "blocksize      512 bytes",
    "LUN ID:        0",
    "Serial Number: MYSERIAL0000",
    "Device ID:     MYDEVID0000",
  ]);
});

Deno.test("ctladm create takes number, block size and names", async () => {
  await using machine = new MemoryDaemon();
  const { lines } = await machine.ctladm(
    "create -b ramdisk -B 4096 -l 0x10 -s 4m -S abc -d mine -t 0 " +
      "-o capacity=4m",
  );
  assertEquals(lines.slice(3), [
    "LUN size:      4194304 bytes",
    "blocksize      4096 bytes",
    "LUN ID:        16",
    "Serial Number: abc",
    "Device ID:     mine",
  ]);
});

const REFUSED: readonly (readonly [line: string, error: RegExp])[] = [
  ["create -s 1m", /^ctladm: backend name \(-b\) must be specified$/],
  ["create -b nothing -s 1m", /^ctladm: LUN creation error: .*"nothing"/],
  ["create -b ramdisk -s 1q", /^ctladm: invalid size "1q"/],
  ["create -b ramdisk -l x", /^ctladm: invalid LUN ID "x"/],
  ["create -b ramdisk -o a", /^ctladm: -o takes "name=value"argument$/],
  ["create -b ramdisk -s 1m -l 0", /^ctladm: LUN creation error: .*0/],
  ["modify -b ramdisk -l 0", /^ctladm: size \(-s\) or options \(-o\) must be/],
  ["modify -l 0 -s 1m", /^ctladm: backend name \(-b\) must be specified$/],
  ["modify -b block -l 0 -s 1m", /LUN 0 is not managed by the block backend/],
  ["modify -b ramdisk -l 7 -s 1m", /^ctladm: LUN modification error: .*7/],
  ["remove -b ramdisk", /^ctladm: LUN id \(-l\) must be specified$/],
  ["remove -b ramdisk -l 7", /^ctladm: LUN removal error: .*7/],
  ["remove -b block -l 0", /LUN 0 is not managed by the block backend/],
];

for (const [line, error] of REFUSED) {
  Deno.test(`ctladm ${line}: refused, and changes nothing`, async () => {
    await using machine = new MemoryDaemon();
    await machine.ctladm("create -b ramdisk -s 1m -o capacity=1m");
    const before = await machine.ctladm("devlist -v");
    const { code, lines, errors } = await machine.ctladm(line);
    assertEquals([code, lines, errors.length], [1, [], 1]);
    assertMatch(errors[0] ?? "", error);
    assertEquals(await machine.ctladm("devlist -v"), before);
  });
}

Deno.test("ctladm modify changes the size and takes options anew", async () => {
  await using machine = new MemoryDaemon();
  await machine.ctladm("create -b ramdisk -s 1m -o capacity=4m -o vendor=ACME");
  const { code, lines } = await machine.ctladm(
    "modify -b ramdisk -l 0 -s 2m -o capacity=4m",
  );
  assertEquals([code, lines], [0, ["LUN 0 modified successfully"]]);
  assertEquals((await machine.ctladm("devlist -v")).lines.slice(1), [
    "  0 ramdisk                4096  512 MYSERIAL0000     " +
    "MYDEVID0000     ",
    "      lun_type=0",
    "      capacity=4m",
  ]);
});

Deno.test("ctladm remove removes", async () => {
  await using machine = new MemoryDaemon();
  await machine.ctladm("create -b ramdisk -s 1m -o capacity=1m");
  const { lines } = await machine.ctladm("remove -b ramdisk -l 0");
  assertEquals(lines, ["LUN 0 removed successfully"]);
  assertEquals((await machine.ctladm("devlist")).lines, [
    "LUN Backend       Size (Blocks)   BS Serial Number    Device ID       ",
  ]);
});

Deno.test("ctladm devlist -x is the XML of CTL, escaped", async () => {
  await using machine = new MemoryDaemon();
  await machine.ctladm("create -b ramdisk -s 1m -S <&> -o capacity=1m");
  assertEquals((await machine.ctladm("devlist -x")).lines, [
    "<ctllunlist>",
    '<lun id="0">',
    "\t<backend_type>ramdisk</backend_type>",
    "\t<lun_type>0</lun_type>",
    "\t<size>2048</size>",
    "\t<blocksize>512</blocksize>",
    "\t<serial_number>&lt;&amp;&gt;</serial_number>",
    "\t<device_id>MYDEVID0000</device_id>",
    "\t<capacity>1m</capacity>",
    "</lun>",
    "</ctllunlist>",
  ]);
});

Deno.test("ctladm devlist shows one backend, and JSON", async () => {
  await using machine = new MemoryDaemon();
  await machine.ctladm("create -b ramdisk -s 1m -o capacity=1m");
  assertEquals((await machine.ctladm("devlist -b block")).lines.length, 1);
  const { lines } = await machine.ctladm("devlist --json");
  const [lun] = JSON.parse(lines.join("\n"));
  assertEquals([lun.id, lun.backend, lun.sizeBlocks], [0, "ramdisk", 2048]);
  assertMatch(lun.naa, /^3[0-9a-f]{15}$/);
});

Deno.test("ctladm lists the local port alone without iSCSI", async () => {
  await using machine = new MemoryDaemon();
  assertEquals((await machine.ctladm("portlist")).lines, [
    "Port Online Frontend Name     pp vp",
    "1    YES    ioctl    ioctl    0  0  ",
  ]);
  assertEquals((await machine.ctladm("portlist -x")).lines, [
    "<ctlportlist>",
    '<targ_port id="1">',
    "\t<frontend_type>ioctl</frontend_type>",
    "\t<port_type>4</port_type>",
    "\t<online>YES</online>",
    "\t<port_name>ioctl</port_name>",
    "\t<physical_port>0</physical_port>",
    "\t<virtual_port>0</virtual_port>",
    "</targ_port>",
    "</ctlportlist>",
  ]);
  assertEquals((await machine.ctladm("islist -x")).lines, [
    "<ctlislist>",
    "</ctlislist>",
  ]);
});

Deno.test("ctladm shutdown asks the daemon to end", async () => {
  await using machine = new MemoryDaemon();
  const { code } = await machine.ctladm("shutdown");
  assertEquals([code, machine.shutdowns], [0, 1]);
});

Deno.test("ctladm complains of unknown letters and goes on", async () => {
  await using machine = new MemoryDaemon();
  const { code, errors } = await machine.ctladm("devlist -Z");
  assertEquals([code, errors], [0, ["ctladm: illegal option -- Z"]]);
});

const ABBREVIATIONS: readonly (readonly [string, string])[] = [
  ["readcap", "readcapacity"],
  ["readc", "readcapacity"],
  ["read", "read"],
  ["port", "port"],
  ["rem", "remove"],
  ["rep", "reportluns"],
  ["req", "reqsense"],
  ["rt", "rtpg"],
  ["ist", "isterminate"],
  ["sta", "start"],
  ["sto", "stop"],
  ["sy", "synccache"],
  ["t", "tur"],
  ["w", "write"],
  ["c", "create"],
  ["sh", "shutdown"],
  ["loa", "load"],
  ["del", "delay"],
  ["inj", "inject"],
  ["ev", "events"],
  ["rese", "reservations"],
];
Deno.test("ctladm takes every abbreviation that CTL's takes", () => {
  for (const [word, name] of ABBREVIATIONS) {
    const found = findCommand(word);
    assertEquals(typeof found === "string" ? found : found.name, name, word);
  }
  for (const word of ["dev", "isl", "lun", "mod", "re"]) {
    assertEquals(findCommand(word), `ambiguous option ${word}`);
  }
  assertEquals(findCommand("hadump"), "option hadump not found");
});

Deno.test("ctladm help COMMAND shows that command alone", async () => {
  await using machine = new MemoryDaemon();
  machine.whyNone = "it must not be asked for";
  for (const line of ["help tur", "h t", "-h tur"]) {
    const { code, lines, errors } = await machine.ctladm(line);
    assertEquals([code, errors], [0, []]);
    assertEquals(lines.slice(0, 4), [
      "tur: ask whether a LUN is ready",
      "         ctladm tur lun",
      "         example: ctladm tur 0",
      "General Options:",
    ]);
    assertEquals(lines.length, 7);
  }
  const { code, lines, errors } = await machine.ctladm("help frobnicate");
  assertEquals(
    [code, lines[0], errors],
    [1, "Usage:", ["ctladm: option frobnicate not found"]],
  );
});
