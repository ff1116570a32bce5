import { story } from "../../support/story_runner.ts";

story(
  "ABORT TASK ends the one task silently, and is answered then",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  WRITE(10) lba=8 data=a2 as w2
  b  WRITE(10) lba=16 data=b1 as w3
  a  ABORT TASK of=w1 as t1
  t1 waits
  w1 waits
  store answers
  w1 -> SILENT
  t1 -> FUNCTION COMPLETE
  w2 -> GOOD
  w3 -> GOOD
  a  ABORT TASK tag=77           -> FUNCTION COMPLETE
  b  ABORT TASK tag=1            -> FUNCTION COMPLETE
  a  TEST UNIT READY             -> GOOD
  `,
);

story(
  "ABORT TASK does not reach the same tag of another nexus",
  `
  lun 0 ramdisk
  a ready
  b ready
  a holds
  b holds
  a  READ(10) lba=0 n=200 tag=5 as r1
  b  READ(10) lba=0 n=200 tag=5 as r2
  a  ABORT TASK tag=5            -> FUNCTION COMPLETE
  r1 -> SILENT
  r2 waits
  b resumes
  r2 -> GOOD blocks=00*200
  a resumes
  `,
);

story(
  "ABORT TASK of a blocked task is answered at once",
  `
  lun 0 ramdisk
  a ready
  a holds
  a  WRITE(10) lba=0 data=a1 immediate=0 as w1
  a  WRITE(10) lba=0 data=a2 as w2
  a  WRITE(10) lba=0 data=a3 as w3
  a  ABORT TASK of=w2            -> FUNCTION COMPLETE
  w2 -> SILENT
  w3 waits
  a resumes
  w1 -> GOOD
  w3 -> GOOD
  a  READ(10) lba=0 n=1          -> GOOD blocks=a3
  `,
);

story(
  "Nothing is written after an abort was confirmed",
  `
  lun 0 controlled size=4m
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1*8000 as w1
  a  COMPARE AND WRITE lba=8000 data=00,c1 as c1
  a  WRITE SAME(10) lba=8010 n=100 data=d1 as s1
  a  WRITE AND VERIFY(10) lba=8150 data=e1 as v1
  store calls write 0 2048, read 8000 1, write 8010 100, write 8150 1
  a  ABORT TASK SET as t1
  t1 waits
  store answers
  w1 -> SILENT
  c1 -> SILENT
  s1 -> SILENT
  v1 -> SILENT
  t1 -> FUNCTION COMPLETE
  store calls
  a  READ(10) lba=8000 n=1       -> GOOD blocks=00
  `,
);

story(
  "An aborted write with FUA does not flush",
  `
  lun 0 controlled cache=on
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1 fua as w1
  a  WRITE SAME(10) lba=8 n=2 data=a2 as w2
  a  ABORT TASK SET as t1
  store answers
  w1 -> SILENT
  w2 -> SILENT
  t1 -> FUNCTION COMPLETE
  store calls write 0 1, write 8 2
  `,
);

story(
  "ABORT TASK SET ends the tasks of its nexus alone, silently",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  b ready
  a holds
  b holds
  a  READ(10) lba=0 n=200 as r1
  a  READ(10) lba=0 n=200 as r2
  a:1  READ(10) lba=0 n=200 as r3
  b  READ(10) lba=0 n=200 as r4
  a  ABORT TASK SET              -> FUNCTION COMPLETE
  r1 -> SILENT
  r2 -> SILENT
  r3 waits
  r4 waits
  a resumes
  b resumes
  r3 -> GOOD blocks=00*200
  r4 -> GOOD blocks=00*200
  b  TEST UNIT READY             -> GOOD
  `,
);

story(
  "CLEAR TASK SET ends all, tells the others and raises nothing",
  `
  lun 0 ramdisk
  a ready
  b ready
  a holds
  b holds
  a  READ(10) lba=0 n=200 as r1
  b  READ(10) lba=0 n=200 as r2
  b  WRITE(10) lba=0 data=b1 as w1
  a  CLEAR TASK SET              -> FUNCTION COMPLETE
  r1 -> SILENT
  r2 -> TASK ABORTED
  w1 -> TASK ABORTED
  a resumes
  b resumes
  b  TEST UNIT READY             -> GOOD
  b  READ(10) lba=0 n=1          -> GOOD blocks=00
  `,
);

