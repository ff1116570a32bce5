import { assertEquals } from "@std/assert";
import {
  CLONE_RANGE_BYTES,
  decodeRusage,
  decodeStatfs,
  decodeStatx,
  deviceNumberOf,
  encodeCloneRange,
  queueFiles,
  RUSAGE_BYTES,
  STATFS_BYTES,
  STATX_BYTES,
} from "../../../../backends/block/libc_structs.ts";

Deno.test("decodeStatx reads a file of 10 GiB with 3 MiB in use", () => {
  const view = new DataView(new ArrayBuffer(STATX_BYTES));
  view.setUint32(4, 4096, true);
  view.setUint16(28, 0o100644, true);
  view.setBigUint64(32, 2146421n, true);
  view.setBigUint64(40, 10n * 2n ** 30n, true);
  view.setBigUint64(48, 6144n, true);
  view.setUint32(136, 254, true);
  assertEquals(decodeStatx(view), {
    isFile: true,
    isDevice: false,
    sizeBytes: 10 * 2 ** 30,
    usedBytes: 3 * 2 ** 20,
    unitBytes: 4096,
    inode: 2146421,
    liesOn: { major: 254, minor: 0 },
    device: { major: 0, minor: 0 },
  });
});

Deno.test("decodeStatx knows a block device", () => {
  const view = new DataView(new ArrayBuffer(STATX_BYTES));
  view.setUint16(28, 0o060600, true);
  view.setUint32(128, 7, true);
  view.setUint32(132, 3, true);
  const status = decodeStatx(view);
  assertEquals([status.isFile, status.isDevice], [false, true]);
  assertEquals(status.device, { major: 7, minor: 3 });
});

Deno.test("decodeRusage counts what was given up, not what was taken", () => {
  const view = new DataView(new ArrayBuffer(RUSAGE_BYTES));
  view.setBigInt64(128, 5n, true);
  view.setBigInt64(136, 9n, true);
  assertEquals(decodeRusage(view).voluntarySwitches, 5);
});

Deno.test("decodeStatfs knows memory, and what is left", () => {
  const view = new DataView(new ArrayBuffer(STATFS_BYTES));
  view.setUint32(0, 0x01021994, true);
  view.setUint32(8, 4096, true);
  view.setBigUint64(32, 2n ** 20n, true);
  const expected = {
    isMemory: true,
    unitBytes: 4096,
    availableBytes: 2 ** 32,
  };
  assertEquals(decodeStatfs(view), expected);
  view.setUint32(0, 0xef53, true);
  assertEquals(decodeStatfs(view).isMemory, false);
});

Deno.test("deviceNumberOf takes large minor numbers apart", () => {
  assertEquals(deviceNumberOf(65024), { major: 254, minor: 0 });
  assertEquals(deviceNumberOf(0x10800b02), { major: 11, minor: 0x10802 });
});

Deno.test("queueFiles names the disk's queue for a partition", () => {
  assertEquals(queueFiles({ major: 8, minor: 1 }, "logical_block_size"), [
    "/sys/dev/block/8:1/queue/logical_block_size",
    "/sys/dev/block/8:1/../queue/logical_block_size",
  ]);
});

Deno.test("encodeCloneRange writes every byte", () => {
  const bytes = new Uint8Array(CLONE_RANGE_BYTES).fill(0xa5);
  encodeCloneRange(new DataView(bytes.buffer), {
    ...{ fd: 7, position: 2 ** 40 + 4096, length: 2 ** 26, toPosition: 8192 },
  });
  assertEquals(
    bytes.toHex(),
    "0700000000000000" + "0010000000010000" + "0000000400000000" +
      "0020000000000000",
  );
});
