/**
 * A target in memory with third-party copy, and an initiator that has blocks
 * copied by EXTENDED COPY.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { CopyRecord, CopyService, LogicalUnit } from "../../mod.ts";
import { plugin as tpc } from "../../frontends/tpc/mod.ts";
import { COPIES } from "../../frontends/tpc/token.ts";
import {
  type LunWish,
  settle,
  targetTest,
  type TestTarget,
} from "./core_target.ts";
import { copyList, type CopyWish, cscdOf } from "./copy_lists.ts";
import {
  extendedCopy,
  read16,
  receiveCopyResults,
  receiveCopyStatus,
  write16,
} from "./initiator/mod.ts";
import type { CommandResult, LocalInitiator } from "./local_initiator.ts";

/** Where a command goes, and who sends it. */
export interface CopyPlace {
  /** LUN; absent: 0. */
  readonly lun?: number;
  /** Who sends it; absent: the first initiator. */
  readonly by?: LocalInitiator;
}

/** Milliseconds that tests wait for an end. */
const MS_MAX = 2000;

/** The target and who talks to it. */
export class CopyScene {
  /** The target. */
  readonly test: TestTarget;
  /** Its first initiator. */
  readonly a: LocalInitiator;

  /** Made by {@linkcode copyTest}. */
  constructor(test: TestTarget, a: LocalInitiator) {
    this.test = test;
    this.a = a;
  }

  /** The copies, as programs see them. */
  get copies(): CopyService {
    const service = this.test.target.plugins.service(COPIES);
    if (service === undefined) throw new TypeError("Nobody copies");
    return service;
  }

  /** A LUN. */
  unit(number: number): LogicalUnit {
    const unit = this.test.target.luns.get(number);
    if (unit === undefined) throw new TypeError(`There is no LUN ${number}`);
    return unit;
  }

  /** Sends EXTENDED COPY; absent CSCDs: LUN 0 and LUN 1 by their NAA. */
  copy(wish: CopyWish, place: CopyPlace = {}): Promise<CommandResult> {
    const cscds = wish.cscds ?? [cscdOf(this.unit(0)), cscdOf(this.unit(1))];
    return this.send(copyList({ ...wish, cscds }), wish.form, place);
  }

  /** Sends EXTENDED COPY with a list as it is. */
  send(
    list: Uint8Array,
    form: CopyWish["form"] = "LID1",
    { lun = 0, by = this.a }: CopyPlace = {},
  ): Promise<CommandResult> {
    const cdb = extendedCopy(list.length);
    cdb[1] = form === "LID1" ? 0 : 1;
    return by.command(lun, cdb, { write: list });
  }

  /** Sends EXTENDED COPY; how it ends, as `0` or `a/0d/01`. */
  async ends(wish: CopyWish, place: CopyPlace = {}): Promise<string> {
    return endOf(await this.inTime(this.copy(wish, place)));
  }

  /** Lets time pass, millisecond by millisecond, until something has ended. */
  async inTime<Result>(ending: Promise<Result>): Promise<Result> {
    let ended = false;
    const end = () => void (ended = true);
    ending.then(end, end);
    for (let ms = 0; !ended; ms += 1) {
      if (ms > MS_MAX) throw new TypeError("It does not end");
      await settle(200);
      if (!ended) this.test.host.clock.advance(1);
    }
    return await ending;
  }

  /** Writes blocks of one LUN. */
  async fill(lun: number, lba: number, data: Uint8Array): Promise<void> {
    const { blockLength } = this.unit(lun).geometry;
    const cdb = write16(lba, data.length / blockLength);
    const result = await this.a.command(lun, cdb, { write: data });
    assertEquals(endOf(result), "0", "WRITE(16)");
  }

  /** Reads blocks of one LUN. */
  async blocks(lun: number, lba: number, count: number): Promise<Uint8Array> {
    const read = count * this.unit(lun).geometry.blockLength;
    const result = await this.a.command(lun, read16(lba, count), { read });
    assertEquals(endOf(result), "0", "READ(16)");
    return result.data;
  }

  /** Sends RECEIVE COPY RESULTS of the first form. */
  results(
    serviceAction: number,
    listId = 1,
    { lun = 0, by = this.a }: CopyPlace = {},
  ): Promise<CommandResult> {
    const cdb = receiveCopyResults(serviceAction, listId);
    return by.command(lun, cdb, { read: 1024 });
  }

  /** Sends RECEIVE COPY STATUS(LID4). */
  status(
    listId = 1,
    { lun = 0, by = this.a }: CopyPlace = {},
  ): Promise<CommandResult> {
    return by.command(lun, receiveCopyStatus(listId), { read: 1024 });
  }

  /** The one copy that there is, as programs see it. */
  get record(): CopyRecord {
    const [record, ...others] = this.copies.list();
    assertEquals(others, []);
    if (record === undefined) throw new TypeError("There is no copy");
    return record;
  }
}

/** Registers a test with two LUNs, or others, and an initiator. */
export function copyTest(
  name: string,
  body: (scene: CopyScene) => Promise<void>,
  luns: readonly LunWish[] = [{}, {}],
): void {
  targetTest(name, async (test) => {
    test.plugins.set("tpc", Promise.resolve(tpc));
    await test.target.plugins.load("tpc");
    for (const wish of luns) await test.addLun(wish);
    const a = await test.connectReady("a");
    await body(new CopyScene(test, a));
  });
}

/** How a command ended: its status, or its sense. */
export function endOf({ status, sense }: CommandResult): string {
  return sense === "" ? String(status) : sense;
}
