import { assert, assertEquals } from "@std/assert";
import { CANNOT_SHARE, OK } from "../../../../core/mod.ts";
import { isFault } from "../../../../backends/block/block_io.ts";
import {
  type CopyBytes,
  type CopyCalls,
  CopyEnd,
} from "../../../../backends/block/copy_end.ts";
import { ERRNO } from "../../../../backends/block/libc_adapter.ts";
import { settle } from "../../../support/core_target.ts";
import { Gate } from "./memory_io.ts";

const UNIT = 4096;
const ENOSPC = 28;
const MIB = 2 ** 20;

/** A C library that notes its calls, and fails with numbers. */
class NotedCalls implements CopyCalls {
  readonly calls: string[] = [];
  /** Error number of clones, in threads and in place; 0: none. */
  cloneErrno = 0;
  /** Error number of copies. */
  copyErrno = 0;
  /** Error number of copies in threads alone. */
  threadErrno = 0;
  size = 100 * MIB;
  gate: Gate | undefined;
  #errno = 0;

  clone: CopyCalls["clone"] = (toFd, { fd, position, length, toPosition }) => {
    this.calls.push(`clone ${fd}:${position}+${length} ${toFd}:${toPosition}`);
    return this.#result(this.cloneErrno, 0);
  };

  cloneLater: CopyCalls["cloneLater"] = async (toFd, range) => {
    await this.gate?.passed;
    return this.clone(toFd, range);
  };

  copy: CopyCalls["copy"] = ({ fd, position, length, toFd, toPosition }) => {
    this.calls.push(`copy ${fd}:${position}+${length} ${toFd}:${toPosition}`);
    return this.#result(this.copyErrno, length);
  };

  copyLater: CopyCalls["copyLater"] = async (copy) => {
    await this.gate?.passed;
    const copied = this.copy(copy);
    return this.#result(this.threadErrno, copied);
  };

  errno(): number {
    return this.#errno;
  }

  fileSystemStatus: CopyCalls["fileSystemStatus"] = () => ({
    ...{ isMemory: false, unitBytes: UNIT, availableBytes: 0 },
  });

  seek(): number {
    return this.size;
  }

  #result(errno: number, result: number): number {
    this.#errno = errno;
    return errno === 0 ? result : -1;
  }
}

function ends(): { calls: NotedCalls; from: CopyEnd; to: CopyEnd } {
  const calls = new NotedCalls();
  const from = new CopyEnd(calls, 3, "/data/from");
  return { calls, from, to: new CopyEnd(calls, 4, "/data/to") };
}

function bytesAt(
  position: number,
  toPosition: number,
  length: number,
): CopyBytes {
  return { position, toPosition, length };
}

Deno.test("CopyEnd.cloneTo shares whole units, up to the end", async () => {
  const { calls, from, to } = ends();
  calls.size = 3 * UNIT + 5;
  assertEquals(await from.cloneTo(to, bytesAt(UNIT, 0, 9 * UNIT)), 2 * UNIT);
  assertEquals(await from.cloneTo(to, bytesAt(3 * UNIT, 0, UNIT)), 0);
  assertEquals(await from.cloneTo(to, bytesAt(9 * UNIT, 0, UNIT)), 0);
  assertEquals(calls.calls, ["clone 3:4096+8192 4:0"]);
});

Deno.test("CopyEnd.cloneTo does slices", async () => {
  const { from, to } = ends();
  assertEquals(await from.cloneTo(to, bytesAt(0, 0, 90 * MIB)), 64 * MIB);
});

Deno.test("CopyEnd.cloneTo leaves alone what is not aligned", async () => {
  const { calls, from, to } = ends();
  assertEquals(await from.cloneTo(to, bytesAt(512, 0, MIB)), 0);
  assertEquals(await from.cloneTo(to, bytesAt(0, 512, MIB)), 0);
  assertEquals(await from.cloneTo(to, bytesAt(0, 0, 512)), 0);
  assertEquals(calls.calls, []);
});

Deno.test("CopyEnd.cloneTo asks a file system once", async () => {
  const { calls, from, to } = ends();
  for (const errno of [ERRNO.EOPNOTSUPP, ERRNO.EXDEV, ERRNO.EINVAL]) {
    const other = new CopyEnd(calls, errno, "/data/other");
    calls.cloneErrno = errno;
    assertEquals(await from.cloneTo(other, bytesAt(0, 0, MIB)), 0);
    calls.cloneErrno = 0;
    assertEquals(await from.cloneTo(other, bytesAt(0, 0, MIB)), 0);
  }
  // What one destination cannot another one may.
  assertEquals(await from.cloneTo(to, bytesAt(0, 0, MIB)), MIB);
});

