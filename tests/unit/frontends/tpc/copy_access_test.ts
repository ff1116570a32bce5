/**
 * Whose data a copy may touch: an initiator reads and writes nothing by it that
 * it could not read and write by itself. A copy manager that forgets that gives
 * every disk away to whoever can name it (CVE-2020-28374).
 */

import { assertEquals, assertMatch } from "@std/assert";
import { STATUS } from "../../../../core/mod.ts";
import { assertBytes, patternBytes } from "../../../support/bytes.ts";
import {
  cscdOf,
  registerSegment,
  verifySegment,
} from "../../../support/copy_lists.ts";
import { type CopyScene, copyTest } from "../../../support/copy_scene.ts";
import { endOf } from "../../../support/tpc_scene.ts";
import { hearAttentions, type LunWish } from "../../../support/core_target.ts";
import type { LocalInitiator } from "../../../support/local_initiator.ts";

const SECRET = patternBytes(512 * 8);
const INSECURE: LunWish = { options: { insecure_tpc: "on" } };

/** An initiator at a port that shows LUN 1 alone, as LUN 0. */
async function stranger(scene: CopyScene): Promise<LocalInitiator> {
  const port = scene.test.addPort({ name: "other", virtualPort: 1 });
  port.setLunMap(new Map([[0, 1]]));
  await hearAttentions(scene.a);
  return await scene.test.connectReady("stranger", port);
}

copyTest("A stranger cannot read what it does not see", async (scene) => {
  await scene.fill(0, 0, SECRET);
  const by = await stranger(scene);
  const result = await scene
    .inTime(scene.copy({ segments: [{ blocks: 8 }] }, { by }));
  assertEquals(endOf(result), "a/08/04");
  assertEquals(result.senseValue?.forwarded, undefined);
  assertBytes(await scene.blocks(1, 0, 8), new Uint8Array(512 * 8));
});

copyTest("A stranger cannot write what it does not see", async (scene) => {
  await scene.fill(1, 0, SECRET);
  const by = await stranger(scene);
  const segments = [{ blocks: 8, from: 1, to: 0 }];
  assertEquals(await scene.ends({ segments }, { by }), "a/08/04");
  assertBytes(await scene.blocks(0, 0, 8), new Uint8Array(512 * 8));
});

copyTest("A stranger hears of no LUN that it does not see", async (scene) => {
  const by = await stranger(scene);
  const nobody = {
    codeSet: 1,
    ...{ type: 3, association: 0, bytes: new Uint8Array(8).fill(0x3f) },
  };
  const seen = cscdOf(scene.unit(1));
  const sense: string[] = [];
  for (const cscd of [cscdOf(scene.unit(0)), { designator: nobody }]) {
    for (
      const segments of [
        [{ blocks: 1 }],
        [verifySegment(0)],
        [registerSegment(0, 0n, 1n)],
      ]
    ) {
      const wish = { cscds: [cscd, seen], segments };
      const { senseData } = await scene.inTime(scene.copy(wish, { by }));
      sense.push(senseData.toHex());
    }
  }
  assertEquals(sense.slice(0, 3), sense.slice(3));
  const { data } = await scene.a
    .command(0, [0x5e, 0, 0, 0, 0, 0, 0, 0, 64, 0], { read: 64 });
  assertEquals(data.length, 8);
});

copyTest("A LUN is named where it is seen, whatever its number", async (s) => {
  s.test.port.setLunMap(new Map([[70, 0], [300, 1]]));
  const by = await s.test.connectReady("b");
  const data = patternBytes(512);
  await by.command(70, [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0], { write: data });
  const wish = { segments: [{ blocks: 1 }] };
  assertEquals(await s.ends(wish, { lun: 300, by }), "0");
  const read = await by
    .command(300, [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], { read: 512 });
  assertBytes(read.data, data);
});

copyTest("The LUN map counts when the copy is made", async (scene) => {
  const wish = { segments: [{ blocks: 1 }] };
  assertEquals(await scene.ends(wish), "0");
  scene.test.port.setLunMap(new Map([[0, 0]]));
  await scene.a.command(0, [0, 0, 0, 0, 0, 0]);
  assertEquals(await scene.ends(wish), "a/08/04");
});

