import { story } from "../../support/story_runner.ts";

story(
  "WRITE with FUA is GOOD only when its blocks are durable",
  `
  lun 0 controlled cache=on
  a ready
  a  WRITE(10) lba=0 data=a1           -> GOOD
  store calls write 0 1
  store keeps 0 00
  a  WRITE(10) lba=1 data=a2 fua       -> GOOD
  store calls write 1 1, flush
  store keeps 0 a1,a2
  a  WRITE(12) lba=2 data=a3 fua       -> GOOD
  a  WRITE(16) lba=3 data=a4 fua       -> GOOD
  store calls write 2 1, flush, write 3 1, flush
  store keeps 0 a1,a2,a3,a4
  a  WRITE(6) lba=4 data=a5            -> GOOD
  store calls write 4 1
  `,
);

story(
  "WRITE with FUA waits for the flush",
  `
  lun 0 controlled cache=on atonce=on
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1 fua as w1
  w1 waits
  store answers
  w1 -> GOOD
  store calls write 0 1, flush
  store keeps 0 a1
  a  WRITE(10) lba=0 data=a2 fua       -> GOOD
  store calls tryWrite 0 1, flush
  store keeps 0 a2
  `,
);

story(
  "WRITE is durable without FUA when WCE is 0",
  `
  lun 0 controlled cache=on writecache=off
  a ready
  a  WRITE(10) lba=0 data=a1*2         -> GOOD
  a  WRITE(6) lba=2 data=a2            -> GOOD
  store calls write 0 2, flush, write 2 1, flush
  store keeps 0 a1,a1,a2
  `,
);

story(
  "WRITE flushes nothing where the store writes through",
  `
  lun 0 controlled
  a ready
  a  WRITE(10) lba=0 data=a1 fua       -> GOOD
  a  SYNCHRONIZE CACHE(10)             -> GOOD
  store calls write 0 1
  store keeps 0 a1
  `,
);

story(
  "WRITE whose flush fails is no GOOD",
  `
  lun 0 controlled cache=on
  a ready
  store fails flush medium
  a  WRITE(10) lba=0 data=a1 fua       -> 4/44/00
  store fails flush hardware
  a  WRITE(10) lba=0 data=a1 fua       -> 4/44/00
  store fails flush offline
  a  WRITE(10) lba=0 data=a1 fua       -> BUSY
  store fails flush no-space
  a  WRITE(10) lba=0 data=a1 fua       -> 7/27/07
  `,
);

story(
  "SYNCHRONIZE CACHE is GOOD when all that was answered is durable",
  `
  lun 0 controlled cache=on
  a ready
  a  WRITE(10) lba=0 data=a1*2         -> GOOD
  a  SYNCHRONIZE CACHE(10)             -> GOOD
  store keeps 0 a1,a1
  a  WRITE(10) lba=0 data=a2*2         -> GOOD
  a  SYNCHRONIZE CACHE(16) lba=0 n=2   -> GOOD
  store keeps 0 a2,a2
  a  WRITE(10) lba=0 data=a3*2         -> GOOD
  a  SYNCHRONIZE CACHE(10) immed       -> GOOD
  store keeps 0 a3,a3
  store calls write 0 2, flush, write 0 2, flush, write 0 2, flush
  store fails flush medium
  a  SYNCHRONIZE CACHE(10)             -> 4/44/00
  `,
);

story(
  "SYNCHRONIZE CACHE waits for older writes",
  `
  lun 0 controlled cache=on
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  SYNCHRONIZE CACHE(10) as s1
  store calls write 0 1
  s1 waits
  store answers
  w1 -> GOOD
  s1 -> GOOD
  store keeps 0 a1
  `,
);

story(
  "SYNCHRONIZE CACHE checks its range",
  `
  lun 0 controlled cache=on size=512k
  a ready
  a  SYNCHRONIZE CACHE(10) lba=1023 n=1 -> GOOD
  a  SYNCHRONIZE CACHE(10) lba=1023 n=2 -> 5/21/00 info=1024
  a  SYNCHRONIZE CACHE(16) lba=1025     -> 5/21/00 info=1025
  a  SYNCHRONIZE CACHE(10) cdb=1:04     -> GOOD
  a  SYNCHRONIZE CACHE(10) cdb=1:01     -> 5/24/00 cdb=1.0
  a  SYNCHRONIZE CACHE(10) cdb=1:08     -> 5/24/00 cdb=1.3
  `,
);

story(
  "READ with FUA writes the cache to the medium first",
  `
  lun 0 controlled cache=on
  a ready
  a  WRITE(10) lba=0 data=a1           -> GOOD
  store calls write 0 1
  a  READ(10) lba=0 n=1                -> GOOD blocks=a1
  store calls read 0 1
  a  READ(10) lba=0 n=1 fua            -> GOOD blocks=a1
  store calls flush, read 0 1
  store keeps 0 a1
  a  READ(16) lba=5000 n=1 fua         -> 5/21/00 info=5000
  store fails flush medium
  a  READ(10) lba=0 n=1 fua            -> 4/44/00
  `,
);

