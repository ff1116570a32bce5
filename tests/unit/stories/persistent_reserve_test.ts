import { story } from "../../support/story_runner.ts";

story(
  "PERSISTENT RESERVE registers, tells and removes keys",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  READ KEYS                       -> GOOD data 00000000.00000000
  a  READ RESERVATION                -> GOOD data 00000000.00000000
  a  READ FULL STATUS                -> GOOD data 00000000.00000000
  a  PR REGISTER newkey=0xa1         -> GOOD
  a  READ KEYS                       -> GOOD data 00000001.00000008
     00000000.000000a1
  b  PR REGISTER newkey=0xb1         -> GOOD
  b  READ KEYS                       -> GOOD data 00000002.00000010
     00000000.000000a1 00000000.000000b1
  a  PR REGISTER key=0xa1 newkey=0xa2 -> GOOD
  a  PR REGISTER key=0xa1 newkey=0xa3 -> RESERVATION CONFLICT
  a  PR REGISTER newkey=0xa3         -> RESERVATION CONFLICT
  a  PR REGISTER AND IGNORE key=7 newkey=0xa4 -> GOOD
  a  READ KEYS length=12             -> GOOD data 00000004.00000010.00000000
  a  PR REGISTER key=0xa4            -> GOOD
  a  READ KEYS                       -> GOOD data 00000005.00000008
     00000000.000000b1
  a  PR REGISTER                     -> GOOD
  a  PR REGISTER AND IGNORE key=5    -> GOOD
  a  PR REGISTER key=5 newkey=6      -> RESERVATION CONFLICT
  a  READ KEYS                       -> GOOD data 00000005.00000008
     00000000.000000b1
  `,
);

story(
  "PERSISTENT RESERVE tells who holds the reservation",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=0xa1         -> GOOD
  b  PR REGISTER newkey=0xb1         -> GOOD
  a  PR RESERVE key=0xa1 type=1      -> GOOD
  b  READ RESERVATION                -> GOOD data 00000002.00000010
     00000000.000000a1 00000000.00.01.0000
  b  READ FULL STATUS                -> GOOD data 00000002.00000060
     00000000.000000a1 00000000.01.01.00000000.0003.00000018
     45.00.0014.69716e2e612c692c307831.00*9
     00000000.000000b1 00000000.00.00.00000000.0003.00000018
     45.00.0014.69716e2e622c692c307831.00*9
  b  READ FULL STATUS length=20      -> GOOD length=20 @4=00000060
  a  PR RELEASE key=0xa1 type=1      -> GOOD
  a  PR RESERVE key=0xa1 type=7      -> GOOD
  b  READ RESERVATION                -> GOOD data 00000002.00000010
     00000000.00000000 00000000.00.07.0000
  b  READ FULL STATUS                -> GOOD length=104
     @20=01.07 @68=01.07
  `,
);

story(
  "PERSISTENT RESERVE IN tells what it can",
  `
  lun 0 ramdisk
  a ready
  a  REPORT CAPABILITIES             -> GOOD data 0008.1d.d0.ea01.0000
  a  REPORT CAPABILITIES length=4    -> GOOD data 0008.1d.d0
  a  READ KEYS cdb=2:01              -> 5/24/00 cdb=2.0
  a  RAW raw=5e.04.00*8              -> 5/24/00 cdb=1.4
  `,
);

