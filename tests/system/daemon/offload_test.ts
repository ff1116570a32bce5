/**
 * Offloaded data transfer against a daemon, by the rules of Windows' disk
 * driver: it asks for as much by one command as the target likes best, takes
 * GOOD for all of that, learns of less by sense data alone, and gives up after
 * four seconds.
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import { type CopyLun, copyLun } from "../../support/copy_client.ts";
import {
  openTarget,
  pidFileLine,
  portalGroup,
} from "../../support/ctl_conf.ts";
import { daemonFolder } from "../../support/daemon.ts";
import {
  type CommandResult,
  inquiryVpd,
  openSession,
  parseSense,
  populateToken,
  read16,
  receiveRodTokenInformation,
  type Session,
  write16,
  writeUsingToken,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";
import { hearAttentions } from "../../support/system_target.ts";
import { populateList, writeList } from "../../support/token_lists.ts";

const TARGET = "iqn.2026-01.test.dtl:offload";
const MIB = 2 ** 20;
const LUN_BYTES = 96 * MIB;
const ASKED_BYTES = 4 * MIB;
const MS_MAX = 4000;
const UNDERRUN = "a/0d/04";

/** LUNs: two in memory, two in files, and one of each of larger blocks. */
const LUN = { RAM: 0, RAM2: 1, FILE: 2, FILE2: 3, RAM4K: 4, FILE4K: 5 };

interface Daemon extends AsyncDisposable {
  readonly open: (name: string) => Promise<Session>;
}

async function startDaemon(): Promise<Daemon> {
  await using owned = new AsyncDisposableStack();
  const folder = owned.use(await daemonFolder());
  const port = freePort();
  const ram = (more = "") =>
    `backend ramdisk size ${LUN_BYTES} option capacity ${LUN_BYTES} ${more}`;
  const file = async (lun: number, more = "") => {
    const path = `${folder.path}/lun${lun}`;
    await Deno.writeFile(path, new Uint8Array(0));
    await Deno.truncate(path, LUN_BYTES);
    return `backend block path ${path} ${more}`;
  };
  const luns = [ram(), ram(), await file(2), await file(3)];
  luns.push(ram("blocksize 4096"), await file(5, "blocksize 4096"));
  const text = luns.map((each, at) => `lun ${at} { ${each} }`).join("\n");
  await folder.ctld(
    pidFileLine(folder) + portalGroup("pg0", port) + openTarget(TARGET, text),
  );
  const own = owned.move();
  return {
    open: async (initiatorName) => {
      const portal = { port };
      const options = { portal, targetName: TARGET, initiatorName };
      const session = own.use(await openSession(options));
      for (let lun = 0; lun < 6; lun += 1) await hearAttentions(session, lun);
      return session;
    },
    [Symbol.asyncDispose]: () => own.disposeAsync(),
  };
}

/** Places with data: one of them is asked for by two commands. */
const FILLED = [0, 16 * ASKED_BYTES - MIB / 2, LUN_BYTES - MIB];

function dataAt(place: number): Uint8Array {
  return patternBytes(MIB).map((byte) => byte ^ (place / MIB & 0xff));
}

async function fill(session: Session, lun: CopyLun): Promise<void> {
  for (const place of FILLED) {
    await writeAt(session, lun, place, dataAt(place));
  }
}

async function writeAt(
  session: Session,
  { lun, blockLength }: CopyLun,
  place: number,
  write: Uint8Array,
): Promise<void> {
  const cdb = write16(place / blockLength, write.length / blockLength);
  assertEquals((await session.command(lun, cdb, { write })).status, 0);
}

async function readAt(
  session: Session,
  { lun, blockLength }: CopyLun,
  place: number,
): Promise<Uint8Array> {
  const cdb = read16(place / blockLength, MIB / blockLength);
  return (await session.command(lun, cdb, { read: MIB })).data;
}

async function expectFilled(session: Session, lun: CopyLun): Promise<void> {
  for (const place of FILLED) {
    const data = await readAt(session, lun, place);
    assertBytes(data, dataAt(place), `from ${place} on`);
  }
  const hole = await readAt(session, lun, 2 * MIB);
  assertBytes(hole, new Uint8Array(MIB), "a hole");
}

