import { story } from "../../support/story_runner.ts";

story(
  "START STOP UNIT stops and starts",
  `
  lun 0 ramdisk
  a ready
  a  WRITE(10) lba=0 data=a1          -> GOOD
  a  START STOP UNIT                  -> GOOD
  a  TEST UNIT READY                  -> 2/04/02
  a  READ(10) lba=0 n=1               -> 2/04/02
  a  WRITE(10) lba=0 data=a2          -> 2/04/02
  a  READ CAPACITY(10)                -> 2/04/02
  a  REPORT LUNS                      -> GOOD any
  a  INQUIRY                          -> GOOD any
  a  MODE SENSE(6)                    -> GOOD any
  a  LOG SENSE                        -> GOOD any
  a  REQUEST SENSE                    -> GOOD any
  a  START STOP UNIT start immed      -> GOOD
  a  READ(10) lba=0 n=1               -> GOOD blocks=a1
  a  START STOP UNIT power=2          -> GOOD
  a  TEST UNIT READY                  -> GOOD
  a  START STOP UNIT loej             -> 5/24/00 cdb=4.1
  a  START STOP UNIT start loej       -> 5/24/00 cdb=4.1
  a  START STOP UNIT cdb=4:08         -> 5/24/00 cdb=4.3
  a  PREVENT ALLOW prevent=1          -> 5/20/00 cdb=0
  `,
);

story(
  "START STOP UNIT ejects and loads a removable unit",
  `
  lun 0 ramdisk removable=on
  a ready
  b ready
  a  WRITE(10) lba=0 data=a1          -> GOOD
  a  START STOP UNIT loej             -> GOOD
  a  TEST UNIT READY                  -> 2/3a/02
  b  READ(10) lba=0 n=1               -> 2/3a/02
  a  START STOP UNIT loej start       -> GOOD
  a  READ(10) lba=0 n=1               -> GOOD blocks=a1
  b  TEST UNIT READY                  -> 6/28/00
  b  TEST UNIT READY                  -> GOOD
  a  START STOP UNIT loej start       -> GOOD
  b  TEST UNIT READY                  -> GOOD
  `,
);

story(
  "PREVENT keeps the medium in until every nexus allows",
  `
  lun 0 ramdisk removable=on
  a ready
  b ready
  a  PREVENT ALLOW prevent=1          -> GOOD
  b  PREVENT ALLOW prevent=1          -> GOOD
  b  START STOP UNIT loej             -> 5/53/02
  b  PREVENT ALLOW prevent=0          -> GOOD
  b  START STOP UNIT loej             -> 5/53/02
  b  START STOP UNIT                  -> GOOD
  b  START STOP UNIT start            -> GOOD
  a  PREVENT ALLOW prevent=0          -> GOOD
  b  START STOP UNIT loej             -> GOOD
  a  PREVENT ALLOW prevent=1          -> GOOD
  b  START STOP UNIT loej             -> 2/53/02
  b  START STOP UNIT loej start       -> 5/53/02
  a  PREVENT ALLOW prevent=4          -> 5/24/00 cdb=4.2
  `,
);

story(
  "PREVENT ends with a reset, and with the nexus",
  `
  lun 0 ramdisk removable=on
  a ready
  b ready
  a  PREVENT ALLOW prevent=1          -> GOOD
  b  LOGICAL UNIT RESET               -> FUNCTION COMPLETE
  b ready
  b  START STOP UNIT loej             -> GOOD
  b  START STOP UNIT loej start       -> GOOD
  a ready
  a  PREVENT ALLOW prevent=1          -> GOOD
  a  I_T NEXUS RESET                  -> FUNCTION COMPLETE
  b ready
  b  START STOP UNIT loej             -> GOOD
  b  START STOP UNIT loej start       -> GOOD
  a ready
  a  PREVENT ALLOW prevent=1          -> GOOD
  a leaves
  b ready
  b  START STOP UNIT loej             -> GOOD
  `,
);

