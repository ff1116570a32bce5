import { assertEquals } from "@std/assert";
import { breakState, targetTest } from "../../support/core_target.ts";
import { story, tellStory } from "../../support/story_runner.ts";

story(
  "LOG SELECT with PCR lets the counters of one page begin anew",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  WRITE(10) lba=0 data=a1*3   -> GOOD
  a  LOG SENSE page=19           -> GOOD length=96 @16=00000000.00000001
     @24=00000000.00000003
  a  LOG SELECT pcr page=19      -> GOOD
  a  LOG SENSE page=19           -> GOOD length=96 @8=00*64 @76=00*8
     @88=00000003.00000001
  b  LOG SENSE page=19           -> 6/2a/02
  b  READ(10) lba=0 n=2          -> GOOD blocks=a1*2
  a  LOG SENSE page=19           -> GOOD length=96 @8=00000000.00000001
     @16=00*16 @32=00000000.00000002
  a  TEST UNIT READY             -> GOOD
  `,
);

story(
  "LOG SELECT with PCR and no page resets all pages, and says so once",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  READ(10) lba=0 n=1          -> GOOD blocks=00
  a  LOG SELECT pcr              -> GOOD
  a  LOG SELECT pcr subpage=ff   -> GOOD
  a  LOG SENSE page=19           -> GOOD length=96 @8=00*64
  b  TEST UNIT READY             -> 6/2a/02
  b  TEST UNIT READY             -> GOOD
  a  LOG SELECT pcr page=19 subpage=ff -> GOOD
  b  TEST UNIT READY             -> 6/2a/02
  # Nothing of a temperature can be reset.
  a  LOG SELECT pcr page=0d      -> GOOD
  b  TEST UNIT READY             -> GOOD
  a  LOG SELECT pcr page=01      -> 5/24/00 cdb=2.5
  a  LOG SELECT pcr page=19 subpage=01 -> 5/24/00 cdb=3
  `,
);

story(
  "LOG SELECT without a list and PCR changes nothing",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  WRITE(10) lba=0 data=a1     -> GOOD
  a  LOG SELECT                  -> GOOD
  a  LOG SELECT pc=3 page=19     -> GOOD
  a  LOG SENSE page=19           -> GOOD length=96 @16=00000000.00000001
  a  LOG SELECT page=3e          -> 5/24/00 cdb=2.5
  b  TEST UNIT READY             -> GOOD
  `,
);

story(
  "LOG SELECT sets parameters of application clients",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  LOG SELECT list=0f.00.0200.0001.83.fc.a1*252.003f.03.fc.a2*252 -> GOOD
  b  LOG SENSE page=0f           -> 6/2a/02
  b  LOG SENSE page=0f pointer=0001 length=516 -> GOOD length=516
     @0=0f.00.3f00.0001.83.fc.a1*252 @260=0002.83.fc.00*252
  b  LOG SENSE page=0f pointer=003f -> GOOD length=260 @4=003f.83.fc.a2*252
  b  LOG SELECT pcr page=0f      -> GOOD
  a  TEST UNIT READY             -> 6/2a/02
  a  LOG SENSE page=0f pointer=003f -> GOOD length=260 @4=003f.83.fc.00*252
  `,
);

