import { story } from "../../support/story_runner.ts";

// The control page as a list: TST and D_SENSE, QERR, UA_INTLCK_CTRL, TAS.
function page(first: string, queue: string, lock: string, tas: string): string {
  const values = [first, queue, lock, tas].join(".");
  return `MODE SELECT(6) list=00000000.0a.0a.${values}.00*6`;
}

const QERR_ALL = page("00", "02", "00", "40");
const QERR_OWN = page("00", "06", "00", "40");
const SILENT_TAS = page("00", "00", "00", "00");
const SEPARATE = page("20", "00", "00", "40");
const KEEP = page("00", "00", "20", "40");
const KEEP_AND_RAISE = page("00", "00", "30", "40");

story(
  "MODE SELECT refuses reserved values of the control pages",
  `
  lun 0 ramdisk
  a ready
  a  ${page("40", "00", "00", "40")}  -> 5/26/00 list=6.6
  a  ${page("10", "00", "00", "40")}  -> 5/26/00 list=6.4
  a  ${page("00", "04", "00", "40")}  -> 5/26/00 list=7.2
  a  ${page("00", "20", "00", "40")}  -> 5/26/00 list=7.5
  a  ${page("00", "00", "10", "40")}  -> 5/26/00 list=8.5
  a  ${page("00", "00", "00", "60")}  -> 5/26/00 list=9.5
  a  MODE SELECT(6) list=00000000.4a.01.001c.06.00.fd.00*25 -> 5/26/00
     list=10.7
  a  MODE SELECT(6) list=00000000.4a.01.001c.06.00.fc.00*25 -> GOOD
  `,
);

story(
  "QERR 00b lets the others go on after an error",
  `
  lun 0 ramdisk
  a ready
  a holds
  a  READ(10) lba=0 n=200 as r1
  a  READ(10) lba=9999 n=1   -> 5/21/00 info=9999
  r1 waits
  a resumes
  r1 -> GOOD blocks=00*200
  `,
);

story(
  "QERR 01b ends the whole task set with an error, and tells the others",
  `
  lun 0 controlled
  lun 1 ramdisk
  a ready
  a ready 1
  b ready
  a  ${QERR_ALL}             -> GOOD
  b  TEST UNIT READY         -> 6/2a/01
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  WRITE(10) lba=0 data=a2 as w2
  b  WRITE(10) lba=8 data=b1 as w3
  b holds
  b  WRITE(10) lba=16 data=b2 immediate=0 as w4
  a holds
  a:1  READ(10) lba=0 n=200 as r1
  a  READ(10) lba=9999 n=1 as e1
  e1 waits
  w2 -> SILENT
  w4 -> TASK ABORTED
  r1 waits
  store answers
  w1 -> SILENT
  w3 -> TASK ABORTED
  e1 -> 5/21/00 info=9999
  store calls write 0 1, write 8 1
  a resumes
  r1 -> GOOD blocks=00*200
  b  TEST UNIT READY         -> GOOD
  `,
);

story(
  "QERR 01b works for every CHECK CONDITION, and for no other status",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  ${QERR_ALL}             -> GOOD
  a holds
  a  READ(10) lba=0 n=200 as r1
  b  TEST UNIT READY         -> 6/2a/01
  r1 -> TASK ABORTED
  b  RESERVE(6)              -> GOOD
  b holds
  b  READ(10) lba=0 n=200 as r2
  a  TEST UNIT READY         -> RESERVATION CONFLICT
  r2 waits
  b resumes
  r2 -> GOOD blocks=00*200
  `,
);

story(
  "QERR 11b ends the tasks of the nexus that met the error",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  ${QERR_OWN}             -> GOOD
  b  TEST UNIT READY         -> 6/2a/01
  a holds
  b holds
  a  READ(10) lba=0 n=200 as r1
  b  READ(10) lba=0 n=200 as r2
  a  READ(10) lba=9999 n=1   -> 5/21/00 info=9999
  r1 -> SILENT
  r2 waits
  b resumes
  r2 -> GOOD blocks=00*200
  b  TEST UNIT READY         -> GOOD
  `,
);

story(
  "Of two errors at once under QERR the first to come is told",
  `
  lun 0 controlled
  a ready
  a  ${QERR_ALL}             -> GOOD
  store holds
  store fails write medium
  a  WRITE(10) lba=0 data=a1 as w1
  store fails write medium
  a  WRITE(10) lba=8 data=a2 as w2
  a  READ(10) lba=9999 n=1 as e1
  e1 waits
  store answers
  w1 -> SILENT
  w2 -> SILENT
  e1 -> 5/21/00 info=9999
  `,
);

story(
  "An error that waits for others under QERR can be aborted itself",
  `
  lun 0 controlled
  a ready
  a  ${QERR_ALL}             -> GOOD
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  READ(10) lba=9999 n=1 as e1
  e1 waits
  a  ABORT TASK of=e1        -> FUNCTION COMPLETE
  e1 -> SILENT
  a  TEST UNIT READY tag=77 as t1
  t1 -> GOOD
  store answers
  w1 -> SILENT
  `,
);

