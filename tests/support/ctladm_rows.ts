/**
 * Tests of ctladm as rows: a line, and what it answers.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { MemoryDaemon } from "./memory_daemon.ts";

/** A line for ctladm, and what it answers. */
export interface Row {
  /** Words behind `ctladm`. */
  readonly line: string;
  /** Exit code; default 0. */
  readonly code?: number;
  /** Lines on standard output; default none. */
  readonly out?: readonly string[];
  /** Lines on standard error; default none. */
  readonly err?: readonly string[];
}

/**
 * Runs `body` with a daemon that has a RAM disk of 8 MiB as LUN 0, which
 * initiator 7 of the local port has met.
 */
export async function withDisk(
  body: (machine: MemoryDaemon) => Promise<void>,
): Promise<void> {
  await using machine = new MemoryDaemon();
  await machine.ctladm(
    "create -b ramdisk -s 8m -o capacity=8m -o naa=0x3102030405060708",
  );
  await machine.ctladm("tur 0");
  await body(machine);
}

/** Registers a test that gives lines to ctladm, one after the other. */
export function rowsTest(name: string, rows: readonly Row[]): void {
  Deno.test(name, () =>
    withDisk(async (machine) => {
      for (const { line, code = 0, out = [], err = [] } of rows) {
        const answer = await machine.ctladm(line);
        assertEquals([answer.lines, answer.errors], [out, err], line);
        assertEquals(answer.code, code, line);
      }
    }));
}
