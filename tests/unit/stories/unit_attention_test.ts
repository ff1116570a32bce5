import { story } from "../../support/story_runner.ts";

story(
  "A first contact hears POWER ON once, per nexus and LUN",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a  TEST UNIT READY        -> 6/29/00
  a  TEST UNIT READY        -> GOOD
  a:1  TEST UNIT READY      -> 6/29/00
  a:1  TEST UNIT READY      -> GOOD
  b  READ(10) lba=0 n=1     -> 6/29/00
  b  READ(10) lba=0 n=1     -> GOOD blocks=00
  a leaves
  a  TEST UNIT READY        -> 6/29/00
  a  TEST UNIT READY        -> GOOD
  `,
);

story(
  "INQUIRY and REPORT LUNS pass a unit attention and leave it",
  `
  lun 0 ramdisk
  a  INQUIRY                -> GOOD any
  a  INQUIRY evpd page=00   -> GOOD any
  a  REPORT LUNS            -> GOOD any
  a  TEST UNIT READY        -> 6/29/00
  `,
);

story(
  "A reset stands for all that was pending",
  `
  lun 0 ramdisk
  a ready
  b ready
  b  MODE SELECT(6) list=00000000.0a.0a.04.00.00.40.00.00.0000.0000 -> GOOD
  target modifies 0 size=2m
  lun 1 ramdisk
  b  LOGICAL UNIT RESET     -> FUNCTION COMPLETE
  a  TEST UNIT READY        -> 6/29/00
  a  TEST UNIT READY        -> GOOD
  b  TEST UNIT READY        -> 6/29/00
  b  TEST UNIT READY        -> GOOD
  `,
);

story(
  "Of several resets the gravest is told",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  LOGICAL UNIT RESET     -> FUNCTION COMPLETE
  a  I_T NEXUS RESET        -> FUNCTION COMPLETE
  a  TARGET RESET           -> FUNCTION COMPLETE
  a  TEST UNIT READY        -> 6/29/03
  a  TEST UNIT READY        -> GOOD
  b  TEST UNIT READY        -> 6/29/03
  b  TEST UNIT READY        -> GOOD
  a  LOGICAL UNIT RESET     -> FUNCTION COMPLETE
  a  I_T NEXUS RESET        -> FUNCTION COMPLETE
  a  TEST UNIT READY        -> 6/29/07
  a  TEST UNIT READY        -> GOOD
  b  TEST UNIT READY        -> 6/29/00
  `,
);

story(
  "Other unit attentions come one by one, in their order",
  `
  lun 0 ramdisk removable=on
  a ready
  b ready
  a  PR REGISTER newkey=1           -> GOOD
  b  PR REGISTER newkey=2           -> GOOD
  b  PR RESERVE key=2 type=5        -> GOOD
  target modifies 0 size=2m
  b ready
  b  MODE SELECT(6) list=00000000.0a.0a.04.00.00.40.00.00.0000.0000 -> GOOD
  b  START STOP UNIT loej           -> GOOD
  b  START STOP UNIT loej start     -> GOOD
  b ready
  b  PR RELEASE key=2 type=5        -> GOOD
  b  PR PREEMPT key=2 newkey=1      -> GOOD
  port second online
  port second maps 0=0
  lun 1 ramdisk
  a  TEST UNIT READY                -> 6/3f/0e
  a  TEST UNIT READY                -> 6/2a/01
  a  TEST UNIT READY                -> 6/3f/03
  a  TEST UNIT READY                -> 6/2a/04
  a  TEST UNIT READY                -> 6/2a/05
  a  TEST UNIT READY                -> 6/2a/09
  a  TEST UNIT READY                -> 6/28/00
  a  TEST UNIT READY                -> GOOD
  `,
);

