import { assertEquals, assertStringIncludes } from "@std/assert";
import { rowsTest } from "../../support/ctladm_rows.ts";
import { MemoryDaemon } from "../../support/memory_daemon.ts";

const HEADER = "Port Online Frontend Name     pp vp";

rowsTest("ctladm port makes and removes local ports", [
  {
    line: "port -c",
    out: ["Port created successfully", "frontend: ioctl", "port:     3"],
  },
  {
    line: "port -c -O pp=101 -O vp=102",
    out: ["Port created successfully", "frontend: ioctl", "port:     4"],
  },
  {
    line: "portlist -qf ioctl",
    out: [
      "1    YES    ioctl    ioctl    0  0  ",
      "3    YES    ioctl    ioctl    1  0  ",
      "4    YES    ioctl    ioctl    101 102 ",
    ],
  },
  {
    line: "port -c -O pp=101 -O vp=102",
    code: 1,
    err: ["ctladm: error: port 4 already exists"],
  },
  { line: "port -r -p 3", out: ["Port destroyed successfully"] },
  {
    line: "port -r -p 3",
    code: 1,
    err: ["ctladm: error: cannot find port 3"],
  },
  {
    line: "port -r",
    code: 1,
    err: ["ctladm: error: Missing required argument: port_id"],
  },
  {
    line: "port -r -p 1",
    code: 1,
    err: ["ctladm: error: cannot destroy default ioctl port"],
  },
  {
    line: "port -c -d nothing",
    code: 1,
    err: ['ctladm: error: Frontend "nothing" not found.'],
  },
]);

rowsTest("ctladm port turns ports off and on", [
  { line: "port -o off -p 1", out: ["Front End Ports disabled"] },
  {
    line: "port -lq",
    out: ["1    NO     ioctl    ioctl    0  0  "],
  },
  {
    line: "tur 0",
    code: 1,
    err: ["ctladm: Operation not permitted: port 1 is off line"],
  },
  { line: "port -o on -t ioctl", out: ["Front End Ports enabled"] },
  { line: "port -o off -t iscsi", out: ["Front End Ports disabled"] },
  {
    line: "port -l",
    out: [HEADER, "1    YES    ioctl    ioctl    0  0  "],
  },
  { line: "port -o off", out: ["Front End Ports disabled"] },
  { line: "port -lq", out: ["1    NO     ioctl    ioctl    0  0  "] },
]);

rowsTest("ctladm port says what does not make sense", [
  {
    line: "port",
    code: 1,
    err: ["ctladm: one of -l, -o or -w/-W must be specified"],
  },
  {
    line: "port -l -o on",
    code: 1,
    err: ["ctladm: only one of -l, -o or -w/-W may be specified"],
  },
  {
    line: "port -o maybe",
    code: 1,
    err: [
      'ctladm: Invalid -o argument maybe, "on" or "off" are the only valid ' +
      "args",
    ],
  },
  {
    line: "port -o on -p 1 -t ioctl",
    code: 1,
    err: ["ctladm: can only specify one of -t or -n"],
  },
  {
    line: "port -o on -t i",
    code: 1,
    err: ["ctladm: ambiguous frontend type i"],
  },
  {
    line: "port -o on -t x",
    code: 1,
    err: [
      "ctladm: invalid frontend type x: expected fc, scsi, ioctl, internal, " +
      "iscsi, nvmf, sas, all",
    ],
  },
  {
    line: "port -w 0x1",
    code: 1,
    err: ["ctladm: -w and -W require -n"],
  },
  {
    line: "port -o on -p 99",
    code: 1,
    err: ["ctladm: port 99 does not exist"],
  },
]);

rowsTest("ctladm port names a port", [
  { line: "port -w 0x5000000000000001 -W 5000000000000002 -p 1" },
  {
    line: "portlist -qi",
    out: [
      "1    YES    ioctl    ioctl    0  0  naa.5000000000000002",
      "  Target: naa.5000000000000001",
      "  Initiator 0: ioctl0.0,i,7",
    ],
  },
  {
    line: "port -W xyz -p 1",
    code: 1,
    err: [
      "ctladm: invalid -W argument xyz: expected up to 16 hexadecimal digits",
    ],
  },
]);

rowsTest("ctladm port makes iSCSI ports off line", [
  {
    line: "port -c -d iscsi -O cfiscsi_target=iqn.2012-06.com.example:t0 " +
      "-O cfiscsi_portal_group_tag=257",
    out: ["Port created successfully", "frontend: iscsi", "port:     3"],
  },
  {
    line: "portlist -qf iscsi",
    out: [
      "3    NO     iscsi    iscsi    257 1  " +
      "iqn.2012-06.com.example:t0,t,0x0101",
    ],
  },
  {
    line: "port -c -d iscsi -O cfiscsi_target=iqn.2012-06.com.example:t0 " +
      "-O cfiscsi_portal_group_tag=257",
    code: 1,
    err: [
      'ctladm: error: target "iqn.2012-06.com.example:t0" for portal group ' +
      "tag 257 already exists",
    ],
  },
  {
    line: "port -c -d iscsi -O cfiscsi_target=iqn.2012-06.com.example:t0",
    code: 1,
    err: [
      "ctladm: error: Missing required argument: cfiscsi_portal_group_tag",
    ],
  },
  {
    line: "port -r -d iscsi -O cfiscsi_target=iqn.2012-06.com.example:t1 " +
      "-O cfiscsi_portal_group_tag=257",
    code: 1,
    err: ["ctladm: error: can't find target"],
  },
  {
    line: "port -r -d iscsi -O cfiscsi_target=iqn.2012-06.com.example:t0 " +
      "-O cfiscsi_portal_group_tag=257",
    out: ["Port destroyed successfully"],
  },
]);

