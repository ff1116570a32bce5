import { assertEquals } from "@std/assert";
import { type CamRig, camTest, within } from "../../../support/cam_rig.ts";
import { CamInitiator } from "../../../../frontends/camtgt/initiator.ts";

const WWPN = 0x2100_0024_ff12_3456n;
const NAMES = { wwnn: "5000000000000001", wwpn: "5000000000000002" };

async function register(initiator: CamInitiator, key: number): Promise<void> {
  const dataOut = new Uint8Array(24);
  dataOut.set([key], 15);
  const cdb = Uint8Array.of(0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0);
  const { status } = await within(
    initiator.execute({ lun: 0, cdb, dataOut }),
  );
  assertEquals(status, 0);
}

/** What READ FULL STATUS says of the only registration. */
async function fullStatus(initiator: CamInitiator): Promise<Uint8Array> {
  const cdb = Uint8Array.of(0x5e, 3, 0, 0, 0, 0, 0, 1, 0, 0);
  const { dataIn } = await within(
    initiator.execute({ lun: 0, cdb, dataInLength: 256 }),
  );
  return dataIn.subarray(8);
}

async function designators(initiator: CamInitiator): Promise<string[]> {
  const cdb = Uint8Array.of(0x12, 1, 0x83, 1, 0, 0);
  const { dataIn } = await within(
    initiator.execute({ lun: 0, cdb, dataInLength: 256 }),
  );
  const found = [];
  for (let at = 4; at < dataIn.length;) {
    const end = at + 4 + (dataIn[at + 3] ?? 0);
    found.push(dataIn.subarray(at, end).toHex());
    at = end;
  }
  return found;
}

/** Transports, and the TransportIDs of an initiator (SPC-5 7.6.4). */
const TRANSPORTS: readonly (readonly [
  transport: string,
  protocol: number,
  transportId: (rig: CamRig) => string,
])[] = [
  [
    "fc",
    0,
    () => "00" + "00".repeat(7) + "21000024ff123456" + "00".repeat(8),
  ],
  [
    "sas",
    6,
    () => "06" + "00".repeat(3) + "21000024ff123456" + "00".repeat(12),
  ],
  [
    "scsi",
    1,
    ({ port }) =>
      "01" + "00" + "3456" + "0000" +
      port.number.toString(16).padStart(4, "0") + "00".repeat(16),
  ],
];

for (const [transport, protocol, transportId] of TRANSPORTS) {
  camTest(`${transport}: TransportID in READ FULL STATUS`, {
    transport,
  }, async (rig) => {
    const { initiator } = await rig.ready(WWPN);
    await register(initiator, 7);
    const status = await fullStatus(initiator);
    assertEquals(status.subarray(0, 8).toHex(), "0000000000000007");
    const length = new DataView(status.buffer, status.byteOffset + 20)
      .getUint32(0);
    assertEquals(length, 24);
    assertEquals(status.subarray(24, 48).toHex(), transportId(rig));
  });

  camTest(`${transport}: names of target and port in page 83h`, {
    transport,
    ...NAMES,
  }, async (rig) => {
    const { initiator } = await rig.ready(WWPN);
    const found = await designators(initiator);
    // Protocol and code set; PIV, association and type; the name.
    const first = ((protocol << 4) | 1).toString(16).padStart(2, "0");
    assertEquals(
      found.includes(`${first}930008${NAMES.wwpn}`),
      true,
      `${found}`,
    );
    assertEquals(
      found.includes(`${first}a30008${NAMES.wwnn}`),
      true,
      `${found}`,
    );
  });
}

camTest("A registration waits for the name to come again", {}, async (rig) => {
  const { initiator } = await rig.ready(WWPN);
  await register(initiator, 9);
  await within(initiator.logOut());
  const other = await rig.ready(WWPN + 1n);
  const others = await fullStatus(other.initiator);
  assertEquals(others.subarray(32, 40).toHex(), "21000024ff123456");
  const again = await rig.ready(WWPN);
  // Registered already: the old key is asked for.
  const dataOut = new Uint8Array(24);
  dataOut.set([9], 7);
  const cdb = Uint8Array.of(0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0);
  const { status } = await within(
    again.initiator.execute({ lun: 0, cdb, dataOut }),
  );
  assertEquals(status, 0);
  assertEquals((await fullStatus(other.initiator)).length, 0);
});

camTest("The port tells its names at the login", NAMES, async (rig) => {
  const { initiator } = await rig.connect(1n);
  assertEquals(initiator.target, {
    wwnn: 0x5000000000000001n,
    wwpn: 0x5000000000000002n,
    dataLengthMax: 65536,
    commandsMax: 1024,
    functionsMax: 1024,
  });
});
