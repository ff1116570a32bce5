import { story } from "../../support/story_runner.ts";

story(
  "READ TOC tells of one data track and the lead-out",
  `
  lun 0 ramdisk type=5 size=1m
  a ready
  a  READ TOC                     -> GOOD data 0012.01.01
     00.14.01.00.00000000 00.14.aa.00.00000200
  a  READ TOC track=01            -> GOOD length=20
  a  READ TOC track=aa            -> GOOD data 000a.01.01
     00.14.aa.00.00000200
  a  READ TOC msf                 -> GOOD data 0012.01.01
     00.14.01.00.00.00.02.00 00.14.aa.00.00.00.08.3e
  a  READ TOC format=1            -> GOOD data 000a.01.01
     00.14.01.00.00000000
  a  READ TOC format=1 msf        -> GOOD data 000a.01.01
     00.14.01.00.00.00.02.00
  a  READ TOC length=6            -> GOOD data 0012.01.01.00.14
  a  READ TOC track=02            -> 5/24/00 cdb=6
  a  READ TOC format=2            -> 5/24/00 cdb=2.1
  a  READ TOC cdb=9:40            -> 5/24/00 cdb=9.6
  `,
);

story(
  "READ TOC has no time beyond the last minute that fits",
  `
  lun 0 ramdisk type=5 size=8192m capacity=1m
  a ready
  a  READ TOC msf track=aa        -> GOOD data 000a.01.01
     00.14.aa.00.00.ff.3b.4a
  a  READ TOC track=aa            -> GOOD data 000a.01.01
     00.14.aa.00.00400000
  `,
);

story(
  "READ DISC INFORMATION tells of a finished disc",
  `
  lun 0 ramdisk type=5
  a ready
  a  READ DISC INFORMATION        -> GOOD data 0020.0e.01.01.01.01.20
     00000000.00000000 ffffffff ffffffff 00*8 00.00
  a  READ DISC INFORMATION length=4 -> GOOD data 0020.0e.01
  a  READ DISC INFORMATION type=1 -> 5/24/00 cdb=1.2
  a  READ DISC INFORMATION type=8 -> 5/24/00 cdb=1.3
  `,
);

story(
  "GET CONFIGURATION tells the features, with and without a disc",
  `
  lun 0 ramdisk type=5
  a ready
  a  GET CONFIGURATION            -> GOOD data 0000006c.0000.0010
     0000.03.08.0008.00.00.0010.01.00
     0001.0b.08.00000000.03.000000
     0002.07.04.02000000
     0003.07.04.39000000
     0010.01.08.00000800.0001.00.00
     001d.01.00
     001e.01.04.00000000
     001f.09.04.01.00.03.00
     002a.05.04.00000000
     002b.01.04.00000000
     003a.01.04.00000000
     003b.01.04.00000000
  a  GET CONFIGURATION rt=2 feature=0003 -> GOOD data 0000000c.0000.0010
     0003.07.04.39000000
  a  GET CONFIGURATION rt=2 feature=0004 -> GOOD data 00000004.0000.0010
  a  GET CONFIGURATION feature=003a -> GOOD data 00000014.0000.0010
     003a.01.04.00000000 003b.01.04.00000000
  a  GET CONFIGURATION rt=1       -> GOOD length=112
  a  GET CONFIGURATION length=8   -> GOOD data 0000006c.0000.0010
  a  GET CONFIGURATION rt=3       -> 5/24/00 cdb=1.1
  a  START STOP UNIT loej         -> GOOD
  a  GET CONFIGURATION rt=1       -> GOOD data 0000002c.0000.0000
     0000.03.08.0008.00.00.0010.00.00
     0001.0b.08.00000000.03.000000
     0002.07.04.02000000
     0003.07.04.39000000
  a  GET CONFIGURATION            -> GOOD length=112 @4=0000.0000 @50=00.08
  `,
);

