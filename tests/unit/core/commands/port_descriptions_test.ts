import { assertEquals } from "@std/assert";
import {
  ASSOCIATION,
  PORT_TYPE,
  type PortDescription,
  PROTOCOL,
  scsiNameDesignator,
} from "../../../../core/mod.ts";
import { targetTest, type TestTarget } from "../../../support/core_target.ts";

/** What INQUIRY says at a port of some description. */
async function inquire(
  test: TestTarget,
  description: Partial<PortDescription>,
  page?: number,
): Promise<string> {
  const port = test.addPort(description);
  const a = test.connect("a", port);
  const cdb = [0x12, page === undefined ? 0 : 1, page ?? 0, 1, 0, 0];
  const { data } = await a.command(0, cdb, { read: 256 });
  await test.target.ports.remove(port);
  return data.toHex();
}

targetTest("INQUIRY describes each kind of port", async (test) => {
  await test.addLun();
  const at = (hex: string, byte: number, count: number) =>
    hex.slice(2 * byte, 2 * (byte + count));
  const seen: Record<string, string[]> = {};
  for (const [name, type] of Object.entries(PORT_TYPE)) {
    const hex = await inquire(test, { type });
    seen[name] = [at(hex, 6, 2), at(hex, 56, 1), at(hex, 62, 2)];
  }
  assertEquals(seen, {
    FC: ["1002", "00", "0917"],
    SCSI: ["1132", "0f", "0b56"],
    IOCTL: ["1132", "0f", "0b56"],
    INTERNAL: ["1132", "0f", "0b56"],
    ISCSI: ["1002", "00", "0960"],
    SAS: ["1002", "00", "0be0"],
  });
  assertEquals(at(await inquire(test, { type: 0x40 }), 62, 2), "0000");
});

const NAMES: Partial<PortDescription> = {
  type: PORT_TYPE.ISCSI,
  number: 0x102,
  portDesignator: scsiNameDesignator(
    "p,t,0x1",
    ASSOCIATION.PORT,
    PROTOCOL.ISCSI,
  ),
  targetDesignator: scsiNameDesignator(
    "p",
    ASSOCIATION.TARGET,
    PROTOCOL.ISCSI,
  ),
};
const PORT_NAME = "53980008" + "702c742c30783100";
const TARGET_NAME = "53a80004" + "70000000";

targetTest("VPD page 83h names port and target device", async (test) => {
  await test.addLun({ options: { naa: "5001" } });
  const hex = await inquire(test, NAMES, 0x83);
  const rest = hex.slice(hex.indexOf("5001000000000000") + 16);
  assertEquals(
    rest,
    PORT_NAME + "51940004" + "00000102" + "51950004" + "00000001" +
      TARGET_NAME,
  );
});

targetTest("VPD page 83h has the protocol of its port", async (test) => {
  await test.addLun();
  const protocols: string[] = [];
  for (const type of Object.values(PORT_TYPE)) {
    const hex = await inquire(test, { type, number: 9 }, 0x83);
    protocols.push(hex.slice(-32, -24));
  }
  assertEquals(protocols, [
    "01940004",
    "11940004",
    "11940004",
    "11940004",
    "51940004",
    "61940004",
  ]);
});

targetTest("VPD page 88h holds the designators of the ports", async (test) => {
  await test.addLun();
  assertEquals(
    await inquire(test, NAMES, 0x88),
    "00880024" +
      "00000003" + "00000000" + "00000000" +
      "00000102" + "00000000" + "0000000c" + PORT_NAME,
  );
});

targetTest("RTPG lists no more ports than its count can tell", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  for (let more = 0; more < 300; more += 1) test.addPort();
  await a.command(0, [0, 0, 0, 0, 0, 0]);
  const cdb = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0];
  const { data } = await a.command(0, cdb, { read: 4096 });
  const view = new DataView(data.buffer);
  assertEquals(view.getUint32(0), data.length - 4);
  assertEquals(view.getUint8(11), 255);
  assertEquals(data.length, 4 + 8 + 4 * 255);
});
