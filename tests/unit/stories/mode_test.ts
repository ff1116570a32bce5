import { story } from "../../support/story_runner.ts";

story(
  "MODE SENSE returns every page of a disk",
  `
  lun 0 ramdisk size=32m
  a ready
  a  MODE SENSE(10) page=3f subpage=ff -> GOOD data 00d2.00.10.00.00.0008
     00010000.00000200
     81.0a.c0.00.00.00.00.80.00.00.0000
     03.16.00*8.0100.0200.00*6.40.000000
     04.16.000002.80.00*14.0001.0000
     87.0a.00*10
     88.12.10.00.ffff.0000.ffff.ffff.00*8
     8a.0a.00.00.00.40.00.00.0000.0000
     ca.01.001c.06.00*27
     9c.0a.10.00.00000000.00000001
     dc.02.002c.00.00*11
     02.01.0000.00000000
     01.02.0000.00000000
     02.f1.0000.00000000
     01.f2.0000.00000000

  a  MODE SENSE(6) page=3f subpage=ff length=255 -> GOOD length=208
     @0=cf.00.10.08
  a  MODE SENSE(6) page=3f             -> GOOD length=128 @0=7f.00.10.08
  a  MODE SENSE(10) page=3f            -> GOOD length=132 @0=0082
  `,
);

story(
  "MODE SENSE returns the pages of a CD and of a processor",
  `
  lun 0 ramdisk type=5
  lun 1 controlled type=3
  a ready
  a ready 1
  a  MODE SENSE(6) page=3f dbd -> GOOD data 5f.00.00.00
     81.0a.c0.00.00.00.00.80.00.00.0000
     87.0a.00*10
     88.12.10.00.ffff.0000.ffff.ffff.00*8
     8a.0a.00.00.00.40.00.00.0000.0000
     9c.0a.10.00.00000000.00000001
     2a.16.3f00f000.2900.00*4.0800.00*10
  a:1  MODE SENSE(6) page=3f -> GOOD data 23.00.00.08.00*8
     8a.0a.00.00.00.40.00.00.0000.0000
     9c.0a.10.00.00000000.00000001
  a:1  MODE SENSE(6) page=08 -> 5/24/00 cdb=2.5
  a:1  MODE SENSE(10) page=0a llbaa -> GOOD length=28 @4=00 @6=0008
  `,
);

story(
  "MODE SENSE distinguishes current, changeable, default and saved values",
  `
  lun 0 controlled cache=on
  a ready
  a  MODE SELECT(6) list=00000000.0a.0a.04.00.00.40.00.00.0000.0000 -> GOOD
  a  MODE SENSE(6) page=0a dbd      -> GOOD data 0f.00.10.00
     8a.0a.04.00.00.40.00.00.0000.0000
  a  MODE SENSE(6) page=0a dbd pc=1 -> GOOD data 0f.00.10.00
     8a.0a.24.1e.38.40.00.00.0000.0000
  a  MODE SENSE(6) page=0a dbd pc=2 -> GOOD data 0f.00.10.00
     8a.0a.00.00.00.40.00.00.0000.0000
  a  MODE SENSE(6) page=0a dbd pc=3 -> GOOD data 0f.00.10.00
     8a.0a.00.00.00.40.00.00.0000.0000
  a  MODE SENSE(6) page=01 dbd pc=1 -> GOOD data 0f.00.10.00
     81.0a.04.00.00.00.00.80.00.00.0000
  a  MODE SENSE(6) page=07 dbd pc=1 -> GOOD data 0f.00.10.00.87.0a.04.00*9
  a  MODE SENSE(6) page=08 dbd pc=1 -> GOOD data 17.00.10.00
     88.12.05.00.00*16
  a  MODE SENSE(6) page=0a subpage=01 dbd pc=1 -> GOOD length=36
     @4=ca.01.001c.000f.ff.00
  a  MODE SENSE(6) page=1c subpage=02 dbd pc=1 -> GOOD length=52
     @4=dc.02.002c.01.00
  a  MODE SENSE(6) page=03 dbd pc=1 -> GOOD length=28 @4=03.16.00*22
  `,
);

