/**
 * istgt, the target that FreeBSD had before CTL: one daemon, one LUN.
 *
 * @module
 */

import { requireProgram } from "../../support/command.ts";
import { type Daemon, startDaemon } from "../daemon.ts";
import { type Place, READY_MS_MAX, STOP_MS_MAX } from "./place.ts";

/** The LUN. */
export const ISTGT_LUN = 0;

/**
 * Starts istgt; with a queue depth of 0 it has no thread for the LUN, and
 * runs commands where it receives them.
 */
export async function startIstgt(
  place: Place,
  queueDepth: number,
): Promise<Daemon> {
  const { folder, port } = place;
  const confPath = `${folder}/istgt.conf`;
  await Deno.writeTextFile(confPath, istgtConfiguration(place, queueDepth));
  await Deno.writeTextFile(`${folder}/auth.conf`, "", { mode: 0o600 });
  return await startDaemon({
    program: requireProgram("istgt"),
    // In the foreground: a daemon of its own would not be our child.
    words: ["-D", "-c", confPath],
    folder,
    port,
    readyMsMax: READY_MS_MAX,
    stopMsMax: STOP_MS_MAX,
  });
}

/** istgt refuses InitialR2T No; the bursts are as large as tgt's. */
function istgtConfiguration(
  { port, folder, imagePath, targetName, sizeBytes }: Place,
  queueDepth: number,
): string {
  return `[Global]
  NodeBase "iqn.2026-01.bench.istgt"
  PidFile ${folder}/istgt.pid
  AuthFile ${folder}/auth.conf
  MediaDirectory ${folder}
  LogFacility "local7"
  Timeout 30
  NopInInterval 20
  DiscoveryAuthMethod Auto
  MaxSessions 16
  MaxConnections 8
  MaxR2T 32
  MaxOutstandingR2T 16
  DefaultTime2Wait 2
  DefaultTime2Retain 60
  FirstBurstLength 262144
  MaxBurstLength 1048576
  MaxRecvDataSegmentLength 262144
  InitialR2T Yes
  ImmediateData Yes
  DataPDUInOrder Yes
  DataSequenceInOrder Yes
  ErrorRecoveryLevel 0
[UnitControl]
  AuthMethod None
[PortalGroup1]
  Portal DA1 127.0.0.1:${port}
[InitiatorGroup1]
  InitiatorName "ALL"
  Netmask 127.0.0.1
[LogicalUnit1]
  TargetName ${targetName}
  Mapping PortalGroup1 InitiatorGroup1
  AuthMethod None
  UnitType Disk
  QueueDepth ${queueDepth}
  LUN0 Storage ${imagePath} ${sizeBytes / 2 ** 20}MB
`;
}
