import { story } from "../../support/story_runner.ts";

// Registrations of others: SPEC_I_PT, ALL_TG_PT, REGISTER AND MOVE.

story(
  "REGISTER with SPEC_I_PT registers those it names, before they log in",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1 ids=b,z       -> GOOD
  a  READ KEYS                          -> GOOD data 00000001.00000018
     00000000.00000001 00000000.00000001 00000000.00000001
  b  PR RESERVE key=1 type=1            -> GOOD
  a  WRITE(10) lba=0 data=a1            -> RESERVATION CONFLICT
  b  PR RELEASE key=1 type=1            -> GOOD
  z ready
  z  PR REGISTER newkey=9               -> RESERVATION CONFLICT
  z  PR RESERVE key=1 type=3            -> GOOD
  a  READ(10) lba=0 n=1                 -> RESERVATION CONFLICT
  z  READ(10) lba=0 n=1                 -> GOOD blocks=00
  `,
);

story(
  "REGISTER with SPEC_I_PT takes spellings of a name for the same",
  `
  lun 0 ramdisk
  a ready
  a  PR REGISTER newkey=1 ids=port:iqn.B/00001,port:IQN.b/000000000001 -> GOOD
  a  READ KEYS                          -> GOOD length=24 @4=00000010
  b ready
  b  PR RESERVE key=1 type=3            -> GOOD
  `,
);

story(
  "REGISTER with SPEC_I_PT leaves who is registered as it is",
  `
  lun 0 ramdisk
  a ready
  b ready
  b  PR REGISTER newkey=7               -> GOOD
  a  PR REGISTER newkey=1 ids=a,b,c     -> GOOD
  a  READ KEYS                          -> GOOD data 00000002.00000018
     00000000.00000007 00000000.00000001 00000000.00000001
  `,
);

story(
  "REGISTER with SPEC_I_PT of a node registers its ports that are known",
  `
  lun 0 ramdisk
  a ready
  b ready
  b leaves
  a  PR REGISTER newkey=1 ids=node:iqn.b -> GOOD
  a  READ FULL STATUS                   -> GOOD length=104
     @80=45.00.0014 @84="iqn.b,i,0x1"
  c ready
  c  PR REGISTER newkey=1 ids=node:iqn.x -> 5/26/00 list=28
  c  PR REGISTER newkey=1 ids=a,node:iqn.x -> 5/26/00 list=52
  a  READ KEYS                          -> GOOD length=24 @0=00000001
  `,
);

story(
  "REGISTER with SPEC_I_PT is for the unregistered",
  `
  lun 0 ramdisk
  a ready
  a  PR REGISTER key=5 newkey=1 ids=b   -> RESERVATION CONFLICT
  a  PR REGISTER ids=b                  -> GOOD
  a  PR REGISTER newkey=1               -> GOOD
  a  PR REGISTER key=1 newkey=2 ids=b   -> 5/26/00 list=20.3
  a  PR REGISTER key=1 ids=b            -> 5/26/00 list=20.3
  a  PR REGISTER key=3 newkey=2 ids=b   -> RESERVATION CONFLICT
  a  READ KEYS                          -> GOOD length=16 @0=00000001
  `,
);

story(
  "REGISTER with SPEC_I_PT checks its list, and registers all or nobody",
  `
  lun 0 ramdisk
  a ready
  a  PR REGISTER newkey=1 ids=          -> GOOD
  a  PR REGISTER key=1                  -> GOOD
  a  PR REGISTER newkey=1 ids=b idlength=20 -> 5/1a/00
  a  PR REGISTER newkey=1 ids=b idlength=28 -> 5/1a/00
  a  PR REGISTER newkey=1 ids=raw:45.00 -> 5/1a/00
  a  PR REGISTER newkey=1 ids=raw:45.00.001c.69.00*23 -> 5/1a/00
  a  PR REGISTER newkey=1 ids=b,raw:45.00.0010.69.00*19 -> 5/26/00 list=54
  a  PR REGISTER newkey=1 ids=raw:45.00.0015.69.00*20 -> 5/26/00 list=30
  a  PR REGISTER newkey=1 ids=raw:45.00.0014.00*20 -> 5/26/00 list=32
  a  PR REGISTER newkey=1 ids=raw:45.00.0014.69.00.69.00*17 -> 5/26/00 list=32
  a  PR REGISTER newkey=1 ids=raw:45.00.0014.ff.00*19 -> 5/26/00 list=32
  a  PR REGISTER newkey=1 ids=raw:45.00.0014.69*20 -> 5/26/00 list=32
  a  PR REGISTER newkey=1 ids=raw:45.00.0014.69.71.6e.00*17 -> 5/26/00 list=32
  a  PR REGISTER newkey=1 ids=raw:85.00*23 -> 5/26/00 list=28
  a  PR REGISTER newkey=1 ids=raw:03.00*23 -> 5/26/00 list=28
  a  PR REGISTER newkey=1 ids=raw:46.00*23 -> 5/26/00 list=28
  a  PR REGISTER newkey=1 ids=b,fc:00*8 -> 5/26/00 list=52
  a  PR REGISTER newkey=1 ids=sas:00*8  -> 5/26/00 list=28
  a  PR REGISTER newkey=1 ids=spi:0001  -> 5/26/00 list=28
  a  READ KEYS                          -> GOOD data 00000002.00000000
  `,
);

story(
  "REGISTER with ALL_TG_PT registers at all ports that lead to the unit",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  port second online
  port third maps 0=1
  a ready
  a  PR REGISTER newkey=1 all_tg_pt     -> GOOD
  a  READ FULL STATUS                   -> GOOD length=104
     @12=00 @26=0003 @60=00 @74=0004
  b connects second
  b ready
  b  PR REGISTER newkey=2               -> GOOD
  a connects second
  a ready
  a  PR RESERVE key=1 type=3            -> GOOD
  b  READ(10) lba=0 n=1                 -> RESERVATION CONFLICT
  a  READ(10) lba=0 n=1                 -> GOOD blocks=00
  a connects first
  a ready
  a  READ(10) lba=0 n=1                 -> RESERVATION CONFLICT
  a  PR REGISTER key=1 newkey=5 all_tg_pt -> GOOD
  a  READ KEYS                          -> GOOD data 00000003.00000018
     00000000.00000005 00000000.00000005 00000000.00000002
  a  PR REGISTER key=5 all_tg_pt        -> GOOD
  a  READ KEYS                          -> GOOD data 00000004.00000008
     00000000.00000002
  b  READ(10) lba=0 n=1                 -> GOOD blocks=00
  `,
);