story(
  "READ does as with FUA when RCD is 1",
  `
  lun 0 controlled cache=on readcache=off
  a ready
  a  WRITE(10) lba=0 data=a1           -> GOOD
  a  READ(10) lba=0 n=1                -> GOOD blocks=a1
  a  READ(6) lba=0 n=1                 -> GOOD blocks=a1
  store calls write 0 1, flush, read 0 1, flush, read 0 1
  `,
);

story(
  "VERIFY looks at the medium, not at the cache before it",
  `
  lun 0 controlled cache=on
  a ready
  a  WRITE(10) lba=0 data=a1           -> GOOD
  store calls write 0 1
  a  VERIFY(10) lba=0 n=1              -> GOOD moves=0
  store calls flush, read 0 1
  store keeps 0 a1
  a  VERIFY(16) lba=0 data=a1 bytchk=1 -> GOOD
  store calls flush, read 0 1
  `,
);

story(
  "WRITE AND VERIFY writes, makes durable, then reads back",
  `
  lun 0 controlled cache=on
  a ready
  a  WRITE AND VERIFY(10) lba=0 data=a1,a2           -> GOOD moves=1024
  a  WRITE AND VERIFY(12) lba=2 data=a3 bytchk=1     -> GOOD
  a  WRITE AND VERIFY(16) lba=3 data=a4 bytchk=1     -> GOOD
  store calls write 0 2, flush, read 0 2, write 2 1, flush, read 2 1,
    write 3 1, flush, read 3 1
  store keeps 0 a1,a2,a3,a4
  store fails write medium
  a  WRITE AND VERIFY(10) lba=0 data=a1              -> 3/0c/02
  store fails flush medium
  a  WRITE AND VERIFY(10) lba=0 data=a1              -> 4/44/00
  store fails read medium
  a  WRITE AND VERIFY(10) lba=0 data=a1              -> 3/11/00
  `,
);

story(
  "COMPARE AND WRITE is durable when FUA or WCE asks for it",
  `
  lun 0 controlled cache=on
  a ready
  a  COMPARE AND WRITE lba=0 data=00,a1              -> GOOD
  store calls read 0 1, write 0 1
  a  COMPARE AND WRITE lba=0 data=a1,a2 fua          -> GOOD
  store calls read 0 1, write 0 1, flush
  store keeps 0 a2
  store fails flush medium
  a  COMPARE AND WRITE lba=0 data=a2,a3 fua          -> 4/44/00
  `,
);

story(
  "WRITE SAME and UNMAP are durable when WCE is 0",
  `
  lun 0 controlled cache=on writecache=off unmaps=native
  a ready
  a  WRITE SAME(10) lba=0 n=4 data=a1                -> GOOD
  store calls write 0 4, flush
  store keeps 0 a1*4
  a  WRITE SAME(16) lba=0 n=2 unmap ndob             -> GOOD
  store calls unmap 0 2, flush
  a  UNMAP ranges=2+1,3+1                            -> GOOD
  store calls unmap 2 1, unmap 3 1, flush
  store keeps 0 00*4
  a  UNMAP ranges=                                   -> GOOD
  store calls
  store fails flush medium
  a  UNMAP ranges=2+1                                -> 4/44/00
  `,
);

story(
  "MODE SELECT that clears WCE makes durable what was written before",
  `
  lun 0 controlled cache=on
  a ready
  a  WRITE(10) lba=0 data=a1                         -> GOOD
  store keeps 0 00
  a  MODE SELECT(6) list=00000000.08.12.10.00.ffff.0000.ffff.ffff.00*8
     -> GOOD
  store calls write 0 1, flush
  store keeps 0 a1
  a  WRITE(10) lba=0 data=a2                         -> GOOD
  store calls write 0 1, flush
  a  MODE SELECT(6) list=00000000.08.12.14.00.ffff.0000.ffff.ffff.00*8
     -> GOOD
  a  WRITE(10) lba=0 data=a3                         -> GOOD
  store calls write 0 1
  `,
);

story(
  "MODE SELECT cannot set WCE where there is no cache",
  `
  lun 0 controlled
  a ready
  a  MODE SENSE(6) page=08 dbd         -> GOOD data 17.00.10.00
     88.12.10.00.ffff.0000.ffff.ffff.00*8
  a  MODE SENSE(6) page=08 dbd pc=1    -> GOOD data 17.00.10.00
     88.12.01.00.00*16
  a  MODE SELECT(6) list=00000000.08.12.14.00.ffff.0000.ffff.ffff.00*8
     -> 5/26/00 list=6.2
  `,
);

story(
  "START STOP UNIT makes durable before it stops",
  `
  lun 0 controlled cache=on
  a ready
  a  WRITE(10) lba=0 data=a1           -> GOOD
  a  START STOP UNIT                   -> GOOD
  store calls write 0 1, flush
  store keeps 0 a1
  a  START STOP UNIT start             -> GOOD
  store calls
  store fails flush medium
  a  START STOP UNIT                   -> 4/44/00
  a  TEST UNIT READY                   -> GOOD
  a  WRITE(10) lba=0 data=a2           -> GOOD
  a  START STOP UNIT noflush           -> GOOD
  store calls flush, write 0 1
  a  TEST UNIT READY                   -> 2/04/02
  `,
);
