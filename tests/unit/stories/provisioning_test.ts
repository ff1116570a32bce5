import { story } from "../../support/story_runner.ts";

story(
  "WRITE SAME repeats one block",
  `
  lun 0 ramdisk size=4m
  a ready
  a  WRITE SAME(10) lba=1 n=3 data=a1     -> GOOD moves=512
  a  WRITE SAME(16) lba=5 n=2 data=a2     -> GOOD moves=512
  a  READ(10) lba=0 n=8      -> GOOD blocks=00,a1*3,00,a2*2,00
  a  WRITE SAME(16) lba=2 n=4 ndob        -> GOOD moves=0
  a  READ(10) lba=0 n=8      -> GOOD blocks=00,a1,00*4,a2,00
  a  WRITE SAME(10) lba=100 n=5000 data=a3 -> GOOD
  a  READ(10) lba=99 n=5002  -> GOOD blocks=00,a3*5000,00
  `,
);

story(
  "WRITE SAME of count 0 goes to the end of the medium",
  `
  lun 0 ramdisk size=1m
  a ready
  a  WRITE SAME(10) lba=2040 n=0 data=a1  -> GOOD
  a  READ(10) lba=2039 n=9                -> GOOD blocks=00,a1*8
  a  WRITE SAME(16) lba=2044 n=0 data=a2  -> GOOD
  a  READ(10) lba=2039 n=9                -> GOOD blocks=00,a1*4,a2*4
  a  WRITE SAME(10) lba=2049 n=0 data=a1  -> 5/21/00 info=2049
  a  WRITE SAME(10) lba=2040 n=9 data=a1  -> 5/21/00 info=2048
  a  WRITE SAME(16) lba=0xffffffffffffffff n=0 data=a1 -> 5/21/00
  `,
);

story(
  "WRITE SAME with LBDATA writes each block's own address into it",
  `
  lun 0 ramdisk size=4m
  a ready
  a  WRITE SAME(10) lba=256 n=3 data=a1 lbdata -> GOOD
  a  READ(10) lba=256 n=3  -> GOOD length=1536
     @0=00000100.a1 @512=00000101.a1 @1024=00000102.a1 @1535=a1
  a  WRITE SAME(16) lba=0 n=4000 data=a1 lbdata -> GOOD
  a  READ(10) lba=3999 n=2 -> GOOD length=1024 @0=00000f9f.a1 @512=00
  `,
);

story(
  "WRITE SAME with UNMAP unmaps whatever the block holds",
  `
  lun 0 ramdisk size=4m
  a ready
  a  WRITE(10) lba=0 data=a1*32                    -> GOOD
  a  WRITE SAME(10) lba=0 n=8 data=00 unmap        -> GOOD
  a  GET LBA STATUS lba=0 -> GOOD @4=0000*2 length=24 @16=00000008.01
  a  WRITE SAME(16) lba=8 n=8 ndob unmap           -> GOOD
  a  GET LBA STATUS lba=0 -> GOOD length=24 @16=00000010.01
  a  WRITE SAME(16) lba=16 n=8 data=b1 unmap       -> GOOD
  a  READ(10) lba=0 n=32   -> GOOD blocks=00*24,a1*8
  a  WRITE SAME(16) lba=24 n=8 ndob unmap anchor   -> GOOD
  a  GET LBA STATUS lba=24 -> GOOD length=24 @16=00000008.02
  a  READ(10) lba=24 n=8   -> GOOD blocks=00*8
  `,
);

story(
  "WRITE SAME leaves zeroes to the store if it has a way of its own",
  `
  lun 0 controlled zeroes=on size=2m
  lun 1 controlled zeroes=on size=2m cache=on
  a ready
  a ready 1
  store calls
  a:1  WRITE(10) lba=0 data=a1*3               -> GOOD
  store calls write 0 3
  a:1  WRITE SAME(10) lba=0 n=2 data=00        -> GOOD
  a:1  WRITE SAME(16) lba=2 n=0 ndob           -> GOOD
  store calls writeZeroes 0 2, writeZeroes 2 4094
  a:1  WRITE SAME(10) lba=0 n=1 data=00 lbdata -> GOOD
  a:1  WRITE SAME(10) lba=1 n=1 data=01        -> GOOD
  store calls write 0 1, write 1 1
  store fails write no-space
  a:1  WRITE SAME(16) lba=0 n=8 ndob           -> 7/27/07
  `,
);