Deno.test("CopyEnd.cloneTo tells faults that are none of sharing", async () => {
  const { calls, from, to } = ends();
  calls.cloneErrno = ENOSPC;
  const fault = await from.cloneTo(to, bytesAt(0, 0, MIB));
  assert(isFault(fault) && fault.cause === "no-space");
  assertEquals(
    fault.message,
    `Cannot copy 1048576 bytes at 0 of "/data/from" to "/data/to": ` +
      "ENOSPC (os error 28)",
  );
  calls.cloneErrno = 0;
  assertEquals(await from.cloneTo(to, bytesAt(0, 0, MIB)), MIB);
});

Deno.test("CopyEnd.copyTo copies slices", async () => {
  const { calls, from, to } = ends();
  assertEquals(await from.copyTo(to, bytesAt(0, UNIT, 90 * MIB)), 8 * MIB);
  assertEquals(calls.calls, ["copy 3:0+8388608 4:4096"]);
});

Deno.test("CopyEnd.copyTo stops where space can be shared", async () => {
  const { calls, from, to } = ends();
  const alike = bytesAt(512, UNIT + 512, MIB);
  assertEquals(await from.copyTo(to, alike), UNIT - 512);
  assertEquals(await from.copyTo(to, bytesAt(512, 0, MIB)), MIB);
  calls.cloneErrno = ERRNO.EOPNOTSUPP;
  assertEquals(await from.cloneTo(to, bytesAt(0, 0, MIB)), 0);
  assertEquals(await from.copyTo(to, alike), MIB);
});

Deno.test("CopyEnd.copyTo tells files that the system does not copy", async () => {
  const { calls, from, to } = ends();
  calls.copyErrno = ERRNO.EXDEV;
  const bytes = bytesAt(0, 0, MIB);
  assertEquals(await from.copyTo(to, bytes), CANNOT_SHARE);
  const count = calls.calls.length;
  assertEquals(await from.copyTo(to, bytes), CANNOT_SHARE);
  assertEquals(calls.calls.length, count);
});

Deno.test("CopyEnd.copyTo goes on where only the thread failed", async () => {
  const { calls, from, to } = ends();
  calls.threadErrno = ERRNO.EINTR;
  assertEquals(await from.copyTo(to, bytesAt(0, 0, MIB)), 65536);
  calls.copyErrno = ENOSPC;
  const fault = await from.copyTo(to, bytesAt(0, 0, MIB));
  assert(isFault(fault) && fault.cause === "no-space");
});

Deno.test("CopyEnd.cloneInto shares the units around a range", async () => {
  const { calls, from, to } = ends();
  assertEquals(await from.cloneInto(to, UNIT + 512, 70 * MIB), OK);
  assertEquals(calls.calls, [
    "clone 3:4096+67108864 4:4096",
    "clone 3:67112960+6295552 4:67112960",
  ]);
});

Deno.test("CopyEnd.cloneInto ends with the file", async () => {
  const { calls, from, to } = ends();
  calls.size = UNIT + 700;
  assertEquals(await from.cloneInto(to, 512, MIB), OK);
  assertEquals(await from.cloneInto(to, 9 * UNIT, UNIT), OK);
  assertEquals(calls.calls, ["clone 3:0+4796 4:0"]);
});

Deno.test("CopyEnd.cloneInto tells what cannot be shared", async () => {
  const { calls, from, to } = ends();
  calls.cloneErrno = ENOSPC;
  assert(isFault(await from.cloneInto(to, 0, MIB)));
  calls.cloneErrno = ERRNO.EOPNOTSUPP;
  assertEquals(await from.cloneInto(to, 0, MIB), CANNOT_SHARE);
});

Deno.test("CopyEnd.drain waits at both ends; to and fro do not lock", async () => {
  const { calls, from, to } = ends();
  const gate = calls.gate = new Gate();
  const copies = [
    from.copyTo(to, bytesAt(0, 0, MIB)),
    to.copyTo(from, bytesAt(0, 0, MIB)),
    from.copyTo(from, bytesAt(0, MIB, MIB)),
  ];
  let drained = 0;
  const drains = [from, to].map(async (each) => {
    await each.drain();
    drained += 1;
  });
  await settle();
  assertEquals(drained, 0);
  gate.open();
  assertEquals(await Promise.all(copies), [MIB, MIB, MIB]);
  await Promise.all(drains);
});
