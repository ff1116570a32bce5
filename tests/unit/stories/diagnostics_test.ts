import { assertEquals } from "@std/assert";
import { breakState, settle, targetTest } from "../../support/core_target.ts";
import { story, tellStory } from "../../support/story_runner.ts";

// Log page 10h has four bytes of header, and twenty for each self-test.

story(
  "SEND DIAGNOSTIC runs the default self-test, and logs nothing",
  `
  lun 0 controlled
  lun 1 controlled type=3
  a ready
  a ready 1
  a  SEND DIAGNOSTIC selftest                  -> GOOD
  store calls read 0 1
  a:1  SEND DIAGNOSTIC selftest                -> GOOD
  a  SEND DIAGNOSTIC selftest devoffl unitoffl -> GOOD
  a  LOG SENSE page=10      -> GOOD length=404 @0=10.00.0190
     @4=0001.03.10.00*16 @384=0014.03.10.00*16
  store fails read medium
  a  SEND DIAGNOSTIC selftest                  -> 4/3e/03
  a  SEND DIAGNOSTIC selftest                  -> GOOD
  `,
);

story(
  "SEND DIAGNOSTIC refuses what there is not",
  `
  lun 0 ramdisk
  a ready
  a  SEND DIAGNOSTIC selftest code=1           -> 5/24/00 cdb=1.7
  a  SEND DIAGNOSTIC code=3                    -> 5/24/00 cdb=1.7
  a  SEND DIAGNOSTIC code=7                    -> 5/24/00 cdb=1.7
  a  SEND DIAGNOSTIC code=4                    -> 5/24/00 cdb=1.7
  a  SEND DIAGNOSTIC code=1 list=00000000      -> 5/24/00 cdb=3
  a  SEND DIAGNOSTIC selftest list=00000000    -> 5/24/00 cdb=3
  a  SEND DIAGNOSTIC cdb=1:08                  -> 5/24/00 cdb=1.3
  a  SEND DIAGNOSTIC cdb=2:01                  -> 5/24/00 cdb=2.0
  `,
);

story(
  "SEND DIAGNOSTIC takes the page that asks for the list of pages",
  `
  lun 0 ramdisk
  a ready
  a  SEND DIAGNOSTIC                           -> GOOD
  a  SEND DIAGNOSTIC pf                        -> GOOD
  a  SEND DIAGNOSTIC pf list=00.00.0000        -> GOOD
  a  RECEIVE DIAGNOSTIC                        -> GOOD data 00.00.0001.00
  a  RECEIVE DIAGNOSTIC pcv page=00            -> GOOD data 00.00.0001.00
  a  RECEIVE DIAGNOSTIC pcv length=3           -> GOOD data 00.00.00
  a  RECEIVE DIAGNOSTIC pcv length=0           -> GOOD
  a  SEND DIAGNOSTIC list=00.00.0000           -> 5/24/00 cdb=1.4
  a  SEND DIAGNOSTIC pf list=40.00.0000        -> 5/26/00 list=0
  a  SEND DIAGNOSTIC pf list=00.00.0001.00     -> 5/26/00 list=2
  a  SEND DIAGNOSTIC pf list=00.00.00          -> 5/1a/00
  a  SEND DIAGNOSTIC pf list=00.00.0000.00     -> 5/1a/00
  a  RECEIVE DIAGNOSTIC pcv page=40            -> 5/24/00 cdb=2
  a  RECEIVE DIAGNOSTIC cdb=1:02               -> 5/24/00 cdb=1.1
  `,
);

story(
  "An extended self-test reads the whole medium, a short one samples",
  `
  lun 0 controlled size=1m blocksize=4096
  a ready
  a  SEND DIAGNOSTIC code=6                    -> GOOD
  store calls read 0 1, read 0 32, read 32 32, read 64 32, read 96 32,
     read 128 32, read 160 32, read 192 32, read 224 32
  lun 1 controlled size=16m blocksize=4096
  a ready
  a ready 1
  a:1  SEND DIAGNOSTIC code=5                  -> GOOD
  a  LOG SENSE page=10 length=24 -> GOOD data 10.00.0190
     0001.03.10.c0.00.0000.ff*8.00000000
  a:1  LOG SENSE page=10 length=24 -> GOOD data 10.00.0190
     0001.03.10.a0.00.0000.ff*8.00000000
  `,
);