story(
  "PERSISTENT RESERVE OUT checks its CDB and list",
  `
  lun 0 ramdisk
  a ready
  a  PR REGISTER newkey=1            -> GOOD
  a  PR RESERVE key=1 type=1 scope=1 -> 5/24/00 cdb=2.4
  a  PR RESERVE key=1 type=0         -> 5/24/00 cdb=2.0
  a  PR RESERVE key=1 type=2         -> 5/24/00 cdb=2.0
  a  PR RESERVE key=1 type=4         -> 5/24/00 cdb=2.0
  a  PR RESERVE key=1 type=9         -> 5/24/00 cdb=2.0
  a  PR RELEASE key=1 type=15        -> 5/24/00 cdb=2.0
  a  PR RELEASE key=1 type=1 scope=2 -> 5/24/00 cdb=2.4
  a  PR CLEAR key=2 type=9 scope=3   -> RESERVATION CONFLICT
  a  PR REGISTER key=1 newkey=2 type=9 scope=3 -> GOOD
  a  PR REGISTER length=23           -> 5/1a/00
  a  PR REGISTER list=00*25          -> 5/1a/00
  a  PR REGISTER list=00*24 length=65536 -> 5/1a/00
  a  PR REGISTER length=0            -> 5/1a/00
  a  PR REGISTER list=00*16          -> 5/1a/00
  a  PR REGISTER length=24 list=00*16 -> 5/0e/03
  a  PR RESERVE type=1 list=00*28       -> 5/1a/00
  a  PR RELEASE type=1 list=00*23       -> 5/1a/00
  a  PR CLEAR list=00*32             -> 5/1a/00
  a  PR PREEMPT list=00*32           -> 5/1a/00
  a  PR PREEMPT AND ABORT list=00*32 -> 5/1a/00
  a  PR REGISTER AND IGNORE list=00*28 -> 5/1a/00
  a  PR REGISTER key=2 newkey=3 spec_i_pt -> 5/1a/00
  a  PR REGISTER AND IGNORE newkey=3 spec_i_pt -> 5/26/00 list=20.3
  a  PR RESERVE key=2 type=1 spec_i_pt -> 5/26/00 list=20.3
  a  PR CLEAR key=2 spec_i_pt        -> 5/26/00 list=20.3
  a  PR RESERVE key=2 type=1 aptpl all_tg_pt -> GOOD
  a  REPORT CAPABILITIES             -> GOOD data 0008.1d.d0.ea01.0000
  a  RAW raw=5f.08.00*6.18.00        -> 5/24/00 cdb=1.4
  a  PR REGISTER cdb=3:01            -> 5/24/00 cdb=3.0
  `,
);

story(
  "Write Exclusive lets others read",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=1         -> GOOD
  a  WRITE(10) lba=0 data=a1         -> GOOD
  b  WRITE(10) lba=0 data=b1         -> RESERVATION CONFLICT
  c  WRITE(10) lba=0 data=c1         -> RESERVATION CONFLICT
  b  READ(10) lba=0 n=1              -> GOOD blocks=a1
  c  READ(10) lba=0 n=1              -> GOOD blocks=a1
  c  VERIFY(10) lba=0 n=1            -> GOOD
  c  MODE SENSE(6) page=08           -> GOOD any
  c  MODE SELECT(6) length=0         -> RESERVATION CONFLICT
  c  TEST UNIT READY                 -> GOOD
  c  SYNCHRONIZE CACHE(10)           -> RESERVATION CONFLICT
  `,
);

story(
  "Exclusive Access keeps others out, registered or not",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=3         -> GOOD
  b  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  b  MODE SENSE(6) page=08           -> RESERVATION CONFLICT
  b  TEST UNIT READY                 -> GOOD
  b  LOG SENSE                       -> GOOD any
  b  READ CAPACITY(10)               -> GOOD any
  b  START STOP UNIT start           -> GOOD
  b  START STOP UNIT                 -> RESERVATION CONFLICT
  b  RSOC length=4                   -> GOOD any
  b  REPORT TARGET PORT GROUPS       -> GOOD any
  a  READ(10) lba=0 n=1              -> GOOD blocks=00
  `,
);

story(
  "Registrants Only types let every registrant in",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=6         -> GOOD
  b  WRITE(10) lba=0 data=b1         -> GOOD
  c  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  c  START STOP UNIT                 -> RESERVATION CONFLICT
  b  START STOP UNIT                 -> GOOD
  b  START STOP UNIT start           -> GOOD
  a  PR RELEASE key=1 type=5         -> 5/26/04
  b  PR RELEASE key=2 type=6         -> GOOD
  c  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  a  PR RELEASE key=1 type=6         -> GOOD
  b  TEST UNIT READY                 -> 6/2a/04
  c  READ(10) lba=0 n=1              -> GOOD blocks=b1
  a  TEST UNIT READY                 -> GOOD
  a  PR RESERVE key=1 type=5         -> GOOD
  c  READ(10) lba=0 n=1              -> GOOD blocks=b1
  c  WRITE(10) lba=0 data=c1         -> RESERVATION CONFLICT
  b  WRITE(10) lba=0 data=b2         -> GOOD
  `,
);

story(
  "All Registrants types end with the last registrant",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=8         -> GOOD
  b  PR RESERVE key=2 type=8         -> GOOD
  b  PR RESERVE key=2 type=7         -> RESERVATION CONFLICT
  a  PR REGISTER key=1               -> GOOD
  b  TEST UNIT READY                 -> GOOD
  a  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  b  READ(10) lba=0 n=1              -> GOOD blocks=00
  b  PR REGISTER key=2               -> GOOD
  a  READ(10) lba=0 n=1              -> GOOD blocks=00
  c  READ RESERVATION                -> GOOD data 00000004.00000000
  `,
);

