import { story } from "../../support/story_runner.ts";

story(
  "VERIFY without BYTCHK reads and takes no data",
  `
  lun 0 controlled size=4m
  a ready
  a  VERIFY(10) lba=8 n=4100    -> GOOD moves=0
  store calls read 8 2048, read 2056 2048, read 4104 4
  a  VERIFY(12) lba=8 n=1       -> GOOD
  a  VERIFY(16) lba=8 n=1 dpo   -> GOOD
  store fails read medium
  a  VERIFY(10) lba=8 n=1       -> 3/11/00
  a  VERIFY(10) lba=8191 n=2    -> 5/21/00 info=8192
  a  VERIFY(10) lba=0 n=0       -> GOOD
  `,
);

story(
  "VERIFY with BYTCHK 01b compares every block",
  `
  lun 0 ramdisk size=4m
  a ready
  a  WRITE(10) lba=0 data=a1,a2,a3                        -> GOOD
  a  VERIFY(10) lba=0 data=a1,a2,a3 bytchk=1              -> GOOD moves=1536
  a  VERIFY(10) lba=0 data=a1,a2,a4 bytchk=1     -> e/1d/00 info=1024
  a  VERIFY(12) lba=0 data=a1,00,a3 bytchk=1     -> e/1d/00 info=512
  a  VERIFY(16) lba=0 data=00,a2,a3 bytchk=1     -> e/1d/00 info=0
  a  VERIFY(10) lba=0 n=4 data=a1,a2,a3 bytchk=1 -> 5/0e/03
  a  VERIFY(10) lba=0 n=0 bytchk=1                        -> GOOD
  a  VERIFY(10) lba=8191 data=a1,a2 bytchk=1     -> 5/21/00 info=8192
  a  WRITE(10) lba=100 data=b1*4100                       -> GOOD
  a  VERIFY(10) lba=100 data=b1*4100 bytchk=1             -> GOOD
  a  VERIFY(10) lba=100 data=b1*4099,b2 bytchk=1
     -> e/1d/00 info=2098688
  `,
);

story(
  "VERIFY with BYTCHK 11b compares every block with one",
  `
  lun 0 ramdisk size=4m
  a ready
  a  WRITE(10) lba=0 data=a1*3,a2                   -> GOOD
  a  VERIFY(10) lba=0 n=3 data=a1 bytchk=3          -> GOOD moves=512
  a  VERIFY(10) lba=0 n=4 data=a1 bytchk=3          -> e/1d/00 info=1536
  a  VERIFY(16) lba=0 n=3 bytchk=3                  -> 5/0e/03
  a  VERIFY(12) lba=0 n=0 bytchk=3                  -> GOOD
  a  WRITE(10) lba=5000 data=a2                     -> GOOD
  a  VERIFY(10) lba=4 n=5000 data=00 bytchk=3       -> e/1d/00 info=2557952
  `,
);

story(
  "VERIFY with BYTCHK 10b is refused",
  `
  lun 0 ramdisk
  a ready
  a  VERIFY(10) lba=0 n=1 bytchk=2            -> 5/24/00 cdb=1.2
  a  VERIFY(10) lba=0 n=1 cdb=1:08            -> 5/24/00 cdb=1.3
  a  VERIFY(10) lba=0 n=1 cdb=1:20            -> 5/24/00 cdb=1.5
  `,
);

story(
  "VERIFY stops at a fault of the store",
  `
  lun 0 controlled size=4m
  a ready
  store fails read medium
  a  VERIFY(10) lba=0 data=00 bytchk=1        -> 3/11/00
  store fails read offline
  a  VERIFY(10) lba=0 n=2 data=00 bytchk=3    -> BUSY
  store calls read 0 1, read 0 2
  `,
);