story(
  "WRITE SAME and COMPARE AND WRITE want just their data",
  `
  lun 0 ramdisk
  a ready
  a  WRITE SAME(10) lba=0 n=1 data=00 expect=256    -> 5/0e/03 moves=512
  a  WRITE SAME(10) lba=0 n=1 data=00*2             -> 5/0e/03 moves=0
  a  WRITE SAME(16) lba=0 n=1 data=00*2 unmap       -> 5/0e/03
  a  COMPARE AND WRITE lba=0 n=1 data=00*4          -> 5/0e/03
  a  COMPARE AND WRITE lba=0 n=3 data=00*4          -> 5/0e/03
  `,
);

story(
  "GET LBA STATUS tells of whole mapped physical blocks",
  `
  lun 0 ramdisk size=1m
  a ready
  a  WRITE(10) lba=0 data=a1*24  -> GOOD
  a  GET LBA STATUS lba=8        -> GOOD length=24 @12=00000008.00000010.00
  a  GET LBA STATUS lba=9        -> GOOD length=24 @12=00000010.00000008.00
  a  GET LBA STATUS lba=17       -> GOOD length=24 @12=00000011.00000007.00
  a  GET LBA STATUS lba=25       -> GOOD length=24 @12=00000019.000007e7.01
  `,
);

story(
  "WRITE SAME refuses flags that do not go together",
  `
  lun 0 ramdisk
  lun 1 ramdisk unmap=off
  a ready
  a ready 1
  a  WRITE SAME(10) lba=0 n=1 data=00 anchor         -> 5/24/00 cdb=1.4
  a  WRITE SAME(10) lba=0 n=1 data=00 lbdata unmap   -> 5/24/00 cdb=1.1
  a  WRITE SAME(16) lba=0 n=1 ndob lbdata            -> 5/24/00 cdb=1.1
  a  WRITE SAME(10) lba=0 n=1 data=00 cdb=1:01       -> 5/24/00 cdb=1.0
  a  WRITE SAME(10) lba=0 n=1 data=00 cdb=1:04       -> 5/24/00 cdb=1.2
  a  WRITE SAME(16) lba=0 n=1 data=00 cdb=1:20       -> 5/24/00 cdb=1.5
  a:1  WRITE SAME(10) lba=0 n=1 data=00 unmap        -> 5/24/00 cdb=1.3
  a:1  WRITE SAME(16) lba=0 n=1 ndob unmap anchor    -> 5/24/00 cdb=1.3
  a:1  WRITE SAME(10) lba=0 n=1 data=a1              -> GOOD
  a  WRITE SAME(10) lba=0 n=1                        -> 5/0e/03
  `,
);

story(
  "WRITE SAME keeps to the limit of option write_same_max_lba",
  `
  lun 0 ramdisk write_same_max_lba=16 size=1m
  lun 1 ramdisk write_same_max_lba=4k size=1m
  a ready
  a ready 1
  a  INQUIRY evpd page=b0 length=64            -> GOOD length=64
     @4=01.ff @36=00000000.00000010
  a  WRITE SAME(10) lba=0 n=16 data=a1         -> GOOD
  a  WRITE SAME(10) lba=0 n=17 data=a1         -> 5/24/00 cdb=7
  a  WRITE SAME(16) lba=0 n=17 data=a1         -> 5/24/00 cdb=10
  a  WRITE SAME(10) lba=0 n=0 data=a1          -> 5/24/00 cdb=7
  a  WRITE SAME(16) lba=2032 n=0 data=a1       -> GOOD
  a:1  INQUIRY evpd page=b0 length=64          -> GOOD length=64 @4=00.ff
  a:1  WRITE SAME(10) lba=0 n=0 data=a1        -> GOOD
  `,
);

story(
  "WRITE SAME maps faults and stops at the first",
  `
  lun 0 controlled size=4m unmaps=native
  a ready
  store fails write no-space
  a  WRITE SAME(10) lba=0 n=1200 data=a1        -> 7/27/07
  store fails unmap hardware
  a  WRITE SAME(10) lba=0 n=8 data=00 unmap     -> 3/0c/02
  a  WRITE SAME(10) lba=0 n=1200 data=a1        -> GOOD
  store calls write 0 512, unmap 0 8, write 0 512, write 512 512,
    write 1024 176
  `,
);

