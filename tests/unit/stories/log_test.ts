import { story } from "../../support/story_runner.ts";

story(
  "LOG SENSE lists its pages in ascending order",
  `
  lun 0 ramdisk
  lun 1 controlled type=3
  lun 2 controlled
  a ready
  a ready 1
  a ready 2
  a  LOG SENSE page=00            -> GOOD data 00.00.0007
     00.0c.0d.0f.10.19.2f
  a  LOG SENSE page=00 subpage=ff -> GOOD data 40.ff.0010
     0000.00ff.0c00.0d00.0f00.1000.1900.2f00
  a:1  LOG SENSE page=00          -> GOOD data 00.00.0005.00.0f.10.19.2f
  a:2  LOG SENSE page=00          -> GOOD data 00.00.0007
     00.0c.0d.0f.10.19.2f
  a  LOG SENSE page=00 length=6   -> GOOD data 00.00.0007.00.0c
  a  LOG SENSE page=00 length=0   -> GOOD
  `,
);

story(
  "LOG SENSE refuses pages that are not there",
  `
  lun 0 ramdisk
  lun 1 controlled type=3
  a ready
  a ready 1
  a  LOG SENSE page=01            -> 5/24/00 cdb=2.5
  a  LOG SENSE page=19 subpage=20 -> 5/24/00 cdb=2.5
  a  LOG SENSE page=00 subpage=01 -> 5/24/00 cdb=2.5
  a:1  LOG SENSE page=0d          -> 5/24/00 cdb=2.5
  a:1  LOG SENSE page=0c          -> 5/24/00 cdb=2.5
  a  LOG SENSE page=19 cdb=1:02   -> 5/24/00 cdb=1.1
  a  LOG SENSE page=19 cdb=4:01   -> 5/24/00 cdb=4.0
  `,
);

story(
  "LOG SENSE pages 0Dh and 2Fh tell temperatures",
  `
  lun 0 ramdisk
  lun 1 ramdisk temperature=38 reftemperature=70
  a ready
  a ready 1
  a  LOG SENSE page=0d   -> GOOD data 8d.00.000c
     0000.03.02.00.ff 0001.03.02.00.ff
  a:1  LOG SENSE page=0d -> GOOD data 8d.00.000c
     0000.03.02.00.26 0001.03.02.00.46
  a  LOG SENSE page=2f   -> GOOD data af.00.0008.0000.03.04.00.00.ff.00
  a:1  LOG SENSE page=2f -> GOOD data af.00.0008.0000.03.04.00.00.26.00
  `,
);

story(
  "LOG SENSE page 0Ch tells the space that the store knows of",
  `
  lun 0 ramdisk size=64m capacity=32m
  lun 1 controlled
  a ready
  a ready 1
  a  LOG SENSE page=0c   -> GOOD data 8c.00.0018
     0001.03.08.00000020.02.000000
     0002.03.08.00000000.01.000000
  a  WRITE SAME(10) lba=0 n=8192 data=a1 -> GOOD
  a  LOG SENSE page=0c   -> GOOD data 8c.00.0018
     0001.03.08.0000001c.02.000000
     0002.03.08.00000004.01.000000
  a:1  LOG SENSE page=0c -> GOOD data 8c.00.0000
  `,
);

story(
  "LOG SENSE page 19h counts what ended GOOD",
  `
  lun 0 ramdisk
  a  TEST UNIT READY   -> 6/29/00
  a  LOG SENSE page=19 -> GOOD data 99.00.005c
     0001.03.40.00*64
     0002.03.08.00*8
     0003.03.08.00000003.00000001
  a  WRITE(10) lba=0 data=a1*3         -> GOOD
  a  WRITE(10) lba=0 data=a1           -> GOOD
  a  READ(10) lba=0 n=2                -> GOOD blocks=a1*2
  a  READ(10) lba=99999 n=2            -> 5/21/00 info=99999
  a  LOG SENSE page=19 length=76 -> GOOD length=76
     @8=00000000.00000001 @16=00000000.00000002
     @24=00000000.00000004 @32=00000000.00000002
  `,
);

story(
  "LOG SENSE page 19h counts blocks, and nothing else that is moved",
  `
  lun 0 ramdisk
  a ready
  a  INQUIRY                           -> GOOD any
  a  MODE SELECT(6) list=00000000.0a.0a.04.00.00.40.00.00.0000.0000 -> GOOD
  a  UNMAP ranges=0+1                  -> GOOD
  a  VERIFY(10) lba=0 bytchk=1 data=00 -> GOOD
  a  COMPARE AND WRITE lba=0 data=00,a1 -> GOOD
  a  WRITE SAME(10) lba=4 n=2 data=a2  -> GOOD
  a  LOG SENSE page=19 length=40       -> GOOD length=40 @8=00*8
     @16=00000000.00000002 @24=00000000.00000003 @32=00*8
  `,
);

story(
  "LOG SENSE begins with the parameter that its pointer names",
  `
  lun 0 ramdisk
  a ready
  a  LOG SENSE page=0d pointer=0001 -> GOOD data 8d.00.0006.0001.03.02.00.ff
  a  LOG SENSE page=0d pointer=0002 -> 5/24/00 cdb=5
  a  LOG SENSE page=19 pointer=0003 -> GOOD data 99.00.000c
     0003.03.08.00000003.00000001
  a  LOG SENSE page=19 pointer=ffff -> 5/24/00 cdb=5
  `,
);

story(
  "LOG SENSE tells the same of list parameters, whatever PC says",
  `
  lun 0 ramdisk
  a ready
  a  LOG SENSE page=0d pc=0 -> GOOD length=16 @0=8d
  a  LOG SENSE page=0d pc=1 -> GOOD length=16 @0=8d
  a  LOG SENSE page=0d pc=2 -> GOOD length=16 @0=8d
  a  LOG SENSE page=0d pc=3 -> GOOD length=16 @0=8d
  `,
);

story(
  "LOG SENSE page 0Fh holds 64 parameters of application clients",
  `
  lun 0 ramdisk
  lun 1 controlled type=3
  a ready
  a ready 1
  a  LOG SENSE page=0f length=32000 -> GOOD length=16388
     @0=0f.00.4000 @4=0000.83.fc @260=0001.83.fc @16132=003f.83.fc
  a  LOG SENSE page=0f pointer=003f -> GOOD length=260 @0=0f.00.0100.003f.83.fc
  a  LOG SENSE page=0f pointer=0040 -> 5/24/00 cdb=5
  a:1  LOG SENSE page=0f length=4   -> GOOD data 0f.00.4000
  `,
);
