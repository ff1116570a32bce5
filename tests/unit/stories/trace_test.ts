import { story } from "../../support/story_runner.ts";

story(
  "A write blocks a read, and the trace says so",
  `
  lun 0 controlled
  a ready
  b ready
  trace starts
  store holds
  a  WRITE(10) lba=0 data=a1*4 as w1
  b  READ(10) lba=2 n=4 as r1
  clock 2000
  trace waits task set 0 of 1, store 0 of 1
  store answers
  w1 -> GOOD
  r1 -> GOOD any
  trace a 3 WRITE(10) arrives, LBA 0 + 4
  trace a 3 WRITE(10) executes
  trace a 3 Data-Out of 2048 bytes from byte 0 on
  trace a 3 Data-Out: 2048 bytes moved
  trace a 3 store write LBA 0 + 4
  trace a 3 waits for store
  trace b 3 READ(10) arrives, LBA 2 + 4
  trace b 3 blocked by WRITE(10) tag 3 of a
  trace a 3 waited 2000.000 ms for store
  trace a 3 store write: ok
  trace a 3 WRITE(10) GOOD
  trace b 3 unblocked after 2000.000 ms
  trace b 3 READ(10) executes
  trace b 3 store read LBA 2 + 4
  trace b 3 waits for store
  trace b 3 waited 0.000 ms for store
  trace b 3 store read: ok
  trace b 3 Data-In of 2048 bytes from byte 0 on
  trace b 3 Data-In: 2048 bytes moved
  trace b 3 READ(10) GOOD
  trace ends
  trace ranks WRITE(10) of a blocked READ(10) of b 1x 2000 ms
  trace waits task set 1 of 1, store 2 of 2
  `,
);

story(
  "A blocked command that is aborted waits no more",
  `
  lun 0 controlled
  a ready
  b ready
  store holds
  a  WRITE(10) lba=0 data=a1*4 as w1
  trace starts
  b  READ(10) lba=2 n=4 as r1
  b  ABORT TASK of=r1 -> FUNCTION COMPLETE
  r1 -> SILENT
  store answers
  w1 -> GOOD
  trace b 3 READ(10) arrives, LBA 2 + 4
  trace b 3 blocked by WRITE(10) tag 3 of a
  trace b - waits for task management
  trace b 3 aborted
  trace b 3 unblocked after 0.000 ms
  trace b 3 READ(10) ended, no status is sent
  trace b - waited 0.000 ms for task management
  trace ends
  `,
);

story(
  "A reset ends waits, and waits itself",
  `
  lun 0 controlled
  a ready
  b ready
  trace starts
  store holds
  a  WRITE(10) lba=0 data=a1*4 as w1
  b  LOGICAL UNIT RESET as f1
  clock 5
  store answers
  f1 -> FUNCTION COMPLETE
  w1 -> TASK ABORTED
  trace a 3 WRITE(10) arrives, LBA 0 + 4
  trace a 3 WRITE(10) executes
  trace a 3 Data-Out of 2048 bytes from byte 0 on
  trace a 3 Data-Out: 2048 bytes moved
  trace a 3 store write LBA 0 + 4
  trace a 3 waits for store
  trace b - waits for task management
  trace a 3 aborted, by TASK ABORTED
  trace a 3 waited 5.000 ms for store
  trace a 3 store write: ok
  trace a 3 WRITE(10) TASK ABORTED
  trace b - waited 5.000 ms for task management
  trace ends
  `,
);

story(
  "A store that fails ends its wait, and the trace tells the sense data",
  `
  lun 0 controlled
  a ready
  trace starts
  store fails read medium
  a  READ(10) lba=0 n=4 -> 3/11/00
  trace a 3 READ(10) arrives, LBA 0 + 4
  trace a 3 READ(10) executes
  trace a 3 store read LBA 0 + 4
  trace a 3 waits for store
  trace a 3 waited 0.000 ms for store
  trace a 3 store read: medium
  trace a 3 READ(10) CHECK CONDITION 3/11/00
  trace ends
  `,
);

story(
  "Whoever must be durable waits for the flush",
  `
  lun 0 controlled cache=on
  a ready
  trace starts
  a  SYNCHRONIZE CACHE(10) -> GOOD
  trace a 3 SYNCHRONIZE CACHE(10) arrives
  trace a 3 SYNCHRONIZE CACHE(10) executes
  trace a 3 store flush
  trace a 3 waits for flush
  trace a 3 waited 0.000 ms for flush
  trace a 3 store flush: ok
  trace a 3 SYNCHRONIZE CACHE(10) GOOD
  trace ends
  `,
);

story(
  "A store that answers at once is no wait; a slow initiator is one",
  `
  lun 0 ramdisk
  a ready
  trace starts
  a holds
  a  READ(10) lba=0 n=4 as r1
  clock 7
  a resumes
  r1 -> GOOD any
  trace a 3 READ(10) arrives, LBA 0 + 4
  trace a 3 READ(10) executes
  trace a 3 waits for room for Data-In
  trace a 3 waited 7.000 ms for room for Data-In
  trace a 3 store read LBA 0 + 4
  trace a 3 store read: ok
  trace a 3 Data-In of 2048 bytes from byte 0 on
  trace a 3 Data-In: 2048 bytes moved
  trace a 3 READ(10) GOOD
  trace ends
  `,
);

story(
  "A trace of one LUN tells of no other",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a ready
  trace starts lun=1
  a  TEST UNIT READY -> GOOD
  a:1 TEST UNIT READY -> 6/29/00
  trace a 4 TEST UNIT READY arrives
  trace a 4 TEST UNIT READY CHECK CONDITION 6/29/00
  trace ends
  `,
);

story(
  "What has begun in a trace ends in it, although the trace was stopped",
  `
  lun 0 controlled
  a ready
  trace starts
  store holds
  a  READ(10) lba=0 n=1 as r1
  trace stops
  a  TEST UNIT READY -> GOOD
  store answers
  r1 -> GOOD any
  trace a 3 READ(10) arrives, LBA 0 + 1
  trace a 3 READ(10) executes
  trace a 3 store read LBA 0 + 1
  trace a 3 waits for store
  trace a 3 waited 0.000 ms for store
  trace a 3 store read: ok
  trace a 3 Data-In of 512 bytes from byte 0 on
  trace a 3 Data-In: 512 bytes moved
  trace a 3 READ(10) GOOD
  trace ends
  `,
);
