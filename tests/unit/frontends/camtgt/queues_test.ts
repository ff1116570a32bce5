import { assertEquals } from "@std/assert";
import {
  ATTRIBUTE_CODE,
  FRAME_FLAG,
  FUNCTION_CODE,
} from "../../../../frontends/camtgt/wire/frame.ts";
import { blocksCdb, camTest, patternBytes } from "../../../support/cam_rig.ts";
import { settle } from "../../../support/core_target.ts";

const TEST_UNIT_READY = new Uint8Array(6);
const READ = { cdb: blocksCdb(0x28, 0, 1), read: 512 };

camTest("Commands beyond the ATIOs end TASK SET FULL or BUSY", {
  atios: "3",
}, async (rig) => {
  const one = await rig.rawReady(1n);
  const other = await rig.rawReady(2n);
  for (const exchange of [1, 2, 3]) await one.command({ exchange, ...READ });
  one.heard();
  assertEquals(rig.service.usage(rig.port).atios, 3);
  // Whoever has tasks in the set hears another status (SAM-5 5.3.1).
  await one.command({ exchange: 4, ...READ });
  assertEquals(one.heard(), ["4 RESPONSE 28 under 512"]);
  await other.command({ exchange: 1, ...READ });
  assertEquals(other.heard(), ["1 RESPONSE 08 under 512"]);
  await one.acknowledge(2, 512);
  await other.command({ exchange: 1, ...READ });
  assertEquals(other.heard(), ["1 DATA 0+512 end", "1 RESPONSE 00"]);
});

camTest("Functions beyond the INOTs fail", { inots: "1" }, async (rig) => {
  const host = await rig.rawReady(1n);
  rig.test.driver.store.holding = true;
  await host.command({ exchange: 1, ...READ });
  await host.manage(8, FUNCTION_CODE.ABORT_TASK, 1); // It waits for the store.
  await host.manage(9, FUNCTION_CODE.ABORT_TASK, 1);
  assertEquals(host.heard(), ["9 TASK_MANAGEMENT_RESPONSE 05"]);
  rig.test.driver.store.answerAll();
  await settle();
  assertEquals(host.heard(), [
    "1 ABORTED 0",
    "8 TASK_MANAGEMENT_RESPONSE 00",
  ]);
  await host.manage(9, FUNCTION_CODE.ABORT_TASK, 1);
  assertEquals(host.heard(), ["9 TASK_MANAGEMENT_RESPONSE 00"]);
});

camTest("Commands and functions keep their order", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  rig.test.driver.store.holding = true;
  // In one go: the query finds the first and not the second.
  const sent = [
    host.command({ exchange: 1, ...READ }),
    host.manage(2, FUNCTION_CODE.QUERY_TASK, 1),
    host.manage(3, FUNCTION_CODE.QUERY_TASK, 4),
    host.command({ exchange: 4, ...READ }),
    host.manage(5, FUNCTION_CODE.QUERY_TASK, 4),
    host.manage(6, FUNCTION_CODE.ABORT_TASK_SET),
    host.command({ exchange: 7, cdb: TEST_UNIT_READY }),
  ];
  await Promise.all(sent);
  rig.test.driver.store.answerAll();
  await settle();
  assertEquals(host.heard(), [
    "2 TASK_MANAGEMENT_RESPONSE 08",
    "3 TASK_MANAGEMENT_RESPONSE 00",
    "5 TASK_MANAGEMENT_RESPONSE 08",
    "7 RESPONSE 00",
    "1 ABORTED 0",
    "4 ABORTED 0",
    "6 TASK_MANAGEMENT_RESPONSE 00",
  ]);
});

/** Attributes, and when a command behind a waiting write starts. */
const ATTRIBUTES = [
  ["HEAD OF QUEUE", ATTRIBUTE_CODE.HEAD_OF_QUEUE, true],
  ["SIMPLE", ATTRIBUTE_CODE.SIMPLE, true],
  ["ORDERED", ATTRIBUTE_CODE.ORDERED, false],
  ["ACA", ATTRIBUTE_CODE.ACA, true],
] as const;

for (const [name, attribute, passes] of ATTRIBUTES) {
  camTest(`${name} behind a write of other blocks`, {}, async (rig) => {
    const host = await rig.rawReady(1n);
    const cdb = blocksCdb(0x2a, 100, 1);
    await host.command({ exchange: 1, cdb, write: 512 });
    await host.command({ exchange: 2, ...READ, attribute });
    host.heard();
    await host.acknowledge(2, 512);
    const size = rig.test.target.luns.get(0)?.taskSet.size;
    assertEquals(size, passes ? 1 : 2);
    await host.data(1, 0, patternBytes(512));
    if (!passes) await host.acknowledge(2, 512);
    assertEquals(rig.service.usage(rig.port).atios, 0);
  });
}

/** COMMANDs that no command can be, and how they end. */
const WRONG = [
  ["an attribute of no meaning", { attribute: 3 }],
  ["both ways", { flags: FRAME_FLAG.READ | FRAME_FLAG.WRITE }],
] as const;

for (const [title, wrong] of WRONG) {
  camTest(`A command with ${title} is refused`, {}, async (rig) => {
    const host = await rig.rawReady(1n);
    await host.command({ exchange: 1, ...READ, ...wrong });
    const [row = ""] = host.heard();
    assertEquals(row.replace(/ under \d+/, ""), "1 RESPONSE 02 sense 5/0E/03");
    assertEquals(rig.service.usage(rig.port).atios, 0);
  });
}

camTest("Overlapped tags are refused, others go with them", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command({ exchange: 1, tag: 5, ...READ });
  host.heard();
  await host.command({ exchange: 2, tag: 5, ...READ });
  const rows = host.heard();
  assertEquals(rows, [
    "1 ABORTED 512",
    "2 RESPONSE 02 under 512 sense B/4D/05",
  ]);
});

camTest("Two untagged commands overlap", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  const attribute = ATTRIBUTE_CODE.UNTAGGED;
  await host.command({ exchange: 1, ...READ, attribute });
  host.heard();
  await host.command({ exchange: 2, ...READ, attribute });
  assertEquals(host.heard().at(-1), "2 RESPONSE 02 under 512 sense B/4E/00");
});

camTest("An exchange that is in use ends the login", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command({ exchange: 1, tag: 5, ...READ });
  await host.command({ exchange: 1, tag: 6, ...READ });
  assertEquals(host.closed, true);
  assertEquals([...rig.port.nexuses], []);
});
