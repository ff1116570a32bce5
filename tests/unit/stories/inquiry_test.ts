import { story } from "../../support/story_runner.ts";

story(
  "INQUIRY describes a disk",
  `
  lun 0 ramdisk
  a  INQUIRY -> GOOD data
     00.00.06.12.5b.10.10.02 4652454542534420         # FREEBSD
     43544c4449534b20.2020202020202020                # CTLDISK
     30303031 00*20 00.00 00c0.05c0.0960.0600.0460.04c0 00*26   # 0001
  a  INQUIRY length=36 -> GOOD length=36 @4=5b @32="0001" moves=36
  a  INQUIRY length=5  -> GOOD data 00.00.06.12.5b
  a  INQUIRY length=0  -> GOOD moves=0
  a  INQUIRY length=200 expect=8 -> GOOD moves=96 data 00.00.06.12.5b.10.10.02
  `,
);

story(
  "INQUIRY tells the names that options give",
  `
  lun 0 ramdisk vendor=ACME product=Rotor-9 revision=2.1
  a  INQUIRY -> GOOD length=96 @8="ACME    Rotor-9         2.1 "
  `,
);

story(
  "INQUIRY describes a removable disk, a processor and a CD",
  `
  lun 0 ramdisk removable=on
  lun 1 controlled type=3
  lun 2 ramdisk type=5
  a  INQUIRY   -> GOOD length=96 @0=00.80 @16="CTLDISK   "
     @58=00c0.05c0.0960.0600.0460.04c0
  a:1  INQUIRY -> GOOD length=96 @0=03.00 @16="CTLPROCESSOR    "
     @58=00c0.05c0.0960.0000.0460.0000
  a:2  INQUIRY -> GOOD length=96 @0=05.80 @16="CTLCDROM  "
     @58=00c0.05c0.0960.04e0.0460.0000
  `,
);

story(
  "INQUIRY of a LUN that is not there says so",
  `
  lun 0 ramdisk
  a:7  INQUIRY               -> GOOD length=96 @0=7f.00.06.12.5b
     @8="FREEBSD CTLDISK         0001" @58=00c0.05c0.0960.0600.0460.0000
  a:7  INQUIRY evpd page=00  -> GOOD data 7f.00.0001.00
  a:7  INQUIRY evpd page=80  -> 5/24/00 cdb=2
  a:7  TEST UNIT READY       -> 5/25/00
  `,
);

story(
  "INQUIRY refuses what it does not know",
  `
  lun 0 ramdisk
  a  INQUIRY page=80         -> 5/24/00 cdb=2
  a  INQUIRY evpd page=81    -> 5/24/00 cdb=2
  a  INQUIRY evpd page=ff    -> 5/24/00 cdb=2
  a  INQUIRY cdb=1:02        -> 5/24/00 cdb=1.1
  a  INQUIRY cdb=5:80        -> 5/24/00 cdb=5.7
  `,
);

story(
  "INQUIRY lists the VPD pages of each device type",
  `
  lun 0 ramdisk
  lun 1 controlled type=3
  lun 2 ramdisk type=5
  a  INQUIRY evpd page=00    -> GOOD data 00.00.000a
     00.80.83.86.87.88.92.b0.b1.b2
  a:1  INQUIRY evpd page=00  -> GOOD data 03.00.0007.00.80.83.86.87.88.92
  a:2  INQUIRY evpd page=00  -> GOOD data 05.00.0007.00.80.83.86.87.88.92
  a  INQUIRY evpd page=00 length=6  -> GOOD data 00.00.000a.00.80
  a:1  INQUIRY evpd page=b0  -> 5/24/00 cdb=2
  a:2  INQUIRY evpd page=b2  -> 5/24/00 cdb=2
  `,
);

story(
  "INQUIRY page 80h holds the serial number, padded",
  `
  lun 0 ramdisk
  lun 12 ramdisk
  lun 1 ramdisk serial=S-1
  lun 2 ramdisk serial=0123456789abcdef
  a  INQUIRY evpd page=80    -> GOOD length=20 @0=00.80.0010
     @4="MYSERIAL0000    "
  a:12  INQUIRY evpd page=80 -> GOOD length=20 @4="MYSERIAL0012    "
  a:1  INQUIRY evpd page=80  -> GOOD length=20 @4="S-1             "
  a:2  INQUIRY evpd page=80  -> GOOD length=20 @4="0123456789abcdef"
  `,
);

story(
  "INQUIRY page 83h names the unit, the port and the group",
  `
  lun 0 ramdisk naa=0x6001405abcdef012 deviceid=Disk-1
  a  INQUIRY evpd page=83 -> GOOD data 00.83.0038
     02.01.00.18.4652454542534420.4469736b2d31.00*10
     01.03.00.08.6001405abcdef012
     51.94.00.04.00000003
     51.95.00.04.00000001
  `,
);

