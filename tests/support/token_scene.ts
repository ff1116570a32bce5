/**
 * A target in memory with third-party copy, and an initiator that copies by
 * ROD tokens.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { codesOfSense } from "../../frontends/tpc/inner_initiator.ts";
import type { LunWish } from "./core_target.ts";
import {
  copyOperationAbort,
  populateToken,
  receiveRodTokenInformation,
  reportAllRodTokens,
  writeUsingToken,
} from "./initiator/mod.ts";
import type { CommandResult, LocalInitiator } from "./local_initiator.ts";
import {
  populateList,
  type PopulateWish,
  writeList,
  type WriteWish,
} from "./token_lists.ts";
import { endOf, TpcScene, tpcTest } from "./tpc_scene.ts";

/** Where a command goes, and who sends it. */
export interface TokenPlace {
  /** LUN; absent: 0 for what makes tokens, 1 for what writes. */
  readonly lun?: number;
  /** LIST IDENTIFIER; absent: 1 for what makes tokens, 2 for what writes. */
  readonly listId?: number;
  /** Who sends it; absent: the first initiator. */
  readonly by?: LocalInitiator;
}

/** What RECEIVE ROD TOKEN INFORMATION tells. */
export interface RodTokenInformation {
  /** RESPONSE TO SERVICE ACTION. */
  readonly serviceAction: number;
  /** COPY OPERATION STATUS. */
  readonly status: number;
  /** TRANSFER COUNT. */
  readonly transferCount: number;
  /** TRANSFER COUNT UNITS. */
  readonly units: number;
  /** `key/asc/ascq` in hexadecimal; "": none. */
  readonly sense: string;
  /** The token; null: none. */
  readonly token: Uint8Array | null;
}

/** COPY OPERATION STATUS as tests name it. */
export const OPERATION = {
  DONE: 0x01,
  FAILED: 0x02,
  PARTLY: 0x03,
  FOREGROUND: 0x11,
  BACKGROUND: 0x12,
  ABORTED: 0x60,
} as const;

/** The target and who talks to it. */
export class TokenScene extends TpcScene {
  /** Sends POPULATE TOKEN. */
  populate(
    wish: PopulateWish = {},
    place: TokenPlace = {},
  ): Promise<CommandResult> {
    const list = populateList(wish).buffer as ArrayBuffer;
    return this.sendPopulate(new Uint8Array(list), place);
  }

  /** Sends POPULATE TOKEN with a list as it is. */
  sendPopulate(
    list: Uint8Array,
    { lun = 0, listId = 1, by = this.a }: TokenPlace = {},
  ): Promise<CommandResult> {
    const cdb = populateToken(listId, list.length);
    return by.command(lun, cdb, { write: list });
  }

  /** Makes a token, which must succeed. */
  async makeToken(
    wish: PopulateWish = {},
    where: TokenPlace = {},
  ): Promise<Uint8Array> {
    const { status, sense } = await this.populate(wish, where);
    assertEquals([status, sense], [0, ""], "POPULATE TOKEN");
    const { token } = await this.information(where);
    if (token === null) throw new TypeError("There is no token");
    return token;
  }

  /** Sends WRITE USING TOKEN. */
  write(
    wish: WriteWish = {},
    place: TokenPlace = {},
  ): Promise<CommandResult> {
    const list = writeList(wish).buffer as ArrayBuffer;
    return this.sendWrite(new Uint8Array(list), place);
  }

  /** Sends WRITE USING TOKEN with a list as it is. */
  sendWrite(
    list: Uint8Array,
    { lun = 1, listId = 2, by = this.a }: TokenPlace = {},
  ): Promise<CommandResult> {
    const cdb = writeUsingToken(listId, list.length);
    return by.command(lun, cdb, { write: list });
  }

  /** Sends WRITE USING TOKEN; how it ends, as `0` or `5/23/04`. */
  async writes(
    wish: WriteWish = {},
    where: TokenPlace = {},
  ): Promise<string> {
    return endOf(await this.inTime(this.write(wish, where)));
  }