story(
  "MODE SENSE selects pages and subpages",
  `
  lun 0 ramdisk
  a ready
  a  MODE SENSE(6) page=0a subpage=ff dbd -> GOOD length=48
     @4=8a.0a @16=ca.01.001c
  a  MODE SENSE(6) page=08 subpage=ff dbd -> GOOD length=24 @4=88.12
  a  MODE SENSE(6) page=1c subpage=02 dbd -> GOOD length=52 @4=dc.02.002c
  a  MODE SENSE(6) page=3f subpage=01     -> 5/24/00 cdb=3
  a  MODE SENSE(6) page=02                -> 5/24/00 cdb=2.5
  a  MODE SENSE(6) page=0a subpage=02     -> 5/24/00 cdb=2.5
  a  MODE SENSE(6) page=2a                -> 5/24/00 cdb=2.5
  a  MODE SENSE(6) page=00                -> 5/24/00 cdb=2.5
  a  MODE SENSE(6) page=08 cdb=1:10       -> 5/24/00 cdb=1.4
  a  MODE SENSE(10) page=08 cdb=4:01      -> 5/24/00 cdb=4.0
  a  MODE SENSE(6) page=08 length=0       -> GOOD
  a  MODE SENSE(6) page=08 length=4       -> GOOD data 1f.00.10.08
  a  MODE SENSE(10) page=08 length=2      -> GOOD data 0022
  `,
);

story(
  "MODE SENSE writes block descriptors, short and long",
  `
  lun 0 ramdisk size=32m
  lun 1 ramdisk size=3145728m
  lun 2 ramdisk blocksize=4k size=1m
  a ready
  a ready 1
  a ready 2
  a  MODE SENSE(10) page=07 -> GOOD data 001a.00.10.00.00.0008
     00010000.00000200 87.0a.00*10
  a  MODE SENSE(10) page=07 llbaa -> GOOD data 0022.00.10.01.00.0010
     00000000.00010000.00000000.00000200 87.0a.00*10
  a  MODE SENSE(10) page=07 llbaa dbd -> GOOD data 0012.00.10.00.00.0000
     87.0a.00*10
  a:1  MODE SENSE(6) page=07 -> GOOD length=24 @4=ffffffff.00000200
  a:1  MODE SENSE(10) page=07 llbaa -> GOOD length=36
     @8=00000001.80000000
  a:2  MODE SENSE(6) page=07 -> GOOD length=24 @4=00000100.00001000
  `,
);

story(
  "MODE SENSE shows what options have set",
  `
  lun 0 controlled size=1m cache=on writecache=off readcache=off
     reordering=unrestricted rpm=7200
     avail-threshold=64m used-threshold=32m pool-used-threshold=1t
  a ready
  a  MODE SENSE(6) page=08 dbd    -> GOOD length=24 @4=88.12.11
  a  MODE SENSE(6) page=0a dbd    -> GOOD length=16 @4=8a.0a.00.10
  a  MODE SENSE(6) page=04 dbd    -> GOOD length=28 @24=1c20
  a  MODE SENSE(6) page=1c subpage=02 dbd -> GOOD data 33.00.10.00
     dc.02.002c.00.00*11
     82.01.0000.00000040
     81.02.0000.00000020
     02.f1.0000.00000000
     81.f2.0000.00100000
  a  MODE SENSE(6) page=08 dbd pc=2 -> GOOD length=24 @4=88.12.11
  `,
);

story(
  "MODE SELECT tells the other nexuses, and only of a change",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  MODE SELECT(6) list=00000000.0a.0a.04.00.00.40.00.00.0000.0000 -> GOOD
  a  TEST UNIT READY   -> GOOD
  b  TEST UNIT READY   -> 6/2a/01
  b  TEST UNIT READY   -> GOOD
  b  MODE SENSE(6) page=0a dbd -> GOOD length=16 @4=8a.0a.04
  a  MODE SELECT(6) list=00000000.0a.0a.04.00.00.40.00.00.0000.0000 -> GOOD
  b  TEST UNIT READY   -> GOOD
  b  MODE SELECT(6) rtd -> GOOD
  a  TEST UNIT READY   -> 6/2a/01
  a  MODE SENSE(6) page=0a dbd -> GOOD length=16 @4=8a.0a.00
  a  MODE SELECT(6) rtd -> GOOD
  b  TEST UNIT READY   -> GOOD
  `,
);

story(
  "MODE SELECT(10) skips block descriptors",
  `
  lun 0 ramdisk
  a ready
  a  MODE SELECT(10) list=00*6.0008.00*8                -> GOOD
  a  MODE SELECT(10) list=00*6.0008.00*4                -> 5/1a/00
  a  MODE SELECT(10) list=00*6.0008.00*4.ffffff00.07.0a.00*10 -> GOOD
  a  READ CAPACITY(10)                      -> GOOD data 000007ff.00000200
  `,
);

story(
  "MODE SELECT changes several pages, or none",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  MODE SELECT(10)
     list=00*6.0008.00*8.07.0a.04.00*9.01.0a.c4.00.00.00.00.00.00.00.0000
     -> GOOD
  a  MODE SENSE(6) page=07 dbd -> GOOD length=16 @4=87.0a.04
  a  MODE SENSE(6) page=01 dbd -> GOOD length=16 @4=81.0a.c4.00.00.00.00.00
  a  MODE SELECT(6) list=00000000.07.0a.00*10.01.0a.00.00*9 -> 5/26/00
     list=18.7
  a  MODE SENSE(6) page=07 dbd -> GOOD length=16 @4=87.0a.04
  b  TEST UNIT READY           -> 6/2a/01
  b  TEST UNIT READY           -> GOOD
  a  MODE SELECT(6) sp nopf list=00000000.07.0a.00*10 -> GOOD
  b  TEST UNIT READY           -> 6/2a/01
  `,
);

