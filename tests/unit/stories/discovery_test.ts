import { story } from "../../support/story_runner.ts";

story(
  "REPORT LUNS lists the LUNs of the port in each of their forms",
  `
  lun 0 ramdisk
  lun 255 ramdisk
  lun 256 ramdisk
  lun 1000 ramdisk
  a  REPORT LUNS -> GOOD data 00000020.00000000
     00000000.00000000 00ff0000.00000000
     41000000.00000000 43e80000.00000000
  a  REPORT LUNS length=16 -> GOOD data 00000020.00000000
     00000000.00000000
  a  REPORT LUNS length=20 -> GOOD length=20 @0=00000020
  port first maps 5=255 20000=0 0x1000000=1000
  a  REPORT LUNS -> GOOD data 00000018.00000000
     00050000.00000000 d2004e20.00000000 e2000100.00000000
  `,
);

story(
  "REPORT LUNS selects",
  `
  lun 0 ramdisk
  a  REPORT LUNS select=00 -> GOOD length=16 @0=00000008
  a  REPORT LUNS select=02 -> GOOD data 00000010.00000000
     00000000.00000000 c1010000.00000000
  a  REPORT LUNS select=11 -> GOOD length=16 @0=00000008
  a  REPORT LUNS select=01 -> GOOD data 00000008.00000000
     c1010000.00000000
  a  REPORT LUNS select=10 -> GOOD data 00000000.00000000
  a  REPORT LUNS select=12 -> GOOD data 00000000.00000000
  a  REPORT LUNS select=03 -> 5/24/00 cdb=2
  a  REPORT LUNS select=ff -> 5/24/00 cdb=2
  a  REPORT LUNS length=15 -> 5/24/00 cdb=6
  a  REPORT LUNS length=0  -> 5/24/00 cdb=6
  a  REPORT LUNS cdb=1:01  -> 5/24/00 cdb=1.0
  a:9  REPORT LUNS         -> GOOD length=16 @0=00000008
  `,
);

story(
  "REPORT LUNS of a target without LUNs is empty",
  `
  a  REPORT LUNS           -> GOOD data 00000000.00000000
  a  TEST UNIT READY       -> 5/25/00
  a  REQUEST SENSE         -> GOOD length=18 @2=05 @12=25.00
  `,
);

story(
  "REQUEST SENSE takes one unit attention at a time",
  `
  lun 0 ramdisk
  a  REQUEST SENSE -> GOOD data 70.00.06.00000000.0a.00000000.29.00.00.000000
  a  REQUEST SENSE -> GOOD data 70.00.00.00000000.0a.00000000.00.00.00.000000
  a  TEST UNIT READY    -> GOOD
  target modifies 0 size=2m
  lun 1 ramdisk
  a  REQUEST SENSE      -> GOOD length=18 @2=06 @12=3f.0e
  a  REQUEST SENSE      -> GOOD length=18 @2=06 @12=2a.09
  a  REQUEST SENSE      -> GOOD length=18 @2=00 @12=00.00
  `,
);

story(
  "REQUEST SENSE answers in the format that is asked for",
  `
  lun 0 ramdisk
  a  REQUEST SENSE desc           -> GOOD data 72.06.29.00.00000000
  a  REQUEST SENSE desc           -> GOOD data 72.00.00.00.00000000
  a:3  REQUEST SENSE desc         -> GOOD data 72.05.25.00.00000000
  a:3  REQUEST SENSE              -> GOOD length=18 @0=70 @2=05 @12=25.00
  a  REQUEST SENSE length=3       -> GOOD data 70.00.00
  a  REQUEST SENSE length=0       -> GOOD
  a  REQUEST SENSE length=255     -> GOOD length=18 @0=70
  a  REQUEST SENSE cdb=1:02       -> 5/24/00 cdb=1.1
  `,
);

story(
  "TEST UNIT READY tells whether the unit is ready",
  `
  lun 0 ramdisk
  a  TEST UNIT READY          -> 6/29/00
  a  TEST UNIT READY          -> GOOD
  a  TEST UNIT READY cdb=3:01 -> 5/24/00 cdb=3.0
  a  RAW raw=ff00000000000000 -> 5/20/00 cdb=0
  a  RAW raw=07.00.00.00.00.00 -> 5/20/00 cdb=0
  a  RAW raw=3e.00*9           -> 5/20/00 cdb=0
  a  RAW raw=7e.00*31          -> 5/20/00 cdb=0
  a  RAW raw=9e.1f.00*14      -> 5/24/00 cdb=1.4
  a  RAW raw=5f.08.00*8       -> 5/24/00 cdb=1.4
  a:4  TEST UNIT READY        -> 5/25/00
  a:4  RAW raw=ff00000000000000 -> 5/20/00 cdb=0
  a:4  TEST UNIT READY cdb=3:01 -> 5/24/00 cdb=3.0
  `,
);

