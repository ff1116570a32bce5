/**
 * What ctladm changes, and what it says to mistakes.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { daemonFolder } from "../../support/daemon.ts";
import {
  parseReadCapacity10,
  readCapacity10,
  type Session,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { ctladmTest, openTo, printed, textOf } from "./ctladm_support.ts";

ctladmTest("create, modify, remove", async (folder) => {
  const words = "create -b ramdisk -s 1m -o capacity=8m".split(" ");
  const created = await printed(folder, ...words);
  assertEquals(
    created,
    textOf(
      "LUN created successfully",
      "backend:       ramdisk",
      "device type:   0",
      "LUN size:      1048576 bytes",
      "blocksize      512 bytes",
      "LUN ID:        2",
      "Serial Number: MYSERIAL0002",
      "Device ID:     MYDEVID0002",
    ),
  );
  const chosen = await printed(
    folder,
    ...("create -b ramdisk -s 8k -l 7 -B 4096 -S SER -d DEV -t 0".split(" ")),
  );
  assertEquals(
    chosen,
    textOf(
      "LUN created successfully",
      "backend:       ramdisk",
      "device type:   0",
      "LUN size:      8192 bytes",
      "blocksize      4096 bytes",
      "LUN ID:        7",
      "Serial Number: SER",
      "Device ID:     DEV",
    ),
  );
  const modified = await printed(
    folder,
    ...("modify -b ramdisk -l 2 -s 2m -o capacity=8m".split(" ")),
  );
  assertEquals(modified, "LUN 2 modified successfully\n");
  for (const lun of ["2", "0x7"]) {
    const removed = await printed(
      folder,
      ...["remove", "-b", "ramdisk", "-l", lun],
    );
    assertEquals(removed, `LUN ${Number(lun)} removed successfully\n`);
  }
  assertEquals((await printed(folder, "devlist")).split("\n").length, 4);
});

const MISTAKES: readonly (readonly [string, RegExp])[] = [
  ["create", /^ctladm: backend name \(-b\) must be specified\n$/],
  ["create -b floppy -s 1m", /^ctladm: LUN creation error: Backend "floppy" /],
  ["create -b ramdisk", /^ctladm: LUN creation error: .*size/i],
  ["create -b ramdisk -s 1m -l 0", /^ctladm: LUN creation error: .*in use/],
  ["create -b ramdisk -s 1m -o speed", /^ctladm: -o takes "name=value"argum/],
  ["create -b ramdisk -s 1m -t 1", /^ctladm: LUN creation error: .*type 1/],
  ["create -b ramdisk -s huge", /^ctladm: invalid size "huge"/],
  ["remove -b ramdisk -l 99", /^ctladm: LUN removal error: LUN 99/],
  ["remove -b block -l 1", /^ctladm: LUN removal error: LUN 1 is not managed/],
  ["remove -l 1", /^ctladm: backend name \(-b\) must be specified\n$/],
  ["modify -b ramdisk -l 99 -s 1m", /^ctladm: LUN modification error: LUN 9/],
  ["modify -b ramdisk -l 1", /^ctladm: size \(-s\) or options \(-o\) must/],
  ["frobnicate", /^ctladm: option frobnicate not found\n/],
  ["", /^Usage:/],
];

ctladmTest("mistakes are one line and exit 1", async (folder) => {
  for (const [words, message] of MISTAKES) {
    const { code, stderr } = await folder
      .ctladm(...words.split(" ").filter((word) => word !== ""));
    assertEquals(code, 1, words);
    assertMatch(stderr, message, words);
    assert(!/at file:|Uncaught/.test(stderr), stderr);
  }
  assertEquals((await printed(folder, "devlist")).split("\n").length, 4);
});

ctladmTest("words are abbreviated as far as they are clear", async (folder) => {
  const pairs = [["devl", "devlist"], ["isli", "islist"], [
    "portl",
    "portlist",
  ]];
  for (const [short = "", long = ""] of pairs) {
    assertEquals(await printed(folder, short), await printed(folder, long));
  }
});

ctladmTest("a resize by hand is told to initiators", async (folder, port) => {
  await using session = await openTo(port);
  await heard(session, 4);
  const words = "modify -b ramdisk -l 1 -s 8m -o capacity=8m".split(" ");
  await printed(folder, ...words);
  assertEquals(await heard(session, 4), ["6/2a/09"]);
  const { data } = await session.command(4, readCapacity10(), { read: 8 });
  assertEquals(parseReadCapacity10(data).lastLba, 16383);
  await Deno.truncate(`${folder.path}/disk0`, 2 ** 21);
  await heard(session, 0);
  const file = `file=${folder.path}/disk0`;
  await printed(
    folder,
    "modify",
    "-b",
    "block",
    "-l",
    "0",
    "-s",
    "auto",
    "-o",
    file,
  );
  assertEquals(await heard(session, 0), ["6/2a/09"]);
  const grown = await session.command(0, readCapacity10(), { read: 8 });
  assertEquals(parseReadCapacity10(grown.data).lastLba, 4095);
});

/** Senses that come until none does. */
async function heard(session: Session, lun: number): Promise<string[]> {
  const senses: string[] = [];
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(lun, testUnitReady()));
    if (sense !== "") senses.push(sense);
  }
  return senses;
}

Deno.test("ctladm says which socket does not answer", async () => {
  await using folder = await daemonFolder();
  const words = ["devlist", "-D", folder.socket];
  const { code, stderr } = await folder.ctladm(...words);
  assertEquals(code, 1);
  assertMatch(stderr, new RegExp(`^ctladm: error opening ${folder.socket}: `));
  const listener = Deno.listen({ transport: "unix", path: folder.socket });
  listener.close();
  const dead = await folder.ctladm(...words);
  assertEquals(dead.code, 1);
  assertMatch(dead.stderr, /error opening .*: (Connection refused|No such)/);
  const other = await folder.ctladm("devlist", "-D", "/nonexistent/s");
  assertMatch(other.stderr, /^ctladm: error opening \/nonexistent\/s: /);
});

Deno.test("ctladm starts a daemon where none runs", async () => {
  await using folder = await daemonFolder();
  const none = await folder.ctladm("shutdown");
  assertEquals(none.code, 1);
  assertMatch(none.stderr, /^ctladm: error opening /);
  const words = "create -b ramdisk -s 1g".split(" ");
  assertMatch(await printed(folder, ...words), /^LUN ID: {8}0$/m);
  const dump = JSON.parse(await printed(folder, "dumpstructs", "--json"));
  assertEquals(dump.plugins, ["ioctl", "ramdisk", "tpc"]);
  assertEquals(
    await printed(folder, "shutdown"),
    "The daemon is shutting down\n",
  );
});

Deno.test("ctladm says why no daemon can be started", async () => {
  await using folder = await daemonFolder();
  await Deno.writeTextFile(`${folder.path}/state`, "in the way");
  const { code, stderr } = await folder.ctladm("devlist");
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^ctladm: no daemon runs, and none can be started: Cannot use the state/,
  );
});

Deno.test("ctladm help goes to standard output", async () => {
  await using folder = await daemonFolder();
  const { code, stdout, stderr } = await folder.ctladm("help");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Usage:\nPrimary commands:\n/);
});
