/**
 * The lists of ctladm, byte for byte as CTL's administrators know them.
 */

import { assertEquals, assertMatch } from "@std/assert";
import {
  ctladmTest,
  INITIATOR,
  openTo,
  printed,
  TARGET,
  textOf,
} from "./ctladm_support.ts";

const LUN_HEADER =
  "LUN Backend       Size (Blocks)   BS Serial Number    Device ID       ";
const PORT_HEADER = "Port Online Frontend Name     pp vp";
const COPY_ROW = "2    YES    tpc      tpc      0  0  ";
const LOCAL_ROW = "1    YES    ioctl    ioctl    0  0  ";
const PORT_ROW = `3    YES    iscsi    iscsi    257 1  ${TARGET},t,0x0101`;

ctladmTest("devlist", async (folder) => {
  const rows = [
    "  0 block                  2048  512 MYSERIAL0000     MYDEVID0000     ",
    "  1 ramdisk                8192  512 SERIAL4          DEVICE4         ",
  ];
  const [first = "", second = ""] = rows;
  const all = await printed(folder, "devlist");
  assertEquals(all, textOf(LUN_HEADER, ...rows));
  const block = await printed(folder, "devlist", "-b", "block");
  assertEquals(block, textOf(LUN_HEADER, first));
  const none = await printed(folder, "devlist", "-b", "bloc");
  assertEquals(none, textOf(LUN_HEADER));
  const verbose = await printed(folder, "devlist", "-v");
  assertEquals(
    verbose.replace(/num_threads=\d+/, "num_threads=N"),
    textOf(
      LUN_HEADER,
      first,
      "      lun_type=0",
      "      num_threads=N",
      `      file=${folder.path}/disk0`,
      `      ctld_name=${TARGET},lun,0`,
      `      scsiname=${TARGET},lun,0`,
      second,
      "      lun_type=0",
      `      ctld_name=${TARGET},lun,4`,
      "      capacity=4M",
      `      scsiname=${TARGET},lun,4`,
    ),
  );
});

ctladmTest("devlist -x and --json", async (folder) => {
  const xml = await printed(folder, "devlist", "-x", "-b", "ramdisk");
  assertEquals(
    xml,
    textOf(
      "<ctllunlist>",
      '<lun id="1">',
      "\t<backend_type>ramdisk</backend_type>",
      "\t<lun_type>0</lun_type>",
      "\t<size>8192</size>",
      "\t<blocksize>512</blocksize>",
      "\t<serial_number>SERIAL4</serial_number>",
      "\t<device_id>DEVICE4</device_id>",
      `\t<ctld_name>${TARGET},lun,4</ctld_name>`,
      "\t<capacity>4M</capacity>",
      `\t<scsiname>${TARGET},lun,4</scsiname>`,
      "</lun>",
      "</ctllunlist>",
    ),
  );
  const luns = JSON.parse(await printed(folder, "devlist", "--json"));
  assertEquals(luns.length, 2);
  assertMatch(luns[0].naa, /^[0-9a-f]{16,32}$/);
});

ctladmTest("portlist", async (folder, port) => {
  await using _session = await openTo(port);
  const target = `  Target: ${TARGET}`;
  const initiator = `  Initiator 0: ${INITIATOR},i,0x80007f3c1a2b`;
  const luns = ["  LUN 0: 0", "  LUN 4: 1"];
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["portlist", [PORT_HEADER, LOCAL_ROW, COPY_ROW, PORT_ROW]],
    ["portlist -q", [LOCAL_ROW, COPY_ROW, PORT_ROW]],
    ["portlist -qf iscsi", [PORT_ROW]],
    ["portlist -f ioctl", [PORT_HEADER, LOCAL_ROW]],
    ["portlist -p 99", [PORT_HEADER]],
    ["portlist -i -p 3", [PORT_HEADER, PORT_ROW, target, initiator]],
    ["portlist -l -p 3", [PORT_HEADER, PORT_ROW, ...luns]],
    ["portlist -v -q -p 3", [
      PORT_ROW,
      target,
      initiator,
      ...luns,
      "      port_type=16",
      "      cfiscsi_state=1",
      `      cfiscsi_target=${TARGET}`,
      "      cfiscsi_portal_group_tag=257",
      "      cfiscsi_target_alias=Example",
      "      ctld_portal_group_name=pg0",
    ]],
  ];
  for (const [words, lines] of rows) {
    const { stdout } = await folder.ctladm(...words.split(" "));
    assertEquals(stdout, textOf(...lines), words);
  }
});