story(
  "LOGICAL UNIT RESET ends all tasks of the unit and tells everybody",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  b ready
  a holds
  b holds
  a  READ(10) lba=0 n=200 as r1
  a:1  READ(10) lba=0 n=200 as r2
  b  READ(10) lba=0 n=200 as r3
  b  LOGICAL UNIT RESET          -> FUNCTION COMPLETE
  r1 -> TASK ABORTED
  r3 -> SILENT
  r2 waits
  a resumes
  b resumes
  r2 -> GOOD blocks=00*200
  a  TEST UNIT READY             -> 6/29/00
  b  TEST UNIT READY             -> 6/29/00
  a:1  TEST UNIT READY           -> GOOD
  `,
);

story(
  "TARGET RESET resets every unit that the port maps",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  lun 2 ramdisk
  port second online
  port second maps 0=0 1=1
  b connects second
  a ready
  a ready 1
  a ready 2
  b ready
  a holds
  a  READ(10) lba=0 n=200 as r1
  a:1  READ(10) lba=0 n=200 as r2
  a:2  READ(10) lba=0 n=200 as r3
  b  TARGET RESET                -> FUNCTION COMPLETE
  r1 -> TASK ABORTED
  r2 -> TASK ABORTED
  r3 waits
  a resumes
  r3 -> GOOD blocks=00*200
  a  TEST UNIT READY             -> 6/29/03
  a:1  TEST UNIT READY           -> 6/29/03
  a:2  TEST UNIT READY           -> GOOD
  b  TEST UNIT READY             -> 6/29/03
  `,
);

story(
  "I_T NEXUS RESET ends what its nexus has everywhere, silently",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  b ready
  a holds
  b holds
  a  RESERVE(6)                  -> GOOD
  a  READ(10) lba=0 n=200 as r1
  a:1  READ(10) lba=0 n=200 as r2
  a  I_T NEXUS RESET             -> FUNCTION COMPLETE
  r1 -> SILENT
  r2 -> SILENT
  a resumes
  a  TEST UNIT READY             -> 6/29/07
  a:1  TEST UNIT READY           -> 6/29/07
  b resumes
  b  TEST UNIT READY             -> GOOD
  `,
);

story(
  "I_T NEXUS RESET ends tasks on units that its nexus no longer sees",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a holds
  a  WRITE(10) lba=0 data=a1 immediate=0 as w1
  port first maps 1=1
  a  I_T NEXUS RESET             -> FUNCTION COMPLETE
  w1 -> SILENT
  `,
);

story(
  "QUERY TASK and QUERY TASK SET look and touch nothing",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  QUERY TASK tag=3            -> FUNCTION COMPLETE
  a  QUERY TASK SET              -> FUNCTION COMPLETE
  a holds
  a  READ(10) lba=0 n=200 as r1
  a  WRITE(10) lba=0 data=a1 as w1
  a  QUERY TASK of=r1            -> FUNCTION SUCCEEDED
  a  QUERY TASK of=w1            -> FUNCTION SUCCEEDED
  b  QUERY TASK of=r1            -> FUNCTION COMPLETE
  a  QUERY TASK SET              -> FUNCTION SUCCEEDED
  b  QUERY TASK SET              -> FUNCTION COMPLETE
  a:7  QUERY TASK of=r1          -> INCORRECT LOGICAL UNIT NUMBER
  r1 waits
  a resumes
  r1 -> GOOD blocks=00*200
  w1 -> GOOD
  a  QUERY TASK SET              -> FUNCTION COMPLETE
  `,
);

story(
  "QUERY TASK does not find what is being aborted",
  `
  lun 0 controlled
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  ABORT TASK of=w1 as t1
  a  QUERY TASK of=w1            -> FUNCTION COMPLETE
  a  QUERY TASK SET              -> FUNCTION COMPLETE
  store answers
  w1 -> SILENT
  t1 -> FUNCTION COMPLETE
  `,
);

story(
  "ABORT TASK of a task that waits for memory is answered at once",
  `
  lun 0 controlled size=64m
  a ready
  store holds
  a  READ(10) lba=0 n=8192 as r1
  a  READ(10) lba=8192 n=8192 as r2
  a  READ(10) lba=16384 n=8192 as r3
  a  READ(10) lba=24576 n=8192 as r4
  a  READ(10) lba=32768 n=8192 as r5
  a  READ(10) lba=40960 n=8192 as r6
  a  READ(10) lba=49152 n=8192 as r7
  a  READ(10) lba=57344 n=8192 as r8
  store calls read 0 2048, read 8192 2048, read 16384 2048, read 24576 2048,
     read 32768 2048, read 40960 2048, read 49152 2048, read 57344 2048
  a  READ(10) lba=65536 n=8 as r9
  a  WRITE(10) lba=70000 data=aa as w1
  a  VERIFY(10) lba=75000 n=8 as v1
  a  WRITE SAME(16) lba=80000 n=8 ndob as s1
  a  READ(10) lba=90000 n=1 as r10
  store calls
  a  ABORT TASK of=r9            -> FUNCTION COMPLETE
  r9 -> SILENT
  a  ABORT TASK of=w1            -> FUNCTION COMPLETE
  w1 -> SILENT
  a  ABORT TASK of=v1            -> FUNCTION COMPLETE
  v1 -> SILENT
  a  ABORT TASK of=s1            -> FUNCTION COMPLETE
  s1 -> SILENT
  r10 waits
  a  ABORT TASK SET as t1
  r10 -> SILENT
  t1 waits
  store answers
  r1 -> SILENT
  r2 -> SILENT
  r3 -> SILENT
  r4 -> SILENT
  r5 -> SILENT
  r6 -> SILENT
  r7 -> SILENT
  r8 -> SILENT
  t1 -> FUNCTION COMPLETE
  store calls
  a  READ(10) lba=0 n=1          -> GOOD blocks=00
  `,
);

story(
  "Functions for LUNs that are not there, and unknown ones, are refused",
  `
  lun 0 ramdisk
  a:5  ABORT TASK tag=1          -> INCORRECT LOGICAL UNIT NUMBER
  a:5  ABORT TASK SET            -> INCORRECT LOGICAL UNIT NUMBER
  a:5  CLEAR TASK SET            -> INCORRECT LOGICAL UNIT NUMBER
  a:5  LOGICAL UNIT RESET        -> INCORRECT LOGICAL UNIT NUMBER
  a:5  QUERY TASK SET            -> INCORRECT LOGICAL UNIT NUMBER
  a  CLEAR ACA                   -> FUNCTION NOT SUPPORTED
  a:5  CLEAR ACA                 -> FUNCTION NOT SUPPORTED
  `,
);

story(
  "Two aborts of one task are both answered when it has ended",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  b  CLEAR TASK SET as t1
  a  ABORT TASK of=w1 as t2
  t1 waits
  t2 waits
  store answers
  w1 -> SILENT
  t1 -> FUNCTION COMPLETE
  t2 -> FUNCTION COMPLETE
  store holds
  a  WRITE(10) lba=0 data=a1 as w2
  a  ABORT TASK of=w2 as t3
  b  LOGICAL UNIT RESET as t4
  store answers
  w2 -> SILENT
  t3 -> FUNCTION COMPLETE
  t4 -> FUNCTION COMPLETE
  `,
);

