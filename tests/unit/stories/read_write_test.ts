import { story } from "../../support/story_runner.ts";

story(
  "READ and WRITE of every size move the same blocks",
  `
  lun 0 ramdisk size=32m
  a ready
  a  WRITE(6) lba=8 data=a1,a2              -> GOOD moves=1024
  a  WRITE(10) lba=10 data=b1,b2            -> GOOD moves=1024
  a  WRITE(12) lba=12 data=c1,c2            -> GOOD moves=1024
  a  WRITE(16) lba=14 data=d1,d2            -> GOOD moves=1024
  a  READ(6) lba=8 n=8        -> GOOD blocks=a1,a2,b1,b2,c1,c2,d1,d2
  a  READ(10) lba=8 n=8       -> GOOD blocks=a1,a2,b1,b2,c1,c2,d1,d2
  a  READ(12) lba=8 n=8       -> GOOD blocks=a1,a2,b1,b2,c1,c2,d1,d2
  a  READ(16) lba=8 n=8       -> GOOD blocks=a1,a2,b1,b2,c1,c2,d1,d2
  `,
);

story(
  "READ(6) and WRITE(6) take count 0 as 256 blocks",
  `
  lun 0 ramdisk size=32m
  a ready
  a  WRITE(6) lba=1 n=0 data=77*256 -> GOOD moves=128k
  a  READ(6) lba=0 n=0              -> GOOD blocks=00,77*255
  a  READ(10) lba=255 n=3           -> GOOD blocks=77*2,00
  a  READ(6) lba=65281 n=0          -> 5/21/00 info=65536
  a  READ(6) lba=0x1fffff n=1       -> 5/21/00 info=2097151
  `,
);

story(
  "READ and WRITE beyond the end name the first block that is not there",
  `
  lun 0 ramdisk size=1m
  a ready
  a  READ(10) lba=2047 n=1                  -> GOOD blocks=00
  a  READ(10) lba=2047 n=2                  -> 5/21/00 info=2048
  a  READ(10) lba=2048 n=1                  -> 5/21/00 info=2048
  a  READ(10) lba=5000 n=1                  -> 5/21/00 info=5000
  a  READ(10) lba=0xffffffff n=1            -> 5/21/00 info=4294967295
  a  READ(12) lba=0 n=0xffffffff expect=512 -> 5/21/00 info=2048
  a  READ(16) lba=0x100000000 n=1           -> 5/21/00 info=4294967296
  a  READ(16) lba=0x1fffffffffffff n=1      -> 5/21/00 info=9007199254740991
  a  WRITE(10) lba=2047 data=aa*2           -> 5/21/00 info=2048
  a  WRITE(16) lba=2048 data=aa             -> 5/21/00 info=2048
  a  READ(10) lba=2047 n=1                  -> GOOD blocks=00
  `,
);

story(
  "READ(16) beyond 2^53 has no INFORMATION rather than a wrong one",
  `
  lun 0 ramdisk
  a ready
  a  READ(16) lba=0x20000000000001 n=1      -> 5/21/00
  a  READ(16) lba=0x8000000000000000 n=1    -> 5/21/00
  a  READ(16) lba=0xffffffffffffffff n=1    -> 5/21/00
  a  WRITE(16) lba=0xffffffffffffffff data=aa -> 5/21/00
  `,
);

story(
  "READ and WRITE of no blocks are GOOD and move nothing",
  `
  lun 0 ramdisk size=1m
  a ready
  a  READ(10) lba=0 n=0       -> GOOD
  a  READ(12) lba=2048 n=0    -> GOOD
  a  READ(16) lba=0 n=0       -> GOOD
  a  WRITE(10) lba=0 n=0      -> GOOD moves=0
  a  WRITE(16) lba=2048 n=0   -> GOOD moves=0
  a  READ(10) lba=2049 n=0    -> 5/21/00 info=2049
  a  WRITE(12) lba=2049 n=0   -> 5/21/00 info=2049
  lun 1 controlled
  a ready 1
  a:1  READ(10) lba=0 n=0     -> GOOD
  a:1  WRITE(10) lba=0 n=0    -> GOOD
  store calls
  `,
);