story(
  "RESERVE needs a registration and is not taken twice",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR RESERVE key=1 type=1         -> RESERVATION CONFLICT
  a  PR REGISTER newkey=1            -> GOOD
  a  PR RESERVE key=2 type=1         -> RESERVATION CONFLICT
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=1         -> GOOD
  a  PR RESERVE key=1 type=1         -> GOOD
  a  PR RESERVE key=1 type=3         -> RESERVATION CONFLICT
  b  PR RESERVE key=2 type=1         -> RESERVATION CONFLICT
  b  PR RELEASE key=2 type=1         -> GOOD
  a  PR RELEASE key=3 type=1         -> RESERVATION CONFLICT
  a  PR RELEASE key=1 type=1         -> GOOD
  a  PR RELEASE key=1 type=1         -> GOOD
  b  TEST UNIT READY                 -> GOOD
  `,
);

story(
  "Unregistering the holder ends its reservation",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=5         -> GOOD
  a  PR REGISTER key=1               -> GOOD
  b  TEST UNIT READY                 -> 6/2a/04
  b  READ RESERVATION                -> GOOD data 00000003.00000000
  a  PR REGISTER newkey=1            -> GOOD
  a  PR RESERVE key=1 type=3         -> GOOD
  a  PR REGISTER AND IGNORE          -> GOOD
  b  TEST UNIT READY                 -> GOOD
  b  READ RESERVATION                -> GOOD data 00000005.00000000
  `,
);

story(
  "CLEAR removes all keys and the reservation",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=6         -> GOOD
  c  PR CLEAR                        -> RESERVATION CONFLICT
  b  PR CLEAR key=2                  -> GOOD
  a  TEST UNIT READY                 -> 6/2a/03
  a  TEST UNIT READY                 -> GOOD
  b  TEST UNIT READY                 -> GOOD
  c  READ KEYS                       -> GOOD data 00000003.00000000
  c  READ(10) lba=0 n=1              -> GOOD blocks=00
  `,
);

story(
  "PREEMPT takes the reservation over",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  c  PR REGISTER newkey=3            -> GOOD
  a  PR RESERVE key=1 type=5         -> GOOD
  b  PR PREEMPT key=2 newkey=1 type=9 -> 5/24/00 cdb=2.0
  b  PR PREEMPT key=9 newkey=1 type=6 -> RESERVATION CONFLICT
  b  PR PREEMPT key=2 newkey=1 type=6 -> GOOD
  a  TEST UNIT READY                 -> 6/2a/05
  c  TEST UNIT READY                 -> 6/2a/04
  b  TEST UNIT READY                 -> GOOD
  a  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  c  READ(10) lba=0 n=1              -> GOOD blocks=00
  c  READ RESERVATION                -> GOOD data 00000004.00000010
     00000000.00000002 00000000.00.06.0000
  c  PR PREEMPT key=3 newkey=2 type=6 -> GOOD
  b  TEST UNIT READY                 -> 6/2a/05
  c  READ KEYS                       -> GOOD data 00000005.00000008
     00000000.00000003
  `,
);