copyTest("insecure_tpc of the LUN that is asked opens all", async (scene) => {
  await scene.fill(0, 0, SECRET);
  const by = await stranger(scene);
  const wish = { segments: [{ blocks: 8 }] };
  assertEquals(await scene.ends(wish, { by }), "0");
  assertBytes(await scene.blocks(1, 0, 8), SECRET);
}, [{}, INSECURE]);

copyTest("insecure_tpc of the source opens nothing", async (scene) => {
  const by = await stranger(scene);
  const wish = { segments: [{ blocks: 8 }] };
  assertEquals(await scene.ends(wish, { by }), "a/08/04");
}, [INSECURE, {}]);

copyTest(
  "What insecure_tpc cannot be is told, and opens nothing",
  async (s) => {
    await s.test.addLun({ options: { insecure_tpc: "perhaps" } });
    const [warning] = s.test.host.log.lines
      .filter(({ text }) => text.startsWith("warn"));
    assertEquals(warning?.text, "warn: An option is of no effect");
    assertEquals(warning?.fields["lun"], 2);
    assertMatch(String(warning?.fields["problem"]), /perhaps.*insecure_tpc/);
  },
);

const TWIN: LunWish = { options: { naa: "0x3000000000000001" } };

copyTest("A designator of two LUNs is refused, and logged", async (scene) => {
  await scene.fill(1, 0, SECRET);
  const segments = [{ blocks: 8, from: 0, to: 1 }];
  const cscds = [cscdOf(scene.unit(1)), cscdOf(scene.unit(0))];
  assertEquals(await scene.ends({ cscds, segments }), "a/08/04");
  assertBytes(await scene.blocks(0, 0, 8), new Uint8Array(512 * 8));
  assertBytes(await scene.blocks(2, 0, 8), new Uint8Array(512 * 8));
  const warnings = scene.test.host.log.lines
    .filter(({ text }) => text.startsWith("warn"));
  assertEquals(warnings, [{
    text: "warn: A copy was refused: its designator names several LUNs",
    fields: {
      designator: "3000000000000001",
      luns: [1, 2],
      initiator: "iqn.a,i,0x1",
      remedy: "give each LUN a naa, eui, uuid or device id of its own",
    },
  }]);
}, [{}, TWIN, TWIN]);

copyTest("One of two LUNs that is not seen confuses nobody", async (scene) => {
  await scene.fill(1, 0, SECRET);
  scene.test.port.setLunMap(new Map([[0, 0], [1, 1]]));
  await scene.a.command(0, [0, 0, 0, 0, 0, 0]);
  const cscds = [cscdOf(scene.unit(1)), cscdOf(scene.unit(0))];
  assertEquals(await scene.ends({ cscds, segments: [{ blocks: 8 }] }), "0");
  assertBytes(await scene.blocks(0, 0, 8), SECRET);
}, [{}, TWIN, TWIN]);

/** PERSISTENT RESERVE OUT. */
async function reserve(
  by: LocalInitiator,
  lun: number,
  serviceAction: number,
  { key = 0, actionKey = 0, type = 0 },
): Promise<void> {
  const list = new Uint8Array(24);
  list[7] = key;
  list[15] = actionKey;
  const cdb = [0x5f, serviceAction, type, 0, 0, 0, 0, 0, 24, 0];
  assertEquals(endOf(await by.command(lun, cdb, { write: list })), "0");
}

/** Types of reservations, and whether others may read, and registrants all. */
const TYPES = [
  { type: 1, name: "Write Exclusive", othersRead: true, registrants: false },
  { type: 3, name: "Exclusive Access", othersRead: false, registrants: false },
  {
    type: 5,
    name: "WE, Registrants Only",
    othersRead: true,
    registrants: true,
  },
  {
    type: 6,
    name: "EA, Registrants Only",
    othersRead: false,
    registrants: true,
  },
  { type: 7, name: "WE, All Registrants", othersRead: true, registrants: true },
  {
    type: 8,
    name: "EA, All Registrants",
    othersRead: false,
    registrants: true,
  },
] as const;

