import { story } from "../../support/story_runner.ts";

story(
  "RESERVE keeps all others out but for what must always work",
  `
  lun 0 ramdisk removable=on
  a ready
  b ready
  a  RESERVE(6)                     -> GOOD
  a  WRITE(10) lba=0 data=a1        -> GOOD
  a  RESERVE(10)                    -> GOOD
  b  RESERVE(6)                     -> RESERVATION CONFLICT
  b  RESERVE(10)                    -> RESERVATION CONFLICT
  b  TEST UNIT READY                -> RESERVATION CONFLICT
  b  READ(10) lba=0 n=1             -> RESERVATION CONFLICT
  b  WRITE(10) lba=0 data=b1        -> RESERVATION CONFLICT
  b  READ CAPACITY(10)              -> RESERVATION CONFLICT
  b  READ CAPACITY(16)              -> RESERVATION CONFLICT
  b  MODE SENSE(6)                  -> RESERVATION CONFLICT
  b  LOG SENSE                      -> RESERVATION CONFLICT
  b  START STOP UNIT start          -> RESERVATION CONFLICT
  b  PREVENT ALLOW prevent=1        -> RESERVATION CONFLICT
  b  PREVENT ALLOW prevent=0        -> GOOD
  b  REPORT TARGET PORT GROUPS      -> RESERVATION CONFLICT
  b  RSOC                           -> RESERVATION CONFLICT
  b  INQUIRY                        -> GOOD any
  b  REQUEST SENSE                  -> GOOD any
  b  REPORT LUNS                    -> GOOD any
  b  READ KEYS                      -> RESERVATION CONFLICT
  b  REPORT CAPABILITIES            -> RESERVATION CONFLICT
  b  PR REGISTER newkey=1           -> RESERVATION CONFLICT
  a  READ FULL STATUS               -> RESERVATION CONFLICT
  a  PR REGISTER newkey=1           -> RESERVATION CONFLICT
  b  RELEASE(6)                     -> GOOD
  b  READ(10) lba=0 n=1             -> RESERVATION CONFLICT
  a  RELEASE(10)                    -> GOOD
  b  READ(10) lba=0 n=1             -> GOOD blocks=a1
  b  RESERVE(6)                     -> GOOD
  a  READ(10) lba=0 n=1             -> RESERVATION CONFLICT
  `,
);

story(
  "RESERVE ends with its nexus and with resets",
  `
  lun 0 ramdisk
  b ready
  a ready
  a  RESERVE(6)                     -> GOOD
  a leaves
  b  TEST UNIT READY                -> GOOD
  a ready
  a  RESERVE(6)                     -> GOOD
  a  I_T NEXUS RESET                -> FUNCTION COMPLETE
  b  TEST UNIT READY                -> GOOD
  a ready
  a  RESERVE(6)                     -> GOOD
  b  TEST UNIT READY                -> RESERVATION CONFLICT
  b  LOGICAL UNIT RESET             -> FUNCTION COMPLETE
  b ready
  b  TEST UNIT READY                -> GOOD
  a ready
  a  RESERVE(6)                     -> GOOD
  b  TARGET RESET                   -> FUNCTION COMPLETE
  b ready
  b  TEST UNIT READY                -> GOOD
  a  RESERVE(6)                     -> 6/29/03
  `,
);

story(
  "RESERVE survives what is no reset",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  RESERVE(6)                     -> GOOD
  a  ABORT TASK SET                 -> FUNCTION COMPLETE
  b  CLEAR TASK SET                 -> FUNCTION COMPLETE
  b  TEST UNIT READY                -> RESERVATION CONFLICT
  `,
);

story(
  "RESERVE under a persistent reservation is GOOD without effect",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1           -> GOOD
  b  PR REGISTER newkey=2           -> GOOD
  a  PR RESERVE key=1 type=5        -> GOOD
  a  RESERVE(6)                     -> GOOD
  b  RESERVE(6)                     -> GOOD
  b  RELEASE(10)                    -> GOOD
  c  RESERVE(6)                     -> RESERVATION CONFLICT
  c  RELEASE(6)                     -> RESERVATION CONFLICT
  a  PR RELEASE key=1 type=5        -> GOOD
  b ready
  c  RESERVE(6)                     -> GOOD
  b  TEST UNIT READY                -> RESERVATION CONFLICT
  `,
);

story(
  "RESERVE refuses extents and third parties",
  `
  lun 0 ramdisk
  a ready
  a  RESERVE(6) cdb=1:01            -> 5/24/00 cdb=1.0
  a  RESERVE(10) cdb=1:10           -> 5/24/00 cdb=1.4
  a  RELEASE(6) cdb=2:01            -> 5/24/00 cdb=2.0
  a  RELEASE(10) cdb=3:01           -> 5/24/00 cdb=3.0
  `,
);