story(
  "A background self-test leaves the unit to others, and tells how far it is",
  `
  lun 0 controlled size=1m
  a ready
  b ready
  store holds
  a  SEND DIAGNOSTIC code=2                    -> GOOD
  a  LOG SENSE page=10 length=24 -> GOOD data 10.00.0190
     0001.03.10.4f.00.0000.ff*8.00000000
  b  TEST UNIT READY                           -> GOOD
  b  REQUEST SENSE -> GOOD data
     70.00.02.00000000.0a.00000000.04.09.00.80.0000
  store answers once
  store answers once
  b  TEST UNIT READY                           -> GOOD
  a  SEND DIAGNOSTIC code=1                    -> 2/04/09 progress=0
  a  SEND DIAGNOSTIC selftest                  -> 2/04/09 progress=0
  a  SEND DIAGNOSTIC code=6                    -> 2/04/09 progress=0
  store answers
  b  REQUEST SENSE -> GOOD length=18 @2=00
  a  LOG SENSE page=10 length=24 -> GOOD data 10.00.0190
     0001.03.10.40.00.0000.ff*8.00000000
  `,
);

story(
  "A background self-test is aborted by SEND DIAGNOSTIC",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  SEND DIAGNOSTIC code=1                    -> GOOD
  b  SEND DIAGNOSTIC code=4                    -> GOOD
  b  SEND DIAGNOSTIC code=4                    -> 5/24/00 cdb=1.7
  b  REQUEST SENSE                             -> GOOD length=18 @2=00
  store calls read 0 1
  store answers
  store calls
  a  LOG SENSE page=10 length=44 -> GOOD length=44
     @8=21.00.0000.ff*8.00000000 @28=00*16
  `,
);

story(
  "Resets, stops, ejections and reopened stores interrupt a self-test",
  `
  lun 0 controlled removable=on path=/x
  a ready
  store holds
  a  SEND DIAGNOSTIC code=2                    -> GOOD
  a  LOGICAL UNIT RESET                        -> FUNCTION COMPLETE
  store answers
  a ready
  a  LOG SENSE page=10 length=10 -> GOOD length=10 @8=42
  store holds
  a  SEND DIAGNOSTIC code=1                    -> GOOD
  a  START STOP UNIT                           -> GOOD
  store answers
  a  LOG SENSE page=10 length=10 -> GOOD length=10 @8=22
  a  START STOP UNIT start                     -> GOOD
  store holds
  a  SEND DIAGNOSTIC code=2                    -> GOOD
  a  START STOP UNIT loej                      -> GOOD
  store answers
  a  LOG SENSE page=10 length=10 -> GOOD length=10 @8=42
  a  SEND DIAGNOSTIC code=6                    -> GOOD
  a  START STOP UNIT loej start                -> GOOD
  a ready
  a  LOG SENSE page=10 length=10 -> GOOD length=10 @8=c0
  `,
);

story(
  "A foreground self-test has the unit to itself",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  READ(10) lba=0 n=1             as r1
  a  SEND DIAGNOSTIC code=5         as t1
  t1 waits
  store answers once
  r1 -> GOOD blocks=00
  t1 waits
  b  TEST UNIT READY                           -> 2/04/09 progress=0
  b  READ(10) lba=0 n=1                        -> 2/04/09 progress=0
  b  MODE SENSE(6)                             -> 2/04/09 progress=0
  b  SEND DIAGNOSTIC code=4                    -> 2/04/09 progress=0
  b  INQUIRY                                   -> GOOD any
  b  REPORT LUNS                               -> GOOD any
  b  REQUEST SENSE                  -> GOOD length=18 @2=02 @12=04.09 @15=80
  b  REQUEST SENSE desc -> GOOD data 72.02.04.09.00000008.02.06.0000.80.0000.00
  store answers
  t1 -> GOOD
  b  TEST UNIT READY                           -> GOOD
  `,
);

