import { assert, assertEquals } from "@std/assert";
import { NODE_GROUP, type RoleHello } from "../../../../../ha/roles/mod.ts";
import {
  decodeRoleHello,
  encodeRoleHello,
  ROLE_HELLO_BYTES,
} from "../../../../../ha/roles/wire/role_hello.ts";

const HELLO: RoleHello = {
  ...{ group: NODE_GROUP, id: 2, phase: "primary", epoch: 0x0102 },
  ...{ sequence: 2 ** 53 - 1, solo: true, epochSeen: 7, inSync: false },
  ...{ released: true, wantsPrimary: false, prefersPrimary: true },
  ...{ yields: false, wasPrimary: true },
};

const GOLDEN = "ffffffff" + "02" + "05" + "0055" + "0000000000000102" +
  "001fffffffffffff" + "0000000000000007" + "00000000";

function decode(bytes: Uint8Array): ReturnType<typeof decodeRoleHello> {
  return decodeRoleHello(
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  );
}

Deno.test("role hello: golden bytes, both ways", () => {
  assertEquals(encodeRoleHello(HELLO).toHex(), GOLDEN);
  assertEquals(decode(Uint8Array.fromHex(GOLDEN)), HELLO);
});

Deno.test("role hello: a cut one is none, at every length", () => {
  const bytes = Uint8Array.fromHex(GOLDEN + "00");
  for (let length = 0; length <= bytes.length; length += 1) {
    const isHello = !("field" in decode(bytes.subarray(0, length)));
    assertEquals(isHello, length === ROLE_HELLO_BYTES, `${length} bytes`);
  }
});

Deno.test("role hello: what no node says is refused by its field", () => {
  const cases: [number, number, string][] = [
    ...([[4, 0, "id"], [4, 3, "id"], [5, 9, "phase"], [6, 0xff, "flags"]] as [
      number,
      number,
      string,
    ][]),
    ...([[8, 0xff, "number"], [16, 0xff, "number"], [24, 0xff, "number"]] as [
      number,
      number,
      string,
    ][]),
    [35, 1, "reserved"],
  ];
  for (const [at, value, field] of cases) {
    const bytes = Uint8Array.fromHex(GOLDEN);
    bytes[at] = value;
    const decoded = decode(bytes);
    assert("field" in decoded, `byte ${at}`);
    assertEquals(decoded.field, field);
  }
});
