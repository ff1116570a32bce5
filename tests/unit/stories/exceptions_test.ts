import { story } from "../../support/story_runner.ts";

// Page 1Ch as a list: flags, MRIE, interval (100 ms), report count.
function page(
  flags: string,
  mrie: string,
  interval = "0000",
  count = "0001",
): string {
  const times = `0000${interval}.0000${count}`;
  return `MODE SELECT(6) list=00000000.1c.0a.${flags}.${mrie}.${times}`;
}

story(
  "Page 1Ch shows what may change, and refuses what makes no sense",
  `
  lun 0 ramdisk
  a ready
  a  MODE SENSE(6) page=1c dbd pc=1 -> GOOD length=16
     @4=9c.0a.1d.0f.ffffffff.ffffffff
  a  ${page("80", "00")}     -> 5/26/00 list=6.7
  a  ${page("0c", "00")}     -> 5/26/00 list=6.3
  a  ${page("10", "01")}     -> 5/26/00 list=7.3
  a  ${page("10", "07")}     -> 5/26/00 list=7.3
  a  ${page("10", "10")}     -> 5/26/00 list=7.4
  a  ${page("19", "06")}     -> GOOD
  a  MODE SENSE(6) page=1c dbd -> GOOD length=16 @6=19.06
  `,
);

story(
  "TEST with MRIE 2 raises a unit attention for every nexus",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  ${page("14", "02")}     -> GOOD
  b  TEST UNIT READY         -> 6/2a/01
  a  TEST UNIT READY         -> 6/5d/ff
  a  TEST UNIT READY         -> GOOD
  b  TEST UNIT READY         -> 6/5d/ff
  b  TEST UNIT READY         -> GOOD
  a  REQUEST SENSE           -> GOOD length=18 @2=00 @12=5dff
  clock 300000
  a  TEST UNIT READY         -> GOOD
  a  ${page("14", "02")}     -> GOOD
  b  TEST UNIT READY         -> 6/5d/ff
  a  ${page("10", "02")}     -> 6/5d/ff
  a  ${page("10", "02")}     -> GOOD
  a  TEST UNIT READY         -> GOOD
  a  REQUEST SENSE           -> GOOD length=18 @2=00 @12=0000
  `,
);

story(
  "A unit attention that nobody has heard goes with the exception",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  ${page("14", "02")}     -> GOOD
  b  QUERY ASYNCHRONOUS EVENT -> FUNCTION SUCCEEDED bytes=262a01
  a  REQUEST SENSE           -> GOOD length=18 @2=06 @12=5dff
  a  MODE SELECT(6) rtd      -> GOOD
  b  TEST UNIT READY         -> 6/2a/01
  b  TEST UNIT READY         -> GOOD
  `,
);

story(
  "Reports are repeated at the interval until they are enough",
  `
  lun 0 ramdisk
  a ready
  a  ${page("14", "02", "000a", "0003")} -> GOOD
  a  TEST UNIT READY         -> 6/5d/ff
  clock 999
  a  TEST UNIT READY         -> GOOD
  clock 1
  a  TEST UNIT READY         -> 6/5d/ff
  clock 1000
  a  TEST UNIT READY         -> 6/5d/ff
  clock 1000
  a  TEST UNIT READY         -> GOOD
  `,
);

story(
  "A report count of zero has no end, no interval means five minutes",
  `
  lun 0 ramdisk
  a ready
  a  ${page("14", "04", "0000", "0000")} -> GOOD
  a  TEST UNIT READY         -> 1/5d/ff
  clock 299999
  a  TEST UNIT READY         -> GOOD
  clock 1
  a  TEST UNIT READY         -> 1/5d/ff
  clock 300000
  clock 300000
  a  TEST UNIT READY         -> 1/5d/ff
  a  TEST UNIT READY         -> GOOD
  clock 300000
  a  TEST UNIT READY         -> 1/5d/ff
  `,
);

story(
  "MRIE 3 tells with the next good command where PER asks for it",
  `
  lun 0 ramdisk
  a ready
  a  WRITE(10) lba=0 data=aa -> GOOD
  a  ${page("14", "03")}     -> GOOD
  a  READ(10) lba=0 n=1      -> GOOD blocks=aa
  a  MODE SELECT(6) list=00000000.07.0a.04.00*9 -> GOOD
  a  ${page("14", "03")}     -> GOOD
  a  READ(10) lba=9999 n=1   -> 5/21/00 info=9999
  a  READ(10) lba=0 n=1      -> 1/5d/ff blocks=aa
  a  READ(10) lba=0 n=1      -> GOOD blocks=aa
  a  REQUEST SENSE           -> GOOD length=18 @2=00 @12=5dff
  `,
);

story(
  "MRIE 4 and 5 tell with the next good command, whose work is done",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  ${page("14", "04")}     -> GOOD
  b  TEST UNIT READY         -> 6/2a/01
  b  WRITE(10) lba=0 data=bb -> 1/5d/ff
  a  READ(10) lba=0 n=1      -> GOOD blocks=bb
  a  ${page("14", "05")}     -> GOOD
  a  INQUIRY length=1        -> 0/5d/ff data 00
  b  TEST UNIT READY         -> 6/2a/01
  b  TEST UNIT READY         -> GOOD
  `,
);

story(
  "MRIE 6 tells on request alone, MRIE 0 and DEXCPT not at all",
  `
  lun 0 ramdisk
  a ready
  a  ${page("14", "06", "0001", "0000")} -> GOOD
  clock 1000
  a  TEST UNIT READY         -> GOOD
  a  REQUEST SENSE desc      -> GOOD data 72.00.5d.ff.00000000
  a  REQUEST SENSE           -> GOOD length=18 @2=00 @12=5dff
  a  ${page("14", "00")}     -> GOOD
  a  TEST UNIT READY         -> GOOD
  a  REQUEST SENSE           -> GOOD length=18 @2=00 @12=0000
  a  ${page("18", "04")}     -> GOOD
  a  TEST UNIT READY         -> GOOD
  a  REQUEST SENSE           -> GOOD length=18 @2=00 @12=0000
  `,
);

story(
  "An interval may be longer than a month",
  `
  lun 0 ramdisk
  a ready
  a  MODE SELECT(6) list=00000000.1c.0a.14.02.02000000.00000002 -> GOOD
  a  TEST UNIT READY         -> 6/5d/ff
  clock 2147483647
  clock 1207959552
  a  TEST UNIT READY         -> GOOD
  clock 1
  a  TEST UNIT READY         -> 6/5d/ff
  target removes 0
  `,
);