story(
  "A foreground self-test that is aborted is told as interrupted",
  `
  lun 0 controlled
  a ready
  store holds
  a  SEND DIAGNOSTIC code=6         as t1
  a  ABORT TASK of=t1               as f1
  f1 waits
  store answers
  t1 -> SILENT
  f1 -> FUNCTION COMPLETE
  a  LOG SENSE page=10 length=10    -> GOOD length=10 @8=c2
  `,
);

story(
  "A self-test that fails tells where and why",
  `
  lun 0 controlled size=1m
  a ready
  a  SEND DIAGNOSTIC code=5                    -> GOOD
  store fails read medium
  a  SEND DIAGNOSTIC code=5                    -> 4/3e/03
  a  LOG SENSE page=10 length=44 -> GOOD length=44
     @8=a5.01.0000.00*8.03.11.00.00 @28=a0.00
  lun 1 controlled opens=missing path=/gone
  a ready 1
  a:1  SEND DIAGNOSTIC selftest                -> 4/3e/03
  a:1  SEND DIAGNOSTIC code=6                  -> 4/3e/03
  a:1  LOG SENSE page=10 length=24 -> GOOD length=24
     @8=c5.01.0000.ff*8.04.3e.03.00
  `,
);

story(
  "Log page 10h remembers twenty self-tests and forgets them with PCR",
  `
  lun 0 controlled type=3
  a ready
${"  a  SEND DIAGNOSTIC code=5 -> GOOD\n".repeat(21)}
  a  SEND DIAGNOSTIC code=1                    -> GOOD
  a  LOG SENSE page=10 -> GOOD length=404 @8=20 @28=a0 @388=a0
  a  LOG SELECT pcr page=10                    -> GOOD
  a  LOG SENSE page=10 -> GOOD length=404 @8=00*16 @28=00*16
  `,
);

story(
  "VPD page 86h tells how long an extended self-test takes",
  `
  lun 0 ramdisk
  lun 1 ramdisk size=65536m
  lun 2 controlled type=3
  a  INQUIRY evpd page=86   -> GOOD length=64 @10=0001
  a:1  INQUIRY evpd page=86 -> GOOD length=64 @10=0012
  a:2  INQUIRY evpd page=86 -> GOOD length=64 @10=0001
  `,
);

targetTest("SelfTests keep their results over a restart", async (test) => {
  await tellStory(
    test,
    `
    lun 0 controlled path=/x
    a ready
    clock 7200000
    a  SEND DIAGNOSTIC code=5                    -> GOOD
    store holds
    a  SEND DIAGNOSTIC code=2                    -> GOOD
    `,
  );
  const { state } = test.host;
  const key = state.names("lun/").find((name) => name.endsWith("self_tests"));
  const running = state.read(key ?? "");
  test.driver.store.answerAll();
  await test.target.luns.remove(0);
  // As if the program had been killed in the middle of the second.
  state.write(key ?? "", running ?? new Uint8Array(0));
  await tellStory(
    test,
    `
    lun 0 controlled path=/x
    a ready
    a  LOG SENSE page=10 length=64 -> GOOD length=64
       @8=42.00.0000.ff*8.00000000 @28=a0.00.0002.ff*8 @48=00*16
    clock 3600000
    a  SEND DIAGNOSTIC code=5                    -> GOOD
    a  LOG SENSE page=10 length=64 -> GOOD length=64 @8=a0.00.0003
    `,
  );
});

targetTest("SelfTests finds the block that cannot be read", async (test) => {
  await test.addLun({ backend: "controlled" });
  const a = await test.joinReady("a");
  const { store } = test.driver;
  const read = store.read.bind(store);
  store.read = (lba, count, into, at) => {
    const bad = lba <= 777 && 777 < lba + count;
    if (bad) store.fail("read", "medium");
    return read(lba, count, into, at);
  };
  const test1 = await a.command(0, [0x1d, 0xc0, 0, 0, 0, 0]);
  assertEquals(test1.sense, "4/3e/03");
  const log = [0x4d, 0, 0x50, 0, 0, 0, 0, 0, 24, 0];
  const { data } = await a.command(0, log, { read: 24 });
  assertEquals(
    data.toHex().slice(16),
    "c602000000000000" + "00000309" + "03110000",
  );
});

