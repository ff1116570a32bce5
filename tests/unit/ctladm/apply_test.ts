import { assertEquals, assertMatch } from "@std/assert";
import { MemoryDaemon } from "../../support/memory_daemon.ts";

const TARGET = "iqn.2026-01.test.dtl:t0";

function put(machine: MemoryDaemon, path: string, text: string): void {
  machine.files.set(path, new TextEncoder().encode(text));
}

/** A file without portals: there are no sockets here. */
function textOf(size: string, more = ""): string {
  return `portal-group pg0 { foreign
      listen 192.0.2.1 }
    lun disk0 { backend ramdisk
      size ${size}
      option capacity 8M
      option vendor ACME ${more} }
    target ${TARGET} { auth-group no-authentication
      portal-group pg0
      lun 0 disk0 }`;
}

async function withFile(
  body: (machine: MemoryDaemon) => Promise<void>,
): Promise<void> {
  await using machine = new MemoryDaemon();
  put(machine, "/folder/ctl.conf", textOf("4M"));
  await machine.ctladm("create -b ramdisk -s 1m -o capacity=1m -l 7");
  await body(machine);
}

Deno.test("ctladm apply --dry-run shows the changes and makes none", () =>
  withFile(async (machine) => {
    const { code, lines, errors } = await machine
      .ctladm("apply --dry-run ctl.conf");
    assertEquals([code, errors], [0, []]);
    assertEquals(lines, [
      "Would change:",
      "  change  settings            debug 0, maxproc 30, " +
      "pidfile /var/run/ctld.pid, timeoutSeconds 60",
      '  create  lun "disk0"         ramdisk, 4194304 bytes',
      '  create  portal-group "pg0"  tag 257, for new logins; sessions go on',
      "No session is touched",
    ]);
    assertEquals((await machine.ctladm("devlist")).lines.length, 2);
  }));

Deno.test("ctladm apply makes the changes and leaves other LUNs alone", () =>
  withFile(async (machine) => {
    const first = await machine.ctladm("apply /folder/ctl.conf");
    assertEquals(first.code, 0);
    assertEquals(first.lines.at(-1), "Configuration applied");
    put(machine, "/folder/ctl.conf", textOf("8M", "option readonly on"));
    const plan = await machine.ctladm("apply --dry-run ctl.conf");
    assertEquals(plan.lines.slice(1, 2), [
      '  change  lun "disk0"  size 4194304 -> 8388608, readonly (none) -> on',
    ]);
    await machine.ctladm("apply ctl.conf");
    const again = await machine.ctladm("apply ctl.conf");
    assertEquals(again.lines, ["Nothing has changed"]);
    const dry = await machine.ctladm("apply --dry-run ctl.conf");
    assertEquals(dry.lines, ["Nothing would change"]);
    put(machine, "/folder/ctl.conf", "debug 0");
    await machine.ctladm("apply ctl.conf");
    const { lines } = await machine.ctladm("devlist");
    assertEquals(lines.slice(1).map((line) => line.slice(0, 11)), [
      "  7 ramdisk",
    ]);
  }));

Deno.test("ctladm apply names what failed, and tries it again", () =>
  withFile(async (machine) => {
    const numbered = textOf("4M").replace("ACME", "ACME ctl-lun 7");
    put(machine, "/folder/ctl.conf", numbered);
    const failed = await machine.ctladm("apply ctl.conf");
    assertEquals(failed.code, 1);
    assertMatch(failed.errors[0] ?? "", /failed: create-lun "disk0": .*7/);
    assertMatch(failed.errors[1] ?? "", /1 of 3 changes failed/);
    await machine.ctladm("remove -b ramdisk -l 7");
    const { code, lines } = await machine.ctladm("apply ctl.conf");
    assertEquals([code, lines[0]], [
      0,
      '  create  lun "disk0"  ramdisk, 4194304 bytes',
    ]);
  }));

Deno.test("ctladm apply -u sends what the file includes", () =>
  withFile(async (machine) => {
    put(machine, "/folder/ucl.conf", ".include more.conf\n");
    put(
      machine,
      "/folder/more.conf",
      "lun { disk1 { backend = ramdisk; size = 1MB } }",
    );
    const { code, errors } = await machine.ctladm("apply -u ucl.conf");
    assertEquals([code, errors], [0, []]);
    assertEquals((await machine.ctladm("devlist")).lines.length, 3);
  }));

const WRONG: readonly (readonly [string, RegExp])[] = [
  ["apply", /^ctladm: name one file/],
  ["apply a b", /^ctladm: name one file/],
  ["apply missing.conf", /unable to open \/folder\/missing.conf/],
  ["apply wrong.conf", /wrong\.conf: error in configuration file at line 1/],
];

for (const [line, message] of WRONG) {
  Deno.test(`ctladm ${line} is refused`, () =>
    withFile(async (machine) => {
      put(machine, "/folder/wrong.conf", "nonsense 1");
      const { code, lines, errors } = await machine.ctladm(line);
      assertEquals([code, lines], [1, []]);
      assertMatch(errors[0] ?? "", message);
    }));
}

Deno.test("LUNs of a configuration keep the names made for them", () =>
  withFile(async (machine) => {
    const naaOf = async () => {
      const { lines } = await machine.ctladm("devlist --json");
      const luns: { id: number; naa: string }[] = JSON.parse(lines.join("\n"));
      return luns.find(({ id }) => id !== 7)?.naa;
    };
    await machine.ctladm("apply ctl.conf");
    const first = await naaOf();
    assertMatch(first ?? "", /^3[0-9a-f]{15}$/);
    put(machine, "/folder/none.conf", "debug 0");
    await machine.ctladm("apply none.conf");
    await machine.ctladm("apply ctl.conf");
    assertEquals(await naaOf(), first);
  }));
