import { story } from "../../support/story_runner.ts";

story(
  "Reads in sequence wait until the last piece is with the store (soft)",
  `
  lun 0 controlled readahead=on size=4m
  a ready
  store holds
  a  READ(10) lba=0 n=2100 as r1
  a  READ(10) lba=2100 n=4 as r2
  a  READ(10) lba=3000 n=4 as r3
  store calls read 0 2048, read 3000 4
  store answers once
  store calls read 2048 52, read 2100 4
  r1 waits
  store answers
  r1 -> GOOD any
  r2 -> GOOD any
  r3 -> GOOD any
  `,
);

story(
  "Reads in sequence wait until the last piece was read (read)",
  `
  lun 0 controlled serseq=read size=4m
  a ready
  b ready
  store holds
  a holds
  a  READ(10) lba=0 n=2100 as r1
  b  READ(10) lba=2100 n=4 as r2
  a resumes
  store answers once
  a holds
  store calls read 0 2048, read 2048 52
  r2 waits
  store answers
  store calls read 2100 4
  r2 -> GOOD blocks=00*4
  r1 waits
  a resumes
  r1 -> GOOD any
  `,
);

story(
  "Reads in sequence do not wait when serseq is off",
  `
  lun 0 controlled readahead=on serseq=off
  a ready
  store holds
  a  READ(10) lba=0 n=4 as r1
  a  READ(10) lba=4 n=4 as r2
  store calls read 0 4, read 4 4
  store answers
  r1 -> GOOD any
  r2 -> GOOD any
  `,
);

story(
  "Overlapping commands run in the order they came",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  WRITE(10) lba=0 data=a1*4 as w1
  b  WRITE(10) lba=2 data=b1*4 as w2
  a  READ(10) lba=4 n=2 as r1
  b  WRITE(10) lba=20 data=b2 as w3
  store calls write 0 4, write 20 1
  store answers once
  store calls write 2 4
  w1 -> GOOD
  w3 -> GOOD
  store answers once
  store calls read 4 2
  w2 -> GOOD
  store answers
  r1 -> GOOD blocks=b1*2
  `,
);

story(
  "UNMAP holds back only what it touches, once it is known",
  `
  lun 0 controlled unmaps=native
  a ready
  b ready
  a holds
  store holds
  a  UNMAP ranges=0+8 immediate=0 as u1
  b  READ(10) lba=100 n=1 as r1
  b  READ(10) lba=4 n=1 as r2
  store calls
  a resumes
  store calls unmap 0 8, read 100 1
  store answers
  u1 -> GOOD
  r1 -> GOOD any
  r2 -> GOOD blocks=00
  `,
);

story(
  "Unrestricted reordering lets UNMAP and SYNCHRONIZE pass writes",
  `
  lun 0 controlled cache=on unmaps=native reordering=unrestricted
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1*4 as w1
  a  UNMAP ranges=100+8 as u1
  a  SYNCHRONIZE CACHE(10) as s1
  a  WRITE(10) lba=0 data=a2 as w2
  store calls write 0 4, unmap 100 8, flush
  store answers
  w1 -> GOOD
  u1 -> GOOD
  s1 -> GOOD
  w2 -> GOOD
  `,
);

story(
  "ORDERED waits for all before it, and all after it wait",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  READ(10) lba=0 n=1 as r1
  a  READ(10) lba=8 n=1 attr=ordered as r2
  b  READ(10) lba=16 n=1 as r3
  b  INQUIRY length=1 as i1
  store calls read 0 1
  r3 waits
  i1 waits
  store answers once
  store calls read 8 1
  i1 waits
  store answers once
  store calls read 16 1
  i1 -> GOOD data 00
  store answers
  r1 -> GOOD any
  r2 -> GOOD any
  r3 -> GOOD any
  `,
);

story(
  "HEAD OF QUEUE goes ahead of what waits",
  `
  lun 0 controlled
  a ready
  store holds
  a  WRITE(10) lba=0 data=a1 as w1
  a  WRITE(10) lba=0 data=a2 as w2
  a  READ(10) lba=0 n=1 attr=head as r1
  a  READ(10) lba=50 n=1 as r2
  store calls write 0 1, read 0 1
  store answers once
  store calls write 0 1, read 50 1
  store answers
  w1 -> GOOD
  w2 -> GOOD
  r1 -> GOOD any
  r2 -> GOOD any
  `,
);

story(
  "Of those that have waited the most urgent one goes first",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  WRITE(10) lba=0 data=aa*64 as w1
  a  WRITE(10) lba=1 data=a1 as w2
  a  WRITE(10) lba=2 data=a2 priority=9 as w3
  b  WRITE(10) lba=3 data=a3 priority=2 as w4
  a  WRITE(10) lba=4 data=a4 priority=9 as w5
  store calls write 0 64
  store answers once
  store calls write 3 1, write 2 1, write 4 1, write 1 1
  store answers
  w1 -> GOOD
  w2 -> GOOD
  w3 -> GOOD
  w4 -> GOOD
  w5 -> GOOD
  `,
);

story(
  "INITIAL COMMAND PRIORITY is that of commands that have none",
  `
  lun 0 controlled
  a ready
  a  MODE SELECT(6) list=00000000.4a.01.001c.06.05.00*26 -> GOOD
  store holds
  a  WRITE(10) lba=0 data=aa*64 as w1
  a  WRITE(10) lba=1 data=a1 priority=6 as w2
  a  WRITE(10) lba=2 data=a2 as w3
  a  WRITE(10) lba=3 data=a3 priority=4 as w4
  store answers once
  store calls write 0 64, write 3 1, write 2 1, write 1 1
  store answers
  w1 -> GOOD
  w2 -> GOOD
  w3 -> GOOD
  w4 -> GOOD
  `,
);