story(
  "READ and WRITE refuse every bit that they do not know",
  `
  lun 0 ramdisk
  a ready
  a  READ(10) lba=0 n=1 cdb=1:20     -> 5/24/00 cdb=1.5
  a  READ(10) lba=0 n=1 cdb=1:e0     -> 5/24/00 cdb=1.7
  a  WRITE(10) lba=0 data=aa cdb=1:04 -> 5/24/00 cdb=1.2
  a  READ(10) lba=0 n=1 cdb=1:01     -> 5/24/00 cdb=1.0
  a  READ(10) lba=0 n=1 cdb=6:5f     -> 5/24/00 cdb=6.6
  a  READ(10) lba=0 n=1 cdb=9:40     -> 5/24/00 cdb=9.6
  a  READ(10) lba=0 n=1 cdb=6:80,9:40 -> 5/24/00 cdb=6.7
  a  READ(16) lba=0 n=1 cdb=14:40    -> 5/24/00 cdb=14.6
  a  WRITE(12) lba=0 data=aa cdb=10:40 -> 5/24/00 cdb=10.6
  a  READ(6) lba=0 n=1 cdb=1:20      -> 5/24/00 cdb=1.5
  a  READ(10) lba=0 n=1 cdb=9:03     -> GOOD blocks=00
  a  READ(10) lba=0 n=1 cdb=9:04     -> 5/24/00 cdb=9.2
  a  READ(10) lba=0 n=1 dpo fua cdb=1:02 -> GOOD blocks=00
  `,
);

story(
  "READ sends no more than the initiator expects",
  `
  lun 0 ramdisk
  a ready
  a  WRITE(10) lba=0 data=a1,a2,a3        -> GOOD
  a  READ(10) lba=0 n=3 expect=1024       -> GOOD moves=1536 blocks=a1,a2
  a  READ(10) lba=0 n=3 expect=700        -> GOOD moves=1536 length=700
       @0=a1 @511=a1 @512=a2 @699=a2
  a  READ(10) lba=0 n=1 expect=4096       -> GOOD moves=512 blocks=a1
  a  READ(10) lba=0 n=1 expect=0          -> GOOD moves=512
  `,
);

story(
  "WRITE writes the whole blocks that the initiator offers",
  `
  lun 0 ramdisk
  a ready
  a  WRITE(10) lba=0 n=2 data=a1            -> GOOD moves=1024
  a  READ(10) lba=0 n=2                     -> GOOD blocks=a1,00
  a  WRITE(10) lba=0 n=1 data=b1,b2         -> GOOD moves=512
  a  READ(10) lba=0 n=2                     -> GOOD blocks=b1,00
  a  WRITE(10) lba=0 n=2 data=c1,c2 expect=700 -> 5/0e/03
  a  WRITE(10) lba=0 n=1 expect=0           -> GOOD moves=512
  a  READ(10) lba=0 n=2                     -> GOOD blocks=b1,00
  `,
);

story(
  "READ goes on whatever room the transport lends",
  `
  lun 0 ramdisk size=32m
  a ready
  a  WRITE(10) lba=3 data=a1*300,a2*300       -> GOOD
  a lends 512
  a  READ(10) lba=3 n=600                     -> GOOD blocks=a1*300,a2*300
  a lends 1000
  a  READ(10) lba=3 n=600                     -> GOOD blocks=a1*300,a2*300
  a lends 100
  a  READ(10) lba=3 n=6                       -> GOOD blocks=a1*6
  a  READ(10) lba=3 n=5000 expect=2559000     -> GOOD moves=2560000
       length=2559000 @0=a1 @153600=a2 @307200=00
  `,
);

story(
  "READ waits for a slow initiator and loses nothing",
  `
  lun 0 ramdisk size=32m
  a ready
  a  WRITE(10) lba=0 data=a1*600              -> GOOD
  a holds
  a  READ(10) lba=0 n=600 as r1
  r1 waits
  a resumes
  r1 -> GOOD blocks=a1*600
  `,
);

story(
  "WRITE takes what came with the command and fetches the rest",
  `
  lun 0 ramdisk size=32m
  a ready
  a  WRITE(10) lba=0 data=a1*4 immediate=0    -> GOOD moves=2048
  a  WRITE(10) lba=4 data=a2*4 immediate=700  -> GOOD moves=2048
  a  READ(10) lba=0 n=8                       -> GOOD blocks=a1*4,a2*4
  a holds
  a  WRITE(10) lba=0 data=b1*4 immediate=512 as w1
  w1 waits
  a  WRITE(10) lba=8 data=c1 as w2
  w2 -> GOOD
  a resumes
  w1 -> GOOD
  a  READ(10) lba=0 n=9                       -> GOOD blocks=b1*4,a2*4,c1
  `,
);

