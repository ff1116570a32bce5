/**
 * A target in memory with third-party copy, and an initiator that has blocks
 * copied by EXTENDED COPY.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { CopyRecord, CopyService } from "../../mod.ts";
import { COPIES } from "../../frontends/tpc/token.ts";
import type { LunWish } from "./core_target.ts";
import { copyList, type CopyWish, cscdOf } from "./copy_lists.ts";
import {
  extendedCopy,
  receiveCopyResults,
  receiveCopyStatus,
} from "./initiator/mod.ts";
import type { CommandResult, LocalInitiator } from "./local_initiator.ts";
import { endOf, TpcScene, tpcTest } from "./tpc_scene.ts";

/** Where a command goes, and who sends it. */
export interface CopyPlace {
  /** LUN; absent: 0. */
  readonly lun?: number;
  /** Who sends it; absent: the first initiator. */
  readonly by?: LocalInitiator;
}

/** The target and who talks to it. */
export class CopyScene extends TpcScene {
  /** The copies, as programs see them. */
  get copies(): CopyService {
    const service = this.test.target.plugins.service(COPIES);
    if (service === undefined) throw new TypeError("Nobody copies");
    return service;
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
  luns?: readonly LunWish[],
): void {
  tpcTest(CopyScene, name, body, luns);
}
