import { story } from "../../support/story_runner.ts";

// At 128k a second, 16k of a LUN are done at a time: four steps for 64k.

story(
  "SANITIZE OVERWRITE writes its pattern over everything",
  `
  lun 0 controlled size=2k cache=on
  a ready
  a  WRITE(10) lba=1 data=11,22            -> GOOD moves=1024
  store calls write 1 2
  a  SANITIZE OVERWRITE pattern=aa         -> GOOD moves=5
  store calls write 0 4, flush
  a  READ(10) lba=0 n=4                    -> GOOD blocks=aa*4
  store keeps 0 aa*4
  a  SANITIZE OVERWRITE pattern=01.02.03   -> GOOD moves=7
  a  READ(10) lba=1 n=1                    -> GOOD length=512
     @0=01.02.03.01 @508=02.03.01.02
  a  SANITIZE OVERWRITE pattern=f0 passes=3 invert -> GOOD moves=5
  a  READ(10) lba=0 n=4                    -> GOOD blocks=f0*4
  a  SANITIZE OVERWRITE pattern=f0 passes=2 invert -> GOOD moves=5
  a  READ(10) lba=0 n=4                    -> GOOD blocks=0f*4
  `,
);

story(
  "SANITIZE OVERWRITE holds its list against the standard",
  `
  lun 0 controlled size=2k
  a ready
  a  SANITIZE OVERWRITE list=01.00.0001        -> 5/24/00 cdb=7
  a  SANITIZE OVERWRITE list=01.00.0001.00*513 -> 5/24/00 cdb=7
  a  SANITIZE OVERWRITE length=0               -> 5/24/00 cdb=7
  a  SANITIZE OVERWRITE list=01.00.0200.aa*512 -> GOOD moves=516
  a  SANITIZE OVERWRITE list=00.00.0001.aa     -> 5/26/00 list=0.4 moves=5
  a  SANITIZE OVERWRITE list=21.00.0001.aa     -> 5/26/00 list=0.6 moves=5
  a  SANITIZE OVERWRITE list=01.01.0001.aa     -> 5/26/00 list=1 moves=5
  a  SANITIZE OVERWRITE list=01.00.0000.aa     -> 5/26/00 list=2 moves=5
  a  SANITIZE OVERWRITE list=01.00.0201.aa*512 -> 5/26/00 list=2 moves=516
  a  SANITIZE OVERWRITE list=01.00.0002.aa     -> 5/1a/00 moves=5
  a  SANITIZE OVERWRITE length=8               -> 5/0e/03 moves=8
  a  SANITIZE OVERWRITE znr                    -> 5/24/00 cdb=1.6
  a  SANITIZE OVERWRITE cdb=2:01               -> 5/24/00 cdb=2.0
  a  READ(10) lba=3 n=1                        -> GOOD blocks=aa
  `,
);

story(
  "SANITIZE BLOCK ERASE is for units that deallocate",
  `
  lun 0 ramdisk size=64k
  lun 1 controlled unmaps=none
  a ready
  a ready 1
  a  WRITE(10) lba=0 data=aa*128           -> GOOD moves=65536
  a  SANITIZE BLOCK ERASE                  -> GOOD
  a  READ(10) lba=0 n=128                  -> GOOD blocks=00*128
  a  GET LBA STATUS lba=0 -> GOOD data 00000014.00000000
     0000000000000000.00000080.01.000000
  a  SANITIZE BLOCK ERASE length=4         -> 5/24/00 cdb=7
  a:1  SANITIZE BLOCK ERASE                -> 5/20/00 cdb=0
  a:1  RSOC option=2 op=48 sa=2            -> GOOD data 00.01.0000
  a:1  INQUIRY evpd page=b1                -> GOOD length=64 @7=00
  a  RSOC option=2 op=48 sa=2              -> GOOD length=14 @1=03
  `,
);