story(
  "REPORTED LUNS DATA HAS CHANGED is told once for all LUNs",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  lun 2 ramdisk
  a  TEST UNIT READY        -> 6/3f/0e
  a:1  TEST UNIT READY      -> GOOD
  a:2  TEST UNIT READY      -> 6/29/00
  target removes 2
  a:1  TEST UNIT READY      -> 6/3f/0e
  a  TEST UNIT READY        -> GOOD
  a:2  TEST UNIT READY      -> 5/25/00
  `,
);

story(
  "REPORT LUNS clears REPORTED LUNS DATA HAS CHANGED, and nothing else",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  b ready
  lun 2 ramdisk
  a  REPORT LUNS            -> GOOD any
  a  TEST UNIT READY        -> GOOD
  a:1  TEST UNIT READY      -> GOOD
  b  TEST UNIT READY        -> 6/3f/0e
  target modifies 0 size=2m
  lun 3 ramdisk
  a  REPORT LUNS select=55  -> 5/24/00 cdb=2
  a  REPORT LUNS length=0   -> 5/24/00 cdb=6
  a:9  REPORT LUNS          -> GOOD any
  a  TEST UNIT READY        -> 6/3f/0e
  a  TEST UNIT READY        -> 6/2a/09
  a  TEST UNIT READY        -> GOOD
  `,
);

story(
  "A LUN map that changes is told on its own port",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  port second online
  a ready
  b connects second
  b ready
  port second maps 0=1
  a  TEST UNIT READY        -> GOOD
  b  TEST UNIT READY        -> 6/29/00
  b:1  TEST UNIT READY      -> 5/25/00
  port second maps 0=1 7=0
  b  TEST UNIT READY        -> 6/3f/0e
  b:7  TEST UNIT READY      -> 6/29/00
  port second maps all
  b  TEST UNIT READY        -> 6/29/00
  b:1  TEST UNIT READY      -> 6/29/00
  b:7  TEST UNIT READY      -> 5/25/00
  a  TEST UNIT READY        -> GOOD
  `,
);

story(
  "CAPACITY DATA HAS CHANGED comes with another size only",
  `
  lun 0 ramdisk size=1m
  a ready
  b ready
  target modifies 0 size=1m
  a  TEST UNIT READY        -> GOOD
  target modifies 0 size=2m
  a  READ CAPACITY(10)      -> 6/2a/09
  a  READ CAPACITY(10)      -> GOOD data 00000fff.00000200
  b  TEST UNIT READY        -> 6/2a/09
  target modifies 0 size=512k
  b  TEST UNIT READY        -> 6/2a/09
  b  READ(10) lba=1024 n=1  -> 5/21/00 info=1024
  `,
);

story(
  "INQUIRY DATA HAS CHANGED comes when a port goes on or off line",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  port second online
  a  TEST UNIT READY        -> 6/3f/03
  a:1  TEST UNIT READY      -> 6/3f/03
  port second maps 0=0
  port second offline
  a  TEST UNIT READY        -> 6/3f/03
  a  TEST UNIT READY        -> GOOD
  a:1  TEST UNIT READY      -> GOOD
  port second offline
  a  TEST UNIT READY        -> GOOD
  `,
);

story(
  "QUERY ASYNCHRONOUS EVENT shows what is pending and leaves it",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a  QUERY ASYNCHRONOUS EVENT    -> FUNCTION SUCCEEDED bytes=162900
  a  TEST UNIT READY             -> 6/29/00
  a  QUERY ASYNCHRONOUS EVENT    -> FUNCTION COMPLETE
  target modifies 0 size=2m
  a  QUERY ASYNCHRONOUS EVENT    -> FUNCTION SUCCEEDED bytes=162a09
  lun 2 ramdisk
  a  QUERY ASYNCHRONOUS EVENT    -> FUNCTION SUCCEEDED bytes=263f0e
  a:9  QUERY ASYNCHRONOUS EVENT  -> INCORRECT LOGICAL UNIT NUMBER
  `,
);

story(
  "QUERY ASYNCHRONOUS EVENT asks about the LUN it is sent to",
  `
  lun 0 ramdisk
  port first maps 0=0 1=0
  a  TEST UNIT READY               -> 6/29/00
  a:1  QUERY ASYNCHRONOUS EVENT    -> FUNCTION SUCCEEDED bytes=162900
  a  QUERY ASYNCHRONOUS EVENT      -> FUNCTION COMPLETE
  `,
);
