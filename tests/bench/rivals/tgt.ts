/**
 * tgt, the target of Linux in user space: one tgtd, one LUN.
 *
 * @module
 */

import { delay, requireProgram, run } from "../../support/command.ts";
import { type Daemon, startDaemon } from "../daemon.ts";
import { type Place, READY_MS_MAX, STOP_MS_MAX } from "./place.ts";

/** The LUN; tgt keeps 0 for its controller. */
export const TGT_LUN = 1;

/** tgtd's portal may be up before its management socket. */
const MANAGEMENT_TRIES_MAX = 40;
const MANAGEMENT_PAUSE_MS = 100;

/** How a LUN's file is read and written: system calls, or Linux's aio. */
export type TgtStore = "rdwr" | "aio";

/** What lets tgt send and take large bursts; it starts out with small ones. */
const TGT_PARAMETERS: Readonly<Record<string, string>> = {
  InitialR2T: "No",
  ImmediateData: "Yes",
  MaxRecvDataSegmentLength: "262144",
  MaxXmitDataSegmentLength: "262144",
  FirstBurstLength: "262144",
  MaxBurstLength: "1048576",
  MaxOutstandingR2T: "8",
  MaxQueueCmd: "256",
};

/** Starts tgtd with so many threads that do a LUN's reads and writes. */
export async function startTgt(
  { port, folder, imagePath, targetName }: Place,
  threadCount: number,
  store: TgtStore,
): Promise<Daemon> {
  const portal = `portal=127.0.0.1:${port}`;
  // Its management socket; the usual one belongs to the system's own tgtd.
  const env = { TGT_IPC_SOCKET: `${folder}/socket` };
  const daemon = await startDaemon({
    program: requireProgram("tgtd"),
    words: ["-f", "-t", `${threadCount}`, "--iscsi", portal],
    folder,
    env,
    port,
    readyMsMax: READY_MS_MAX,
    stopMsMax: STOP_MS_MAX,
  });
  try {
    await configureTgt(env, targetName, imagePath, store);
    return daemon;
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
}

async function configureTgt(
  env: Readonly<Record<string, string>>,
  targetName: string,
  imagePath: string,
  store: string,
): Promise<void> {
  const admin = (words: string): Promise<string> =>
    run(requireProgram("tgtadm"), ["--lld", "iscsi", ...words.split(" ")], {
      env,
    });
  await untilManaged(() => admin("--op show --mode target"));
  await admin(`--op new --mode target --tid 1 -T ${targetName}`);
  const lun = `--mode logicalunit --tid 1 --lun ${TGT_LUN}`;
  await admin(`--op new ${lun} -b ${imagePath} --bstype ${store}`);
  for (const [key, value] of Object.entries(TGT_PARAMETERS)) {
    await admin(`--op update --mode target --tid 1 -n ${key} -v ${value}`);
  }
  await admin("--op bind --mode target --tid 1 -I ALL");
}

async function untilManaged(show: () => Promise<string>): Promise<void> {
  let reason: unknown;
  for (let attempt = 0; attempt < MANAGEMENT_TRIES_MAX; attempt += 1) {
    try {
      await show();
      return;
    } catch (error) {
      reason = error;
      await delay(MANAGEMENT_PAUSE_MS);
    }
  }
  throw reason;
}