story(
  "SANITIZE CRYPTOGRAPHIC ERASE is for units that encrypt",
  `
  lun 0 controlled encrypts=on size=2k
  a ready
  b ready
  a  WRITE(10) lba=0 data=11*4             -> GOOD moves=2048
  store calls write 0 4
  a  SANITIZE CRYPTOGRAPHIC ERASE          -> GOOD
  store calls erase
  a  READ(10) lba=0 n=4                    -> GOOD blocks=ee*4
  a  SANITIZE CRYPTOGRAPHIC ERASE length=4 -> 5/24/00 cdb=7
  a  RSOC option=2 op=48 sa=3              -> GOOD length=14 @1=03
  a  INQUIRY evpd page=b1                  -> GOOD length=64 @7=10
  b  RESERVE(6)                            -> GOOD
  a  SANITIZE CRYPTOGRAPHIC ERASE          -> RESERVATION CONFLICT
  `,
);

story(
  "a cryptographic erase that fails is told until it succeeds",
  `
  lun 0 controlled encrypts=on size=2k
  a ready
  store fails erase hardware
  a  SANITIZE CRYPTOGRAPHIC ERASE ause     -> 3/31/03
  a  READ(10) lba=0 n=1                    -> 3/31/03
  a  SANITIZE CRYPTOGRAPHIC ERASE ause     -> GOOD
  a  READ(10) lba=0 n=1                    -> GOOD blocks=ee
  `,
);

story(
  "SANITIZE has no CRYPTOGRAPHIC ERASE where no store encrypts",
  `
  lun 0 ramdisk
  a ready
  a  SANITIZE CRYPTOGRAPHIC ERASE          -> 5/20/00 cdb=0
  a  RSOC option=2 op=48 sa=3              -> GOOD data 00.01.0000
  a  RAW raw=48.00*9                       -> 5/24/00 cdb=1.4
  `,
);

story(
  "a sanitize operation goes on behind its command and tells how far it is",
  `
  lun 0 controlled size=64k sanitize_rate=128k
  a ready
  b ready
  a  SANITIZE OVERWRITE pattern=aa immed   -> GOOD moves=5
  a  TEST UNIT READY                       -> 2/04/1b progress=16384
  b  READ(10) lba=0 n=1                    -> 2/04/1b progress=16384
  b  WRITE(10) lba=0 data=11               -> 2/04/1b progress=16384
  b  MODE SENSE(6)                         -> 2/04/1b progress=16384
  b  START STOP UNIT start                 -> 2/04/1b progress=16384
  b  SANITIZE OVERWRITE                    -> 2/04/1b progress=16384
  b  FORMAT UNIT                           -> 2/04/1b progress=16384
  b  SANITIZE EXIT FAILURE MODE            -> 2/04/1b progress=16384
  b  INQUIRY length=2                      -> GOOD data 00.00
  b  REPORT LUNS                           -> GOOD any
  clock 100
  b  REQUEST SENSE -> GOOD data 70.00.02.00000000.0a.00000000.04.1b.00.80.4000
  clock 25
  b  REQUEST SENSE -> GOOD data 70.00.02.00000000.0a.00000000.04.1b.00.80.8000
  b  REQUEST SENSE desc -> GOOD data 72.02.04.1b.00000008.02.06.0000.80.8000.00
  clock 125
  a  TEST UNIT READY                       -> 2/04/1b progress=49152
  clock 125
  a  TEST UNIT READY                       -> 2/04/1b progress=65535
  clock 125
  a  TEST UNIT READY                       -> GOOD
  b  REQUEST SENSE                         -> GOOD any
  b  READ(10) lba=0 n=128                  -> GOOD blocks=aa*128
  `,
);

story(
  "SANITIZE without IMMED ends with its operation, and holds nobody up",
  `
  lun 0 controlled size=64k sanitize_rate=128k
  a ready
  b ready
  b holds
  b  WRITE(10) lba=0 data=11 immediate=0  as w1
  a  SANITIZE OVERWRITE pattern=aa  as s1
  b  READ(10) lba=1 n=1  as r1
  s1 waits
  r1 waits
  b resumes
  w1 -> GOOD moves=512
  r1 -> 2/04/1b progress=0
  a  INQUIRY attr=ordered length=2         -> GOOD data 00.00
  b  TEST UNIT READY                       -> 2/04/1b progress=16384
  clock 125
  clock 125
  clock 125
  s1 waits
  clock 125
  s1 -> GOOD moves=5
  b  READ(10) lba=0 n=2                    -> GOOD blocks=aa*2
  `,
);

