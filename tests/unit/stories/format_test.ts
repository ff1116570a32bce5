import { story } from "../../support/story_runner.ts";

story(
  "FORMAT UNIT leaves zeroes behind, or the pattern asked for",
  `
  lun 0 controlled size=2k cache=on
  a ready
  a  WRITE(10) lba=0 data=11,22,33,44      -> GOOD moves=2048
  store calls write 0 4
  a  FORMAT UNIT                           -> GOOD
  store calls write 0 4, flush
  a  READ(10) lba=0 n=4                    -> GOOD blocks=00*4
  a  FORMAT UNIT list=00.88.0000.00.01.0002.12.34 -> GOOD moves=10
  a  READ(10) lba=3 n=1                    -> GOOD length=512
     @0=12.34.12.34 @510=12.34
  a  FORMAT UNIT longlist list=00.88.00.00.00000000.00.01.0001.aa -> GOOD
     moves=13
  a  READ(10) lba=0 n=4                    -> GOOD blocks=aa*4
  store keeps 0 aa*4
  a  FORMAT UNIT list=00.88.0000.00.00.0000 -> GOOD moves=8
  a  READ(10) lba=0 n=4                    -> GOOD blocks=00*4
  `,
);

story(
  "FORMAT UNIT deallocates where it can, and has zeroes noted where it can",
  `
  lun 0 ramdisk size=64k
  a ready
  a  WRITE(10) lba=0 data=aa*128           -> GOOD moves=65536
  a  FORMAT UNIT                           -> GOOD
  a  GET LBA STATUS lba=0 -> GOOD data 00000014.00000000
     0000000000000000.00000080.01.000000
  a  FORMAT UNIT list=00.88.0000.00.01.0001.bb -> GOOD moves=9
  a  READ(10) lba=0 n=128                  -> GOOD blocks=bb*128
  lun 1 controlled size=64k zeroes=on
  a ready 1
  a:1  FORMAT UNIT                         -> GOOD
  store calls writeZeroes 0 128, flush
  `,
);

story(
  "FORMAT UNIT refuses what it cannot do, and changes nothing then",
  `
  lun 0 controlled size=2k
  a ready
  a  WRITE(10) lba=0 data=11               -> GOOD moves=512
  a  FORMAT UNIT fmtpinfo=1                -> 5/24/00 cdb=1.7
  a  FORMAT UNIT fmtpinfo=2                -> 5/24/00 cdb=1.7
  a  FORMAT UNIT cmplst                    -> 5/24/00 cdb=1.3
  a  FORMAT UNIT format=3                  -> 5/24/00 cdb=1.2
  a  FORMAT UNIT fmtdata format=6          -> 5/24/00 cdb=1.2
  a  FORMAT UNIT cdb=4:01                  -> 5/24/00 cdb=4.0
  a  FORMAT UNIT fmtdata                   -> 5/0e/03 moves=4
  a  FORMAT UNIT longlist list=00.00.0000  -> 5/0e/03 moves=8
  a  FORMAT UNIT list=01.00.0000           -> 5/26/00 list=0 moves=4
  a  FORMAT UNIT longlist list=00.00.00.10.00000000 -> 5/26/00 list=3 moves=8
  a  FORMAT UNIT list=00.40.0000           -> 5/26/00 list=1.6 moves=4
  a  FORMAT UNIT list=00.08.0000.00.00.0000 -> 5/26/00 list=1.3 moves=8
  a  FORMAT UNIT list=00.80.0004.00000001  -> 5/26/00 list=2 moves=8
  a  FORMAT UNIT longlist list=00.80.00.00.00000008.00*8 -> 5/26/00 list=4
     moves=16
  a  FORMAT UNIT list=00.88.0000           -> 5/0e/03 moves=4
  a  FORMAT UNIT list=00.88.0000.20.01.0001.aa -> 5/26/00 list=4.5 moves=9
  a  FORMAT UNIT list=00.88.0000.00.02.0001.aa -> 5/26/00 list=5 moves=9
  a  FORMAT UNIT list=00.88.0000.00.00.0001.aa -> 5/26/00 list=6 moves=9
  a  FORMAT UNIT list=00.88.0000.00.01.0000 -> 5/26/00 list=6 moves=8
  a  FORMAT UNIT list=00.88.0000.00.01.0201.aa*513 -> 5/26/00 list=6 moves=521
  a  FORMAT UNIT list=00.88.0000.00.01.0002.aa -> 5/0e/03 moves=9
  a  READ(10) lba=0 n=1                    -> GOOD blocks=11
  a  FORMAT UNIT cmplst format=5 list=00.f0.0000 -> GOOD moves=4
  a  READ(10) lba=0 n=1                    -> GOOD blocks=00
  `,
);