story(
  "READ and WRITE larger than a chunk go to the store in pieces",
  `
  lun 0 controlled size=4m
  a ready
  a  WRITE(10) lba=8 data=a1*4100 -> GOOD moves=2099200
  store calls write 8 2048, write 2056 2048, write 4104 4
  a  READ(10) lba=8 n=4100        -> GOOD blocks=a1*4100
  store calls read 8 2048, read 2056 2048, read 4104 4
  a  READ(10) lba=8 n=3 expect=1000 -> GOOD moves=1536 length=1000
  store calls read 8 2
  `,
);

story(
  "READ and WRITE use a store that answers at once, at once",
  `
  lun 0 controlled size=4m atonce=on
  a ready
  a  WRITE(10) lba=8 data=a1*4    -> GOOD
  a  READ(10) lba=8 n=4           -> GOOD blocks=a1*4
  store calls tryWrite 8 4, tryRead 8 4
  store holds
  a  WRITE(10) lba=8 data=a2*4 as w1
  a  READ(10) lba=100 n=4 as r1
  store calls write 8 4, read 100 4
  w1 waits
  r1 waits
  store answers
  w1 -> GOOD
  r1 -> GOOD blocks=00*4
  `,
);

story(
  "READ maps what a store could not do to sense data",
  `
  lun 0 controlled
  a ready
  store fails read medium
  a  READ(10) lba=0 n=1          -> 3/11/00
  store fails read hardware
  a  READ(10) lba=0 n=1          -> 3/11/00
  store fails read offline
  a  READ(10) lba=0 n=1          -> BUSY
  a  READ(10) lba=0 n=1          -> GOOD blocks=00
  `,
);

story(
  "WRITE maps what a store could not do to sense data",
  `
  lun 0 controlled
  a ready
  store fails write medium
  a  WRITE(10) lba=0 data=aa     -> 3/0c/02
  store fails write hardware
  a  WRITE(10) lba=0 data=aa     -> 3/0c/02
  store fails write no-space
  a  WRITE(10) lba=0 data=aa     -> 7/27/07
  store fails write read-only
  a  WRITE(10) lba=0 data=aa     -> 7/27/01
  store fails write offline
  a  WRITE(10) lba=0 data=aa     -> BUSY
  a  READ(10) lba=0 n=1          -> GOOD blocks=00
  `,
);

story(
  "READ and WRITE at once map faults, too, and stop where they come",
  `
  lun 0 controlled size=4m atonce=on
  a ready
  store fails read medium
  a  READ(10) lba=0 n=1          -> 3/11/00 moves=0
  store fails write no-space
  a  WRITE(10) lba=0 data=aa     -> 7/27/07 moves=0
  store calls tryRead 0 1, tryWrite 0 1
  lun 1 controlled size=4m
  a ready 1
  store fails write medium
  a:1  WRITE(10) lba=0 data=aa*4096  -> 3/0c/02 moves=0
  store calls write 0 2048
  `,
);

story(
  "WRITE on a thin store without space is refused and keeps the old blocks",
  `
  lun 0 ramdisk size=1m capacity=8k
  a ready
  a  WRITE(10) lba=0 data=a1*16  -> GOOD
  a  WRITE(10) lba=16 data=a2    -> 7/27/07
  a  WRITE(10) lba=0 data=a3     -> GOOD
  a  READ(10) lba=0 n=17         -> GOOD blocks=a3,a1*15,00
  `,
);

story(
  "READ and WRITE know blocks of 4096 bytes",
  `
  lun 0 ramdisk blocksize=4k size=1m
  a ready
  a  WRITE(10) lba=1 data=a1,a2  -> GOOD moves=8k
  a  READ(10) lba=0 n=4          -> GOOD blocks=00,a1,a2,00
  a  READ(10) lba=255 n=2        -> 5/21/00 info=256
  `,
);

story(
  "WRITE whose data do not come ends with the reason of the transport",
  `
  lun 0 ramdisk
  a ready
  a holds
  a  WRITE(10) lba=0 data=aa immediate=0 as w1
  a loses
  w1 -> b/47/05
  a  READ(10) lba=0 n=1 -> GOOD blocks=00
  `,
);
