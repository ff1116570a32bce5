import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  decodeLoginRequest,
  encodeLoginResponse,
  isidBytes,
  isidHex,
  LOGIN_STATUS,
  type LoginRequest,
  type LoginResponse,
} from "../../../../frontends/iscsi/wire/login.ts";

/** RFC 7143 11.12: T, CSG 0, NSG 1, ISID 80…01, one key. */
const REQUEST_BYTES = Uint8Array.fromHex(
  "43810203" + "01000012" + "801122334455abcd" + "a1b2c3d4" + "00050000" +
    "0000004d" + "00000009" + "00000000000000000000000000000000",
);

const REQUEST: LoginRequest = {
  immediate: true,
  transit: true,
  continued: false,
  currentStage: 0,
  nextStage: 1,
  versionMax: 2,
  versionMin: 3,
  ahsLength: 4,
  dataSegmentLength: 0x12,
  isid: 0x801122334455,
  tsih: 0xabcd,
  initiatorTaskTag: 0xa1b2c3d4,
  connectionId: 5,
  cmdSn: 0x4d,
  expStatSn: 9,
};

/** RFC 7143 11.13, each field another value. */
const RESPONSE_BYTES = Uint8Array.fromHex(
  "23870000" + "00fedcba" + "801122334455abcd" + "a1b2c3d4" + "00000000" +
    "fffffffe" + "0000004d" + "0000014c" + "02010000" + "0000000000000000",
);

const RESPONSE: LoginResponse = {
  transit: true,
  continued: false,
  currentStage: 1,
  nextStage: 3,
  dataSegmentLength: 0xfedcba,
  isid: 0x801122334455,
  tsih: 0xabcd,
  initiatorTaskTag: 0xa1b2c3d4,
  statSn: 0xfffffffe,
  expCmdSn: 0x4d,
  maxCmdSn: 0x14c,
  status: LOGIN_STATUS.AUTHENTICATION_FAILURE,
};

const GUARD = 0xa5;
const START = 8;

function dirtyBuffer(): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(START + 48 + 8).fill(GUARD);
  return { bytes, view: new DataView(bytes.buffer) };
}

Deno.test("decodeLoginRequest() reads the golden bytes", () => {
  const { bytes, view } = dirtyBuffer();
  bytes.set(REQUEST_BYTES, START);
  assertEquals(decodeLoginRequest(view, START), REQUEST);
});

Deno.test("decodeLoginRequest() tells the flags apart", () => {
  const bytes = REQUEST_BYTES.slice();
  bytes[0] = 0x03;
  bytes[1] = 0x44;
  const request = decodeLoginRequest(new DataView(bytes.buffer), 0);
  const { immediate, transit, continued, currentStage, nextStage } = request;
  assertEquals(
    { immediate, transit, continued, currentStage, nextStage },
    {
      immediate: false,
      transit: false,
      continued: true,
      currentStage: 1,
      nextStage: 0,
    },
  );
});

Deno.test("decodeLoginRequest() reads no byte but those of the header", () => {
  for (let length = 0; length < 48; length++) {
    const view = new DataView(REQUEST_BYTES.buffer, 0, length);
    // Bytes 32 to 47 are reserved: nothing has to look at them.
    if (length < 32) assertThrows(() => decodeLoginRequest(view, 0));
    else assertEquals(decodeLoginRequest(view, 0), REQUEST);
  }
});

Deno.test("encodeLoginResponse() writes the golden bytes, dirty or not", () => {
  const { bytes, view } = dirtyBuffer();
  assertEquals(encodeLoginResponse(view, START, RESPONSE), 48);
  assertEquals(
    bytes.subarray(START, START + 48).toHex(),
    RESPONSE_BYTES.toHex(),
  );
  const around = [...bytes.subarray(0, START), ...bytes.subarray(START + 48)];
  assert(around.every((byte) => byte === GUARD));
});

Deno.test("encodeLoginResponse() needs all 48 bytes", () => {
  for (let length = 0; length < 48; length++) {
    const view = new DataView(new ArrayBuffer(length));
    assertThrows(() => encodeLoginResponse(view, 0, RESPONSE));
  }
});

Deno.test("encodeLoginResponse() sets T, C, CSG and NSG", () => {
  const rows: [Partial<LoginResponse>, number][] = [
    [{ transit: true, currentStage: 0, nextStage: 1 }, 0x81],
    [{ transit: true, currentStage: 0, nextStage: 3 }, 0x83],
    [{ transit: true, currentStage: 1, nextStage: 3 }, 0x87],
    [{ transit: false, continued: true, currentStage: 1, nextStage: 0 }, 0x44],
    [{ transit: false, currentStage: 0, nextStage: 0 }, 0x00],
  ];
  for (const [fields, flags] of rows) {
    const view = new DataView(new ArrayBuffer(48));
    encodeLoginResponse(view, 0, { ...RESPONSE, ...fields });
    assertEquals(view.getUint8(1), flags);
  }
});

Deno.test("encodeLoginResponse() uses the layout of requests", () => {
  const view = new DataView(new ArrayBuffer(48));
  encodeLoginResponse(view, 0, RESPONSE);
  const read = decodeLoginRequest(view, 0);
  assertEquals(read.isid, RESPONSE.isid);
  assertEquals(read.tsih, RESPONSE.tsih);
  assertEquals(read.initiatorTaskTag, RESPONSE.initiatorTaskTag);
  assertEquals(read.dataSegmentLength, RESPONSE.dataSegmentLength);
});

Deno.test("isidHex() and isidBytes() write twelve digits and six bytes", () => {
  for (const hex of ["000000000000", "00000000000a", "ffffffffffff"]) {
    const isid = Number(`0x${hex}`);
    assertEquals(isidHex(isid), hex);
    assertEquals(isidBytes(isid).toHex(), hex);
  }
});

Deno.test("LOGIN_STATUS has each status once", () => {
  const codes = Object.values(LOGIN_STATUS);
  assertEquals(new Set(codes).size, codes.length);
});