for (const { type, name, othersRead, registrants } of TYPES) {
  copyTest(`${name} judges a copy as its initiator`, async (scene) => {
    const b = await scene.test.connectReady("b");
    await reserve(scene.a, 0, 0, { actionKey: 1 });
    await reserve(scene.a, 0, 1, { key: 1, type });
    const from = { segments: [{ blocks: 1 }] };
    const to = { segments: [{ blocks: 1, from: 1, to: 0 }] };
    const through = { lun: 1, by: b };
    // The holder may all; others what they may by READ and WRITE.
    assertEquals(await scene.ends(from, { lun: 1 }), "0");
    assertEquals(await scene.ends(to, { lun: 1 }), "0");
    assertEquals(await scene.ends(from, through), othersRead ? "0" : "a/0d/01");
    const refused = await scene.inTime(scene.copy(to, through));
    assertEquals(endOf(refused), "a/0d/01");
    const status = refused.senseValue?.forwarded?.status;
    assertEquals(status, STATUS.RESERVATION_CONFLICT);
    await reserve(b, 0, 0, { actionKey: 2 });
    const afterwards = registrants ? "0" : "a/0d/01";
    assertEquals(await scene.ends(to, through), afterwards);
  });
}

copyTest("A key that a copy has registered lets it in", async (scene) => {
  const b = await scene.test.connectReady("b");
  await reserve(scene.a, 0, 0, { actionKey: 1 });
  await reserve(scene.a, 0, 1, { key: 1, type: 6 });
  const segments = [
    registerSegment(0, 0n, 2n),
    { blocks: 1, from: 1, to: 0 },
    registerSegment(0, 2n, 0n),
  ];
  assertEquals(await scene.ends({ segments }, { lun: 1, by: b }), "0");
  const { status } = await b.command(0, [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  assertEquals(status, STATUS.RESERVATION_CONFLICT);
});

copyTest("RESERVE of another initiator keeps a copy out", async (scene) => {
  const b = await scene.test.connectReady("b");
  const reserved = await scene.a.command(0, [0x16, 0, 0, 0, 0, 0]);
  assertEquals(endOf(reserved), "0");
  const wish = { segments: [{ blocks: 1 }] };
  assertEquals(await scene.ends(wish, { lun: 1 }), "0");
  assertEquals(await scene.ends(wish, { lun: 1, by: b }), "a/0d/01");
});

copyTest("A copy takes nothing from its initiator", async (scene) => {
  const b = await scene.test.connectReady("b");
  await scene.a.command(0, [0x16, 0, 0, 0, 0, 0]);
  await scene.a.command(1, [0x1e, 0, 0, 0, 1, 0]);
  assertEquals(await scene.ends({ segments: [{ blocks: 1 }] }), "0");
  const { status } = await b.command(0, [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  assertEquals(status, STATUS.RESERVATION_CONFLICT);
});

copyTest("Copies leave no nexus behind", async (scene) => {
  const before = [0, 1].map((lun) => scene.unit(lun).itls.size);
  const wish = { segments: [verifySegment(0), { blocks: 1 }] };
  for (let copy = 0; copy < 20; copy += 1) {
    assertEquals(await scene.ends(wish), "0");
  }
  const after = [0, 1].map((lun) => scene.unit(lun).itls.size);
  assertEquals(after, before);
  const ports = scene.test.target.ports.all();
  const nexuses = ports.map((port) => [...port.nexuses].length);
  assertEquals(nexuses.toSorted(), [0, 1]);
});

copyTest("A result is told to the initiator that asked", async (scene) => {
  const b = await scene.test.connectReady("b");
  assertEquals(await scene.ends({ segments: [{ blocks: 1 }] }), "0");
  assertEquals(endOf(await scene.results(0, 1, { by: b })), "5/24/00");
  assertEquals(endOf(await scene.results(0, 1, { lun: 1 })), "5/24/00");
  assertEquals(endOf(await scene.results(0, 1)), "0");
});
