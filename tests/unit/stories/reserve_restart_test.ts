import { story } from "../../support/story_runner.ts";

// What a loss of power leaves, and what a state that cannot be written does.

story(
  "APTPL keeps registrations and the reservation over a loss of power",
  `
  lun 0 ramdisk
  port second online
  a ready
  a  PR REGISTER newkey=0xa1 aptpl    -> GOOD
  a  REPORT CAPABILITIES              -> GOOD data 0008.1d.d1.ea01.0000
  b connects second
  b ready
  b  PR REGISTER newkey=0xb1 aptpl    -> GOOD
  a  PR RESERVE key=0xa1 type=6       -> GOOD
  a  READ RESERVATION                 -> GOOD data 00000002.00000010
     00000000.000000a1 00000000.00.06.0000
  target restarts
  c ready
  c  REPORT CAPABILITIES              -> GOOD data 0008.1d.d1.ea01.0000
  c  READ FULL STATUS                 -> GOOD data 00000000.00000060
     00000000.000000a1 00000000.01.06.00000000.0003.00000018
     45.00.0014.69716e2e612c692c307831.00*9
     00000000.000000b1 00000000.00.00.00000000.0004.00000018
     45.00.0014.69716e2e622c692c307831.00*9
  c  READ(10) lba=0 n=1               -> RESERVATION CONFLICT
  b connects second
  b  READ(10) lba=0 n=1               -> 6/29/00
  b  READ(10) lba=0 n=1               -> GOOD blocks=00
  b connects first
  b ready
  b  READ(10) lba=0 n=1               -> RESERVATION CONFLICT
  a ready
  a  PR RELEASE key=0xa1 type=6       -> GOOD
  c  READ(10) lba=0 n=1               -> GOOD blocks=00
  target restarts
  c ready
  c  READ RESERVATION                 -> GOOD data 00000000.00000000
  c  READ KEYS                        -> GOOD data 00000000.00000010
     00000000.000000a1 00000000.000000b1
  `,
);

story(
  "Without APTPL nothing outlives a loss of power",
  `
  lun 0 ramdisk
  a ready
  a  PR REGISTER newkey=1             -> GOOD
  a  PR RESERVE key=1 type=3          -> GOOD
  target restarts
  b ready
  b  READ(10) lba=0 n=1               -> GOOD blocks=00
  b  READ KEYS                        -> GOOD data 00000000.00000000
  b  REPORT CAPABILITIES              -> GOOD data 0008.1d.d0.ea01.0000
  `,
);

story(
  "The last registration says whether all of it is kept",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1 aptpl       -> GOOD
  a  PR RESERVE key=1 type=3          -> GOOD
  b  PR REGISTER                      -> GOOD      # did nothing
  b  REPORT CAPABILITIES              -> GOOD length=8 @3=d1
  b  PR REGISTER key=9 newkey=2       -> RESERVATION CONFLICT
  b  REPORT CAPABILITIES              -> GOOD length=8 @3=d1
  b  PR REGISTER newkey=2             -> GOOD
  b  REPORT CAPABILITIES              -> GOOD length=8 @3=d0
  target restarts
  b ready
  b  READ KEYS                        -> GOOD data 00000000.00000000
  a ready
  a  PR REGISTER newkey=1             -> GOOD
  a  PR RESERVE key=1 type=3          -> GOOD
  b  PR REGISTER AND IGNORE newkey=2 aptpl -> GOOD
  target restarts
  a ready
  a  READ KEYS                        -> GOOD length=24 @15=01 @23=02
  a  READ RESERVATION                 -> GOOD length=24 @15=01 @21=03
  `,
);

story(
  "REGISTER AND MOVE has an APTPL of its own",
  `
  lun 0 ramdisk
  a ready
  a  PR REGISTER newkey=1             -> GOOD
  a  PR RESERVE key=1 type=3          -> GOOD
  a  PR REGISTER AND MOVE key=1 newkey=2 port=3 to=b unreg aptpl -> GOOD
  target restarts
  b ready
  a ready
  a  READ(10) lba=0 n=1               -> RESERVATION CONFLICT
  b  READ(10) lba=0 n=1               -> GOOD blocks=00
  b  PR REGISTER AND MOVE key=2 newkey=1 port=3 to=a -> GOOD
  target restarts
  a ready
  a  READ KEYS                        -> GOOD data 00000000.00000000
  `,
);

story(
  "Every change is kept while APTPL is one",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1 aptpl ids=b,c,d -> GOOD
  a  PR RESERVE key=1 type=7          -> GOOD
  target restarts
  b ready
  b  READ RESERVATION                 -> GOOD length=24 @8=00*8 @21=07
  b  PR REGISTER key=1 newkey=2 aptpl -> GOOD
  b  PR PREEMPT key=2 newkey=0 type=1 -> GOOD
  target restarts
  b ready
  b  READ KEYS                        -> GOOD data 00000000.00000008
     00000000.00000002
  b  READ RESERVATION                 -> GOOD length=24 @15=02 @21=01
  b  PR CLEAR key=2                   -> GOOD
  target restarts
  b ready
  b  READ KEYS                        -> GOOD data 00000000.00000000
  `,
);