story(
  "LOG SELECT refuses lists that are wrong, and changes nothing then",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  LOG SELECT list=0f.00.0100.0001.83.fc.a1*252 pcr -> 5/24/00 cdb=1.1
  a  LOG SELECT list=0f.00.0000 page=0f     -> 5/24/00 cdb=2.5
  a  LOG SELECT list=0f.00.0000 subpage=01  -> 5/24/00 cdb=3
  a  LOG SELECT list=0f.00.00               -> 5/1a/00
  a  LOG SELECT list=0f.00.0100.0001.83.fc.a1*200 -> 5/1a/00
  a  LOG SELECT list=0f.00.0002.0001        -> 5/1a/00
  a  LOG SELECT list=0f.00.0064.0001.83.fc.a1*96 -> 5/1a/00
  a  LOG SELECT list=01.00.0000             -> 5/26/00 list=0.5
  a  LOG SELECT list=4f.00.0000             -> 5/26/00 list=0.6
  a  LOG SELECT list=0f.01.0000             -> 5/26/00 list=1
  a  LOG SELECT list=19.00.0008.0003.03.04.00000000 -> 5/26/00 list=4
  a  LOG SELECT list=0f.00.0000.0d.00.0000  -> 5/26/00 list=4.5
  a  LOG SELECT list=0f.00.0000.0f.00.0000  -> 5/26/00 list=4.5
  a  LOG SELECT list=0f.00.0100.0040.83.fc.a1*252 -> 5/26/00 list=4
  a  LOG SELECT list=0f.00.0100.0001.93.fc.a1*252 -> 5/26/00 list=6.4
  a  LOG SELECT list=0f.00.0100.0001.a3.fc.a1*252 -> 5/26/00 list=6.5
  a  LOG SELECT list=0f.00.0008.0001.83.04.a1*4 -> 5/26/00 list=7
  a  LOG SELECT list=0f.00.0200.0001.83.fc.a1*252.0001.83.fc.a2*252
     -> 5/26/00 list=260
  a  LOG SELECT list=0f.00.0100.0001.83.fc.a1*252 expect=10 -> 5/0e/03
  a  LOG SELECT cdb=4:01                    -> 5/24/00 cdb=4.0
  a  LOG SELECT cdb=1:04                    -> 5/24/00 cdb=1.2
  a  LOG SELECT list=0d.00.0000.0f.00.0000  -> GOOD
  a  LOG SENSE page=0f pointer=0001 length=12 -> GOOD data
     0f.00.3f00.0001.83.fc.00000000
  b  TEST UNIT READY                        -> GOOD
  `,
);

story(
  "LOG SELECT waits for nobody's reservation but obeys it",
  `
  lun 0 ramdisk
  a ready
  b ready
  b  RESERVE(6)                  -> GOOD
  a  LOG SELECT pcr              -> RESERVATION CONFLICT
  b  RELEASE(6)                  -> GOOD
  b  PR REGISTER newkey=1        -> GOOD
  b  PR RESERVE key=1 type=1     -> GOOD
  a  LOG SELECT pcr              -> RESERVATION CONFLICT
  a  LOG SENSE page=19           -> GOOD any
  `,
);

const SET = "0f.00.0100.0005.83.fc.a5*252";

targetTest("LOG SELECT saves with SP, and only then", async (test) => {
  await tellStory(
    test,
    `
    lun 0 ramdisk ctld_name=kept
    lun 1 ramdisk ctld_name=lost
    lun 2 ramdisk ctld_name=late
    a ready
    a ready 1
    a ready 2
    a  LOG SELECT sp list=${SET}          -> GOOD
    a:1  LOG SELECT list=${SET}           -> GOOD
    a:2  LOG SELECT list=${SET}           -> GOOD
    a:2  LOG SENSE sp page=0d             -> GOOD any
    target removes 0
    target removes 1
    target removes 2
    lun 0 ramdisk ctld_name=kept
    lun 1 ramdisk ctld_name=lost
    lun 2 ramdisk ctld_name=late
    a ready
    a ready 1
    a ready 2
    a  LOG SENSE page=0f pointer=0005 length=9   -> GOOD data
       0f.00.3b00.0005.83.fc.a5
    a:1  LOG SENSE page=0f pointer=0005 length=9 -> GOOD data
       0f.00.3b00.0005.83.fc.00
    a:2  LOG SENSE page=0f pointer=0005 length=9 -> GOOD data
       0f.00.3b00.0005.83.fc.a5
    `,
  );
});

targetTest("LOG SELECT fails when it cannot save", async (test) => {
  await test.addLun();
  const a = await test.joinReady("a");
  breakState(test);
  const { sense } = await a.command(0, [0x4c, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(sense, "4/44/00");
});
