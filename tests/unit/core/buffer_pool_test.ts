import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BUFFER_LENGTH_MAX,
  BufferBudget,
  BufferPool,
} from "../../../core/mod.ts";
import { isSettled, settle } from "../../support/core_target.ts";

const MEBIBYTE = 2 ** 20;

function budget(limitBytes: number = 2 * BUFFER_LENGTH_MAX): BufferBudget {
  return new BufferBudget(new BufferPool(), limitBytes);
}

/** A buffer that must be at hand. */
function atHand(from: BufferBudget, lengthBytes: number): Uint8Array {
  const buffer = from.acquire(lengthBytes);
  assert(buffer instanceof Uint8Array);
  return buffer;
}

Deno.test("BufferPool.take() gives powers of two from 4 KiB to 4 MiB", () => {
  const pool = new BufferPool();
  const lengths = [0, 1, 4096, 4097, 8192, MEBIBYTE + 1, BUFFER_LENGTH_MAX]
    .map((length) => pool.take(length).length);
  assertEquals(lengths, [
    4096,
    4096,
    4096,
    8192,
    8192,
    2 * MEBIBYTE,
    BUFFER_LENGTH_MAX,
  ]);
});

Deno.test("BufferPool.take() gives idle buffers out again", () => {
  const pool = new BufferPool();
  const small = pool.take(4096);
  const large = pool.take(MEBIBYTE);
  pool.give(small);
  pool.give(large);
  assert(pool.take(MEBIBYTE) === large);
  assert(pool.take(100) === small);
  assert(pool.take(100) !== small);
});

Deno.test("BufferPool.give() keeps no more than 16 MiB", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 5 }, () => pool.take(BUFFER_LENGTH_MAX));
  for (const buffer of buffers) pool.give(buffer);
  const again = buffers.map(() => pool.take(BUFFER_LENGTH_MAX));
  const reused = again.filter((buffer) => buffers.includes(buffer));
  assertEquals(reused.length, 4);
});

Deno.test("BufferBudget lends until the limit, then lets wait", async () => {
  const lender = budget();
  const first = atHand(lender, BUFFER_LENGTH_MAX);
  const second = atHand(lender, BUFFER_LENGTH_MAX);
  assertEquals(lender.usedBytes, 2 * BUFFER_LENGTH_MAX);
  assertEquals(lender.try(1), null);
  const third = lender.acquire(1);
  assert(third instanceof Promise && !await isSettled(third));
  lender.release(first);
  assertEquals((await third).length, 4096);
  assertEquals(lender.usedBytes, BUFFER_LENGTH_MAX + 4096);
  lender.release(second);
});

Deno.test("BufferBudget serves who waits longest, however much", async () => {
  const lender = budget();
  const held = [1, 2].map(() => atHand(lender, BUFFER_LENGTH_MAX));
  const got: string[] = [];
  const large = lender.acquire(BUFFER_LENGTH_MAX);
  const small = lender.acquire(4096);
  assert(large instanceof Promise && small instanceof Promise);
  large.then(() => got.push("large"));
  small.then(() => got.push("small"));
  const [first, second] = held;
  assert(first && second);
  lender.release(first);
  await settle();
  assertEquals(got, ["large"]);
  lender.release(second);
  await settle();
  assertEquals(got, ["large", "small"]);
});

Deno.test("BufferBudget.giveUp() ends a wait and serves the next", async () => {
  const lender = budget();
  const first = atHand(lender, BUFFER_LENGTH_MAX);
  const second = atHand(lender, MEBIBYTE);
  const [one, other] = [{}, {}];
  const large = lender.acquire(BUFFER_LENGTH_MAX, one);
  const small = lender.acquire(MEBIBYTE, other);
  lender.giveUp({});
  assert(large instanceof Promise && !await isSettled(large));
  lender.giveUp(one);
  assertEquals(await large, null);
  assertEquals((await small)?.length, MEBIBYTE);
  lender.giveUp(other);
  assertEquals(lender.usedBytes, BUFFER_LENGTH_MAX + 2 * MEBIBYTE);
  lender.release(first);
  lender.release(second);
});

Deno.test("BufferBudget lets nobody overtake those who wait", async () => {
  const lender = budget();
  const first = atHand(lender, BUFFER_LENGTH_MAX);
  const second = atHand(lender, MEBIBYTE);
  const large = lender.acquire(BUFFER_LENGTH_MAX);
  const small = lender.acquire(4096);
  assert(large instanceof Promise && small instanceof Promise);
  assert(!await isSettled(small));
  lender.release(second);
  await large;
  assert(!await isSettled(small));
  lender.release(first);
  assertEquals((await small).length, 4096);
});

Deno.test("BufferBudget lends to several what one gives back", async () => {
  const lender = budget();
  const held = [1, 2].map(() => atHand(lender, BUFFER_LENGTH_MAX));
  const waiting = [1, 2, 3].map(() => lender.acquire(MEBIBYTE));
  const [first] = held;
  assert(first);
  lender.release(first);
  const buffers = await Promise.all(waiting);
  assertEquals(buffers.length, 3);
  assertEquals(lender.usedBytes, BUFFER_LENGTH_MAX + 3 * MEBIBYTE);
});

Deno.test("BufferBudget asserts what its users must keep", () => {
  assertThrows(() => budget(BUFFER_LENGTH_MAX - 1));
  assertThrows(() => budget().acquire(BUFFER_LENGTH_MAX + 1));
  const lender = budget();
  const buffer = atHand(lender, 1);
  lender.release(buffer);
  assertThrows(() => lender.release(buffer));
});

Deno.test("BufferBudget never deadlocks and never lends too much", async () => {
  const LENGTH = fc.integer({ min: 1, max: BUFFER_LENGTH_MAX });
  await fc.assert(
    fc.asyncProperty(
      fc.array(LENGTH, { maxLength: 30, size: "max" }),
      async (lengths) => {
        const lender = budget();
        let most = 0;
        const use = async (length: number) => {
          const buffer = await lender.acquire(length);
          most = Math.max(most, lender.usedBytes);
          await Promise.resolve();
          lender.release(buffer);
        };
        await Promise.all(lengths.map(use));
        assertEquals(lender.usedBytes, 0);
        assert(most <= 2 * BUFFER_LENGTH_MAX);
      },
    ),
    { seed: 7, numRuns: 50 },
  );
});