story(
  "PREEMPT of other keys only removes registrations",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  c  PR REGISTER newkey=2            -> GOOD
  a  PR PREEMPT key=1 newkey=0       -> 5/26/00 list=8
  a  PR PREEMPT key=1 newkey=7       -> RESERVATION CONFLICT
  a  PR PREEMPT key=1 newkey=2 type=9 -> GOOD
  b  TEST UNIT READY                 -> 6/2a/05
  c  TEST UNIT READY                 -> 6/2a/05
  a  READ KEYS                       -> GOOD data 00000004.00000008
     00000000.00000001
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=1         -> GOOD
  b  PR PREEMPT key=2 newkey=5 type=1 -> RESERVATION CONFLICT
  a  PR PREEMPT key=1 newkey=2 type=3 -> GOOD
  b  TEST UNIT READY                 -> 6/2a/05
  a  READ RESERVATION                -> GOOD length=24 @20=00.01
  `,
);

story(
  "PREEMPT with key 0 takes an All Registrants reservation over",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=7         -> GOOD
  b  PR PREEMPT key=2 newkey=0 type=2 -> 5/24/00 cdb=2.0
  b  PR PREEMPT key=2 newkey=0 type=3 -> GOOD
  a  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  a  TEST UNIT READY                 -> 6/2a/05
  b  READ RESERVATION                -> GOOD data 00000003.00000010
     00000000.00000002 00000000.00.03.0000
  `,
);

story(
  "PREEMPT by the holder changes the type, and keeps it registered",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=6         -> GOOD
  a  PR PREEMPT key=1 newkey=1 type=8 -> GOOD
  b  TEST UNIT READY                 -> 6/2a/04
  a  READ KEYS                       -> GOOD length=24 @0=00000003
  a  READ RESERVATION                -> GOOD length=24 @8=00*8 @20=00.08
  `,
);

story(
  "PREEMPT AND ABORT ends the tasks of whom it removes",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=5         -> GOOD
  a holds
  c holds
  a  WRITE(10) lba=0 data=a1 immediate=0 as w1
  a  WRITE(10) lba=0 data=a1 immediate=0 as w2
  c  READ(10) lba=8 n=200 as r1
  b  PR PREEMPT AND ABORT key=2 newkey=1 type=5 -> GOOD
  w1 -> TASK ABORTED
  w2 -> TASK ABORTED
  r1 waits
  c resumes
  r1 -> GOOD blocks=00*200
  a resumes
  b  READ(10) lba=0 n=1              -> GOOD blocks=00
  a  WRITE(10) lba=0 data=a1         -> RESERVATION CONFLICT
  a  TEST UNIT READY                 -> 6/2a/05
  `,
);

story(
  "PREEMPT AND ABORT is GOOD only when the store has let go",
  `
  lun 0 controlled
  a ready
  b ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=5         -> GOOD
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  b  PR PREEMPT AND ABORT key=2 newkey=1 type=5 as p1
  p1 waits
  w1 waits
  store answers
  w1 -> TASK ABORTED
  p1 -> GOOD
  b  PR PREEMPT AND ABORT key=2 newkey=9 type=5 -> RESERVATION CONFLICT
  `,
);

story(
  "Registrations outlive nexuses and resets",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1            -> GOOD
  a  PR RESERVE key=1 type=3         -> GOOD
  a leaves
  b  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  b  LOGICAL UNIT RESET              -> FUNCTION COMPLETE
  b ready
  b  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  a ready
  a  READ(10) lba=0 n=1              -> GOOD blocks=00
  a  PR RELEASE key=1 type=3         -> GOOD
  b  READ(10) lba=0 n=1              -> GOOD blocks=00
  `,
);

story(
  "Registrations belong to an initiator at one port",
  `
  lun 0 ramdisk
  a ready
  a  PR REGISTER newkey=1            -> GOOD
  a  PR RESERVE key=1 type=3         -> GOOD
  port second online
  b connects second
  b ready
  b  READ(10) lba=0 n=1              -> RESERVATION CONFLICT
  b  PR REGISTER newkey=2            -> GOOD
  b  READ FULL STATUS                -> GOOD length=104
     @26=0003 @74=0004
  `,
);

story(
  "RELEASE raises nothing when NUAR is set",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  MODE SELECT(6) list=00000000.0a.0a.00.08.00.40.00.00.0000.0000 -> GOOD
  b ready
  a  PR REGISTER newkey=1            -> GOOD
  b  PR REGISTER newkey=2            -> GOOD
  a  PR RESERVE key=1 type=5         -> GOOD
  a  PR RELEASE key=1 type=5         -> GOOD
  b  TEST UNIT READY                 -> GOOD
  `,
);