story(
  "MODE SELECT of page 0Ah/01h limits sense data",
  `
  lun 0 ramdisk
  a ready
  a  MODE SELECT(6) list=00000000.4a.01.001c.0600.12.00*25 -> GOOD
  a  MODE SENSE(6) page=0a subpage=01 dbd -> GOOD length=36
     @4=ca.01.001c.0600.12
  a  MODE SELECT(6) list=00000000.4a.01.001b.0000.12.00*25 -> 5/26/00 list=6
  a  MODE SELECT(6) list="00000000 5c.02.002c.01.00*11
     02.01.0000.00000000 01.02.0000.00000000
     02.f1.0000.00000000 01.f2.0000.00000000" -> GOOD
  a  MODE SELECT(6) list="00000000 5c.02.002c.01.00*11
     82.01.0000.00000000 01.02.0000.00000000
     02.f1.0000.00000000 01.f2.0000.00000000" -> 5/26/00 list=20.7
  `,
);

story(
  "MODE SELECT points at what is wrong",
  `
  lun 0 ramdisk
  a ready
  a  MODE SELECT(6) length=0                            -> GOOD
  a  MODE SELECT(10) length=0                           -> GOOD
  a  MODE SELECT(6) list=000000                         -> 5/1a/00
  a  MODE SELECT(10) list=00*7                          -> 5/1a/00
  a  MODE SELECT(6) list=00000008.00000000              -> 5/1a/00
  a  MODE SELECT(6) list=00000000                       -> GOOD
  a  MODE SELECT(6) list=00000000.07                    -> 5/1a/00
  a  MODE SELECT(6) list=00000000.4a.01.00              -> 5/1a/00
  a  MODE SELECT(6) list=00000000.07.0a.00*9            -> 5/1a/00
  a  MODE SELECT(6) list=00000000.02.0a.00*10           -> 5/26/00 list=4
  a  MODE SELECT(6) list=00000000.4a.07.001c.00*28      -> 5/26/00 list=4
  a  MODE SELECT(6) list=00000000.07.0b.00*11           -> 5/26/00 list=5
  a  MODE SELECT(6) list=00000000.03.16.00*22           -> 5/26/00 list=4
  a  MODE SELECT(6) list=00000000.04.16.00*22           -> 5/26/00 list=4
  a  MODE SELECT(6) list=00000000.07.0a.00.10.00*8      -> 5/26/00 list=7.4
  a  MODE SELECT(6) list=00000008.00*8.07.0a.48.00*9    -> 5/26/00 list=14.6
  a  MODE SELECT(6) rtd list=00000000                   -> 5/24/00 cdb=1.1
  a  MODE SELECT(6) list=00000000 cdb=1:20              -> 5/24/00 cdb=1.5
  a  MODE SELECT(6) list=00000000 length=5              -> 5/0e/03
  `,
);

story(
  "MODE SELECT of SWP protects the unit against writing",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  WRITE(10) lba=0 data=a1                          -> GOOD
  a  MODE SELECT(6) list=00000000.0a.0a.00.00.08.40.00.00.0000.0000 -> GOOD
  a  WRITE(10) lba=0 data=a2                          -> 7/27/02
  b  WRITE(10) lba=0 data=a2                          -> 6/2a/01
  b  WRITE(10) lba=0 data=a2                          -> 7/27/02
  a  READ(10) lba=0 n=1                               -> GOOD blocks=a1
  a  SYNCHRONIZE CACHE(10)                            -> 7/27/02
  a  UNMAP ranges=0+1                                 -> 7/27/02
  a  MODE SENSE(6) page=0a dbd                        -> GOOD length=16 @2=90
  a  MODE SELECT(6) list=00000000.0a.0a.00.00.00.40.00.00.0000.0000 -> GOOD
  a  WRITE(10) lba=0 data=a2                          -> GOOD
  `,
);

story(
  "MODE SELECT waits for what runs, and what comes later waits for it",
  `
  lun 0 controlled
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  MODE SELECT(6) list=00000000.0a.0a.00.00.08.40.00.00.0000.0000 as m1
  a  WRITE(10) lba=8 data=a2 as w2
  m1 waits
  store answers
  w1 -> GOOD
  m1 -> GOOD
  w2 -> 7/27/02
  store calls write 0 1
  `,
);