story(
  "GET EVENT STATUS tells each nexus of ejection and loading, once",
  `
  lun 0 ramdisk type=5
  a ready
  b ready
  a  GET EVENT STATUS             -> GOOD data 0006.04.52.00.02.00.00
  a  START STOP UNIT loej         -> GOOD
  a  GET EVENT STATUS length=4    -> GOOD data 0006.04.52
  a  GET EVENT STATUS             -> GOOD data 0006.04.52.03.01.00.00
  a  GET EVENT STATUS             -> GOOD data 0006.04.52.00.01.00.00
  a  START STOP UNIT loej start   -> GOOD
  a  TEST UNIT READY              -> GOOD
  a  GET EVENT STATUS             -> GOOD data 0006.04.52.02.02.00.00
  b  GET EVENT STATUS             -> 6/28/00
  b  GET EVENT STATUS classes=52  -> GOOD data 0006.04.52.02.02.00.00
  b  GET EVENT STATUS classes=52  -> GOOD data 0006.01.52.00000000
  b  GET EVENT STATUS classes=40  -> GOOD data 0006.06.52.00000000
  b  GET EVENT STATUS classes=00  -> GOOD data 0002.80.52
  b  GET EVENT STATUS classes=0c  -> GOOD data 0002.80.52
  b  GET EVENT STATUS waiting     -> 5/24/00 cdb=1.0
  b  GET EVENT STATUS cdb=1:02    -> 5/24/00 cdb=1.1
  `,
);

story(
  "GET EVENT STATUS tells of a disc that was exchanged below",
  `
  lun 0 controlled type=5 path=/one size=512k
  a ready
  target modifies 0 path=/two
  a  TEST UNIT READY              -> 6/28/00
  a  GET EVENT STATUS             -> GOOD data 0006.04.52.02.02.00.00
  target modifies 0 path=/none opens=missing
  a ready
  a  GET EVENT STATUS             -> GOOD data 0006.04.52.03.00.00.00
  a  TEST UNIT READY              -> 2/3a/01
  `,
);

story(
  "MECHANISM STATUS tells whether the tray is open",
  `
  lun 0 ramdisk type=5
  a ready
  a  MECHANISM STATUS             -> GOOD data 00.e0.00*6
  a  MECHANISM STATUS length=2    -> GOOD data 00.e0
  a  START STOP UNIT loej         -> GOOD
  a  MECHANISM STATUS             -> GOOD data 00.f0.00*6
  a  MECHANISM STATUS cdb=1:01    -> 5/24/00 cdb=1.0
  `,
);

story(
  "An empty CD drive tells of itself and not of a disc",
  `
  lun 0 controlled type=5 opens=missing path=/gone
  a ready
  a  READ TOC                     -> 2/3a/01
  a  READ DISC INFORMATION        -> 2/3a/01
  a  READ CAPACITY(10)            -> 2/3a/01
  a  READ(10) lba=0 n=1           -> 2/3a/01
  a  READ(12) lba=0 n=1           -> 2/3a/01
  a  MECHANISM STATUS             -> GOOD data 00.e0.00*6
  a  GET EVENT STATUS             -> GOOD data 0006.04.52.00.00.00.00
  a  GET CONFIGURATION length=8   -> GOOD data 0000006c.0000.0000
  a  SEND DIAGNOSTIC selftest     -> GOOD
  a  MODE SENSE(6) page=2a dbd    -> GOOD data 1b.00.00.00
     2a.16.3f.00.f0.00.29.00.00*4.0800.00*10
  `,
);

story(
  "Disc commands are those of CD units alone",
  `
  lun 0 ramdisk
  lun 1 controlled type=3
  a ready
  a ready 1
  a  READ TOC                     -> 5/20/00 cdb=0
  a  READ DISC INFORMATION        -> 5/20/00 cdb=0
  a  GET CONFIGURATION            -> 5/20/00 cdb=0
  a  GET EVENT STATUS             -> 5/20/00 cdb=0
  a  MECHANISM STATUS             -> 5/20/00 cdb=0
  a:1  GET EVENT STATUS           -> 5/20/00 cdb=0
  a  MODE SENSE(6) page=2a        -> 5/24/00 cdb=2.5
  `,
);

story(
  "READ TRACK INFORMATION tells of the only track",
  `
  lun 0 ramdisk type=5 size=1m
  a ready
  a  READ TRACK INFORMATION       -> GOOD data 0022.01.01.00.04.01.02
     00000000.00000000.00000000.00000000 00000200.000001ff.00000000
  a  READ TRACK INFORMATION by=0 number=511 length=6 -> GOOD data 0022.01.01.00.04
  a  READ TRACK INFORMATION by=2 length=2 -> GOOD data 0022
  a  READ TRACK INFORMATION by=0 number=512 -> 5/21/00 info=512
  a  READ TRACK INFORMATION number=2 -> 5/24/00 cdb=2
  a  READ TRACK INFORMATION by=3  -> 5/24/00 cdb=1.1
  a  READ TRACK INFORMATION by=4  -> 5/24/00 cdb=1.2
  `,
);