story(
  "A CDB that ends before its command does is refused",
  `
  lun 0 ramdisk
  a ready
  a  READ(10) lba=0 n=1 cdblength=6     -> 5/24/00 cdb=6
  a  READ(16) lba=0 n=1 cdblength=10    -> 5/24/00 cdb=10
  a  READ(10) lba=0 n=1 cdblength=16    -> GOOD blocks=00
  a  TEST UNIT READY cdblength=0        -> 5/24/00 cdb=0
  `,
);

story(
  "REPORT TARGET PORT GROUPS knows two headers",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  port second online
  port second maps 0=0
  a ready
  a  REPORT TARGET PORT GROUPS  -> GOOD data 00000010
     00.8f.0001.00.02.00.02.0000.0003.0000.0004
  a  REPORT TARGET PORT GROUPS format=1 -> GOOD data 00000014
     10.00.0000.00.8f.0001.00.02.00.02.0000.0003.0000.0004
  a  REPORT TARGET PORT GROUPS format=2 -> 5/24/00 cdb=1.7
  a  REPORT TARGET PORT GROUPS format=7 -> 5/24/00 cdb=1.7
  a  REPORT TARGET PORT GROUPS length=6 -> GOOD data 00000010.00.8f
  a:1  REPORT TARGET PORT GROUPS -> 6/29/00
  a:1  REPORT TARGET PORT GROUPS -> GOOD data 0000000c
     00.8f.0001.00.02.00.01.0000.0003
  `,
);

story(
  "The well-known LUN of REPORT LUNS takes four commands",
  `
  a:wk  TEST UNIT READY         -> 6/29/00
  a:wk  TEST UNIT READY         -> GOOD
  lun 0 ramdisk
  lun 1 ramdisk
  a:wk  REPORT LUNS             -> GOOD length=24 @0=00000010
  a:wk  REPORT LUNS select=01   -> GOOD length=16 @8=c101
  a:wk  TEST UNIT READY         -> GOOD
  a:wk  REQUEST SENSE           -> GOOD length=18 @2=00 @12=00.00
  a:wk  INQUIRY                 -> GOOD length=96 @0=1e.00.06.12.5b.00.10.02
     @8="FREEBSD REPORT LUNS     0001" @58=00c0.05c0.0960.0000.0460.0000
  a:wk  INQUIRY evpd page=00    -> GOOD data 1e.00.0002.00.83
  a:wk  INQUIRY evpd page=83    -> GOOD data 1e.83.0010
     51.94.00.04.00000003 51.95.00.04.00000001
  a:wk  INQUIRY evpd page=80    -> 5/24/00 cdb=2
  a:wk  INQUIRY evpd page=86    -> 5/24/00 cdb=2
  a:wk  READ(10) lba=0 n=1      -> 5/20/00 cdb=0
  a:wk  LOG SENSE               -> 5/20/00 cdb=0
  a:wk  RSOC                    -> 5/20/00 cdb=0
  a:wk  READ KEYS               -> 5/20/00 cdb=0
  a:wk  TEST UNIT READY cdb=2:01 -> 5/24/00 cdb=2.0
  `,
);

story(
  "The well-known LUN has unit attentions of its own",
  `
  lun 0 ramdisk
  a ready
  a:wk  QUERY ASYNCHRONOUS EVENT -> FUNCTION SUCCEEDED bytes=162900
  a:wk  REQUEST SENSE           -> GOOD length=18 @2=06 @12=29.00
  lun 1 ramdisk
  a  TEST UNIT READY            -> 6/3f/0e
  a:wk  TEST UNIT READY         -> GOOD
  lun 2 ramdisk
  a:wk  TEST UNIT READY         -> 6/3f/0e
  a  TEST UNIT READY            -> GOOD
  a  TARGET RESET               -> FUNCTION COMPLETE
  a:wk  TEST UNIT READY         -> 6/29/03
  a:wk  TEST UNIT READY         -> GOOD
  a  I_T NEXUS RESET            -> FUNCTION COMPLETE
  a:wk  REPORT LUNS             -> GOOD any
  a:wk  TEST UNIT READY         -> 6/29/07
  `,
);

story(
  "The well-known LUN knows the task management functions",
  `
  lun 0 ramdisk
  a ready
  a:wk  QUERY TASK SET          -> FUNCTION COMPLETE
  a holds
  a:wk  REPORT LUNS             as r1
  a:wk  REPORT LUNS             as r2
  a:wk  QUERY TASK of=r1        -> FUNCTION SUCCEEDED
  a:wk  QUERY TASK tag=9999     -> FUNCTION COMPLETE
  a:wk  ABORT TASK of=r1        -> FUNCTION COMPLETE
  r1 -> SILENT
  r2 waits
  a:wk  QUERY TASK SET          -> FUNCTION SUCCEEDED
  a:wk  LOGICAL UNIT RESET      -> FUNCTION COMPLETE
  r2 -> SILENT
  `,
);