/** A token of all of a LUN, and what it is. */
async function tokenOf(
  session: Session,
  { lun, blockCount }: CopyLun,
): Promise<Uint8Array> {
  const list = populateList({ ranges: [[0, blockCount]] });
  const write = new Uint8Array(list.buffer as ArrayBuffer);
  const cdb = populateToken(1, write.length);
  const made = await inTime(() => session.command(lun, cdb, { write }));
  assertEquals([made.status, made.sense], [0, ""]);
  const information = receiveRodTokenInformation(1, 1024);
  const { data } = await session.command(lun, information, { read: 1024 });
  const view = new DataView(data.buffer, data.byteOffset);
  assertEquals(view.getUint8(4), 0x10, "RESPONSE TO SERVICE ACTION");
  assertEquals(view.getUint8(5), 0x01, "COPY OPERATION STATUS");
  assertEquals(view.getUint8(15), 0xf1, "TRANSFER COUNT UNITS");
  assertEquals(view.getBigUint64(16), BigInt(blockCount), "TRANSFER COUNT");
  assertEquals(view.getUint32(32), 514, "ROD TOKEN DESCRIPTORS LENGTH");
  return data.slice(38, 38 + 512);
}

/** Writes all that a token stands for. */
async function writeAll(
  session: Session,
  token: Uint8Array,
  source: CopyLun,
  { lun, blockLength, blockCount }: CopyLun,
): Promise<void> {
  for (let done = 0; done < blockCount;) {
    const blocks = Math.min(blockCount - done, ASKED_BYTES / blockLength);
    const offset = done * blockLength / source.blockLength;
    const list = writeList({ token, offset, ranges: [[done, blocks]] });
    const write = new Uint8Array(list.buffer as ArrayBuffer);
    const cdb = writeUsingToken(2, write.length);
    const end = await inTime(() => session.command(lun, cdb, { write }));
    done += blocksDone(end, blocks);
  }
}

function blocksDone(
  { status, sense, senseData }: CommandResult,
  blocksAsked: number,
): number {
  if (status === 0) return blocksAsked;
  const information = parseSense(senseData)?.information ?? 0;
  assert(sense === UNDERRUN && information > 0, `${sense} ${information}`);
  return information;
}

async function inTime(
  send: () => Promise<CommandResult>,
): Promise<CommandResult> {
  const beganMs = performance.now();
  const result = await send();
  const ms = performance.now() - beganMs;
  assert(ms < MS_MAX, `A command took ${ms} ms`);
  return result;
}

const CLONES = [
  ["RAM", "RAM2"],
  ["FILE", "FILE2"],
  ["RAM", "FILE"],
  ["RAM", "RAM4K"],
  ["FILE4K", "RAM"],
] as const;

for (const [from, to] of CLONES) {
  Deno.test(`Windows offloads a copy: ${from} to ${to}`, async () => {
    await using daemon = await startDaemon();
    const session = await daemon.open("iqn.2026-01.test:windows");
    const source = await copyLun(session, LUN[from]);
    const destination = await copyLun(session, LUN[to]);
    await fill(session, source);
    const token = await tokenOf(session, source);
    await writeAll(session, token, source, destination);
    await expectFilled(session, destination);
  });
}

Deno.test("What Windows copies is what was there when it began", async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open("iqn.2026-01.test:windows");
  const other = await daemon.open("iqn.2026-01.test:other");
  const source = await copyLun(session, LUN.RAM);
  const destination = await copyLun(session, LUN.FILE);
  await fill(session, source);
  const token = await tokenOf(session, source);
  for (const place of FILLED) {
    await writeAt(other, source, place, new Uint8Array(MIB).fill(0xee));
  }
  await writeAll(session, token, source, destination);
  await expectFilled(session, destination);
});

Deno.test("Windows finds the limits that it works by", async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open("iqn.2026-01.test:windows");
  const { data } = await session
    .command(LUN.RAM, inquiryVpd(0x8f), { read: 1024 });
  const view = new DataView(data.buffer, data.byteOffset);
  // The descriptor of block device ROD limits is the first one.
  assertEquals([view.getUint16(4), view.getUint16(6)], [0, 32]);
  assertEquals(view.getUint16(14), 64, "MAXIMUM RANGE DESCRIPTORS");
  assertEquals(view.getUint32(16), 600, "MAXIMUM INACTIVITY TIMER");
  assertEquals(view.getUint32(20), 60, "DEFAULT INACTIVITY TIMER");
  assertEquals(view.getBigUint64(24), 0n, "MAXIMUM TOKEN TRANSFER SIZE");
  const optimal = BigInt(ASKED_BYTES / 512);
  assertEquals(view.getBigUint64(32), optimal, "OPTIMAL TRANSFER COUNT");
});
