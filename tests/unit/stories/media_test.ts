import { story } from "../../support/story_runner.ts";

story(
  "PRE-FETCH meets its condition where all blocks are at hand",
  `
  lun 0 ramdisk
  lun 1 controlled
  a ready
  a ready 1
  a  PRE-FETCH(10) lba=0 n=8              -> CONDITION MET
  a  PRE-FETCH(16) lba=2040 n=8           -> CONDITION MET
  a  PRE-FETCH(10) lba=0 n=0              -> CONDITION MET
  a  PRE-FETCH(16) lba=8 n=8 immed        -> CONDITION MET
  a:1  PRE-FETCH(10) lba=0 n=8            -> GOOD
  a:1  PRE-FETCH(16) lba=0 n=8 immed      -> GOOD
  store calls 
  `,
);

story(
  "PRE-FETCH holds its range and flags against the standard",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PRE-FETCH(10) lba=2048 n=1           -> 5/21/00 info=2048
  a  PRE-FETCH(10) lba=2040 n=9           -> 5/21/00 info=2048
  a  PRE-FETCH(10) lba=2049 n=0           -> 5/21/00 info=2049
  a  PRE-FETCH(16) lba=0xffffffffffffffff n=1 -> 5/21/00
  a  PRE-FETCH(10) lba=0 n=1 cdb=6:3f     -> CONDITION MET
  a  PRE-FETCH(16) lba=0 n=1 cdb=14:3f    -> CONDITION MET
  a  PRE-FETCH(10) lba=0 n=1 cdb=1:01     -> 5/24/00 cdb=1.0
  a  PRE-FETCH(16) lba=0 n=1 cdb=14:40    -> 5/24/00 cdb=14.6
  b  RESERVE(6)                           -> GOOD
  a  PRE-FETCH(10) lba=0 n=1              -> RESERVATION CONFLICT
  b  RELEASE(6)                           -> GOOD
  a  START STOP UNIT                      -> GOOD
  a  PRE-FETCH(16) lba=0 n=1              -> 2/04/02
  `,
);

story(
  "ORWRITE adds its bits to those of the medium",
  `
  lun 0 ramdisk
  a ready
  a  WRITE(10) lba=8 data=0f,f0,00        -> GOOD moves=1536
  a  ORWRITE(16) lba=8 data=50,05         -> GOOD moves=1024
  a  READ(10) lba=7 n=5                   -> GOOD blocks=00,5f,f5,00,00
  a  ORWRITE(16) lba=8 data=a0 dpo fua    -> GOOD moves=512
  a  READ(10) lba=8 n=1                   -> GOOD blocks=ff
  a  ORWRITE(16) lba=0 n=0                -> GOOD
  a  ORWRITE(16) lba=0 data=01 cdb=14:3f  -> GOOD moves=512
  a  ORWRITE(16) lba=0 data=01 cdb=1:20   -> 5/24/00 cdb=1.5
  a  ORWRITE(16) lba=2047 data=01,01      -> 5/21/00 info=2048
  a  ORWRITE(16) lba=0x8000000000000000 n=0 -> 5/21/00
  a  ORWRITE(16) lba=0 data=ff n=2        -> 5/0e/03 moves=1024
  a  READ(10) lba=0 n=1                   -> GOOD blocks=01
  `,
);

story(
  "ORWRITE keeps others off its blocks until they are written",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  ORWRITE(16) lba=8 data=0f,0f  as o1
  b  ORWRITE(16) lba=9 data=f0  as o2
  b  READ(10) lba=9 n=1  as r1
  store calls read 8 2
  store answers once
  o1 waits
  store calls write 8 2
  store answers
  o1 -> GOOD moves=1024
  o2 -> GOOD moves=512
  r1 -> GOOD blocks=ff
  `,
);

story(
  "ORWRITE obeys protection and reservations, and tells faults",
  `
  lun 1 controlled readonly=on
  lun 0 controlled cache=on
  a ready
  b ready
  a ready 1
  a:1  ORWRITE(16) lba=0 data=aa          -> 7/27/01
  a  ORWRITE(16) lba=0 data=aa fua        -> GOOD moves=512
  store keeps 0 aa
  store fails read medium
  a  ORWRITE(16) lba=0 data=55            -> 3/11/00 moves=512
  store fails write medium
  a  ORWRITE(16) lba=0 data=55            -> 3/0c/02 moves=512
  a  READ(10) lba=0 n=1                   -> GOOD blocks=aa
  a  RESERVE(6)                           -> GOOD
  b  ORWRITE(16) lba=0 data=55            -> RESERVATION CONFLICT
  `,
);

story(
  "ORWRITE that is aborted between its read and its write writes nothing",
  `
  lun 0 controlled
  a ready
  store holds
  a  ORWRITE(16) lba=8 data=0f  as o1
  a  ABORT TASK of=o1  as t1
  t1 waits
  store answers
  t1 -> FUNCTION COMPLETE
  o1 -> SILENT moves=512
  store calls read 8 1
  a  READ(10) lba=8 n=1                   -> GOOD blocks=00
  `,
);