story(
  "INQUIRY page 83h holds every name that options give",
  `
  lun 0 ramdisk scsiname=iqn.x eui=0011-2233-4455-6677
     naa=0x60014050123456789abcdef012345678
     uuid=00112233-4455-6677-8899-aabbccddeeff
  a  INQUIRY evpd page=83 -> GOOD data 00.83.006e
     02.01.00.18.4652454542534420.4d59444556494430303030.00*5
     03.08.00.08.69716e2e78.000000
     01.02.00.08.0011223344556677
     01.03.00.10.60014050123456789abcdef012345678
     01.0a.00.12.1000.00112233445566778899aabbccddeeff
     51.94.00.04.00000003
     51.95.00.04.00000001
  `,
);

story(
  "INQUIRY pages 86h and 87h: extended data, mode page policy",
  `
  lun 0 ramdisk
  lun 1 controlled cache=on
  a  INQUIRY evpd page=86   -> GOOD data 00.86.003c.00.1f.00.01.08.00.0001
     00.fc.00*50
  a:1  INQUIRY evpd page=86 -> GOOD data 00.86.003c.00.1f.01.01.08.00.0001
     00.fc.00*50
  a  INQUIRY evpd page=87   -> GOOD data 00.87.0004.3f.ff.00.00
  `,
);

story(
  "INQUIRY page 88h lists the ports on line that map the unit",
  `
  lun 0 ramdisk
  lun 1 ramdisk
  a  INQUIRY evpd page=88   -> GOOD data 00.88.000c
     0000.0003.00000000.0000.0000
  port second online
  a  INQUIRY evpd page=88   -> GOOD data 00.88.0018
     0000.0003.00000000.0000.0000
     0000.0004.00000000.0000.0000
  port second maps 0=1
  a  INQUIRY evpd page=88   -> GOOD length=16 @6=0003
  a:1  INQUIRY evpd page=88 -> GOOD length=28 @6=0003 @18=0004
  port second offline
  a:1  INQUIRY evpd page=88 -> GOOD length=16 @6=0003
  `,
);

story(
  "INQUIRY page B0h tells the limits of block commands",
  `
  lun 0 ramdisk
  lun 1 ramdisk unmap=off
  lun 2 ramdisk ublocksize=64k ublockoffset=1k
  a  INQUIRY evpd page=b0   -> GOOD data 00.b0.003c
     00.ff.0000.ffffffff.00000800.00000000
     ffffffff.00000fff.00000008.80000000
     00*8.00002000.00*16
  a:1  INQUIRY evpd page=b0 -> GOOD data 00.b0.003c
     00.ff.0000.ffffffff.00000800.00000000
     00000000.00000000.00000000.00000000
     00*8.00002000.00*16
  a:2  INQUIRY evpd page=b0 -> GOOD length=64 @28=00000080.8000007e
  `,
);

story(
  "INQUIRY pages B1h and B2h tell what the medium is like",
  `
  lun 0 ramdisk
  lun 1 ramdisk rpm=7200 formfactor=2 provisioning_type=resource
  lun 2 ramdisk provisioning_type=unknown
  lun 3 controlled unmaps=native
  a  INQUIRY evpd page=b1   -> GOOD data 00.b1.003c.0001.00.40.0b.00*55
  a  INQUIRY evpd page=b2   -> GOOD data 00.b2.0004.0b.e6.02.00
  a:1  INQUIRY evpd page=b1 -> GOOD data 00.b1.003c.1c20.00.42.0b.00*55
  a:1  INQUIRY evpd page=b2 -> GOOD data 00.b2.0004.0b.e6.01.00
  a:2  INQUIRY evpd page=b2 -> GOOD data 00.b2.0004.0b.e6.00.00
  a:3  INQUIRY evpd page=b2 -> GOOD data 00.b2.0004.0b.e4.02.00
  `,
);

story(
  "INQUIRY page 92h lists the feature sets",
  `
  lun 0 ramdisk
  lun 1 ramdisk unmap=off
  lun 2 controlled type=3
  lun 3 ramdisk type=5
  a  INQUIRY evpd page=92   -> GOOD data 00.92.000c.00000000
     0001.0101.0102.0103
  a:1  INQUIRY evpd page=92 -> GOOD data 00.92.000a.00000000
     0001.0101.0102
  a:2  INQUIRY evpd page=92 -> GOOD data 03.92.0006.00000000.0001
  a:3  INQUIRY evpd page=92 -> GOOD data 05.92.0006.00000000.0001
  a  INQUIRY evpd page=92 length=5 -> GOOD data 00.92.000c.00
  `,
);
