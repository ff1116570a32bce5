/**
 * The laws of every codec: golden bytes both ways, round trip, stale bytes,
 * a cut at every length.
 */

import { assertEquals } from "@std/assert";
import {
  decodeFrame,
  encodeFrame,
  FRAME,
  type FrameHeader,
  frameLength,
  HEADER_LENGTH,
} from "../../../../frontends/camtgt/wire/frame.ts";
import {
  decodeCommand,
  decodeLength,
  decodeLogin,
  encodeCommand,
  encodeLength,
  encodeLogin,
} from "../../../../frontends/camtgt/wire/payloads.ts";

/** Headers, their payloads, and the bytes of both. */
const FRAMES: readonly (readonly [FrameHeader, string, string])[] = [
  [{ type: FRAME.LOGOUT }, "", "04000000 00000000 00000000 00000000"],
  [
    {
      type: FRAME.DATA,
      flags: 1,
      code: 2,
      exchange: 0x11223344,
      parameter: 0xfffffffe,
    },
    "c0ffee",
    "12010200 00000003 11223344 fffffffe c0ffee",
  ],
  [
    { type: FRAME.RESPONSE, code: 0x28, exchange: 7 },
    "",
    "13002800 00000000 00000007 00000000",
  ],
];

for (const [header, payload, golden] of FRAMES) {
  Deno.test(`Frame ${header.type}: golden bytes both ways`, () => {
    const bytes = Uint8Array.fromHex(golden.replaceAll(" ", ""));
    const data = Uint8Array.fromHex(payload);
    assertEquals(encodeFrame(header, data), bytes);
    // Amid other bytes.
    const dirty = new Uint8Array(bytes.length + 20).fill(0xa5);
    dirty.set(bytes, 10);
    const view = new DataView(dirty.buffer);
    assertEquals(frameLength(view, 10, dirty.length), bytes.length);
    assertEquals(decodeFrame(dirty, view, 10), {
      ...{ flags: 0, code: 0, exchange: 0, parameter: 0 },
      ...header,
      payload: data,
    });
  });
}

Deno.test("A frame's length is known with its header, and not before", () => {
  const bytes = encodeFrame({ type: FRAME.DATA }, new Uint8Array(9));
  const view = new DataView(bytes.buffer);
  for (let end = 0; end < HEADER_LENGTH; end += 1) {
    assertEquals(frameLength(view, 0, end), 0);
  }
  for (let end = HEADER_LENGTH; end <= bytes.length; end += 1) {
    assertEquals(frameLength(view, 0, end), bytes.length);
  }
});

/** For each type: the shortest and the longest payload. */
const LIMITS: readonly (readonly [number, number, number])[] = [
  [FRAME.LOGIN, 32, 32],
  [FRAME.LOGIN_ACCEPT, 32, 32],
  [FRAME.LOGIN_REJECT, 0, 0],
  [FRAME.LOGOUT, 0, 0],
  [FRAME.LOGOUT_ACCEPT, 0, 0],
  [FRAME.COMMAND, 17, 48],
  [FRAME.TRANSFER_READY, 4, 4],
  [FRAME.DATA, 0, 65536],
  [FRAME.RESPONSE, 0, 252],
  [FRAME.ABORTED, 0, 0],
  [FRAME.ACKNOWLEDGE, 0, 0],
  [FRAME.RETRANSMIT, 0, 0],
  [FRAME.RETRANSMIT_REJECT, 0, 0],
  [FRAME.DATA_LOST, 0, 0],
  [FRAME.TASK_MANAGEMENT, 8, 8],
  [FRAME.TASK_MANAGEMENT_RESPONSE, 0, 0],
];

Deno.test("Each type of frame has its limits, other types are none", () => {
  const known = new Map(LIMITS.map(([type, ...limits]) => [type, limits]));
  const header = new DataView(new ArrayBuffer(HEADER_LENGTH));
  const faultOf = (type: number, length: number) => {
    header.setUint8(0, type);
    header.setUint32(4, length);
    const told = frameLength(header, 0, HEADER_LENGTH);
    return typeof told === "number" ? told - HEADER_LENGTH : told.fault;
  };
  for (let type = 0; type < 256; type += 1) {
    const [least, most] = known.get(type) ?? [];
    if (least === undefined || most === undefined) {
      assertEquals(faultOf(type, 0), `there is no frame type ${type}`);
      continue;
    }
    assertEquals([faultOf(type, least), faultOf(type, most)], [least, most]);
    const wrong = [least - 1, most + 1, 0xffffffff]
      .filter((length) => length >= 0);
    for (const length of wrong) {
      assertEquals(
        faultOf(type, length),
        `frame type ${type} with a payload of ${length} bytes`,
      );
    }
  }
});

const LOGIN = {
  wwnn: 0x1000_0000_0000_0001n,
  wwpn: 0x2100_0000_0000_0002n,
  dataLengthMax: 0x8000,
  commandsMax: 1024,
  functionsMax: 3,
};
const LOGIN_HEX = "44544c43 0001 0000 1000000000000001 2100000000000002" +
  "00008000 0400 0003";

Deno.test("LOGIN: golden bytes both ways, a cut, what cannot be", () => {
  const bytes = Uint8Array.fromHex(LOGIN_HEX.replaceAll(" ", ""));
  assertEquals(encodeLogin(LOGIN), bytes);
  assertEquals(decodeLogin(bytes), LOGIN);
  for (let end = 0; end < bytes.length; end += 1) {
    assertEquals(decodeLogin(bytes.subarray(0, end)), null);
  }
  for (const at of [0, 1, 2, 3, 4, 5]) {
    assertEquals(decodeLogin(bytes.with(at, 0xff)), null, `byte ${at}`);
  }
  const wide = { ...LOGIN, dataLengthMax: 0x7fff_ffff };
  assertEquals(decodeLogin(encodeLogin(wide))?.dataLengthMax, 65536);
  const narrow = { ...LOGIN, dataLengthMax: 511 };
  assertEquals(decodeLogin(encodeLogin(narrow)), null);
});

Deno.test("COMMAND: golden bytes both ways, for each length of a CDB", () => {
  for (let length = 1; length <= 32; length += 1) {
    const command = {
      lun: Uint8Array.of(0, 5, 0, 0, 0, 0, 0, 0),
      dataLength: 0x01020304,
      tag: 0xfffefdfc,
      cdb: new Uint8Array(length).fill(0x28),
    };
    const bytes = encodeCommand(command);
    const hex = "0005000000000000" + "01020304" + "fffefdfc";
    assertEquals(bytes.toHex(), hex + "28".repeat(length));
    const dirty = new Uint8Array(80).fill(0xa5);
    dirty.set(bytes, 16);
    const end = 16 + bytes.length;
    assertEquals(decodeCommand(dirty.subarray(16, end)), command);
  }
});

Deno.test("TRANSFER READY: its length", () => {
  assertEquals(encodeLength(0xfffffffe).toHex(), "fffffffe");
  assertEquals(decodeLength(Uint8Array.of(0, 1, 0, 0)), 65536);
});