story(
  "WRITE AND VERIFY of fewer blocks than asked for leaves the others",
  `
  lun 0 ramdisk
  a ready
  a  WRITE AND VERIFY(10) lba=0 n=3 data=a1,a2           -> GOOD moves=1536
  a  READ(10) lba=0 n=3                                  -> GOOD blocks=a1,a2,00
  a  WRITE AND VERIFY(10) lba=0 n=2 data=a1,a2 expect=100 -> 5/0e/03
  a  WRITE AND VERIFY(10) lba=2047 data=a1,a2            -> 5/21/00 info=2048
  a  WRITE AND VERIFY(10) lba=0 n=0                      -> GOOD
  a  WRITE AND VERIFY(10) lba=0 data=aa bytchk=2         -> 5/24/00 cdb=1.2
  `,
);

story(
  "WRITE AND VERIFY moves long transfers in pieces",
  `
  lun 0 controlled size=4m
  a ready
  a  WRITE AND VERIFY(16) lba=0 data=a1*2050 bytchk=1    -> GOOD
  store calls write 0 2048, flush, read 0 2048, write 2048 2, flush,
    read 2048 2
  `,
);

story(
  "COMPARE AND WRITE writes only over the expected blocks",
  `
  lun 0 ramdisk
  a ready
  a  COMPARE AND WRITE lba=1 data=00,00,a1,a2     -> GOOD moves=2048
  a  READ(10) lba=0 n=4                           -> GOOD blocks=00,a1,a2,00
  a  COMPARE AND WRITE lba=1 data=a1,a3,b1,b2     -> e/1d/00 info=512
  a  COMPARE AND WRITE lba=1 data=00,a2,b1,b2     -> e/1d/00 info=0
  a  READ(10) lba=0 n=4                           -> GOOD blocks=00,a1,a2,00
  a  COMPARE AND WRITE lba=1 data=a1,a2,b1,b2     -> GOOD
  a  READ(10) lba=0 n=4                           -> GOOD blocks=00,b1,b2,00
  `,
);

story(
  "COMPARE AND WRITE checks count, range, data and bits",
  `
  lun 0 ramdisk
  a ready
  a  COMPARE AND WRITE lba=0 n=0                  -> GOOD moves=0
  a  COMPARE AND WRITE lba=2048 n=0               -> GOOD
  a  COMPARE AND WRITE lba=2049 n=0               -> 5/21/00 info=2049
  a  COMPARE AND WRITE lba=2047 data=00*2,a1*2    -> 5/21/00 info=2048
  a  COMPARE AND WRITE lba=0 n=2 data=00,a1       -> 5/0e/03
  a  COMPARE AND WRITE lba=0 data=00,a1 cdb=1:20  -> 5/24/00 cdb=1.5
  a  COMPARE AND WRITE lba=0 data=00,a1 cdb=10:01 -> 5/24/00 cdb=10.0
  a  COMPARE AND WRITE lba=0 data=00*255,a1*255   -> GOOD moves=261120
  `,
);

story(
  "COMPARE AND WRITE of large blocks is limited to what one buffer holds",
  `
  lun 0 ramdisk blocksize=64k size=4m
  a ready
  a  INQUIRY evpd page=b0 length=64           -> GOOD length=64 @4=00.15
  a  COMPARE AND WRITE lba=0 data=00*21,a1*21 -> GOOD
  a  COMPARE AND WRITE lba=0 data=a1*22,a2*22 -> 5/24/00 cdb=13
  `,
);

story(
  "COMPARE AND WRITE lets nobody between comparing and writing",
  `
  lun 0 controlled size=4m
  a ready
  b ready
  store holds
  a  COMPARE AND WRITE lba=0 data=00,a1 as c1
  b  COMPARE AND WRITE lba=0 data=00,b1 as c2
  b  WRITE(10) lba=1 data=b2 as w1
  store calls read 0 1, write 1 1
  store answers
  c1 -> GOOD
  c2 -> e/1d/00 info=0
  w1 -> GOOD
  a  READ(10) lba=0 n=2 -> GOOD blocks=a1,b2
  `,
);

story(
  "COMPARE AND WRITE maps faults by what failed",
  `
  lun 0 controlled
  a ready
  store fails read medium
  a  COMPARE AND WRITE lba=0 data=00,a1 -> 3/11/00
  store fails write medium
  a  COMPARE AND WRITE lba=0 data=00,a1 -> 3/0c/02
  `,
);