story(
  "a format with IMMED goes on behind its command",
  `
  lun 0 controlled size=512k
  a ready
  b ready
  store holds
  a  FORMAT UNIT list=00.02.0000           -> GOOD moves=4
  store calls write 0 512
  b  TEST UNIT READY                       -> 2/04/04 progress=0
  store answers once
  b  READ(10) lba=0 n=1                    -> 2/04/04 progress=32768
  b  FORMAT UNIT                           -> 2/04/04 progress=32768
  b  SANITIZE OVERWRITE                    -> 2/04/04 progress=32768
  b  LOG SENSE                             -> 2/04/04 progress=32768
  b  INQUIRY length=2                      -> GOOD data 00.00
  b  REPORT LUNS                           -> GOOD any
  b  REQUEST SENSE -> GOOD data 70.00.02.00000000.0a.00000000.04.04.00.80.8000
  a leaves
  b  TEST UNIT READY                       -> 2/04/04 progress=32768
  store answers
  b  TEST UNIT READY                       -> GOOD
  `,
);

story(
  "a format without IMMED outlives the session that asked for it",
  `
  lun 0 controlled size=512k
  a ready
  b ready
  store holds
  a  FORMAT UNIT  as f1
  f1 waits
  b  TEST UNIT READY                       -> 2/04/04 progress=0
  a leaves
  f1 -> SILENT
  store answers
  b  TEST UNIT READY                       -> GOOD
  `,
);

story(
  "a reset cuts a format off, and the medium shows it",
  `
  lun 0 controlled size=512k
  a ready
  b ready
  store holds
  a  FORMAT UNIT  as f1
  b  LOGICAL UNIT RESET  as t1
  f1 -> TASK ABORTED
  t1 waits
  store answers
  t1 -> FUNCTION COMPLETE
  store calls write 0 512
  a  TEST UNIT READY                       -> 6/29/00
  b  TEST UNIT READY                       -> 6/29/00
  a  TEST UNIT READY                       -> 3/31/00
  a  READ(10) lba=0 n=1                    -> 3/31/00
  b  WRITE(10) lba=0 data=11               -> 3/31/00
  b  MODE SENSE(6)                         -> GOOD any
  b  REQUEST SENSE -> GOOD data 70.00.03.00000000.0a.00000000.31.00.00.00.0000
  a  FORMAT UNIT                           -> GOOD
  a  TEST UNIT READY                       -> GOOD
  `,
);

story(
  "a format that fails leaves a medium that must be formatted again",
  `
  lun 0 controlled path=/x size=2k
  a ready
  store fails write medium
  a  FORMAT UNIT                           -> 3/31/01
  a  TEST UNIT READY                       -> 3/31/00
  target removes 0
  lun 0 controlled path=/x size=2k
  a  TEST UNIT READY                       -> 6/29/00
  a  READ(10) lba=0 n=1                    -> 3/31/00
  a  SANITIZE OVERWRITE pattern=aa         -> GOOD moves=5
  a  READ(10) lba=0 n=1                    -> GOOD blocks=aa
  store fails write no-space
  a  FORMAT UNIT list=00.02.0000           -> GOOD moves=4
  a  TEST UNIT READY                       -> 3/31/00
  a  FORMAT UNIT                           -> GOOD
  a  TEST UNIT READY                       -> GOOD
  `,
);

story(
  "FORMAT UNIT obeys protection, medium, reservations and order",
  `
  lun 1 ramdisk readonly=on
  lun 0 controlled size=2k
  a ready
  b ready
  a ready 1
  a:1  FORMAT UNIT                         -> 7/27/01
  b holds
  b  WRITE(10) lba=0 data=11 immediate=0  as w1
  a  FORMAT UNIT  as f1
  f1 waits
  b resumes
  w1 -> GOOD moves=512
  f1 -> GOOD
  b  READ(10) lba=0 n=1                    -> GOOD blocks=00
  b  RESERVE(6)                            -> GOOD
  a  FORMAT UNIT                           -> RESERVATION CONFLICT
  b  RELEASE(6)                            -> GOOD
  a  START STOP UNIT                       -> GOOD
  a  FORMAT UNIT                           -> 2/04/02
  `,
);
