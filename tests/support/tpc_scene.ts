/**
 * A target in memory with third-party copy, and an initiator.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { LogicalUnit, MaybePromise } from "../../mod.ts";
import { plugin as tpc } from "../../frontends/tpc/mod.ts";
import {
  type LunWish,
  settle,
  targetTest,
  type TestTarget,
} from "./core_target.ts";
import { read16, write16 } from "./initiator/mod.ts";
import type { CommandResult, LocalInitiator } from "./local_initiator.ts";

/** Milliseconds that tests wait for an end. */
const MS_MAX = 2000;

/** The target and who talks to it. */
export class TpcScene {
  /** The target. */
  readonly test: TestTarget;
  /** Its first initiator. */
  readonly a: LocalInitiator;

  /** Made by {@linkcode tpcTest}. */
  constructor(test: TestTarget, a: LocalInitiator) {
    this.test = test;
    this.a = a;
  }

  /** A LUN. */
  unit(number: number): LogicalUnit {
    const unit = this.test.target.luns.get(number);
    if (unit === undefined) throw new TypeError(`There is no LUN ${number}`);
    return unit;
  }

  /** Bytes of a block of a LUN. */
  blockLength(lun: number): number {
    return this.unit(lun).geometry.blockLength;
  }

  /** Lets time pass, millisecond by millisecond, until something has ended. */
  async inTime<Result>(ending: Promise<Result>): Promise<Result> {
    let ended = false;
    const end = () => void (ended = true);
    ending.then(end, end);
    await this.passUntil(() => ended);
    return await ending;
  }

  /** Lets time pass, millisecond by millisecond, until something is so. */
  async passUntil(isSo: () => MaybePromise<boolean>): Promise<void> {
    for (let ms = 0; ms <= MS_MAX; ms += 1) {
      await settle(200);
      if (await isSo()) return;
      this.test.host.clock.advance(1);
    }
    throw new TypeError("It does not end");
  }

  /** Writes blocks of one LUN. */
  async fill(lun: number, lba: number, data: Uint8Array): Promise<void> {
    const cdb = write16(lba, data.length / this.blockLength(lun));
    const result = await this.a.command(lun, cdb, { write: data });
    assertEquals(endOf(result), "0", "WRITE(16)");
  }

  /** Reads blocks of one LUN. */
  async blocks(lun: number, lba: number, count: number): Promise<Uint8Array> {
    const read = count * this.blockLength(lun);
    const result = await this.a.command(lun, read16(lba, count), { read });
    assertEquals(endOf(result), "0", "READ(16)");
    return result.data;
  }
}

/** Registers a test of a scene with two LUNs, or others. */
export function tpcTest<Scene extends TpcScene>(
  Scene: new (test: TestTarget, a: LocalInitiator) => Scene,
  name: string,
  body: (scene: Scene) => Promise<void>,
  luns: readonly LunWish[] = [{}, {}],
): void {
  targetTest(name, async (test) => {
    test.plugins.set("tpc", Promise.resolve(tpc));
    await test.target.plugins.load("tpc");
    for (const wish of luns) await test.addLun(wish);
    await body(new Scene(test, await test.connectReady("a")));
  });
}

/** How a command ended: its status, or its sense. */
export function endOf({ status, sense }: CommandResult): string {
  return sense === "" ? String(status) : sense;
}
