import { UnitState } from "../../../core/unit_state.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  buildIdentity,
  describeDesignator,
  LUN_OPTIONS,
  ManagementError,
  OptionProblem,
  parseOptions,
  putText,
  type UnitIdentity,
} from "../../../core/mod.ts";
import { type MemoryHost, memoryHost } from "../../support/memory_host.ts";

interface Wish {
  readonly options?: Record<string, string>;
  readonly deviceType?: number;
  readonly deviceId?: string;
  readonly key?: string;
  readonly host?: MemoryHost;
}

function build(wish: Wish = {}): UnitIdentity {
  const host = wish.host ?? memoryHost();
  const raw = new Map(Object.entries(wish.options ?? {}));
  const options = parseOptions(LUN_OPTIONS, raw);
  assert(!(options instanceof OptionProblem));
  return buildIdentity({
    deviceType: wish.deviceType ?? 0,
    options,
    serial: "S1",
    deviceId: wish.deviceId ?? "MYDEVID0000",
    state: new UnitState(host.state, wish.key ?? "number:0", host.log),
  }, host.entropy);
}

function described(identity: UnitIdentity): string[] {
  return identity.designators.map(describeDesignator);
}

function refusal(options: Record<string, string>): string {
  try {
    build({ options });
  } catch (error) {
    assert(error instanceof ManagementError && error.code === "option");
    return error.message;
  }
  throw new TypeError("It was not refused");
}

Deno.test("buildIdentity() names products by device type", () => {
  const products = [0, 3, 5, 0x1f]
    .map((deviceType) => build({ deviceType }).product);
  assertEquals(products, ["CTLDISK", "CTLPROCESSOR", "CTLCDROM", "CTLDEVICE"]);
  const { vendor, revision, serial, deviceId } = build();
  assertEquals([vendor, revision, serial, deviceId], [
    "FREEBSD",
    "0001",
    "S1",
    "MYDEVID0000",
  ]);
  assertEquals(build({ options: { product: "Own" } }).product, "Own");
});

Deno.test("buildIdentity() begins with the T10 vendor id", () => {
  assertEquals(described(build())[0], "t10.FREEBSD MYDEVID0000");
  const short = build({ deviceId: "x" }).designators[0];
  assertEquals(short?.bytes.length, 24);
  const long = build({ deviceId: "y".repeat(64) }).designators[0];
  assertEquals(long?.bytes.length, 72);
});

Deno.test("buildIdentity() makes an NAA once and keeps it", () => {
  const host = memoryHost();
  const first = described(build({ host }))[1];
  assertEquals(first, "naa.3102030405060708");
  assertEquals(described(build({ host }))[1], first);
  const other = described(build({ host, key: "number:1" }))[1];
  assert(other !== first && other?.startsWith("naa.3"));
});

Deno.test("buildIdentity() makes no NAA beside a configured name", () => {
  const naa = "0x6001405123456789";
  assertEquals(
    described(build({ options: { naa } }))[1],
    `naa.${naa.slice(2)}`,
  );
  const eui = "0011223344556677";
  assertEquals(described(build({ options: { eui } })).slice(1), [`eui.${eui}`]);
});

Deno.test("buildIdentity() keeps the order of page 83h", () => {
  const options = {
    uuid: "00112233-4455-6677-8899-aabbccddeeff",
    naa: "6001405123456789abcdef0123456789",
    eui: "001122334455667788990011",
    scsiname: "iqn.x",
  };
  assertEquals(build({ options }).designators.map(({ type }) => type), [
    1,
    8,
    2,
    3,
    0xa,
  ]);
});

Deno.test("buildIdentity() puts short names into the least length", () => {
  const lengthOf = (options: Record<string, string>) =>
    build({ options }).designators[1]?.bytes.length;
  assertEquals(lengthOf({ eui: "12" }), 8);
  assertEquals(lengthOf({ eui: "12".repeat(9) }), 12);
  assertEquals(lengthOf({ eui: "12".repeat(13) }), 16);
  assertEquals(lengthOf({ naa: "0x5" }), 8);
  assertEquals(lengthOf({ naa: "12".repeat(9) }), 16);
  assertEquals(
    described(build({ options: { naa: "0X5-5" } }))[1],
    "naa.5500000000000000",
  );
});

Deno.test("buildIdentity() refuses what is no name", () => {
  assertEquals(
    refusal({ naa: "xyz" }),
    'Invalid value "xyz" for option "naa": expected 16 or 32 hexadecimal ' +
      "digits",
  );
  assertEquals(
    refusal({ eui: "" }),
    'Invalid value "" for option "eui": expected 16 or 24 or 32 hexadecimal ' +
      "digits",
  );
  assert(refusal({ naa: "1".repeat(33) }).includes("naa"));
  assert(refusal({ uuid: "0011" }).includes("32 hexadecimal digits"));
  assertThrows(() => build({ options: { uuid: "z".repeat(32) } }));
});

Deno.test("putText() pads, cuts and keeps to ASCII", () => {
  const view = new DataView(new ArrayBuffer(8));
  const put = (text: string, padding?: number) => {
    putText(view, 1, 6, text, padding);
    return new TextDecoder("latin1").decode(view);
  };
  assertEquals(put("ab"), "\0ab    \0");
  assertEquals(put("ab", 0), "\0ab\0\0\0\0\0");
  assertEquals(put("abcdefgh"), "\0abcdef\0");
  assertEquals(put("aé"), "\0a?    \0");
});
