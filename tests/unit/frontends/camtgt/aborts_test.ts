import { assertEquals } from "@std/assert";
import { FUNCTION_CODE } from "../../../../frontends/camtgt/wire/frame.ts";
import type { RawCommand, RawHost } from "../../../support/cam_host.ts";
import {
  blocksCdb,
  type CamRig,
  camTest,
  patternBytes,
} from "../../../support/cam_rig.ts";
import { settle } from "../../../support/core_target.ts";

const READ: RawCommand = {
  exchange: 1,
  cdb: blocksCdb(0x28, 0, 4),
  read: 2048,
};
const WRITE: RawCommand = {
  exchange: 1,
  cdb: blocksCdb(0x2a, 0, 4),
  write: 2048,
};

/** Where a command can be when it is aborted, and how it gets there. */
const PLACES: Readonly<
  Record<string, (rig: CamRig, host: RawHost) => Promise<void>>
> = {
  "reading its store": async ({ test }, host) => {
    test.driver.store.holding = true;
    await host.command(READ);
  },
  "with Data-In on the wire": (_rig, host) => host.command(READ),
  "between two moves of Data-In": async (_rig, host) => {
    await host.command(READ);
    await host.acknowledge(1, 1024);
  },
  "before any Data-Out": (_rig, host) => host.command(WRITE),
  "amid Data-Out": async (_rig, host) => {
    await host.command(WRITE);
    await host.data(1, 0, patternBytes(500), false);
  },
  "writing to its store": async ({ test }, host) => {
    test.driver.store.holding = true;
    await host.command({ ...WRITE, cdb: blocksCdb(0x2a, 0, 1), write: 512 });
    await host.data(1, 0, patternBytes(512));
  },
  "behind another one": async ({ test }, host) => {
    test.driver.store.holding = true;
    const cdb = blocksCdb(0x2a, 0, 1);
    await host.command({ exchange: 7, cdb, write: 512 });
    await host.data(7, 0, patternBytes(512));
    await host.command(READ);
  },
};

/** Ways to abort: by whom, what it is, and whether a status follows. */
const WAYS = [
  ["ABORT TASK", "self", FUNCTION_CODE.ABORT_TASK, "1 ABORTED"],
  ["ABORT TASK SET", "self", FUNCTION_CODE.ABORT_TASK_SET, "1 ABORTED"],
  ["own CLEAR TASK SET", "self", FUNCTION_CODE.CLEAR_TASK_SET, "1 ABORTED"],
  ["CLEAR TASK SET", "other", FUNCTION_CODE.CLEAR_TASK_SET, "1 RESPONSE 40"],
  ["LUN RESET", "other", FUNCTION_CODE.LOGICAL_UNIT_RESET, "1 RESPONSE 40"],
  ["TARGET RESET", "other", FUNCTION_CODE.TARGET_RESET, "1 RESPONSE 40"],
  ["BUS RESET", "other", FUNCTION_CODE.BUS_RESET, "1 RESPONSE 40"],
] as const;

for (const [place, bring] of Object.entries(PLACES)) {
  for (const [way, who, code, ends] of WAYS) {
    camTest(`${way}: a command ${place}`, { maxio: "1k" }, async (rig) => {
      const host = await rig.rawReady(1n);
      const other = await rig.rawReady(2n);
      await bring(rig, host);
      host.heard();
      const asker = who === "self" ? host : other;
      await asker.manage(99, code, 1);
      rig.test.driver.store.answerAll();
      await settle();
      const heard = [...host.heard(), ...asker === other ? other.heard() : []];
      const end = heard.find((row) => row.startsWith("1 "));
      assertEquals(end?.startsWith(ends), true, heard.join("\n"));
      // The answer is true: nothing of the command follows it.
      assertEquals(heard.includes("99 TASK_MANAGEMENT_RESPONSE 00"), true);
      assertEquals(heard.filter((row) => row.startsWith("1 ")), [end]);
      // Late frames of the initiator mean nothing.
      await host.acknowledge(1, 1024);
      await host.data(1, 0, patternBytes(1024));
      assertEquals(host.heard(), []);
      const { atios, inots, heldBytes } = rig.service.usage(rig.port);
      assertEquals([inots, heldBytes], [0, 0]);
      assertEquals(atios <= (place === "behind another one" ? 1 : 0), true);
    });
  }
}

camTest("An exchange that was aborted may be used again", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.command(READ);
  await host.manage(99, FUNCTION_CODE.ABORT_TASK, 1);
  host.heard();
  await host.command(READ);
  assertEquals(host.heard(), ["1 DATA 0+2048 end", "1 RESPONSE 00"]);
  await host.acknowledge(1, 2048);
});

/** Functions by their codes, and how they are answered. */
const FUNCTIONS: readonly (readonly [
  title: string,
  code: number,
  lun: number,
  tag: number,
  answer: string,
])[] = [
  ["ABORT TASK of nothing", FUNCTION_CODE.ABORT_TASK, 0, 1, "00"],
  ["QUERY TASK of nothing", FUNCTION_CODE.QUERY_TASK, 0, 1, "00"],
  ["QUERY TASK of a command", FUNCTION_CODE.QUERY_TASK, 0, 5, "08"],
  ["QUERY TASK SET", FUNCTION_CODE.QUERY_TASK_SET, 0, 0, "08"],
  ["QUERY of events", FUNCTION_CODE.QUERY_ASYNCHRONOUS_EVENT, 0, 0, "00"],
  ["CLEAR ACA", FUNCTION_CODE.CLEAR_ACA, 0, 0, "04"],
  ["a code of nothing", 0x77, 0, 0, "04"],
  ["a LUN that is not there", FUNCTION_CODE.LOGICAL_UNIT_RESET, 9, 0, "09"],
  ["I_T NEXUS RESET", FUNCTION_CODE.I_T_NEXUS_RESET, 0, 0, "00"],
];

for (const [title, code, lun, tag, answer] of FUNCTIONS) {
  camTest(`${title} is answered ${answer}`, {}, async (rig) => {
    const host = await rig.rawReady(1n);
    await host.command({ ...READ, exchange: 5 });
    host.heard();
    await host.manage(8, code, tag, lun);
    const rows = host.heard().filter((row) => row.startsWith("8 "));
    assertEquals(rows, [`8 TASK_MANAGEMENT_RESPONSE ${answer}`]);
  });
}

/** Resets, and what the next command of everybody hears. */
const RESETS = [
  [FUNCTION_CODE.LOGICAL_UNIT_RESET, "29/00"],
  [FUNCTION_CODE.BUS_RESET, "29/02"],
  [FUNCTION_CODE.TARGET_RESET, "29/03"],
] as const;

for (const [code, codes] of RESETS) {
  camTest(
    `Function ${code.toString(16)}h is told as ${codes}`,
    {},
    async (rig) => {
      const one = await rig.rawReady(1n);
      const other = await rig.rawReady(2n);
      await one.manage(9, code);
      one.heard();
      for (const host of [one, other]) {
        await host.command({ exchange: 3, cdb: new Uint8Array(6) });
        assertEquals(host.heard(), [`3 RESPONSE 02 sense 6/${codes}`]);
      }
    },
  );
}
