import { story } from "../../support/story_runner.ts";

story(
  "An injected error befalls one command that matches, after its work",
  `
  lun 0 ramdisk
  a ready
  inject 0 aborted write
  a  TEST UNIT READY           -> GOOD
  a  READ(10) lba=0 n=1        -> GOOD blocks=00
  a  WRITE(10) lba=0 data=aa   -> b/45/00
  a  READ(10) lba=0 n=1        -> GOOD blocks=aa
  a  WRITE(10) lba=0 data=bb   -> GOOD
  `,
);

story(
  "A medium error says what was being done; data have come with it",
  `
  lun 0 ramdisk
  a ready
  inject 0 mediumerr read,write cont
  a  WRITE(10) lba=0 data=aa   -> 3/0c/02
  a  READ(10) lba=0 n=1        -> 3/11/00 blocks=aa
  a  READ(10) lba=0 n=300      -> 3/11/00 length=153600
  a  WRITE(10) lba=9999 data=aa -> 5/21/00 info=9999
  a  TEST UNIT READY           -> GOOD
  a  READ CAPACITY(10)         -> GOOD any
  uninject 0 0
  a  READ(10) lba=0 n=1        -> GOOD blocks=aa
  `,
);

story(
  "An injected unit attention raises none; any means every command",
  `
  lun 0 ramdisk
  a ready
  b ready
  inject 0 ua any cont
  a  TEST UNIT READY           -> 6/29/00
  a  INQUIRY length=4          -> 6/29/00 length=4
  b  READ CAPACITY(10)         -> 6/29/00 length=8
  a  MODE SENSE(6) page=0a     -> 6/29/00 length=24
  uninject 0 0
  a  TEST UNIT READY           -> GOOD
  b  TEST UNIT READY           -> GOOD
  `,
);

story(
  "READ CAPACITY and TEST UNIT READY have patterns of their own",
  `
  lun 0 ramdisk
  a ready
  inject 0 aborted readcap
  inject 0 aborted tur
  a  READ(10) lba=0 n=1        -> GOOD any
  a  TEST UNIT READY           -> b/45/00
  a  READ CAPACITY(16)         -> b/45/00 length=32
  a  TEST UNIT READY           -> GOOD
  a  READ CAPACITY(10)         -> GOOD any
  `,
);

story(
  "An injected error for a range befalls what touches it",
  `
  lun 0 ramdisk
  a ready
  inject 0 mediumerr read range=8+4 cont
  a  READ(10) lba=0 n=8        -> GOOD any
  a  READ(10) lba=0 n=9        -> 3/11/00 any
  a  READ(10) lba=11 n=1       -> 3/11/00 any
  a  READ(10) lba=12 n=1       -> GOOD any
  a  READ(10) lba=9 n=0        -> GOOD
  a  WRITE(10) lba=8 data=aa   -> GOOD
  inject 0 aborted write range=100+1 cont
  a  UNMAP ranges=0+8,90+20    -> b/45/00
  a  UNMAP ranges=0+8          -> GOOD
  `,
);

story(
  "Several injected errors are spent one after the other",
  `
  lun 0 ramdisk
  a ready
  inject 0 aborted tur
  inject 0 ua tur
  inject 0 custom tur sense=70.00.04.00*4.0a.00*4.44.00.00*4
  uninject 0 1
  a  TEST UNIT READY           -> b/45/00
  a  TEST UNIT READY           -> 4/44/00
  a  TEST UNIT READY           -> GOOD
  `,
);

story(
  "What is injected into one unit leaves the others alone",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  inject 0 aborted any
  a:1  TEST UNIT READY         -> GOOD
  a  TEST UNIT READY           -> b/45/00
  `,
);

story(
  "A task that was aborted spends no injected error",
  `
  lun 0 controlled
  a ready
  inject 0 aborted any
  store holds
  a  WRITE(10) lba=0 data=aa as w1
  a  ABORT TASK of=w1 as t1
  store answers
  w1 -> SILENT
  t1 -> FUNCTION COMPLETE
  a  TEST UNIT READY           -> b/45/00
  `,
);

story(
  "A delay at the end holds back the status of one command",
  `
  lun 0 ramdisk
  a ready
  delay 0 done 5
  a  WRITE(10) lba=0 data=aa as w1
  a  TEST UNIT READY           -> GOOD
  a  READ(10) lba=0 n=1 as r1
  w1 waits
  r1 waits
  clock 4999
  w1 waits
  clock 1
  w1 -> GOOD
  r1 -> GOOD blocks=aa
  `,
);

story(
  "A delay at the end holds back errors, too; continuous ones stay",
  `
  lun 0 ramdisk
  a ready
  delay 0 done 1 cont
  a  READ(10) lba=9999 n=1 as e1
  a  READ(10) lba=0 n=1 as r1
  clock 1000
  e1 -> 5/21/00 info=9999
  r1 -> GOOD blocks=00
  a  TEST UNIT READY as t1
  t1 waits
  delay 0 done 0
  t1 waits
  clock 1000
  t1 -> GOOD
  a  TEST UNIT READY           -> GOOD
  `,
);

story(
  "A delay of data moves leaves alone what moves none",
  `
  lun 0 controlled
  a ready
  delay 0 datamove 2 cont
  a  TEST UNIT READY           -> GOOD
  a  READ(10) lba=0 n=0        -> GOOD
  a  READ(10) lba=0 n=1 as r1
  a  WRITE(10) lba=8 data=aa as w1
  store calls
  r1 waits
  clock 2000
  store calls write 8 1, read 0 1
  r1 -> GOOD blocks=00
  w1 -> GOOD
  `,
);

story(
  "A delayed task is aborted at once",
  `
  lun 0 controlled
  a ready
  b ready
  delay 0 datamove 60 cont
  delay 0 done 60 cont
  a  WRITE(10) lba=0 data=aa as w1
  b  TEST UNIT READY as t1
  b  READ(10) lba=9999 n=0 as r1
  a  CLEAR TASK SET            -> FUNCTION COMPLETE
  w1 -> SILENT
  t1 -> TASK ABORTED
  r1 -> TASK ABORTED
  store calls
  delay 0 datamove 0
  delay 0 done 0
  b  TEST UNIT READY           -> GOOD
  clock 60000
  b  TEST UNIT READY           -> GOOD
  `,
);

story(
  "A unit with delays can be removed",
  `
  lun 0 controlled
  a ready
  delay 0 done 60 cont
  a  TEST UNIT READY as t1
  target removes 0
  t1 -> TASK ABORTED
  clock 60000
  `,
);