story(
  "READ DISC STRUCTURE tells of a DVD-ROM without copy protection",
  `
  lun 0 ramdisk type=5 size=1m
  a ready
  a  READ DISC STRUCTURE length=20 -> GOOD data 0802.0000
     01.0f.01.00 00030000.000301ff.00000000
  a  READ DISC STRUCTURE          -> GOOD length=2052
  a  READ DISC STRUCTURE format=1 -> GOOD data 0006.0000.00000000
  a  READ DISC STRUCTURE format=ff -> GOOD data 000a.0000
     00.40.0804 01.40.0008
  a  READ DISC STRUCTURE format=2 -> 5/24/00 cdb=7
  a  READ DISC STRUCTURE layer=1  -> 5/24/00 cdb=6
  a  READ DISC STRUCTURE media=1  -> 5/24/00 cdb=1.3
  a  START STOP UNIT loej         -> GOOD
  a  READ DISC STRUCTURE          -> 2/3a/02
  `,
);

story(
  "READ CD sends what is asked for of each sector",
  `
  lun 0 ramdisk type=5 size=1m
  a ready
  a  READ CD n=2                  -> GOOD blocks=00*2
  a  READ CD n=0                  -> GOOD
  a  READ CD fields=00            -> GOOD
  a  READ CD fields=40            -> GOOD
  a  READ CD lba=75 n=2 fields=20 -> GOOD data 00.03.00.01 00.03.01.01
  a  READ CD fields=80            -> GOOD data 00.ff*10.00
  a  READ CD fields=a0 lba=1      -> GOOD data 00.ff*10.00 00.02.01.01
  a  READ CD fields=30            -> GOOD length=2052 @0=00.02.00.01.00.00
  a  READ CD fields=18            -> GOOD length=2336
  a  READ CD fields=f8 lba=9 n=40 -> GOOD length=94080 @0=00.ff*10.00
     @12=00.02.09.01 @91740=00.02.48.01
  a  READ CD fields=f8 n=2 room=2400 -> GOOD length=2400 moves=4704
  a  READ CD type=2               -> GOOD blocks=00
  a  READ CD type=1               -> 5/64/00
  a  READ CD type=4               -> 5/64/00
  a  READ CD type=6               -> 5/24/00 cdb=1.4
  a  READ CD fields=90            -> 5/24/00 cdb=9.7
  a  READ CD fields=28            -> 5/24/00 cdb=9.7
  a  READ CD cdb=10:01            -> 5/24/00 cdb=10.0
  a  READ CD lba=511 n=2          -> 5/21/00 info=512
  `,
);

story(
  "READ CD MSF reads from one time up to another",
  `
  lun 0 ramdisk type=5 size=1m
  a ready
  a  READ CD MSF from=0:2:0 to=0:2:2 -> GOOD blocks=00*2
  a  READ CD MSF from=0:2:74 to=0:3:1 fields=20 -> GOOD
     data 00.02.74.01 00.03.00.01
  a  READ CD MSF from=0:2:1 to=0:2:1 -> GOOD
  a  READ CD MSF from=0:1:74 to=0:2:1 -> 5/24/00 cdb=3
  a  READ CD MSF from=0:3:0 to=0:2:1 -> 5/24/00 cdb=6
  a  READ CD MSF from=0:60:0 to=9:2:1 -> 5/24/00 cdb=4
  a  READ CD MSF from=0:2:0 to=0:2:75 -> 5/24/00 cdb=8
  a  READ CD MSF from=0:2:0 to=0:9:0 -> 5/21/00 info=512
  `,
);

story(
  "READ CD is for sectors of 2048 bytes",
  `
  lun 0 ramdisk type=5 size=1m blocksize=512
  a ready
  a  READ CD                      -> 5/20/00 cdb=0
  a  READ CD MSF                  -> 5/20/00 cdb=0
  `,
);
