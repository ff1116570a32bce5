import { story } from "../../support/story_runner.ts";

story(
  "RSOC tells of one command what its CDB may hold",
  `
  lun 0 ramdisk
  a ready
  a  RSOC option=1 op=00   -> GOOD data 00.03.0006.00.00000000.07
  a  RSOC option=1 op=28   -> GOOD data 00.03.000a.28.1e.ffffffff.3f.ffff.07
  a  RSOC option=1 op=a0   -> GOOD data 00.03.000c
     a0.00.ff.000000.ffffffff.00.07
  a  RSOC option=2 op=9e sa=10 -> GOOD data 00.03.0010
     9e.10.00*8.ffffffff.00.07
  a  RSOC option=2 op=5f sa=05 -> GOOD data 00.03.000a
     5f.05.ff.0000.ffffffff.07
  a  RSOC option=3 op=28 sa=0   -> GOOD data 00.03.000a
     28.1e.ffffffff.3f.ffff.07
  a  RSOC option=3 op=a3 sa=0c  -> GOOD data 00.03.000c
     a3.0c.87.ff*7.00.07
  a  RSOC option=1 op=28 length=5 -> GOOD data 00.03.000a.28
  `,
);

story(
  "RSOC tells which commands are not there",
  `
  lun 0 ramdisk
  lun 1 ramdisk type=5
  a ready
  a ready 1
  a  RSOC option=1 op=ff        -> GOOD data 00.01.0000
  a  RSOC option=1 op=07        -> GOOD data 00.01.0000
  a  RSOC option=2 op=ff sa=1   -> GOOD data 00.01.0000
  a  RSOC option=2 op=5f sa=08  -> GOOD data 00.01.0000
  a  RSOC option=3 op=28 sa=1   -> GOOD data 00.01.0000
  a  RSOC option=3 op=5f sa=1f  -> GOOD data 00.01.0000
  a  RSOC option=1 op=1e        -> GOOD data 00.01.0000
  a:1  RSOC option=1 op=1e      -> GOOD length=10 @0=00.03
  a:1  RSOC option=1 op=2a      -> GOOD data 00.01.0000
  a:1  RSOC option=1 op=28      -> GOOD length=14 @0=00.03
  `,
);

story(
  "RSOC refuses options that do not fit",
  `
  lun 0 ramdisk
  a ready
  a  RSOC option=4 op=28        -> 5/24/00 cdb=2.2
  a  RSOC option=7              -> 5/24/00 cdb=2.2
  a  RSOC option=1 op=5f        -> 5/24/00 cdb=2.2
  a  RSOC option=2 op=28        -> 5/24/00 cdb=2.2
  a  RSOC option=2 op=5f sa=20  -> 5/24/00 cdb=2.2
  a  RSOC option=3 op=5f sa=20  -> 5/24/00 cdb=2.2
  a  RSOC cdb=2:08              -> 5/24/00 cdb=2.3
  `,
);

story(
  "RSOC tells how long a self-test may take",
  `
  lun 0 ramdisk size=65536m
  a ready
  a  RSOC rctd option=1 op=1d -> GOOD data 00.83.0006.1d.f7.00.ffff.07
     000a.0000.00000000.00000438
  `,
);

story(
  "RSOC adds timeouts that promise nothing",
  `
  lun 0 controlled type=3
  a ready
  a  RSOC rctd option=1 op=00 -> GOOD data 00.83.0006.00.00000000.07
     000a.0000.00000000.00000000
  a  RSOC rctd option=1 op=ff -> GOOD data 00.01.0000
  a  RSOC rctd                -> GOOD any
     @4=00.00.0000.00.02.0006 @12=000a.0000.00000000.00000000
     @24=03.00.0000.00.02.0006 @32=000a.0000.00000000.00000000
  `,
);

story(
  "RSTMF tells the functions, short and long",
  `
  lun 0 ramdisk
  a ready
  a  RSTMF                  -> GOOD data de.07.00.00
  a  RSTMF repd             -> GOOD data de.07.00.0c.00*12
  a  RSTMF length=2         -> GOOD data de.07
  a  RSTMF cdb=2:40         -> 5/24/00 cdb=2.6
  `,
);