story(
  "REGISTER with ALL_TG_PT wants the same key at every port",
  `
  lun 0 ramdisk
  port second online
  a connects second
  a ready
  a  PR REGISTER newkey=7               -> GOOD
  a connects first
  a ready
  a  PR REGISTER newkey=1 all_tg_pt     -> RESERVATION CONFLICT
  a  READ KEYS                          -> GOOD length=16 @0=00000001
  a  PR REGISTER AND IGNORE newkey=1 all_tg_pt -> GOOD
  a  READ KEYS                          -> GOOD data 00000002.00000010
     00000000.00000001 00000000.00000001
  `,
);

story(
  "REGISTER with both bits registers those it names at all ports",
  `
  lun 0 ramdisk
  port second online
  a ready
  a  PR REGISTER newkey=1 all_tg_pt ids=b -> GOOD
  a  READ FULL STATUS                   -> GOOD length=200
     @26=0003 @74=0004 @122=0003 @170=0004
  b connects second
  b ready
  b  PR RESERVE key=1 type=3            -> GOOD
  `,
);

story(
  "An unregistered holder at another port tells who is left",
  `
  lun 0 ramdisk
  port second online
  a connects second
  a ready
  a  PR REGISTER newkey=1 all_tg_pt     -> GOOD
  a  PR RESERVE key=1 type=5            -> GOOD
  b ready
  b  PR REGISTER newkey=2               -> GOOD
  a connects first
  a ready
  a  PR REGISTER key=1 all_tg_pt        -> GOOD
  b  TEST UNIT READY                    -> 6/2a/04
  b  READ RESERVATION                   -> GOOD data 00000003.00000000
  `,
);

