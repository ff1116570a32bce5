import { story } from "../../support/story_runner.ts";

// Commands with 32-byte CDBs.

story(
  "READ(32) and WRITE(32) move blocks",
  `
  lun 0 ramdisk
  a ready
  a  WRITE(32) lba=8 data=aa,bb           -> GOOD moves=1024
  a  READ(32) lba=8 n=2                   -> GOOD blocks=aa,bb
  a  READ(10) lba=8 n=2                   -> GOOD blocks=aa,bb
  a  READ(32) lba=8 n=2 dpo fua           -> GOOD blocks=aa,bb
  a  READ(32) lba=8 n=0                   -> GOOD
  a  READ(32) lba=2047 n=2                -> 5/21/00 info=2048
  a  WRITE(32) lba=2048 data=aa           -> 5/21/00 info=2048
  a  READ(32) lba=0xffffffffffffffff n=1  -> 5/21/00
  a  WRITE(32) lba=0 data=aa expect=100   -> 5/0e/03 moves=512
  `,
);

story(
  "READ(32) does not look at tags that nothing is formatted with",
  `
  lun 0 ramdisk
  a ready
  a  WRITE(32) lba=0 data=aa reftag=12345678 cdb=24:ff,26:ff -> GOOD moves=512
  a  READ(32) lba=0 n=1 reftag=87654321 cdb=25:01,27:ff      -> GOOD blocks=aa
  a  READ(32) lba=0 n=1 cdb=10:20                 -> 5/24/00 cdb=10.5
  a  WRITE(32) lba=0 data=aa cdb=10:e0            -> 5/24/00 cdb=10.7
  `,
);

story(
  "CDBs of 32 bytes have a group number, a control byte and one length",
  `
  lun 0 ramdisk
  a ready
  a  READ(32) lba=0 n=1 cdb=6:3f          -> GOOD blocks=00
  a  READ(32) lba=0 n=1 cdb=10:04         -> GOOD blocks=00
  a  READ(32) lba=0 n=1 cdb=6:40          -> 5/24/00 cdb=6.6
  a  READ(32) lba=0 n=1 cdb=1:03          -> GOOD blocks=00
  a  READ(32) lba=0 n=1 cdb=1:04          -> 5/24/00 cdb=1.2
  a  READ(32) lba=0 n=1 cdb=2:01          -> 5/24/00 cdb=2.0
  a  READ(32) lba=0 n=1 cdb=11:01         -> 5/24/00 cdb=11.0
  a  READ(32) lba=0 n=1 additional=23     -> 5/24/00 cdb=7
  a  READ(32) lba=0 n=1 additional=32     -> 5/24/00 cdb=7
  a  READ(32) lba=0 n=1 cdblength=16      -> 5/24/00 cdb=16
  a  READ(32) lba=0 n=1 cdblength=31      -> 5/24/00 cdb=31
  a  RAW raw=7f.00*6.18.0001.00*22        -> 5/24/00 cdb=8
  a  RAW raw=7f.00*6.18.1809.00*22        -> 5/24/00 cdb=8
  `,
);

story(
  "VERIFY(32) and WRITE AND VERIFY(32) compare",
  `
  lun 0 ramdisk
  a ready
  a  WRITE AND VERIFY(32) lba=4 data=aa,bb bytchk=1 -> GOOD moves=1024
  a  VERIFY(32) lba=4 n=2                 -> GOOD
  a  VERIFY(32) lba=4 data=aa,bb bytchk=1 -> GOOD moves=1024
  a  VERIFY(32) lba=4 data=aa,bc bytchk=1 -> e/1d/00 info=512 moves=1024
  a  VERIFY(32) lba=4 n=1 data=aa bytchk=3 -> GOOD moves=512
  a  VERIFY(32) lba=4 n=1 bytchk=2        -> 5/24/00 cdb=10.2
  a  VERIFY(32) lba=2047 n=2              -> 5/21/00 info=2048
  a  WRITE AND VERIFY(32) lba=0 data=aa bytchk=2 -> 5/24/00 cdb=10.2
  `,
);

story(
  "WRITE SAME(32) repeats a block, zeroes and unmaps",
  `
  lun 0 ramdisk write_same_max_lba=64
  lun 1 controlled
  a ready
  a ready 1
  a  WRITE SAME(32) lba=0 n=32 data=aa    -> GOOD moves=512
  a  READ(10) lba=0 n=2                   -> GOOD blocks=aa*2
  a  WRITE SAME(32) lba=0 n=8 ndob        -> GOOD
  a  READ(10) lba=7 n=2                   -> GOOD blocks=00,aa
  a  WRITE SAME(32) lba=0 n=32 ndob unmap -> GOOD
  a  GET LBA STATUS lba=0                 -> GOOD any
  a  WRITE SAME(32) lba=0 n=65 ndob       -> 5/24/00 cdb=28
  a  WRITE SAME(32) lba=0 n=0 ndob        -> 5/24/00 cdb=28
  a:1  WRITE SAME(32) lba=0 n=1 ndob unmap -> 5/24/00 cdb=10.3
  a:1  WRITE SAME(32) lba=0 n=1 ndob anchor -> 5/24/00 cdb=10.4
  a  WRITE SAME(32) lba=0 n=1 data=aa cdb=10:02 -> 5/24/00 cdb=10.1
  `,
);

story(
  "CDBs of 32 bytes obey protection, medium and reservations",
  `
  lun 0 ramdisk
  lun 1 ramdisk readonly=on
  a ready
  b ready
  a ready 1
  a:1  WRITE(32) lba=0 data=aa            -> 7/27/01
  a:1  READ(32) lba=0 n=1                 -> GOOD blocks=00
  a  RESERVE(6)                           -> GOOD
  b  READ(32) lba=0 n=1                   -> RESERVATION CONFLICT
  b  WRITE SAME(32) lba=0 n=1 ndob        -> RESERVATION CONFLICT
  a  RELEASE(6)                           -> GOOD
  a  START STOP UNIT                      -> GOOD
  a  READ(32) lba=0 n=1                   -> 2/04/02
  `,
);

story(
  "WRITE(32) keeps its order with others on the same blocks",
  `
  lun 0 controlled
  a ready
  b ready
  a holds
  a  WRITE(32) lba=8 data=aa*2 immediate=0  as w1
  b  READ(32) lba=9 n=1  as r1
  b  READ(32) lba=10 n=1                    -> GOOD blocks=00
  r1 waits
  a resumes
  w1 -> GOOD moves=1024
  r1 -> GOOD blocks=aa
  `,
);

story(
  "RSOC knows CDBs of variable length by their service action",
  `
  lun 0 ramdisk
  a ready
  a  RSOC option=2 op=7f sa=0009 -> GOOD data 00.03.0020
     7f.07.00000000.3f.ff.0009.1c.00.ff*8.ff*4.ffff.ffff.ffffffff
  a  RSOC option=3 op=7f sa=000d -> GOOD data 00.03.0020
     7f.07.00000000.3f.ff.000d.19.00.ff*8.ff*4.ffff.ffff.ffffffff
  a  RSOC option=2 op=7f sa=0001 -> GOOD data 00.01.0000
  a  RSOC option=2 op=7f sa=1809 -> GOOD data 00.01.0000
  a  RSOC option=1 op=7f         -> 5/24/00 cdb=2.2
  # 61 commands of 8 bytes, without those of variable length.
  a  RSOC                        -> GOOD length=636 @0=00000278
  `,
);
