import { story } from "../../support/story_runner.ts";

story(
  "READ BUFFER returns what WRITE BUFFER has put there",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  a ready 1
  b ready
  a  READ BUFFER(10) length=4                   -> GOOD data 00000000
  a  WRITE BUFFER offset=2 list=a1a2a3          -> GOOD
  b  READ BUFFER(10) length=8                   -> GOOD data 0000.a1a2a3.000000
  b  READ BUFFER(10) offset=3 length=2          -> GOOD data a2a3
  b  READ BUFFER(16) offset=3 length=2          -> GOOD data a2a3
  a:1  READ BUFFER(10) length=4                 -> GOOD data 00000000
  a  WRITE BUFFER offset=262143 list=a4         -> GOOD
  a  READ BUFFER(10) offset=262143 length=1     -> GOOD data a4
  a  READ BUFFER(16) offset=262143 length=1     -> GOOD data a4
  a  WRITE BUFFER list=a5*262144                -> GOOD
  a  READ BUFFER(10) length=262144              -> GOOD length=262144
     @0=a5a5 @262140=a5a5a5a5
  a  READ BUFFER(16) length=262144              -> GOOD length=262144
  a  WRITE BUFFER                               -> GOOD
  a  READ BUFFER(10) length=0                   -> GOOD
  `,
);

story(
  "READ BUFFER and WRITE BUFFER stay inside the buffer",
  `
  lun 0 ramdisk
  a ready
  a  WRITE BUFFER offset=262143 list=a1a2       -> 5/24/00 cdb=6
  a  WRITE BUFFER list=a1 offset=262144         -> 5/24/00 cdb=6
  a  READ BUFFER(10) offset=262143 length=2     -> 5/24/00 cdb=6
  a  READ BUFFER(10) length=262145              -> 5/24/00 cdb=6
  a  READ BUFFER(16) offset=262143 length=2     -> 5/24/00 cdb=10
  a  READ BUFFER(16) offset=0xffffffffffffffff length=2 -> 5/24/00 cdb=10
  a  WRITE BUFFER list=a1a2 expect=1            -> 5/0e/03
  a  READ BUFFER(10) length=1                   -> GOOD data 00
  `,
);

story(
  "READ BUFFER describes the buffers",
  `
  lun 0 ramdisk
  lun 1 controlled type=3
  a ready
  a ready 1
  a  READ BUFFER(10) mode=3                     -> GOOD data 00.040000
  a  READ BUFFER(16) mode=3                     -> GOOD data 00.040000
  a  READ BUFFER(10) mode=3 length=2            -> GOOD data 00.04
  a  READ BUFFER(10) mode=b                     -> GOOD data 01.00.1000
  a  READ BUFFER(16) mode=b                     -> GOOD data 01.00.1000
  a:1  READ BUFFER(10) mode=3                   -> GOOD data 00.040000
  `,
);

story(
  "The echo buffer gives each nexus its own bytes, or says why not",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  READ BUFFER(10) mode=a                     -> 5/2c/00
  a  WRITE BUFFER mode=a list=a1a2a3            -> GOOD
  a  READ BUFFER(10) mode=a                     -> GOOD data a1a2a3
  a  READ BUFFER(16) mode=a length=2            -> GOOD data a1a2
  b  READ BUFFER(10) mode=a                     -> 5/2c/00
  b  WRITE BUFFER mode=a list=b1*4096           -> GOOD
  a  READ BUFFER(10) mode=a                     -> b/3f/0f
  b  READ BUFFER(10) mode=a                     -> GOOD length=4096
  a  WRITE BUFFER mode=a list=a4                -> GOOD
  a  READ BUFFER(10) mode=a                     -> GOOD data a4
  a  WRITE BUFFER mode=a list=a1*4097           -> 5/24/00 cdb=6
  a  WRITE BUFFER mode=a list=a1 offset=1       -> 5/24/00 cdb=3
  a  WRITE BUFFER mode=a                        -> GOOD
  a  READ BUFFER(10) mode=a                     -> GOOD data a4
  a  READ BUFFER(10) length=1                   -> GOOD data 00
  `,
);

story(
  "Other modes and buffers are not there",
  `
  lun 0 ramdisk
  a ready
  a  WRITE BUFFER mode=5 list=a1                -> 5/24/00 cdb=1.4
  a  WRITE BUFFER mode=0 list=a1                -> 5/24/00 cdb=1.4
  a  READ BUFFER(10) mode=1c                    -> 5/24/00 cdb=1.4
  a  READ BUFFER(16) mode=0                     -> 5/24/00 cdb=1.4
  a  WRITE BUFFER list=a1 cdb=2:01              -> 5/24/00 cdb=2.0
  a  READ BUFFER(10) cdb=2:01                   -> 5/24/00 cdb=2.0
  a  READ BUFFER(16) cdb=14:01                  -> 5/24/00 cdb=14.0
  a  READ BUFFER(10) cdb=1:20                   -> 5/24/00 cdb=1.5
  `,
);

story(
  "Buffers obey reservations",
  `
  lun 0 ramdisk
  a ready
  b ready
  b  PR REGISTER newkey=1        -> GOOD
  b  PR RESERVE key=1 type=1     -> GOOD
  a  READ BUFFER(10) length=1    -> GOOD data 00
  a  READ BUFFER(16) length=1    -> RESERVATION CONFLICT
  a  WRITE BUFFER list=a1        -> RESERVATION CONFLICT
  `,
);