ctladmTest("portlist -x", async (folder, port) => {
  await using _session = await openTo(port);
  assertEquals(
    await printed(folder, "portlist", "-x"),
    textOf(
      "<ctlportlist>",
      '<targ_port id="1">',
      "\t<frontend_type>ioctl</frontend_type>",
      "\t<port_type>4</port_type>",
      "\t<online>YES</online>",
      "\t<port_name>ioctl</port_name>",
      "\t<physical_port>0</physical_port>",
      "\t<virtual_port>0</virtual_port>",
      "</targ_port>",
      '<targ_port id="2">',
      "\t<frontend_type>tpc</frontend_type>",
      "\t<port_type>8</port_type>",
      "\t<online>YES</online>",
      "\t<port_name>tpc</port_name>",
      "\t<physical_port>0</physical_port>",
      "\t<virtual_port>0</virtual_port>",
      "</targ_port>",
      '<targ_port id="3">',
      "\t<frontend_type>iscsi</frontend_type>",
      "\t<port_type>16</port_type>",
      "\t<online>YES</online>",
      "\t<port_name>iscsi</port_name>",
      "\t<physical_port>257</physical_port>",
      "\t<virtual_port>1</virtual_port>",
      `\t<target>${TARGET}</target>`,
      `\t<port>${TARGET},t,0x0101</port>`,
      "\t<cfiscsi_state>1</cfiscsi_state>",
      `\t<cfiscsi_target>${TARGET}</cfiscsi_target>`,
      "\t<cfiscsi_portal_group_tag>257</cfiscsi_portal_group_tag>",
      "\t<cfiscsi_target_alias>Example</cfiscsi_target_alias>",
      "\t<ctld_portal_group_name>pg0</ctld_portal_group_name>",
      "\t<lun_map>on</lun_map>",
      '\t<lun id="0">0</lun>',
      '\t<lun id="4">1</lun>',
      `\t<initiator id="0">${INITIATOR},i,0x80007f3c1a2b</initiator>`,
      "</targ_port>",
      "</ctlportlist>",
    ),
  );
});

ctladmTest("islist", async (folder, port) => {
  const header = "  ID Portal           Initiator name                       " +
    "Target name                         ";
  assertEquals(await printed(folder, "islist"), textOf(header));
  await using _session = await openTo(port);
  assertEquals(
    await printed(folder, "islist"),
    textOf(
      header,
      `   1 127.0.0.1        ${INITIATOR.padEnd(36)} ${TARGET.padEnd(36)}`,
    ),
  );
  assertEquals(
    await printed(folder, "islist", "-v"),
    textOf(
      "Session ID:               1",
      `Initiator name:           ${INITIATOR}`,
      "Initiator portal:         127.0.0.1",
      "Initiator alias:          Tester",
      `Target name:              ${TARGET}`,
      "Target alias:             Example",
      "Header digest:            CRC32C",
      "Data digest:              None",
      "MaxRecvDataSegmentLength: 262144",
      "MaxSendDataSegmentLength: 262144",
      "MaxBurstLen:              1048576",
      "FirstBurstLen:            262144",
      "ImmediateData:            Yes",
      "iSER (RDMA):              No",
      "Offload driver:           None",
      "",
    ),
  );
  const element = (name: string, value: string) =>
    `<${name}>${value}</${name}>`;
  const fields = [
    ["initiator", INITIATOR],
    ["initiator_addr", "127.0.0.1"],
    ["initiator_alias", "Tester"],
    ["target", TARGET],
    ["target_alias", "Example"],
    ["target_portal_group_tag", "257"],
    ["header_digest", "CRC32C"],
    ["data_digest", "None"],
    ["max_recv_data_segment_length", "262144"],
    ["max_send_data_segment_length", "262144"],
    ["max_burst_length", "1048576"],
    ["first_burst_length", "262144"],
    ["immediate_data", "1"],
    ["iser", "0"],
    ["offload", "None"],
  ] as const;
  const body = fields.map(([name, value]) => element(name, value)).join("");
  assertEquals(
    await printed(folder, "islist", "-x"),
    textOf(
      "<ctlislist>",
      `<connection id="1">${body}</connection>`,
      "</ctlislist>",
    ),
  );
});