story(
  "A LUN that is removed for good takes its reservations along",
  `
  lun 0 ramdisk
  lun 1 controlled path=/dev/x
  a ready
  a ready 1
  a  PR REGISTER newkey=1 aptpl       -> GOOD
  a:1  PR REGISTER newkey=2 aptpl     -> GOOD
  target removes 0
  target removes 1
  target restarts
  a ready
  a ready 1
  a  READ KEYS                        -> GOOD data 00000000.00000000
  a:1  READ KEYS                      -> GOOD length=16 @15=02
  `,
);

story(
  "A state that cannot be written changes no reservation",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1 aptpl       -> GOOD
  b  PR REGISTER newkey=2 aptpl       -> GOOD
  state fails
  a  PR REGISTER key=1 newkey=5 aptpl -> 4/44/00
  a  PR RESERVE key=1 type=5          -> 4/44/00
  b  PR PREEMPT key=2 newkey=1        -> 4/44/00
  b  PR PREEMPT AND ABORT key=2 newkey=1 -> 4/44/00
  b  PR CLEAR key=2                   -> 4/44/00
  b  PR REGISTER key=2                -> 4/44/00
  c ready
  c  PR REGISTER newkey=3             -> 4/44/00
  c  PR RESERVE key=1 type=5          -> RESERVATION CONFLICT
  c  WRITE(10) lba=0 data=c1          -> GOOD
  a  TEST UNIT READY                  -> GOOD
  b  TEST UNIT READY                  -> GOOD
  a  READ KEYS                        -> GOOD data 00000002.00000010
     00000000.00000001 00000000.00000002
  a  READ RESERVATION                 -> GOOD data 00000002.00000000
  a  REPORT CAPABILITIES              -> GOOD length=8 @3=d1
  state works
  a  PR RESERVE key=1 type=5          -> GOOD
  state fails
  a  PR RELEASE key=1 type=5          -> 4/44/00
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=c aptpl -> 4/44/00
  c  WRITE(10) lba=0 data=c2          -> RESERVATION CONFLICT
  a  PR RESERVE key=1 type=5          -> GOOD      # as it is already
  state works
  b  TEST UNIT READY                  -> GOOD
  target restarts
  a ready
  a  READ KEYS                        -> GOOD length=24 @15=01 @23=02
  a  READ RESERVATION                 -> GOOD length=24 @15=01 @21=05
  `,
);

story(
  "What is not to be kept needs no state that can be written",
  `
  lun 0 ramdisk
  a ready
  state fails
  a  PR REGISTER newkey=1             -> GOOD
  a  PR RESERVE key=1 type=5          -> GOOD
  a  PR REGISTER key=1 newkey=1 aptpl -> 4/44/00
  a  PR CLEAR key=1                   -> GOOD
  state works
  `,
);

const SWP = "0a.0a.00.00.08.40.00.00.0000.0000";
const D_SENSE = "0a.0a.04.00.00.40.00.00.0000.0000";
const PLAIN = "0a.0a.00.00.00.40.00.00.0000.0000";

story(
  "MODE SELECT with SP saves pages over a loss of power",
  `
  lun 0 controlled cache=on
  a ready
  a  MODE SELECT(6) list=00000000.${D_SENSE}    -> GOOD
  a  MODE SENSE(6) page=0a dbd pc=3  -> GOOD length=16 @4=8a.0a.00.00.00
  a  MODE SELECT(6) sp list=00000000.08.12.11.00.ffff.0000.ffff.ffff.00*8 -> GOOD
  a  MODE SENSE(6) page=0a dbd pc=3  -> GOOD length=16 @4=8a.0a.04.00.00
  a  MODE SELECT(6) list=00000000.${SWP}        -> GOOD
  a  MODE SENSE(6) page=0a dbd       -> GOOD length=16 @4=8a.0a.00.00.08
  target restarts
  a ready
  a  MODE SENSE(6) page=0a dbd       -> GOOD length=16 @4=8a.0a.04.00.00
  a  MODE SENSE(6) page=08 dbd       -> GOOD length=24 @4=88.12.11
  a  MODE SENSE(6) page=08 dbd pc=2  -> GOOD length=24 @4=88.12.14
  a  MODE SENSE(6) page=08 dbd pc=3  -> GOOD length=24 @4=88.12.11
  a  MODE SENSE(6) page=0a dbd pc=2  -> GOOD length=16 @4=8a.0a.00.00.00
  `,
);

story(
  "MODE SELECT with SP and no page saves what is in force",
  `
  lun 0 ramdisk
  a ready
  a  MODE SELECT(6) list=00000000.${SWP}        -> GOOD
  a  MODE SELECT(10) sp length=0      -> GOOD
  target restarts
  a ready
  a  WRITE(10) lba=0 data=a1          -> 7/27/02
  a  MODE SELECT(6) sp list=00000000.${PLAIN}   -> GOOD
  target restarts
  a ready
  a  WRITE(10) lba=0 data=a1          -> GOOD
  `,
);

story(
  "MODE SELECT with RTD leaves what is saved, and with SP resets it",
  `
  lun 0 ramdisk
  a ready
  a  MODE SELECT(6) sp list=00000000.${SWP}     -> GOOD
  a  MODE SELECT(6) rtd               -> GOOD
  a  WRITE(10) lba=0 data=a1          -> GOOD
  a  MODE SENSE(6) page=0a dbd pc=3   -> GOOD length=16 @4=8a.0a.00.00.08
  target restarts
  a ready
  a  WRITE(10) lba=0 data=a1          -> 7/27/02
  a  MODE SELECT(6) sp rtd            -> GOOD
  a  MODE SENSE(6) page=0a dbd pc=3   -> GOOD length=16 @4=8a.0a.00.00.00
  target restarts
  a ready
  a  WRITE(10) lba=0 data=a1          -> GOOD
  `,
);

story(
  "A reset puts saved mode pages in force",
  `
  lun 0 ramdisk
  a ready
  a  MODE SELECT(6) sp list=00000000.${D_SENSE} -> GOOD
  a  MODE SELECT(6) list=00000000.${SWP}        -> GOOD
  a  WRITE(10) lba=0 data=a1          -> 7/27/02
  a  ABORT TASK SET                   -> FUNCTION COMPLETE
  a  I_T NEXUS RESET                  -> FUNCTION COMPLETE
  a ready
  a  WRITE(10) lba=0 data=a1          -> 7/27/02
  a  LOGICAL UNIT RESET               -> FUNCTION COMPLETE
  a ready
  a  WRITE(10) lba=0 data=a1          -> GOOD
  a  MODE SENSE(6) page=0a dbd        -> GOOD length=16 @4=8a.0a.04.00.00
  a  MODE SELECT(6) list=00000000.${SWP}        -> GOOD
  a  TARGET RESET                     -> FUNCTION COMPLETE
  a ready
  a  WRITE(10) lba=0 data=a1          -> GOOD
  `,
);

story(
  "A state that cannot be written changes no mode page",
  `
  lun 0 ramdisk
  a ready
  b ready
  state fails
  a  MODE SELECT(6) sp list=00000000.${SWP}     -> 4/44/00
  b  TEST UNIT READY                  -> GOOD
  a  MODE SENSE(6) page=0a dbd        -> GOOD length=16 @4=8a.0a.00.00.00
  a  MODE SENSE(6) page=0a dbd pc=3   -> GOOD length=16 @4=8a.0a.00.00.00
  a  MODE SELECT(6) list=00000000.${SWP}        -> GOOD
  a  MODE SELECT(6) sp rtd            -> GOOD
  a  WRITE(10) lba=0 data=a1          -> GOOD
  state works
  `,
);