story(
  "a command at the head of the queue ends before a sanitize begins",
  `
  lun 0 controlled size=2k
  a ready
  b ready
  b holds
  b  WRITE(10) lba=0 data=11 immediate=0  as w1
  a  SANITIZE OVERWRITE pattern=aa attr=head  as s1
  s1 waits
  store calls 
  a  TEST UNIT READY                       -> 2/04/1b progress=0
  b resumes
  w1 -> GOOD moves=512
  s1 -> GOOD moves=5
  store calls write 0 1, write 0 4, flush
  b  READ(10) lba=0 n=1                    -> GOOD blocks=aa
  `,
);

story(
  "nothing but its end ends a sanitize operation",
  `
  lun 0 controlled size=64k sanitize_rate=128k
  a ready
  b ready
  a  SANITIZE OVERWRITE pattern=aa  as s1
  a  ABORT TASK of=s1                      -> FUNCTION COMPLETE
  s1 -> SILENT moves=5
  b  TEST UNIT READY                       -> 2/04/1b progress=16384
  b  LOGICAL UNIT RESET                    -> FUNCTION COMPLETE
  b  TEST UNIT READY                       -> 6/29/00
  b  TEST UNIT READY                       -> 2/04/1b progress=16384
  b  TARGET RESET                          -> FUNCTION COMPLETE
  b  TEST UNIT READY                       -> 6/29/03
  a leaves
  clock 125
  b  TEST UNIT READY                       -> 2/04/1b progress=32768
  clock 125
  clock 125
  clock 125
  b  READ(10) lba=0 n=128                  -> GOOD blocks=aa*128
  `,
);

story(
  "a second SANITIZE whose list comes late finds the first at work",
  `
  lun 0 controlled size=64k sanitize_rate=128k
  a ready
  b ready
  a holds
  a  SANITIZE OVERWRITE pattern=aa immediate=0  as s1
  b  SANITIZE OVERWRITE pattern=bb attr=head immed -> GOOD moves=5
  a resumes
  s1 -> 2/04/1b progress=0 moves=5
  clock 125
  clock 125
  clock 125
  clock 125
  clock 125
  b  READ(10) lba=0 n=1                    -> GOOD blocks=bb
  `,
);

story(
  "a sanitize that fails without AUSE can only be done again",
  `
  lun 0 controlled size=2k
  a ready
  store fails write medium
  a  SANITIZE OVERWRITE pattern=aa         -> 3/31/03 moves=5
  a  TEST UNIT READY                       -> 3/31/03
  a  READ(10) lba=0 n=1                    -> 3/31/03
  a  MODE SENSE(6)                         -> 3/31/03
  a  FORMAT UNIT                           -> 3/31/03
  a  INQUIRY length=2                      -> GOOD data 00.00
  a  REQUEST SENSE -> GOOD data 70.00.03.00000000.0a.00000000.31.03.00.00.0000
  a  SANITIZE EXIT FAILURE MODE            -> 5/24/00 cdb=1.4
  a  SANITIZE OVERWRITE pattern=aa ause    -> 5/24/00 cdb=1.5
  a  LOGICAL UNIT RESET                    -> FUNCTION COMPLETE
  a  TEST UNIT READY                       -> 6/29/00
  a  TEST UNIT READY                       -> 3/31/03
  a  SANITIZE OVERWRITE pattern=aa         -> GOOD moves=5
  a  READ(10) lba=0 n=1                    -> GOOD blocks=aa
  a  SANITIZE EXIT FAILURE MODE            -> GOOD
  a  SANITIZE EXIT FAILURE MODE length=4   -> 5/24/00 cdb=7
  `,
);