targetTest("SelfTests ends before its store is closed", async (test) => {
  await test.addLun({ backend: "controlled", options: { path: "/x" } });
  const a = await test.joinReady("a");
  const { store } = test.driver;
  store.holding = true;
  await a.command(0, [0x1d, 0x40, 0, 0, 0, 0]);
  let removed = false;
  const removal = test.target.luns.remove(0).then(() => removed = true);
  await settle();
  assertEquals(removed, false);
  assertEquals(store.closed, false);
  store.answerAll();
  await removal;
  assertEquals(store.closed, true);
});

targetTest("SelfTests go on when results cannot be kept", async (test) => {
  await test.addLun();
  const a = await test.joinReady("a");
  breakState(test);
  const log = [0x4d, 0, 0x50, 0, 0, 0, 0, 0, 9, 0];
  assertEquals((await a.command(0, log, { read: 9 })).sense, "");
  assertEquals((await a.command(0, [0x1d, 0xa0, 0, 0, 0, 0])).sense, "");
  const { data } = await a.command(0, log, { read: 9 });
  assertEquals(data[8], 0xa0);
});

targetTest("SelfTests in the background give up each turn", async (test) => {
  await test.addLun({ sizeBytes: 2 ** 20 });
  const a = await test.joinReady("a");
  let turns = 0;
  test.host.clock.nextTurn = () => {
    turns += 1;
    return Promise.resolve();
  };
  await a.command(0, [0x1d, 0x40, 0, 0, 0, 0]);
  await settle();
  // Eight pieces of 128 KiB.
  assertEquals(turns, 8);
  await a.command(0, [0x1d, 0xc0, 0, 0, 0, 0]);
  // Time stands still: no slice is used up.
  assertEquals(turns, 8);
});

targetTest("SelfTests tell how long the last one took", async (test) => {
  await test.addLun({ sizeBytes: 2 ** 36 });
  const a = await test.joinReady("a");
  const ask = async () => {
    const cdb = [0x12, 1, 0x86, 0, 64, 0];
    const { data } = await a.command(0, cdb, { read: 64 });
    return new DataView(data.buffer).getUint16(10);
  };
  assertEquals(await ask(), 18);
  test.host.clock.nextTurn = () => {
    // 128 KiB a millisecond and a half.
    test.host.clock.advance(1.5);
    return Promise.resolve();
  };
  await test.target.luns.modify(0, { sizeBytes: 2 ** 24 });
  await a.command(0, [0x03, 0, 0, 0, 18, 0], { read: 18 });
  await a.command(0, [0x1d, 0x40, 0, 0, 0, 0]);
  await settle();
  await test.target.luns.modify(0, { sizeBytes: 2 ** 36 });
  assertEquals(await ask(), 14);
});

targetTest("SelfTests note a defect and go on without it", async (test) => {
  await test.addLun({ backend: "controlled" });
  const a = await test.joinReady("a");
  test.plantedDefects = 2;
  const { store } = test.driver;
  const read = store.read;
  store.read = () => {
    throw new TypeError("planted");
  };
  await a.command(0, [0x1d, 0x40, 0, 0, 0, 0]);
  await settle();
  const failed = await a.command(0, [0x1d, 0x04, 0, 0, 0, 0]);
  assertEquals(failed.sense, "4/44/00");
  store.read = read;
  const log = [0x4d, 0, 0x50, 0, 0, 0, 0, 0, 9, 0];
  const { data } = await a.command(0, log, { read: 9 });
  assertEquals(data[8], 0x43);
  assertEquals((await a.command(0, [0x1d, 0x40, 0, 0, 0, 0])).sense, "");
});