story(
  "A lost nexus leaves nothing behind",
  `
  lun 0 controlled
  a ready
  b ready
  a  RESERVE(6)                  -> GOOD
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  WRITE(10) lba=0 data=a2 as w2
  a leaving
  w2 -> SILENT
  w1 waits
  store calls write 0 1
  store answers
  w1 -> SILENT
  b  WRITE(10) lba=0 data=b1     -> GOOD
  store calls write 0 1
  `,
);

story(
  "A nexus is lost with tasks on units that it no longer sees",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  b ready
  a  RESERVE(6)                  -> GOOD
  a holds
  a  WRITE(10) lba=0 data=a1 immediate=0 as w1
  port first maps 1=1
  a leaves
  w1 -> SILENT
  port first maps all
  b  TEST UNIT READY             -> 6/29/00
  b  READ(10) lba=0 n=1          -> GOOD blocks=00
  `,
);

story(
  "A unit that a port no longer maps is not kept reserved through it",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  port second online
  b connects second
  a ready
  b ready
  a  RESERVE(6)                  -> GOOD
  b  TEST UNIT READY             -> RESERVATION CONFLICT
  port first maps 1=1
  b  TEST UNIT READY             -> GOOD
  `,
);

story(
  "A unit stays reserved while its nexus sees it at another LUN",
  `
  lun 0 ramdisk
  port first maps 0=0 1=0
  a ready
  b ready
  a ready 1
  a  RESERVE(6)                  -> GOOD
  port first maps 1=0
  b:1  TEST UNIT READY           -> 6/29/00
  b:1  TEST UNIT READY           -> RESERVATION CONFLICT
  a:1  RELEASE(6)                -> 6/3f/0e
  a:1  RELEASE(6)                -> GOOD
  b:1  TEST UNIT READY           -> GOOD
  `,
);

story(
  "A command to no unit ends with its nexus, too",
  `
  lun 0 ramdisk
  a ready
  a holds
  a:9  REPORT LUNS as r1
  r1 waits
  a leaves
  r1 -> SILENT
  `,
);

story(
  "A unit that is removed ends its tasks",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  a holds
  a  WRITE(10) lba=0 data=a1 immediate=0 as w1
  a  WRITE(10) lba=0 data=a2 as w2
  target removes 0
  w1 -> TASK ABORTED
  w2 -> TASK ABORTED
  a resumes
  a  TEST UNIT READY             -> 5/25/00
  a:1  TEST UNIT READY           -> 6/3f/0e
  `,
);
