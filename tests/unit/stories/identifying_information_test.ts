import { assertEquals } from "@std/assert";
import { breakState, targetTest } from "../../support/core_target.ts";
import { story } from "../../support/story_runner.ts";

story(
  "REPORT IDENTIFYING INFORMATION tells what options say",
  `
  lun 0 ramdisk
  lun 1 ramdisk ident_info=rack-7 text_ident_info=cellar
  lun 2 ramdisk ident_info=0x00a1b2
  lun 3 ramdisk ident_info=0xyz
  a ready
  a ready 1
  a ready 2
  a ready 3
  a  REPORT IDENTIFYING INFORMATION            -> GOOD data 0000.0000
  a  REPORT IDENTIFYING INFORMATION type=04    -> GOOD data 0000.0000
  a:1  REPORT IDENTIFYING INFORMATION          -> GOOD data
     0000.0006.7261636b2d37
  a:1  REPORT IDENTIFYING INFORMATION type=04  -> GOOD data
     0000.0007.63656c6c6172.00
  a:1  REPORT IDENTIFYING INFORMATION length=6 -> GOOD data 0000.0006.7261
  a:2  REPORT IDENTIFYING INFORMATION          -> GOOD data 0000.0003.00a1b2
  a:3  REPORT IDENTIFYING INFORMATION          -> GOOD data 0000.0004.3078797a
  `,
);

story(
  "REPORT IDENTIFYING INFORMATION lists its types, by two codes",
  `
  lun 0 ramdisk
  a ready
  a  REPORT IDENTIFYING INFORMATION type=fe    -> GOOD data 0000.0008
     00.00.0200.04.00.0100
  a  REPORT IDENTIFYING INFORMATION type=fc    -> GOOD data 0000.0008
     00.00.0200.04.00.0100
  a  REPORT IDENTIFYING INFORMATION type=02    -> 5/24/00 cdb=10.7
  a  REPORT IDENTIFYING INFORMATION type=08    -> 5/24/00 cdb=10.7
  a  REPORT IDENTIFYING INFORMATION type=01    -> 5/24/00 cdb=10.0
  a  REPORT IDENTIFYING INFORMATION cdb=1:20   -> 5/24/00 cdb=1.5
  `,
);

story(
  "SET IDENTIFYING INFORMATION goes before the options, and is told",
  `
  lun 0 ramdisk ident_info=rack-7 text_ident_info=cellar
  a ready
  b ready
  a  SET IDENTIFYING INFORMATION list=a1a2         -> GOOD
  a  TEST UNIT READY                               -> GOOD
  b  TEST UNIT READY                               -> 6/3f/05
  b  REPORT IDENTIFYING INFORMATION                -> GOOD data 0000.0002.a1a2
  b  SET IDENTIFYING INFORMATION type=04 list=6200 -> GOOD
  a  REPORT IDENTIFYING INFORMATION type=04        -> 6/3f/05
  a  REPORT IDENTIFYING INFORMATION type=04        -> GOOD data 0000.0002.6200
  a  SET IDENTIFYING INFORMATION                   -> GOOD
  a  REPORT IDENTIFYING INFORMATION                -> GOOD data 0000.0000
  a  SET IDENTIFYING INFORMATION type=04           -> GOOD
  a  REPORT IDENTIFYING INFORMATION type=04        -> GOOD data 0000.0000
  a  SET IDENTIFYING INFORMATION list=a1*512       -> GOOD
  a  REPORT IDENTIFYING INFORMATION length=9       -> GOOD data
     0000.0200.a1a1a1a1a1
  `,
);

story(
  "SET IDENTIFYING INFORMATION refuses what does not fit",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  SET IDENTIFYING INFORMATION list=a1*513            -> 5/24/00 cdb=6
  a  SET IDENTIFYING INFORMATION type=04 list=41*256.00 -> 5/24/00 cdb=6
  a  SET IDENTIFYING INFORMATION type=04 list=4142      -> 5/26/00 list=1
  a  SET IDENTIFYING INFORMATION type=04 list=41004200  -> 5/26/00 list=1
  a  SET IDENTIFYING INFORMATION type=02 list=41        -> 5/24/00 cdb=10.7
  a  SET IDENTIFYING INFORMATION type=fe list=41        -> 5/24/00 cdb=10.7
  a  SET IDENTIFYING INFORMATION list=41 expect=0       -> 5/0e/03
  a  SET IDENTIFYING INFORMATION cdb=3:01               -> 5/24/00 cdb=3.0
  b  TEST UNIT READY                                    -> GOOD
  a  REPORT IDENTIFYING INFORMATION type=04             -> GOOD data 0000.0000
  b  PR REGISTER newkey=1                               -> GOOD
  b  PR RESERVE key=1 type=1                            -> GOOD
  a  SET IDENTIFYING INFORMATION list=41                -> RESERVATION CONFLICT
  a  REPORT IDENTIFYING INFORMATION                     -> GOOD data 0000.0000
  `,
);

story(
  "Identifying information outlives its unit where the unit has a name",
  `
  lun 0 ramdisk ctld_name=kept ident_info=old
  lun 1 ramdisk
  a ready
  a ready 1
  a  SET IDENTIFYING INFORMATION list=a1           -> GOOD
  a  SET IDENTIFYING INFORMATION type=04           -> GOOD
  a:1  SET IDENTIFYING INFORMATION list=a1         -> GOOD
  target removes 0
  target removes 1
  lun 0 ramdisk ctld_name=kept ident_info=old text_ident_info=old
  lun 1 ramdisk
  a ready
  a ready 1
  a  REPORT IDENTIFYING INFORMATION                -> GOOD data 0000.0001.a1
  a  REPORT IDENTIFYING INFORMATION type=04        -> GOOD data 0000.0000
  a:1  REPORT IDENTIFYING INFORMATION              -> GOOD data 0000.0000
  `,
);

targetTest("SET IDENTIFYING INFORMATION fails when not kept", async (test) => {
  await test.addLun();
  const a = await test.joinReady("a");
  const b = await test.joinReady("b");
  breakState(test);
  const set = [0xa4, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
  const { sense } = await a.command(0, set, { write: Uint8Array.of(1) });
  assertEquals(sense, "4/44/00");
  assertEquals((await b.command(0, [0, 0, 0, 0, 0, 0])).sense, "");
});