story(
  "REGISTER AND MOVE moves the reservation to one who need not be there",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1               -> GOOD
  b  PR REGISTER newkey=2               -> GOOD
  a  PR RESERVE key=1 type=5            -> GOOD
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=z -> GOOD
  a  TEST UNIT READY                    -> GOOD
  b  TEST UNIT READY                    -> GOOD
  a  READ FULL STATUS                   -> GOOD length=152 @0=00000003
     @20=00.00 @68=00.00 @116=01.05 @128=45.00.0014 @132="iqn.z,i,0x1"
  a  READ RESERVATION                   -> GOOD data 00000003.00000010
     00000000.00000009 00000000.00.05.0000
  a  PR RELEASE key=1 type=5            -> GOOD
  z ready
  z  PR RELEASE key=9 type=5            -> GOOD
  a  TEST UNIT READY                    -> 6/2a/04
  b  TEST UNIT READY                    -> 6/2a/04
  `,
);

story(
  "REGISTER AND MOVE with UNREG removes its sender",
  `
  lun 0 ramdisk
  port second online
  a ready
  b connects second
  b ready
  b  PR REGISTER newkey=2               -> GOOD
  a  PR REGISTER newkey=1               -> GOOD
  a  PR RESERVE key=1 type=3            -> GOOD
  a  PR REGISTER AND MOVE key=1 newkey=2 port=4 to=b unreg -> GOOD
  a  READ(10) lba=0 n=1                 -> RESERVATION CONFLICT
  b  READ(10) lba=0 n=1                 -> GOOD blocks=00
  b  READ KEYS                          -> GOOD data 00000003.00000008
     00000000.00000002
  `,
);

story(
  "REGISTER AND MOVE is for the holder of a reservation of one",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER AND MOVE newkey=9 port=3 to=b -> RESERVATION CONFLICT
  a  PR REGISTER newkey=1               -> GOOD
  b  PR REGISTER newkey=2               -> GOOD
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=b -> 5/24/00 cdb=1.4
  a  PR RESERVE key=1 type=7            -> GOOD
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=b -> RESERVATION CONFLICT
  a  PR RELEASE key=1 type=7            -> GOOD
  b ready
  a  PR RESERVE key=1 type=1            -> GOOD
  b  PR REGISTER AND MOVE key=2 newkey=9 port=3 to=b -> RESERVATION CONFLICT
  a  PR REGISTER AND MOVE key=5 newkey=9 port=3 to=b -> RESERVATION CONFLICT
  a  PR REGISTER AND MOVE key=1 port=3 to=b -> 5/26/00 list=8
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=a -> 5/26/00 list=24
  a  PR REGISTER AND MOVE key=1 newkey=9 port=9 to=b -> 5/26/00 list=18
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=node:iqn.b -> 5/26/00
     list=24
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=fc:00*8 -> 5/26/00 list=24
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=b,b -> 5/1a/00
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to= -> 5/1a/00
  a  PR REGISTER AND MOVE key=1 newkey=9 port=3 to=b idlength=20 -> 5/1a/00
  a  PR REGISTER AND MOVE list=00*23    -> 5/1a/00
  port second maps 1=0
  port third maps 0=9
  a ready
  a  PR REGISTER AND MOVE key=1 newkey=9 port=5 to=b -> 5/26/00 list=18
  a  READ RESERVATION                   -> GOOD length=24 @0=00000002 @15=01
  `,
);

story(
  "PREEMPT of its own key removes the sender, who is not told",
  `
  lun 0 ramdisk
  a ready
  b ready
  a  PR REGISTER newkey=1               -> GOOD
  b  PR REGISTER newkey=1               -> GOOD
  a  PR PREEMPT key=1 newkey=1          -> GOOD
  a  TEST UNIT READY                    -> GOOD
  b  TEST UNIT READY                    -> 6/2a/05
  a  READ KEYS                          -> GOOD data 00000003.00000000
  a  PR REGISTER newkey=1               -> GOOD
  a  PR RESERVE key=1 type=8            -> GOOD
  b  READ(10) lba=0 n=1                 -> RESERVATION CONFLICT
  a  PR PREEMPT AND ABORT key=1 newkey=1 -> GOOD
  b  READ(10) lba=0 n=1                 -> GOOD blocks=00
  `,
);

story(
  "PREEMPT that changes the type tells every registrant that is left",
  `
  lun 0 ramdisk
  a ready
  b ready
  c ready
  a  PR REGISTER newkey=1               -> GOOD
  b  PR REGISTER newkey=2               -> GOOD
  c  PR REGISTER newkey=3               -> GOOD
  a  PR RESERVE key=1 type=1            -> GOOD
  b  PR PREEMPT key=2 newkey=1 type=1   -> GOOD
  a  TEST UNIT READY                    -> 6/2a/05
  c  TEST UNIT READY                    -> GOOD
  c  PR PREEMPT key=3 newkey=2 type=3   -> GOOD
  b  TEST UNIT READY                    -> 6/2a/05
  b  PR REGISTER newkey=2               -> GOOD
  c  PR PREEMPT key=3 newkey=3 type=1   -> GOOD
  b  TEST UNIT READY                    -> 6/2a/04
  c  TEST UNIT READY                    -> GOOD
  `,
);

story(
  "PREEMPT AND ABORT lets the medium go that its victims kept",
  `
  lun 0 ramdisk removable=on
  a ready
  b ready
  a  PR REGISTER newkey=1               -> GOOD
  b  PR REGISTER newkey=2               -> GOOD
  a  PREVENT ALLOW prevent=1            -> GOOD
  b  START STOP UNIT loej               -> 5/53/02
  b  PR PREEMPT AND ABORT key=2 newkey=1 -> GOOD
  b  START STOP UNIT loej               -> GOOD
  `,
);