story(
  "UNMAP frees what its descriptors name",
  `
  lun 0 ramdisk size=4m
  a ready
  a  WRITE(10) lba=0 data=a1*64          -> GOOD
  a  UNMAP ranges=0+8,16+8,40+4          -> GOOD moves=56
  a  READ(10) lba=0 n=64  -> GOOD blocks=00*8,a1*8,00*8,a1*16,00*4,a1*20
  a  UNMAP ranges=48+8 anchor            -> GOOD
  a  GET LBA STATUS lba=48 -> GOOD length=24 @16=00000008.02
  a  UNMAP ranges=                       -> GOOD moves=8
  a  UNMAP length=0                      -> GOOD moves=0
  a  UNMAP ranges=5+0,2048+0,9999+0      -> GOOD
  `,
);

story(
  "UNMAP anchors only where the store can",
  `
  lun 0 controlled unmaps=native
  lun 1 controlled unmaps=native anchors=on
  a ready
  a ready 1
  a:1  UNMAP ranges=0+8 anchor           -> GOOD
  store calls unmap 0 8 anchor
  lun 2 controlled unmaps=native
  a ready 2
  a:2  UNMAP ranges=0+8 anchor                        -> 5/24/00 cdb=1.0
  a:2  WRITE SAME(16) lba=0 n=8 ndob unmap anchor     -> 5/24/00 cdb=1.4
  store calls
  `,
);

story(
  "UNMAP checks its whole list before it unmaps anything",
  `
  lun 0 ramdisk size=1m
  a ready
  a  WRITE(10) lba=0 data=a1*64           -> GOOD
  a  UNMAP ranges=0+8,2047+2              -> 5/21/00 info=2048
  a  UNMAP ranges=0+8,5000+1              -> 5/21/00 info=5000
  a  UNMAP ranges=0+8,0xffffffffffffffff+1 -> 5/21/00
  a  READ(10) lba=0 n=8                   -> GOOD blocks=a1*8
  `,
);

story(
  "UNMAP refuses lists that are cut or contradict themselves",
  `
  lun 0 ramdisk size=1m
  a ready
  a  UNMAP list=0006                               -> 5/1a/00
  a  UNMAP list=0006000000000000 length=7          -> 5/1a/00
  a  UNMAP list=0006.0000.00000000                 -> GOOD
  a  UNMAP list=0000.0000.00000000                 -> 5/26/00 list=0
  a  UNMAP list=0006.0010.00000000.00*16           -> 5/26/00 list=0
  a  UNMAP list=0016.0010.00000000.00*15           -> 5/1a/00
  a  UNMAP list=0016.0010.00000000.00*16           -> GOOD
  a  UNMAP list=0026.0018.00000000.00*24           -> GOOD
  a  UNMAP ranges=0+1 length=25                    -> 5/0e/03
  a  UNMAP ranges=0+1 cdb=1:02                     -> 5/24/00 cdb=1.1
  a  UNMAP ranges=0+1 cdb=6:7f                     -> 5/24/00 cdb=6.6
  `,
);

story(
  "UNMAP keeps to the limits of its options",
  `
  lun 0 ramdisk size=1m unmap_max_lba=16 unmap_max_descr=2
  a ready
  a  INQUIRY evpd page=b0 length=64   -> GOOD length=64
     @20=00000010.00000002.00000008.80000000
  a  UNMAP ranges=0+8,8+8             -> GOOD
  a  UNMAP ranges=0+17                -> 5/26/00 list=16
  a  UNMAP ranges=0+8,8+9             -> 5/26/00 list=32
  a  UNMAP ranges=0+1,1+1,2+1         -> 5/26/00 list=2
  `,
);

story(
  "UNMAP is no command of a unit that cannot unmap",
  `
  lun 0 ramdisk unmap=off
  lun 1 controlled
  a ready
  a ready 1
  a  UNMAP ranges=0+1                   -> 5/20/00 cdb=0
  a:1  UNMAP ranges=0+1                 -> 5/20/00 cdb=0
  a  INQUIRY evpd page=b2 length=8      -> GOOD data 00.b2.0004.0b.00.00.00
  a  READ CAPACITY(16)                  -> GOOD length=32 @14=0000
  a  RSOC option=1 op=42                -> GOOD data 00.01.0000
  `,
);

story(
  "UNMAP maps faults of the store",
  `
  lun 0 controlled unmaps=emulated
  a ready
  store fails unmap medium
  a  UNMAP ranges=0+1,8+1               -> 3/0c/02
  store calls unmap 0 1
  store fails unmap no-space
  a  UNMAP ranges=0+1                   -> 7/27/07
  store fails unmap offline
  a  UNMAP ranges=0+1                   -> BUSY
  `,
);