story(
  "a sanitize that fails with AUSE can be left",
  `
  lun 0 controlled size=2k cache=on
  a ready
  store fails flush hardware
  a  SANITIZE OVERWRITE pattern=aa ause immed -> GOOD moves=5
  clock 0
  a  TEST UNIT READY                       -> 3/31/03
  a  SANITIZE OVERWRITE pattern=aa ause immed -> GOOD moves=5
  clock 0
  a  TEST UNIT READY                       -> GOOD
  store fails flush hardware
  a  SANITIZE OVERWRITE pattern=bb ause    -> 3/31/03 moves=5
  a  SANITIZE EXIT FAILURE MODE            -> GOOD
  a  READ(10) lba=0 n=1                    -> GOOD blocks=bb
  `,
);

story(
  "a sanitize operation goes on after a restart, with the pass it was in",
  `
  lun 0 controlled path=/x size=32k sanitize_rate=128k
  a ready
  a  SANITIZE OVERWRITE pattern=f0 passes=2 invert immed -> GOOD moves=5
  clock 125
  clock 125
  a  TEST UNIT READY                       -> 2/04/1b progress=49152
  target removes 0
  lun 0 controlled path=/x size=32k sanitize_rate=128k
  store calls write 0 32
  a  TEST UNIT READY                       -> 6/29/00
  a  TEST UNIT READY                       -> 2/04/1b progress=49152
  clock 125
  clock 125
  a  READ(10) lba=0 n=64                   -> GOOD blocks=0f*64
  target removes 0
  lun 0 controlled path=/x size=32k
  a  TEST UNIT READY                       -> 6/29/00
  a  TEST UNIT READY                       -> GOOD
  `,
);

story(
  "a failed sanitize is a failed one after a restart",
  `
  lun 0 controlled path=/x size=2k
  a ready
  store fails write medium
  a  SANITIZE OVERWRITE pattern=aa ause    -> 3/31/03 moves=5
  target removes 0
  lun 0 controlled path=/x size=2k
  a  TEST UNIT READY                       -> 6/29/00
  a  TEST UNIT READY                       -> 3/31/03
  a  SANITIZE EXIT FAILURE MODE            -> GOOD
  a  TEST UNIT READY                       -> GOOD
  `,
);

story(
  "a sanitize operation goes over to the store that is opened anew",
  `
  lun 0 controlled path=/x size=32k sanitize_rate=128k
  a ready
  a  SANITIZE OVERWRITE pattern=aa  as s1
  target modifies 0 path=/y size=32k sanitize_rate=64k
  s1 -> TASK ABORTED moves=5
  store calls write 0 16
  a  TEST UNIT READY                       -> 2/04/1b progress=16384
  clock 125
  clock 125
  clock 125
  clock 125
  a  READ(10) lba=0 n=64                   -> GOOD blocks=aa*64
  `,
);

story(
  "SANITIZE obeys protection, medium and reservations",
  `
  lun 1 ramdisk readonly=on
  lun 0 ramdisk
  a ready
  b ready
  a ready 1
  a:1  SANITIZE OVERWRITE                  -> 7/27/01
  a:1  SANITIZE BLOCK ERASE                -> 7/27/01
  a:1  SANITIZE EXIT FAILURE MODE          -> GOOD
  b  RESERVE(6)                            -> GOOD
  a  SANITIZE OVERWRITE                    -> RESERVATION CONFLICT
  a  SANITIZE BLOCK ERASE                  -> RESERVATION CONFLICT
  b  RELEASE(6)                            -> GOOD
  a  START STOP UNIT                       -> GOOD
  a  SANITIZE BLOCK ERASE                  -> 2/04/02
  `,
);

story(
  "a rate holds BLOCK ERASE back, unit by unit",
  `
  lun 0 controlled size=64k unmaps=native sanitize_rate=128k
  a ready
  a  SANITIZE BLOCK ERASE immed            -> GOOD
  store calls unmap 0 32
  a  TEST UNIT READY                       -> 2/04/1b progress=16384
  clock 125
  clock 125
  clock 125
  clock 125
  store calls unmap 32 32, unmap 64 32, unmap 96 32, flush
  a  TEST UNIT READY                       -> GOOD
  `,
);
