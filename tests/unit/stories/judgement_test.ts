import { story } from "../../support/story_runner.ts";

// Each row is refused for two reasons, of which the graver is told.

story(
  "Judgement looks at the CDB before anything else",
  `
  lun 0 ramdisk readonly=on
  b ready
  b  RESERVE(6)                            -> GOOD
  a  RAW raw=ff00000000000000              -> 5/20/00 cdb=0
  a  WRITE(10) lba=0 data=aa cdb=1:20      -> 5/24/00 cdb=1.5
  a:5  WRITE(10) lba=0 data=aa cdb=1:20    -> 5/24/00 cdb=1.5
  a:5  WRITE(10) lba=0 data=aa             -> 5/25/00
  a  READ(10) cdblength=4                  -> 5/24/00 cdb=4
  a  TEST UNIT READY                       -> 6/29/00
  `,
);

story(
  "Judgement puts what the device type lacks before unit attentions",
  `
  lun 0 controlled type=3
  a  READ(10) lba=0 n=1                    -> 5/20/00 cdb=0
  a  TEST UNIT READY                       -> 6/29/00
  `,
);

story(
  "Judgement puts resets before reservations, and others after them",
  `
  lun 0 ramdisk
  a ready
  b ready
  b  RESERVE(6)                            -> GOOD
  target modifies 0 size=2m
  a  READ(10) lba=0 n=1                    -> RESERVATION CONFLICT
  b  RELEASE(6)                            -> 6/2a/09
  a  READ(10) lba=0 n=1                    -> RESERVATION CONFLICT
  b  RELEASE(6)                            -> GOOD
  a  READ(10) lba=0 n=1                    -> 6/2a/09
  b  RESERVE(6)                            -> GOOD
  a  I_T NEXUS RESET                       -> FUNCTION COMPLETE
  a  READ(10) lba=0 n=1                    -> 6/29/07
  a  READ(10) lba=0 n=1                    -> RESERVATION CONFLICT
  `,
);

story(
  "Judgement puts unit attentions before protection and medium",
  `
  lun 0 ramdisk readonly=on
  a  WRITE(10) lba=0 data=aa               -> 6/29/00
  a  WRITE(10) lba=0 data=aa               -> 7/27/01
  a  START STOP UNIT                       -> GOOD
  a  WRITE(10) lba=0 data=aa               -> 7/27/01
  a  READ(10) lba=99999 n=1                -> 2/04/02
  b  READ(10) lba=0 n=1                    -> 6/29/00
  b  READ(10) lba=0 n=1                    -> 2/04/02
  `,
);

story(
  "Judgement puts hardware protection before that of a mode page",
  `
  lun 0 ramdisk readonly=on
  a ready
  a  MODE SELECT(6) list=00000000.0a.0a.00.00.08.40.00.00.0000.0000 -> GOOD
  a  WRITE(10) lba=0 data=aa               -> 7/27/01
  `,
);

story(
  "Judgement puts reservations before overlapped tags",
  `
  lun 0 ramdisk
  a ready
  b ready
  a holds
  a  READ(10) lba=0 n=200 as r1
  b  PR REGISTER newkey=2 as p1
  a  READ(10) lba=0 n=1 tagof=r1           -> b/4d/03
  a resumes
  r1 -> SILENT
  p1 -> GOOD
  b  PR RESERVE key=2 type=3               -> GOOD
  a  READ(10) lba=0 n=1                    -> RESERVATION CONFLICT
  `,
);

story(
  "Judgement is repeated when a command has waited",
  `
  lun 0 ramdisk
  a ready
  b ready
  b  PR REGISTER newkey=2                  -> GOOD
  a holds
  a  READ(10) lba=0 n=200 as r1
  b  PR RESERVE key=2 type=3 as p1
  a  READ(10) lba=0 n=1 as r2
  a  WRITE(10) lba=0 data=aa as w1
  r2 waits
  a resumes
  r1 -> GOOD blocks=00*200
  p1 -> GOOD
  r2 -> RESERVATION CONFLICT
  w1 -> RESERVATION CONFLICT
  `,
);

story(
  "Judgement after waiting looks at the medium, too",
  `
  lun 0 ramdisk
  a ready
  a holds
  a  READ(10) lba=0 n=200 as r1
  a  START STOP UNIT as s1
  a  READ(10) lba=0 n=1 as r2
  a resumes
  r1 -> GOOD blocks=00*200
  s1 -> GOOD
  r2 -> 2/04/02
  `,
);

story(
  "An overlap ends all tasks of its nexus, and of no other (SAM-5 5.10)",
  `
  lun 0 controlled
  lun 1 ramdisk
  a ready
  a ready 1
  b ready
  a holds
  b holds
  a  READ(10) lba=0 n=200 tag=0x1234 as r1
  a  READ(10) lba=0 n=200 tag=0x1235 as r2
  b  READ(10) lba=0 n=200 tag=0x1234 as r3
  a  WRITE(10) lba=0 data=aa tag=9 as w1
  a:1  READ(10) lba=0 n=200 tag=0x1236 as r4
  a  READ(10) lba=0 n=1 attr=untagged tag=0x1234 as u1
  a  READ(10) lba=0 n=1 tag=0x1234         -> b/4d/34
  r1 -> SILENT
  r2 -> SILENT
  w1 -> SILENT
  u1 -> SILENT
  r3 waits
  r4 waits
  a  READ(10) lba=0 n=200 attr=untagged as u2
  b  READ(10) lba=0 n=200 attr=untagged as u3
  a  READ(10) lba=0 n=1 attr=untagged tag=0x77 -> b/4e/00
  u2 -> SILENT
  a resumes
  b resumes
  r3 -> GOOD any
  r4 -> GOOD any
  u3 -> GOOD any
  a  READ(10) lba=0 n=1 tag=0x1234         -> GOOD any
  `,
);

story(
  "An overlap is told when the tasks that it ended cannot write any more",
  `
  lun 0 controlled
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1 tag=7 as w1
  a  WRITE(10) lba=8 data=a2 tag=7 as w2
  w2 waits
  store answers
  w1 -> SILENT
  w2 -> b/4d/07
  store calls write 0 1
  `,
);

story(
  "A tag may be used again while its aborted task still ends",
  `
  lun 0 controlled
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1 tag=9 as w1
  a  ABORT TASK of=w1 as t1
  t1 waits
  a  WRITE(10) lba=8 data=a2 tag=9 as w2
  store answers
  w1 -> SILENT
  t1 -> FUNCTION COMPLETE
  w2 -> GOOD
  `,
);
