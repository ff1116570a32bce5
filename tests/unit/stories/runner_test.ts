import { assertEquals, assertMatch } from "@std/assert";
import { targetTest, type TestTarget } from "../../support/core_target.ts";
import { tellStory } from "../../support/story_runner.ts";
import { blocksOf, bytesOf, numberOf } from "../../support/story_values.ts";

// The stories are only worth what their teller notices.

async function complaint(test: TestTarget, text: string): Promise<string> {
  try {
    await tellStory(test, text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}

const WRONG: readonly [what: string, row: string, complaint: RegExp][] = [
  ["another status", "a  TEST UNIT READY -> GOOD", /^row 3: a {2}TEST UNIT/],
  ["another sense", "a  TEST UNIT READY -> 6/29/02", /29\/00/],
  ["a field pointer that is not told", "a  INQUIRY page=7 -> 5/24/00", /cdb/],
  ["data that are not told", "a  INQUIRY -> GOOD", /unforeseen/],
  ["other data", "a  INQUIRY length=2 -> GOOD data 00.01", /00 00/],
  ["another length", "a  INQUIRY length=2 -> GOOD length=3", /3/],
  ["other bytes", "a  INQUIRY length=9 -> GOOD @4=00", /5b/],
  ["another text", 'a  INQUIRY length=16 -> GOOD @8="ACME"', /FREE/],
  ["another transfer length", "a  INQUIRY length=2 -> GOOD any moves=3", /3/],
  ["words about data that say nothing", "a  INQUIRY -> GOOD huge", /huge/],
  ["an argument unknown", "a  INQUIRY lba=3 -> GOOD any", /"lba"/],
  ["a command unknown", "a  LAUNCH -> GOOD", /no command "LAUNCH"/],
  ["a subject unknown", "moon rises", /Who is "moon"/],
  ["a verb unknown", "a dances", /does not "dances"/],
  ["a command that waits", "a  TEST UNIT READY attr=ordered -> BUSY", /29/],
  ["another answer", "a  QUERY TASK SET -> FUNCTION SUCCEEDED", /COMPLETE/],
  ["a function's bytes that are not told", "a  QUERY ASYNCHRONOUS EVENT", /./],
];

for (const [what, row, words] of WRONG) {
  targetTest(`tellStory() notices ${what}`, async (test) => {
    const text = `
    lun 0 ramdisk
    # what is wrong stands in the next row
    ${row}
    `;
    assertMatch(await complaint(test, text), words);
  });
}

targetTest("tellStory() notices what nobody awaited", async (test) => {
  const text = `
  lun 0 ramdisk
  a ready
  a  TEST UNIT READY as t1
  `;
  assertEquals(await complaint(test, text), "Nobody awaited t1");
});

targetTest(
  "tellStory() notices what has not ended, and what has",
  async (test) => {
    const text = `
  lun 0 ramdisk
  a ready
  a holds
  a  READ(10) lba=0 n=1 as r1
  a  TEST UNIT READY as t1
  r1 waits
  r1 -> GOOD
  `;
    assertMatch(await complaint(test, text), /row 7.*\n.*has not ended/);
    assertMatch(await complaint(test, "t1 waits"), /Who is/);
  },
);

targetTest("tellStory() reads rows that go on, and comments", async (test) => {
  await tellStory(
    test,
    `
    lun 0 ramdisk
      size=2m            # two mebibytes
    a ready
    # a row of its own
    a  READ CAPACITY(10)
       -> GOOD data
       00000fff          # the last block
       00000200
    `,
  );
});

Deno.test("numberOf(), bytesOf() and blocksOf() read values", () => {
  const numbers = ["0", "12", "-1", "0x1f", "4k", "2m"].map(numberOf);
  assertEquals(numbers, [0, 12, -1, 31, 4096, 2 ** 21]);
  assertEquals(bytesOf('"00.01*2 a5,ff"').toHex(), "000101a5ff");
  assertEquals(bytesOf("0102*2").toHex(), "01020102");
  assertEquals(blocksOf("aa,bb", 2).toHex(), "aaaabbbb");
});