story(
  "WRITE ATOMIC is one call of a store that promises to keep it whole",
  `
  lun 0 ramdisk
  lun 1 controlled atomic=16 cache=on
  a ready
  a ready 1
  a  WRITE ATOMIC(16) lba=8 data=aa*4     -> GOOD moves=2048
  a  READ(10) lba=8 n=4                   -> GOOD blocks=aa*4
  a  WRITE ATOMIC(16) lba=0 n=0           -> GOOD
  store calls 
  a:1  WRITE ATOMIC(16) lba=0 data=aa*16  -> GOOD moves=8192
  a:1  WRITE ATOMIC(16) lba=0 data=bb fua -> GOOD moves=512
  store calls write 0 16, write 0 1, flush
  a:1  WRITE ATOMIC(16) lba=0 data=aa*17  -> 5/24/00 cdb=12
  a:1  WRITE ATOMIC(16) lba=1023 data=aa*2 -> GOOD moves=1024
  a:1  WRITE ATOMIC(16) lba=2047 data=aa*2 -> 5/21/00 info=2048
  a:1  WRITE ATOMIC(16) lba=0 data=aa n=2 -> 5/0e/03 moves=1024
  a:1  WRITE ATOMIC(16) lba=0 data=aa cdb=10:01 -> 5/24/00 cdb=10.0
  a:1  WRITE ATOMIC(16) lba=0 data=aa cdb=14:3f -> GOOD moves=512
  a:1  WRITE ATOMIC(16) lba=0 data=aa cdb=1:20 -> 5/24/00 cdb=1.5
  a:1  INQUIRY evpd page=b0               -> GOOD length=64 @44=00000010.00*16
  `,
);

story(
  "WRITE ATOMIC changes nothing when not all of its data come",
  `
  lun 0 ramdisk
  a ready
  a holds
  a  WRITE ATOMIC(16) lba=8 data=aa*4 immediate=1024  as w1
  a loses
  w1 -> b/47/05
  a  READ(10) lba=8 n=4                   -> GOOD blocks=00*4
  a holds
  a  WRITE ATOMIC(16) lba=8 data=aa*4 immediate=1024  as w2
  a  ABORT TASK of=w2                     -> FUNCTION COMPLETE
  w2 -> SILENT
  a resumes
  a  READ(10) lba=8 n=4                   -> GOOD blocks=00*4
  `,
);

story(
  "WRITE ATOMIC is not there where a store promises nothing",
  `
  lun 0 controlled
  lun 1 ramdisk readonly=on
  a ready
  b ready 1
  a ready 1
  a  WRITE ATOMIC(16) lba=0 data=aa       -> 5/20/00 cdb=0
  a  RSOC option=1 op=9c                  -> GOOD data 00.01.0000
  a  INQUIRY evpd page=b0                 -> GOOD length=64 @44=00*20
  a:1  WRITE ATOMIC(16) lba=0 data=aa     -> 7/27/01
  b:1  RESERVE(6)                         -> GOOD
  a:1  WRITE ATOMIC(16) lba=0 data=aa     -> RESERVATION CONFLICT
  `,
);

story(
  "READ DEFECT DATA tells of empty lists in the format asked for",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  READ DEFECT DATA(10)                 -> GOOD data 00.00.0000
  a  READ DEFECT DATA(10) plist glist format=5 -> GOOD data 00.1d.0000
  a  READ DEFECT DATA(10) glist format=3 length=2 -> GOOD data 00.0b
  a  READ DEFECT DATA(10) plist length=0  -> GOOD
  a  READ DEFECT DATA(10) format=6        -> 5/24/00 cdb=2.2
  a  READ DEFECT DATA(10) cdb=2:20        -> 5/24/00 cdb=2.5
  a  READ DEFECT DATA(12)                 -> GOOD data 00.00.0000.00000000
  a  READ DEFECT DATA(12) plist format=4  -> GOOD data 00.14.0000.00000000
  a  READ DEFECT DATA(12) glist length=4  -> GOOD data 00.08.0000
  a  READ DEFECT DATA(12) cdb=5:09        -> GOOD data 00.00.0000.00000000
  a  READ DEFECT DATA(12) format=7        -> 5/24/00 cdb=1.2
  b  RESERVE(6)                           -> GOOD
  a  READ DEFECT DATA(10)                 -> RESERVATION CONFLICT
  b  RELEASE(6)                           -> GOOD
  a  START STOP UNIT                      -> GOOD
  a  READ DEFECT DATA(12)                 -> 2/04/02
  `,
);

story(
  "group numbers are taken where the standard has them",
  `
  lun 0 ramdisk
  a ready
  a  READ(10) lba=0 n=1 cdb=6:3f          -> GOOD blocks=00
  a  READ(12) lba=0 n=1 cdb=10:3f         -> GOOD blocks=00
  a  READ(16) lba=0 n=1 cdb=14:3f         -> GOOD blocks=00
  a  READ(10) lba=0 n=1 cdb=1:04          -> GOOD blocks=00
  a  READ(12) lba=0 n=1 cdb=1:04          -> GOOD blocks=00
  a  READ(16) lba=0 n=1 cdb=1:04          -> GOOD blocks=00
  a  WRITE(10) lba=0 data=aa cdb=6:3f     -> GOOD moves=512
  a  WRITE(16) lba=0 data=aa cdb=14:3f    -> GOOD moves=512
  a  VERIFY(10) lba=0 n=1 cdb=6:3f        -> GOOD
  a  WRITE SAME(16) lba=0 n=1 ndob cdb=14:3f -> GOOD
  a  UNMAP ranges=0+8 cdb=6:3f            -> GOOD moves=24
  a  SYNCHRONIZE CACHE(10) cdb=6:3f       -> GOOD
  a  COMPARE AND WRITE lba=0 data=00,aa cdb=14:3f -> GOOD moves=1024
  a  READ(16) lba=0 n=1 cdb=14:80         -> 5/24/00 cdb=14.7
  `,
);