rowsTest("ctladm lunmap maps, unmaps, empties and drops", [
  { line: "lunmap -p 1 -l 3 -L 0" },
  {
    line: "portlist -ql",
    out: ["1    YES    ioctl    ioctl    0  0  ", "  LUN 3: 0"],
  },
  { line: "tur 3 -C 2", out: ["(7:1:3/0): Unit is ready"] },
  { line: "lunmap -p 1 -l 3" },
  {
    line: "portlist -ql",
    out: ["1    YES    ioctl    ioctl    0  0  ", "  No LUNs mapped"],
  },
  { line: "lunmap -p 1" },
  {
    line: "portlist -ql",
    out: ["1    YES    ioctl    ioctl    0  0  ", "  All LUNs mapped"],
  },
  { line: "lunmap -p 1 -L 0" },
  {
    line: "portlist -ql",
    out: ["1    YES    ioctl    ioctl    0  0  ", "  No LUNs mapped"],
  },
  {
    line: "lunmap -p 1 -l 0 -L 77",
    code: 1,
    err: ["ctladm: error issuing CTL_LUN_MAP ioctl: LUN 77 does not exist"],
  },
  {
    line: "lunmap -p 9 -l 0 -L 0",
    code: 1,
    err: ["ctladm: error issuing CTL_LUN_MAP ioctl: port 9 does not exist"],
  },
  {
    line: "lunmap -l 0 -L 0",
    code: 1,
    err: [
      "ctladm: error issuing CTL_LUN_MAP ioctl: Device not configured: name " +
      "a port with -p",
    ],
  },
]);

rowsTest("ctladm islogout and isterminate want one choice", [
  ...["islogout", "isterminate"].flatMap((word) => [
    {
      line: word,
      code: 1,
      err: ["ctladm: either -a, -c, -i, or -p must be specified"],
    },
    {
      line: `${word} -a -c 1`,
      code: 1,
      err: ["ctladm: only one of -a, -c, -i, or -p may be specified"],
    },
  ]),
  {
    line: "islogout -c 1",
    code: 1,
    err: [
      "ctladm: error returned from CTL iSCSI logout request:",
      "No matching connections found",
    ],
  },
  {
    line: "isterminate -a",
    code: 1,
    err: [
      "ctladm: error returned from CTL iSCSI connection termination request:",
      "No matching connections found",
    ],
  },
]);

rowsTest("ctladm loads and unloads plugins", [
  { line: "load iscsi", out: ["Plugin iscsi loaded"] },
  { line: "unload iscsi", out: ["Plugin iscsi unloaded"] },
  {
    line: "unload iscsi",
    code: 1,
    err: ['ctladm: Plugin "iscsi" is not loaded'],
  },
  {
    line: "unload ramdisk",
    code: 1,
    err: ['ctladm: Cannot unload plugin "ramdisk": LUN 0 uses it'],
  },
  {
    line: "load",
    code: 1,
    err: ["ctladm: name the plugin: a built-in one, a path or a URL"],
  },
]);

rowsTest("ctladm lists no NVMe associations", [
  {
    line: "nvlist",
    out: [
      "  ID Transport        HostNQN                              " +
      "SubNQN                              ",
    ],
  },
  { line: "nvlist -x", out: ["<ctlnvmflist>", "</ctlnvmflist>"] },
  {
    line: "nvterminate -a",
    code: 1,
    err: [
      "ctladm: error returned from CTL NVMeoF termination request:",
      "No matching associations found",
    ],
  },
]);

Deno.test("ctladm dumpooa shows what is under way", async () => {
  await using machine = new MemoryDaemon();
  const { lines } = await machine.ctladm("dumpooa");
  assertEquals(lines, ["Dumping OOA queues", "OOA queues dump done"]);
});

Deno.test("ctladm dumpstructs shows keys, ports and plugins", async () => {
  await using machine = new MemoryDaemon();
  const before = await machine.ctladm("dumpstructs");
  assertEquals(before.lines.filter((line) => line.startsWith("  Plugin")), [
    "  Plugin 'ioctl'",
  ]);
  await machine.ctladm("create -b ramdisk -s 1m");
  await machine.ctladm("prout 0 -a 5 -s 0xab -C 1");
  const { lines } = await machine.ctladm("dumpstructs");
  const text = lines.join("\n");
  assertStringIncludes(text, "  LUN 0 port 1 iid ioctl0.0,i,7 key 0xab");
  assertStringIncludes(text, "  Port 1 'ioctl' Frontend 'ioctl' online");
  assertStringIncludes(text, "    iid 0 name 'ioctl0.0,i,7'");
});
