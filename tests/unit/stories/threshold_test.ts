import { story } from "../../support/story_runner.ts";

story(
  "A threshold is told to every nexus once, with where its descriptor is",
  `
  lun 0 controlled size=1m avail-threshold=4m
  a ready
  b ready
  store usage available=8m
  clock 10000
  a  TEST UNIT READY         -> GOOD
  store usage available=4m
  clock 9999
  a  TEST UNIT READY         -> GOOD
  clock 1
  a  TEST UNIT READY         -> 6/38/07 info=16
  a  TEST UNIT READY         -> GOOD
  clock 10000
  a  TEST UNIT READY         -> GOOD
  b  QUERY ASYNCHRONOUS EVENT -> FUNCTION SUCCEEDED bytes=163807
  b  REQUEST SENSE desc      -> GOOD data 72.06.38.07.000000.0c
     00.0a.80.00.00000000.00000010
  b  TEST UNIT READY         -> GOOD
  `,
);

story(
  "A threshold is told anew when space had recovered in between",
  `
  lun 0 controlled size=1m used-threshold=2m
  a ready
  store usage used=2m
  clock 10000
  a  TEST UNIT READY         -> 6/38/07 info=24
  store usage used=2047k
  clock 10000
  a  TEST UNIT READY         -> GOOD
  store usage used=3m
  clock 10000
  a  TEST UNIT READY         -> 6/38/07 info=24
  `,
);

story(
  "What is no longer so is not told any more",
  `
  lun 0 controlled size=1m used-threshold=2m
  a ready
  store usage used=2m
  clock 10000
  store usage used=1m
  clock 10000
  a  TEST UNIT READY         -> GOOD
  `,
);

story(
  "Each of the four thresholds has its own descriptor and its own edge",
  `
  lun 0 controlled size=1m avail-threshold=4m used-threshold=2m
     pool-avail-threshold=8m pool-used-threshold=16m
  a ready
  store usage available=5m used=1m poolAvailable=9m poolUsed=16m
  clock 10000
  a  TEST UNIT READY         -> 6/38/07 info=40
  store usage available=5m used=1m poolAvailable=8m poolUsed=16m
  clock 10000
  a  TEST UNIT READY         -> 6/38/07 info=32
  store usage available=4m used=2m poolAvailable=8m poolUsed=16m
  clock 10000
  a  TEST UNIT READY         -> 6/38/07 info=16
  a  TEST UNIT READY         -> GOOD
  `,
);

story(
  "With SITUA one nexus hears of a threshold",
  `
  lun 0 controlled size=1m avail-threshold=4m
  a ready
  b ready
  a  MODE SELECT(6) list="00000000 5c.02.002c.01.00*11
     82.01.0000.00000004 01.02.0000.00000000
     02.f1.0000.00000000 01.f2.0000.00000000" -> GOOD
  b  TEST UNIT READY         -> 6/2a/01
  store usage available=1m
  clock 10000
  b  TEST UNIT READY         -> 6/38/07 info=16
  a  TEST UNIT READY         -> GOOD
  `,
);

story(
  "LBPERE 0 keeps thresholds to itself",
  `
  lun 0 controlled size=1m avail-threshold=4m
  a ready
  a  MODE SELECT(6) list=00000000.01.0a.c0.00.00.00.00.00.00.00.0000 -> GOOD
  store usage available=1m
  clock 10000
  a  TEST UNIT READY         -> GOOD
  a  MODE SELECT(6) list=00000000.01.0a.c0.00.00.00.00.80.00.00.0000 -> GOOD
  clock 10000
  a  TEST UNIT READY         -> 6/38/07 info=16
  `,
);

story(
  "Thresholds come and go with the options",
  `
  lun 0 controlled size=1m
  a ready
  store usage available=1m
  clock 10000
  a  TEST UNIT READY         -> GOOD
  target modifies 0 avail-threshold=4m
  a  TEST UNIT READY         -> 6/2a/01
  a  MODE SENSE(6) page=1c subpage=02 dbd -> GOOD length=52
     @20=82.01.0000.00000004
  clock 10000
  a  TEST UNIT READY         -> 6/38/07 info=16
  target modifies 0 avail-threshold=512k
  a  TEST UNIT READY         -> 6/2a/01
  clock 10000
  clock 10000
  a  TEST UNIT READY         -> GOOD
  target removes 0
  clock 10000
  `,
);

story(
  "A ramdisk that fills up reaches its threshold",
  `
  lun 0 ramdisk size=4m capacity=2m avail-threshold=1m
  a ready
  clock 10000
  a  TEST UNIT READY         -> GOOD
  a  WRITE(10) lba=0 data=aa*2048 -> GOOD
  clock 10000
  a  READ(10) lba=0 n=1      -> 6/38/07 info=16
  a  WRITE(10) lba=2048 data=bb*4096 -> 7/27/07
  `,
);