story(
  "A unit whose thing below is missing has no medium",
  `
  lun 0 controlled opens=missing path=/gone
  lun 1 controlled opens=missing path=/gone2 removable=on
  a ready
  a ready 1
  a  TEST UNIT READY                  -> 2/04/03
  a  READ(10) lba=0 n=1               -> 2/04/03
  a  READ CAPACITY(16)                -> 2/04/03
  a:1  TEST UNIT READY                -> 2/3a/01
  a:1  START STOP UNIT loej           -> GOOD
  a:1  TEST UNIT READY                -> 2/3a/02
  a  INQUIRY length=2                 -> GOOD data 00.00
  a  INQUIRY evpd page=b0 length=8    -> GOOD any
  a  INQUIRY evpd page=b2 length=8    -> GOOD any
  a  MODE SENSE(6) page=08            -> GOOD any
  a  MODE SELECT(6) list=00000000.0a.0a.04.00.00.40.00.00.0000.0000 -> GOOD
  a  LOG SENSE page=19                -> GOOD any
  a  LOG SENSE page=0c                -> 5/24/00 cdb=2.5
  a  START STOP UNIT                  -> GOOD
  a  START STOP UNIT start            -> GOOD
  a  READ KEYS                        -> GOOD any
  a  RESERVE(6)                       -> GOOD
  a  RSOC length=4                    -> GOOD any
  `,
);

story(
  "A processor unit is ready and knows no block commands",
  `
  lun 0 controlled type=3
  a ready
  a  TEST UNIT READY                  -> GOOD
  a  READ(10) lba=0 n=1               -> 5/20/00 cdb=0
  a  READ CAPACITY(10)                -> 5/20/00 cdb=0
  a  START STOP UNIT start            -> 5/20/00 cdb=0
  a  MODE SENSE(6) page=0a            -> GOOD any
  a  LOG SENSE page=19                -> GOOD any
  a  READ KEYS                        -> GOOD any
  a  RESERVE(10)                      -> GOOD
  `,
);

story(
  "A CD is read in blocks of 2048 bytes and never written",
  `
  lun 0 ramdisk type=5 size=1m
  a ready
  a  READ CAPACITY(10)                -> GOOD data 000001ff.00000800
  a  READ(10) lba=511 n=1             -> GOOD blocks=00
  a  READ(12) lba=511 n=1             -> GOOD blocks=00
  a  READ(16) lba=0 n=1               -> 5/20/00 cdb=0
  a  READ(6) lba=0 n=1                -> 5/20/00 cdb=0
  a  WRITE(10) lba=0 data=a1          -> 5/20/00 cdb=0
  a  READ CAPACITY(16)                -> 5/20/00 cdb=0
  a  MODE SENSE(6) page=3f dbd length=4 -> GOOD data 5f.00.00.00
  a  PREVENT ALLOW prevent=1          -> GOOD
  a  START STOP UNIT loej             -> 5/53/02
  `,
);

story(
  "A disc that was stopped spins up for the next who reads",
  `
  lun 0 ramdisk type=5 size=1m
  a ready
  a  START STOP UNIT                  -> GOOD
  a  TEST UNIT READY                  -> GOOD
  a  READ(10) lba=511 n=1             -> GOOD blocks=00
  `,
);

story(
  "A read-only unit refuses every command that writes",
  `
  lun 0 ramdisk readonly=on
  a ready
  a  WRITE(6) lba=0 data=a1                -> 7/27/01
  a  WRITE(10) lba=0 data=a1               -> 7/27/01
  a  WRITE(12) lba=0 data=a1               -> 7/27/01
  a  WRITE(16) lba=0 data=a1               -> 7/27/01
  a  WRITE AND VERIFY(10) lba=0 data=a1    -> 7/27/01
  a  WRITE AND VERIFY(12) lba=0 data=a1    -> 7/27/01
  a  WRITE AND VERIFY(16) lba=0 data=a1    -> 7/27/01
  a  WRITE SAME(10) lba=0 n=1 data=a1      -> 7/27/01
  a  WRITE SAME(16) lba=0 n=1 data=a1      -> 7/27/01
  a  COMPARE AND WRITE lba=0 data=00,a1    -> 7/27/01
  a  UNMAP ranges=0+1                      -> 7/27/01
  a  SYNCHRONIZE CACHE(10)                 -> 7/27/01
  a  SYNCHRONIZE CACHE(16)                 -> 7/27/01
  a  WRITE(10) lba=99999 data=a1           -> 7/27/01
  a  READ(10) lba=0 n=1                    -> GOOD blocks=00
  a  VERIFY(10) lba=0 n=1                  -> GOOD
  a  START STOP UNIT                       -> GOOD
  a  START STOP UNIT start                 -> GOOD
  a  MODE SENSE(6) page=08 dbd length=4    -> GOOD data 17.00.90.00
  `,
);
