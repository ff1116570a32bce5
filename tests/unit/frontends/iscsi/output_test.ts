/** Tests of what a connection is about to send. */

import { assertEquals } from "@std/assert";
import {
  Output,
  PENDING_BYTES_MAX,
  SendBuffers,
} from "../../../../frontends/iscsi/output.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Builds a batch of PDUs. @returns bytes of each write that it takes */
function writesOf(
  output: Output,
  count: number,
  lengthBytes: number,
): readonly number[] {
  build(output, count, lengthBytes);
  const writes: number[] = [];
  for (let next = output.take(); next !== null; next = output.take()) {
    writes.push(next.length);
    output.sent(next);
  }
  return writes;
}

function build(output: Output, count: number, lengthBytes: number): number {
  for (let built = 0; built < count; built += 1) {
    if (!output.hasRoom) return built;
    output.reserve(lengthBytes);
    output.advance(lengthBytes);
  }
  return count;
}

Deno.test("A batch like the one before leaves in one write", () => {
  for (const [count, lengthBytes] of [[32, 4 * KIB], [8, 256 * KIB]] as const) {
    const output = new Output(new SendBuffers());
    writesOf(output, count, lengthBytes);
    assertEquals(writesOf(output, count, lengthBytes), [count * lengthBytes]);
    assertEquals(writesOf(output, count, lengthBytes), [count * lengthBytes]);
  }
});

Deno.test("A write that finds nothing new does not forget the batch", () => {
  const output = new Output(new SendBuffers());
  writesOf(output, 32, 4 * KIB);
  assertEquals(output.take(), null);
  assertEquals(writesOf(output, 32, 4 * KIB).length, 1);
});

Deno.test("Four reads of 1 MiB leave in one write, with their headers", () => {
  const output = new Output(new SendBuffers());
  writesOf(output, 16, 256 * KIB + 48);
  assertEquals(writesOf(output, 16, 256 * KIB + 48), [4 * MIB + 16 * 48]);
});

Deno.test("A peer that takes nothing makes a connection hold so much", () => {
  const output = new Output(new SendBuffers());
  let held = 0;
  for (let times = 0; times < 8; times += 1) {
    build(output, 100, 256 * KIB);
    output.take();
    held = Math.max(held, output.pendingBytes);
  }
  assertEquals(output.hasRoom, false);
  assertEquals(held <= PENDING_BYTES_MAX, true);
});

Deno.test("Many connections share a few huge buffers", () => {
  const buffers = new SendBuffers();
  const outputs = Array.from({ length: 20 }, () => new Output(buffers));
  for (const output of outputs) writesOf(output, 16, 256 * KIB);
  for (const output of outputs) build(output, 16, 256 * KIB);
  const sizes = outputs.map((output) => output.bytes.length);
  assertEquals(sizes.filter((size) => size > MIB).length, 2);
  assertEquals(sizes.filter((size) => size === MIB).length, 18);
});

Deno.test("A session that falls silent gives its large buffers back", () => {
  const output = new Output(new SendBuffers());
  writesOf(output, 16, 256 * KIB);
  writesOf(output, 1, 48);
  writesOf(output, 1, 48);
  build(output, 1, 48);
  assertEquals(output.bytes.length, KIB);
});

Deno.test("A hundred sessions get the buffers of their last batches again", () => {
  const buffers = new SendBuffers();
  const outputs = Array.from({ length: 100 }, () => new Output(buffers));
  for (const output of outputs) writesOf(output, 32, 4 * KIB);
  const buffersOf = (): Set<Uint8Array> => {
    for (const output of outputs) build(output, 32, 4 * KIB);
    const held = new Set(outputs.map((output) => output.bytes));
    for (const output of outputs) output.discard();
    return held;
  };
  const before = buffersOf();
  assertEquals([...before].every(({ length }) => length < MIB / 3), true);
  assertEquals(buffersOf().difference(before).size, 0);
});
