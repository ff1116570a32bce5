import { assert, assertEquals } from "@std/assert";
import { ManagementError } from "../../../../core/mod.ts";
import {
  addressText,
  isLocal,
  parseAddress,
} from "../../../../frontends/camtgt/address.ts";
import {
  parseWwn,
  wwnText,
} from "../../../../frontends/camtgt/world_wide_names.ts";
import { camRig, camService } from "../../../support/cam_rig.ts";
import { targetTest, TestTarget } from "../../../support/core_target.ts";

/** What a request is refused with. */
async function refusal(request: () => unknown): Promise<string> {
  try {
    await request();
  } catch (error) {
    if (error instanceof ManagementError) return error.message;
    throw error;
  }
  throw new TypeError("It was not refused");
}

function assertIncludes(text: string, part: string): void {
  assert(text.includes(part), text);
}

/** Names as people write them. */
const NAMES: readonly (readonly [string, bigint | undefined])[] = [
  ["5000000000000001", 0x5000000000000001n],
  ["0x5000000000000001", 0x5000000000000001n],
  ["naa.500000000000000A", 0x500000000000000an],
  ["50:00:00:00:00:00:00:0b", 0x500000000000000bn],
  ["1", 1n],
  ["0", undefined],
  ["", undefined],
  ["50000000000000011", undefined],
  ["5000g", undefined],
];

for (const [text, name] of NAMES) {
  Deno.test(`parseWwn of "${text}"`, () => {
    assertEquals(parseWwn(text), name);
    if (name !== undefined) assertEquals(parseWwn(wwnText(name)), name);
  });
}

/** Places, how they are written again, and who gets there. */
const PLACES: readonly (readonly [string, string | undefined, boolean])[] = [
  ["unix:/run/hba.sock", "unix:/run/hba.sock", true],
  ["127.0.0.1:3270", "127.0.0.1:3270", true],
  ["localhost:0", "localhost:0", true],
  ["[::1]:3270", "[::1]:3270", true],
  ["0.0.0.0:1", "0.0.0.0:1", false],
  ["[::]:1", "[::]:1", false],
  ["127.example.net:1", "127.example.net:1", false],
  ["unix:", undefined, false],
  [`unix:/${"x".repeat(100)}`, `unix:/${"x".repeat(100)}`, true],
  [`unix:/${"x".repeat(101)}`, undefined, false],
  ["127.0.0.1", undefined, false],
  ["127.0.0.1:65536", undefined, false],
  ["127.0.0.1:-1", undefined, false],
  [":1", undefined, false],
];

for (const [text, again, local] of PLACES) {
  Deno.test(`parseAddress of "${text}"`, async () => {
    if (again === undefined) {
      const said = await refusal(() => parseAddress(text));
      return assertIncludes(said, 'for option "listen"');
    }
    const address = parseAddress(text);
    assertEquals(addressText(address), again);
    assertEquals(isLocal(address), local);
  });
}

function namesOf({ targetDesignator, portDesignator }: {
  readonly targetDesignator: { readonly bytes: Uint8Array } | null;
  readonly portDesignator: { readonly bytes: Uint8Array } | null;
}): readonly (string | undefined)[] {
  return [targetDesignator?.bytes.toHex(), portDesignator?.bytes.toHex()];
}

targetTest("Names are made once for each place, and kept", async (test) => {
  const { port } = await camRig(test);
  const { port: second } = await camRig(test, { pp: "1" });
  const names = [...namesOf(port), ...namesOf(second)];
  assertEquals(new Set(names).size, 4);
  for (const name of names) assert(name?.startsWith("3"), name);
  // After a restart, in another order.
  const later = new TestTarget(test.host);
  const { port: secondAgain } = await camRig(later, { pp: "1" });
  const { port: again } = await camRig(later, { pp: "0" });
  assertEquals([...namesOf(again), ...namesOf(secondAgain)], names);
  await later.end();
});

targetTest("Names that are given are taken", async (test) => {
  const { port } = await camRig(test, {
    wwnn: "5000000000000001",
    wwpn: "50:00:00:00:00:00:00:02",
  });
  assertEquals(namesOf(port), ["5000000000000001", "5000000000000002"]);
});

/** Options that no HBA has, and what is said. */
const WRONG: readonly (readonly [string, string, string])[] = [
  ["wwpn", "x", "a name of 16 hexadecimal digits"],
  ["maxio", "511", "a whole number from 512 to 2097152"],
  ["atios", "0", "a whole number from 1 to 4096"],
  ["transport", "usb", `one of "fc", "sas", "scsi"`],
  ["autosense", "yes", `"on" or "off"`],
  ["listen", "nowhere", "unix:/path"],
  ["listen", "0.0.0.0:3270", "insecure=on"],
  ["autosence", "off", "camtgt ports have no such option"],
];

for (const [name, value, said] of WRONG) {
  targetTest(`Option ${name}=${value} is refused`, async (test) => {
    const service = camService(test.target);
    const make = () => service.create(new Map([[name, value]]));
    assertIncludes(await refusal(make), said);
    assertEquals(service.ports(), []);
  });
}

targetTest("A place is taken once", async (test) => {
  const rig = await camRig(test, { pp: "4", vp: "1" });
  const again = () => rig.service.create(new Map([["pp", "4"], ["vp", "1"]]));
  assertEquals(await refusal(again), `port ${rig.port.number} already exists`);
});

targetTest("A socket is served once", async (test) => {
  const { service } = await camRig(test, { listen: "unix:/run/hba.sock" });
  const again = () =>
    service.create(new Map([["listen", "unix:/run/hba.sock"]]));
  assertEquals(
    await refusal(again),
    "unix:/run/hba.sock is served already: choose another place",
  );
  const other = await service.create(
    new Map([["listen", "unix:/run/hba%p.sock"]]),
  );
  assertEquals(other.description.physicalPort, 1);
});
