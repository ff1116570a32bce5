import { story } from "../../support/story_runner.ts";

story(
  "REPORT TIMESTAMP tells the time of the machine until one is set",
  `
  lun 0 ramdisk
  clock 5000
  a ready
  a  REPORT TIMESTAMP -> GOOD data 000a.03.00.000000001388.0000
  a  REPORT TIMESTAMP length=5 -> GOOD data 000a.03.00.00
  a  SET TIMESTAMP list=00000000.010203040506.0000 -> GOOD
  a  REPORT TIMESTAMP -> GOOD data 000a.02.00.010203040506.0000
  clock 250
  a  REPORT TIMESTAMP -> GOOD data 000a.02.00.010203040600.0000
  a  LOGICAL UNIT RESET -> FUNCTION COMPLETE
  a ready
  a  REPORT TIMESTAMP -> GOOD data 000a.02.00.010203040600.0000
  `,
);

story(
  "SET TIMESTAMP is told to the other nexuses of the unit",
  `
  lun 0 ramdisk
  lun 1 controlled type=3
  a ready
  a ready 1
  b ready
  b ready 1
  a  SET TIMESTAMP list=00*12   -> GOOD
  a  TEST UNIT READY            -> GOOD
  b  REPORT TIMESTAMP           -> 6/2a/10
  b  REPORT TIMESTAMP           -> GOOD length=12 @2=02
  b:1  REPORT TIMESTAMP         -> GOOD length=12 @2=03
  `,
);

story(
  "SET TIMESTAMP refuses lists that are wrong",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  SET TIMESTAMP              -> GOOD
  a  SET TIMESTAMP list=00*11   -> 5/1a/00
  a  SET TIMESTAMP list=00*13   -> 5/1a/00
  a  SET TIMESTAMP list=00*12 expect=4 -> 5/0e/03
  a  SET TIMESTAMP cdb=2:01     -> 5/24/00 cdb=2.0
  a  REPORT TIMESTAMP cdb=1:20  -> 5/24/00 cdb=1.5
  a  REPORT TIMESTAMP           -> GOOD length=12 @2=03
  b  TEST UNIT READY            -> GOOD
  b  RESERVE(6)                 -> GOOD
  a  SET TIMESTAMP list=00*12   -> RESERVATION CONFLICT
  b  RELEASE(6)                 -> GOOD
  b  PR REGISTER newkey=1       -> GOOD
  b  PR RESERVE key=1 type=3    -> GOOD
  a  SET TIMESTAMP list=00*12   -> RESERVATION CONFLICT
  a  REPORT TIMESTAMP           -> GOOD length=12 @2=03
  `,
);

story(
  "The timestamp has 48 bits",
  `
  lun 0 ramdisk
  a ready
  a  SET TIMESTAMP list=00000000.ffffffffffff.0000 -> GOOD
  a  REPORT TIMESTAMP -> GOOD data 000a.02.00.ffffffffffff.0000
  clock 2
  a  REPORT TIMESTAMP -> GOOD data 000a.02.00.000000000001.0000
  `,
);
