/**
 * A daemon whose LUNs the benchmark of copies clones: two in memory and two in
 * files, of one size, the first of each pair with data all over; and a small
 * one in memory that others read meanwhile.
 *
 * @module
 */

import { run } from "../../support/command.ts";
import { type CopyLun, copyLun } from "../../support/copy_client.ts";
import { type DaemonFolder, daemonFolder } from "../../support/daemon.ts";
import { pidFileLine, portalGroup } from "../../support/ctl_conf.ts";
import {
  openSession,
  type Session,
  unmap,
  unmapList,
} from "../../support/initiator/mod.ts";
import { hearAttentions } from "../../support/system_target.ts";
import { freePort } from "../../support/ports.ts";
import { memoryOf } from "../proc.ts";

const TARGET = "iqn.2026-01.bench.dtl:copies";

/** What stores keep blocks in. */
export type Medium = "RAM" | "file";

/** Numbers of the LUNs. */
const LUNS: Readonly<Record<Medium, readonly [number, number]>> = {
  RAM: [0, 1],
  file: [2, 3],
};
/** LUN that others read meanwhile. */
export const READ_LUN = 4;
const READ_LUN_BYTES = 2 ** 28;

/** What a daemon is started for. */
export interface CopyDaemonWish {
  /** Bytes of each LUN. */
  readonly sizeBytes: number;
  /** Media whose LUNs are wanted. */
  readonly media: readonly Medium[];
  /** Whether stores share what is copied; else it is read and written. */
  readonly shares: boolean;
  /** Folder for the files; absent: that of the daemon. */
  readonly fileFolder?: string | undefined;
}

/** A running daemon, and a session with it. */
export class CopyDaemon implements AsyncDisposable {
  /** Its process. */
  readonly pid: number;
  /** A session with its target. */
  readonly session: Session;
  readonly #port: number;
  readonly #owned: AsyncDisposable[];

  /** Made by {@linkcode startCopyDaemon}. */
  constructor(
    pid: number,
    port: number,
    session: Session,
    owned: AsyncDisposable[],
  ) {
    this.pid = pid;
    this.#port = port;
    this.session = session;
    this.#owned = owned;
  }

  /** URL of a LUN. */
  url(lun: number): string {
    return `iscsi://127.0.0.1:${this.#port}/${TARGET}/${lun}`;
  }

  /** A LUN, for the client of a copy. */
  lun(number: number): Promise<CopyLun> {
    return copyLun(this.session, number);
  }

  /** Bytes that the process has resident, without pages of files. */
  anonymousBytes(): number {
    return memoryOf(this.pid).anonymousKib * 1024;
  }

  /** Empties a LUN: it is as if nothing had ever been written. */
  async empty({ lun, blockCount }: CopyLun): Promise<void> {
    const list = unmapList([[0, blockCount]]);
    const result = await this.session
      .command(lun, unmap(list.length), { write: list, timeoutMs: 60_000 });
    if (result.status !== 0) throw new Error(`UNMAP: ${result.sense}`);
  }

  /** Writes data all over a LUN. */
  async fill({ lun, blockCount, blockLength }: CopyLun): Promise<void> {
    await this.fillBytes(lun, blockCount * blockLength);
  }

  /** Writes data into the first bytes of a LUN. */
  async fillBytes(lun: number, sizeBytes: number): Promise<void> {
    const client = new URL("../load_client.ts", import.meta.url).pathname;
    await run(Deno.execPath(), [
      ...["run", "-A", "--no-prompt", client, "--url", this.url(lun)],
      ...["--fill", "--span", String(sizeBytes), "--bs", "256k", "--qd", "16"],
    ]);
  }

  /** Ends the session and the daemon, and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
    for (const each of this.#owned) await each[Symbol.asyncDispose]();
  }
}

/** The source and the destination of one medium. */
export async function pairOf(
  daemon: CopyDaemon,
  medium: Medium,
): Promise<readonly [source: CopyLun, destination: CopyLun]> {
  const [source, destination] = LUNS[medium];
  return [await daemon.lun(source), await daemon.lun(destination)];
}

/** Starts a daemon with the native adapter; its first LUNs are full of data. */
export async function startCopyDaemon(
  wish: CopyDaemonWish,
): Promise<CopyDaemon> {
  const folder = await daemonFolder();
  const files = await Deno.makeTempDir({
    dir: wish.fileFolder ?? folder.path,
    prefix: "dtl-copies-",
  });
  const owned = [folder, {
    [Symbol.asyncDispose]: () => removeIfThere(files),
  }];
  try {
    const port = freePort();
    await makeFiles(files, wish);
    const text = configurationOf(folder, port, files, wish);
    const { pid } = await folder.ctldNative(text);
    const session = await openSession({
      portal: { port },
      targetName: TARGET,
    });
    const daemon = new CopyDaemon(pid, port, session, owned);
    for (const medium of wish.media) {
      await daemon.fillBytes(LUNS[medium][0], wish.sizeBytes);
    }
    await daemon.fillBytes(READ_LUN, READ_LUN_BYTES);
    for (const lun of lunsOf(wish)) await hearAttentions(session, lun);
    return daemon;
  } catch (error) {
    for (const each of owned) await each[Symbol.asyncDispose]();
    throw error;
  }
}

function lunsOf({ media }: CopyDaemonWish): number[] {
  return media.flatMap((medium) => [...LUNS[medium]]);
}

function configurationOf(
  folder: DaemonFolder,
  port: number,
  files: string,
  { sizeBytes, media, shares }: CopyDaemonWish,
): string {
  const ram = (lun: number, bytes: number): string =>
    `lun ${lun} {
      backend ramdisk
      size ${bytes}
      option capacity ${bytes}
    }\n`;
  const file = (lun: number): string =>
    `lun ${lun} {
      backend block
      path ${files}/lun${lun}
    }\n`;
  const luns = media.flatMap((medium) =>
    LUNS[medium].map((lun) =>
      medium === "RAM" ? ram(lun, sizeBytes) : file(lun)
    )
  );
  return `${pidFileLine(folder)}
    ${portalGroup("pg0", port)}
    plugin tpc { option sharing ${shares ? "on" : "off"} }
    target ${TARGET} {
      auth-group no-authentication
      portal-group pg0
      ${luns.join("")}
      ${ram(READ_LUN, READ_LUN_BYTES)}
    }`;
}

async function makeFiles(
  folder: string,
  { media, sizeBytes }: CopyDaemonWish,
): Promise<void> {
  if (!media.includes("file")) return;
  for (const lun of LUNS.file) {
    using file = await Deno.create(`${folder}/lun${lun}`);
    await file.truncate(sizeBytes);
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