  /** What is told of an operation when it runs no more. */
  async whenEnded(where: TokenPlace): Promise<RodTokenInformation> {
    let told = await this.information(where);
    await this.passUntil(async () => {
      told = await this.information(where);
      return (told.status & 0x10) === 0;
    });
    return told;
  }

  /** Sends RECEIVE ROD TOKEN INFORMATION, which must succeed. */
  async information(
    { lun = 0, listId = 1, by = this.a }: TokenPlace = {},
  ): Promise<RodTokenInformation> {
    const cdb = receiveRodTokenInformation(listId, 2048);
    const result = await by.command(lun, cdb, { read: 2048 });
    assertEquals(endOf(result), "0", "RECEIVE ROD TOKEN INFORMATION");
    return decodeInformation(result.data);
  }

  /** What is told of an operation; undefined: there is none. */
  async informationIfAny(
    { lun = 0, listId = 1, by = this.a }: TokenPlace = {},
  ): Promise<RodTokenInformation | undefined> {
    const cdb = receiveRodTokenInformation(listId, 2048);
    const { status, data } = await by.command(lun, cdb, { read: 2048 });
    return status === 0 ? decodeInformation(data) : undefined;
  }

  /** Sends RECEIVE ROD TOKEN INFORMATION; how it ends. */
  async informationEnds(
    { lun = 0, listId = 1, by = this.a }: TokenPlace = {},
  ): Promise<string> {
    const cdb = receiveRodTokenInformation(listId, 2048);
    return endOf(await by.command(lun, cdb, { read: 2048 }));
  }

  /** Sends COPY OPERATION ABORT. */
  abort(
    { lun = 1, listId = 2, by = this.a }: TokenPlace = {},
  ): Promise<CommandResult> {
    return by.command(lun, copyOperationAbort(listId));
  }

  /** First bytes of the tokens that there are. */
  async reported(
    { lun = 0, by = this.a }: TokenPlace = {},
  ): Promise<Uint8Array[]> {
    const { data } = await by.command(lun, reportAllRodTokens(65535), {
      read: 65535,
    });
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    assertEquals(view.getUint32(0), data.length - 4);
    const count = (data.length - 8) / 96;
    return Array.from(
      { length: count },
      (_, index) => data.subarray(8 + 96 * index, 104 + 96 * index),
    );
  }
}

/** Registers a test with two LUNs, or others, and an initiator. */
export function tokenTest(
  name: string,
  body: (scene: TokenScene) => Promise<void>,
  luns?: readonly LunWish[],
): void {
  tpcTest(TokenScene, name, body, luns);
}

/** How a command ended, with the field and the INFORMATION of its sense. */
export function describeEnd(
  { status, sense, senseValue }: CommandResult,
): string {
  if (senseValue === null) return sense === "" ? String(status) : sense;
  const { field, information } = senseValue;
  const where = field === undefined
    ? ""
    : ` ${field.inCdb ? "cdb" : "list"} ${field.byte}`;
  return sense + where +
    (information === undefined ? "" : ` info ${information}`);
}

function decodeInformation(data: Uint8Array): RodTokenInformation {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  assertEquals(view.getUint32(0), data.length - 4, "AVAILABLE DATA");
  assertEquals(view.getUint8(13), view.getUint8(14));
  const senseLength = view.getUint8(14);
  const tokensAt = 32 + senseLength;
  const tokens = view.getUint32(tokensAt);
  assertEquals(data.length, tokensAt + 4 + tokens, "length");
  return {
    serviceAction: view.getUint8(4),
    status: view.getUint8(5),
    transferCount: Number(view.getBigUint64(16)),
    units: view.getUint8(15),
    sense: senseLength === 0 ? "" : codesOf(data.subarray(32)),
    token: tokens === 0 ? null : data.subarray(tokensAt + 6),
  };
}

function codesOf(sense: Uint8Array): string {
  const [key, asc, ascq] = codesOfSense(sense);
  const [one, other] = [asc, ascq].map((code) =>
    code.toString(16).padStart(2, "0")
  );
  return `${key.toString(16)}/${one}/${other}`;
}