story(
  "TAS 0 ends the tasks of others silently; a unit attention tells",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  ${SILENT_TAS}           -> GOOD
  b ready
  c ready
  b holds
  b  READ(10) lba=0 n=200 as r1
  b  READ(10) lba=0 n=200 as r2
  a  CLEAR TASK SET          -> FUNCTION COMPLETE
  r1 -> SILENT
  r2 -> SILENT
  b resumes
  a  TEST UNIT READY         -> GOOD
  c  TEST UNIT READY         -> GOOD
  b  TEST UNIT READY         -> 6/2f/00
  b  TEST UNIT READY         -> GOOD
  b holds
  b  READ(10) lba=0 n=200 as r3
  a  LOGICAL UNIT RESET      -> FUNCTION COMPLETE
  r3 -> SILENT
  b resumes
  b  TEST UNIT READY         -> 6/29/00
  b  TEST UNIT READY         -> GOOD
  `,
);

story(
  "TAS 0 holds for PREEMPT AND ABORT and for QERR, too",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  ${page("00", "02", "00", "00")} -> GOOD
  b ready
  a  PR REGISTER newkey=1    -> GOOD
  b  PR REGISTER newkey=2    -> GOOD
  b holds
  b  READ(10) lba=0 n=200 as r1
  a  READ(10) lba=9999 n=1   -> 5/21/00 info=9999
  r1 -> SILENT
  b resumes
  b  TEST UNIT READY         -> 6/2f/00
  b holds
  b  READ(10) lba=0 n=200 as r2
  a  RAW raw=5f.05.00.00.00.00.00.00.18.00
     list=0000000000000001.0000000000000002.00*8 -> GOOD
  r2 -> SILENT
  b resumes
  b  TEST UNIT READY         -> 6/2a/05
  b  TEST UNIT READY         -> 6/2f/00
  b  TEST UNIT READY         -> GOOD
  `,
);

story(
  "TST 001b gives each nexus a task set of its own",
  `
  lun 0 controlled
  a ready
  b ready
  a  ${SEPARATE}             -> GOOD
  b ready
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  READ(10) lba=50 n=1 attr=ordered as r1
  a  READ(10) lba=60 n=1 as r2
  b  READ(10) lba=70 n=1 attr=ordered as r3
  b  READ(10) lba=0 n=1 as r4
  store calls write 0 1, read 70 1
  b  CLEAR TASK SET as t1
  r4 -> SILENT
  store answers
  r3 -> SILENT
  t1 -> FUNCTION COMPLETE
  w1 -> GOOD
  r1 -> GOOD any
  r2 -> GOOD any
  a  MODE SENSE(6) page=0a dbd -> GOOD length=16 @6=20
  `,
);

story(
  "TST 001b keeps QERR 01b within the task set of a nexus",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  ${page("20", "02", "00", "40")} -> GOOD
  b ready
  a holds
  b holds
  a  READ(10) lba=0 n=200 as r1
  b  READ(10) lba=0 n=200 as r2
  a  READ(10) lba=9999 n=1   -> 5/21/00 info=9999
  r1 -> SILENT
  r2 waits
  b resumes
  r2 -> GOOD any
  `,
);

story(
  "UA_INTLCK_CTRL 10b keeps a unit attention until REQUEST SENSE takes it",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  ${KEEP}                 -> GOOD
  b  TEST UNIT READY         -> 6/2a/01
  b  TEST UNIT READY         -> 6/2a/01
  b  READ(10) lba=0 n=1      -> 6/2a/01
  b  INQUIRY                 -> GOOD any
  target modifies 0 size=2m
  b  TEST UNIT READY         -> 6/2a/01
  b  REQUEST SENSE           -> GOOD length=18 @2=06 @12=2a01
  b  TEST UNIT READY         -> 6/2a/09
  b  REQUEST SENSE           -> GOOD length=18 @2=06 @12=2a09
  b  REQUEST SENSE           -> GOOD length=18 @2=00
  b  TEST UNIT READY         -> GOOD
  b  RESERVE(6)              -> GOOD
  a ready
  a  TEST UNIT READY         -> RESERVATION CONFLICT
  b  RELEASE(6)              -> GOOD
  a  TEST UNIT READY         -> GOOD
  `,
);

story(
  "UA_INTLCK_CTRL 11b lets BUSY and conflicts leave a unit attention",
  `
  lun 0 controlled
  a ready
  b ready
  a  ${KEEP_AND_RAISE}       -> GOOD
  b ready
  b  RESERVE(6)              -> GOOD
  a  READ(10) lba=0 n=1      -> RESERVATION CONFLICT
  a  READ(10) lba=0 n=1      -> RESERVATION CONFLICT
  b  RELEASE(6)              -> GOOD
  a  READ(10) lba=0 n=1      -> 6/2c/09
  a  READ(10) lba=0 n=1      -> 6/2c/09
  a  REQUEST SENSE           -> GOOD length=18 @2=06 @12=2c09
  a  READ(10) lba=0 n=1      -> GOOD blocks=00
  store fails read offline
  a  READ(10) lba=0 n=1      -> BUSY
  a  READ(10) lba=0 n=1      -> 6/2c/07
  b  READ(10) lba=0 n=1      -> GOOD blocks=00
  a  REQUEST SENSE           -> GOOD length=18 @2=06 @12=2c07
  a  READ(10) lba=0 n=1      -> GOOD blocks=00
  `,
);

story(
  "Without the interlock BUSY and conflicts leave nothing",
  `
  lun 0 controlled
  a ready
  a  ${KEEP}                 -> GOOD
  store fails read offline
  a  READ(10) lba=0 n=1      -> BUSY
  a  READ(10) lba=0 n=1      -> GOOD blocks=00
  `,
);