story(
  "UNMAP of a large range lets others have their turns",
  `
  lun 0 ramdisk size=4096m
  a ready
  a  WRITE(10) lba=0 data=a1             -> GOOD
  a  UNMAP ranges=0+8388608              -> GOOD
  a  READ(10) lba=0 n=1                  -> GOOD blocks=00
  `,
);

story(
  "GET LBA STATUS tells the run of blocks that begins at its LBA",
  `
  lun 0 ramdisk size=1m
  a ready
  a  GET LBA STATUS lba=0 -> GOOD data 00000014.00000000
     00000000.00000000.00000800.01.000000
  a  WRITE(10) lba=16 data=a1*8   -> GOOD
  a  GET LBA STATUS lba=0 -> GOOD data 00000014.00000000
     00000000.00000000.00000010.01.000000
  a  GET LBA STATUS lba=16 -> GOOD data 00000014.00000000
     00000000.00000010.00000008.00.000000
  a  GET LBA STATUS lba=20 -> GOOD data 00000014.00000000
     00000000.00000014.00000004.00.000000
  a  GET LBA STATUS lba=2047 -> GOOD data 00000014.00000000
     00000000.000007ff.00000001.01.000000
  a  GET LBA STATUS lba=2048                    -> 5/21/00 info=2048
  a  GET LBA STATUS lba=0xffffffffffffffff      -> 5/21/00
  a  GET LBA STATUS lba=0 length=10  -> GOOD data 00000014.00000000.0000
  a  GET LBA STATUS lba=0 length=0              -> GOOD
  a  GET LBA STATUS lba=0 cdb=14:01             -> 5/24/00 cdb=14.0
  `,
);

story(
  "GET LBA STATUS says mapped where the store does not know",
  `
  lun 0 controlled size=512k
  lun 1 controlled extents=on size=512k
  a ready
  a ready 1
  a  GET LBA STATUS lba=1000  -> GOOD data 00000014.00000000
     00000000.000003e8.00000018.00.000000
  store calls
  a:1  GET LBA STATUS lba=1000  -> GOOD data 00000014.00000000
     00000000.000003e8.00000018.00.000000
  store calls extent 1000 24
  store fails extent medium
  a:1  GET LBA STATUS lba=0     -> 3/11/00
  `,
);

story(
  "READ CAPACITY tells the last block and how blocks are made",
  `
  lun 0 ramdisk size=32m
  lun 1 ramdisk blocksize=4k size=1m
  lun 2 ramdisk size=1m pblocksize=64k pblockoffset=1k
  a ready
  a ready 1
  a ready 2
  a  READ CAPACITY(10)           -> GOOD data 0000ffff.00000200
  a  READ CAPACITY(16)           -> GOOD data 00000000.0000ffff.00000200
     00.03.c000.00*16
  a  READ CAPACITY(16) length=12 -> GOOD data 00000000.0000ffff.00000200
  a  READ CAPACITY(16) length=0  -> GOOD
  a:1  READ CAPACITY(10)         -> GOOD data 000000ff.00001000
  a:1  READ CAPACITY(16)         -> GOOD data 00000000.000000ff.00001000
     00.00.c000.00*16
  a:2  READ CAPACITY(16)         -> GOOD data 00000000.000007ff.00000200
     00.07.c07e.00*16
  a  READ CAPACITY(10) cdb=8:01  -> 5/24/00 cdb=8.0
  a  READ CAPACITY(10) cdb=2:01  -> 5/24/00 cdb=2.0
  a  READ CAPACITY(16) cdb=14:01 -> 5/24/00 cdb=14.0
  `,
);

story(
  "READ CAPACITY(10) says FFFFFFFFh when it cannot tell",
  `
  lun 0 ramdisk size=3145728m
  a ready
  a  READ CAPACITY(10)  -> GOOD data ffffffff.00000200
  a  READ CAPACITY(16)  -> GOOD data 00000001.7fffffff.00000200
     00.03.c000.00*16
  a  WRITE(16) lba=0x17ffffffe data=a1,a2 -> GOOD
  a  READ(16) lba=0x17ffffffe n=2         -> GOOD blocks=a1,a2
  a  READ(16) lba=0x17fffffff n=2         -> 5/21/00 info=6442450944
  `,
);
