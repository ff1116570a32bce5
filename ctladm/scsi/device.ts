/**
 * One logical unit as ctladm's SCSI commands see it: through the local port of
 * the control socket.
 *
 * @module
 */

import { ATTRIBUTE, STATUS } from "../../mod.ts";
import type { ApiClient, CommandOutcome } from "../api/client.ts";
import { senseLines } from "./sense_text.ts";

/** Which unit, for whom. */
export interface DeviceOptions {
  /** The daemon. */
  readonly client: ApiClient;
  /** LUN as the port shows it. */
  readonly lun: number;
  /** Number of the initiator (`-I`). */
  readonly initiator: number;
  /** How often a command that fails is sent again (`-C`). */
  readonly retries: number;
}

/** A command beside its CDB. */
export interface Transfer {
  /** Bytes of Data-In to take at the most. */
  readonly in?: number;
  /** Data-Out. */
  readonly out?: Uint8Array<ArrayBuffer>;
  /** Task attribute; absent: simple. */
  readonly attribute?: number;
}

/** A command that has ended, and what is needed to tell of it. */
export interface Answer extends CommandOutcome {
  /** The CDB. */
  readonly cdb: Uint8Array;
  /** Task attribute. */
  readonly attribute: number;
  /** `(initiator:port:lun/unit): ` that stands before every line. */
  readonly path: string;
  /** It ended GOOD. */
  readonly good: boolean;
}

/** Number that CTL shows where no unit stands behind a LUN. */
const NO_UNIT = 0xffffffff;

/** A logical unit. */
export class ScsiDevice {
  readonly #options: DeviceOptions;

  /** The unit that the options name. */
  constructor(options: DeviceOptions) {
    this.#options = options;
  }

  /** The same initiator at another LUN. */
  at(lun: number): ScsiDevice {
    return new ScsiDevice({ ...this.#options, lun });
  }

  /** Sends a command, again while it fails and retries remain. */
  async send(
    cdb: readonly number[] | Uint8Array,
    transfer: Transfer = {},
    retries: number = this.#options.retries,
  ): Promise<Answer> {
    const bytes = Uint8Array.from(cdb);
    let answer = await this.#send(bytes, transfer);
    for (let left = retries; left > 0; left -= 1) {
      if (answer.good) break;
      answer = await this.#send(bytes, transfer);
    }
    return answer;
  }

  async #send(cdb: Uint8Array, transfer: Transfer): Promise<Answer> {
    const { client, lun, initiator } = this.#options;
    const attribute = transfer.attribute ?? ATTRIBUTE.SIMPLE;
    const outcome = await client.command({
      cdb: cdb.toHex(),
      lun,
      initiator,
      in: transfer.in,
      attribute,
    }, transfer.out);
    const unit = outcome.unit ?? NO_UNIT;
    return {
      ...outcome,
      cdb,
      attribute,
      path: `(${initiator}:${outcome.port}:${lun}/${unit}): `,
      good: outcome.status === STATUS.GOOD,
    };
  }
}

const STATUS_TEXTS: ReadonlyMap<number, string> = new Map([
  [STATUS.GOOD, "OK"],
  [STATUS.CHECK_CONDITION, "Check Condition"],
  [STATUS.CONDITION_MET, "Condition Met"],
  [STATUS.BUSY, "Busy"],
  [STATUS.RESERVATION_CONFLICT, "Reservation Conflict"],
  [STATUS.TASK_SET_FULL, "Queue Full"],
  [STATUS.ACA_ACTIVE, "ACA Active"],
  [STATUS.TASK_ABORTED, "Task Aborted"],
]);

/** The lines that tell of a command that failed. */
export function errorBlock(answer: Answer): string {
  const { path, tag, attribute, status } = answer;
  const lines = [
    commandLine(answer),
    `Tag: 0x${tag.toString(16).padStart(4, "0")}, Type: ${attribute}`,
    `CTL Status: ${status === null ? "Command Aborted" : "SCSI Error"}`,
  ];
  if (status !== null) lines.push(`SCSI Status: ${statusText(status)}`);
  if (status === STATUS.CHECK_CONDITION) {
    lines.push(...senseLines(answer.sense));
  }
  return lines.map((line) => path + line).join("\n");
}

/** `TEST UNIT READY. CDB: 00 00 00 00 00 00 `, the blank at the end too. */
export function commandLine({ command, cdb }: Answer): string {
  const bytes = cdb.subarray(0, cdbLengthShown(cdb[0] ?? 0));
  const dump = [...bytes].map((byte) => `${hex(byte)} `).join("");
  return `${command}. CDB: ${dump}`;
}

// By the group of the operation code, as CTL counts.
function cdbLengthShown(opcode: number): number {
  return [6, 10, 10, 1, 16, 12, 1, 1][opcode >> 5] ?? 1;
}

/** Words for a status. */
export function statusText(status: number): string {
  return STATUS_TEXTS.get(status) ?? `Unknown 0x${status.toString(16)}`;
}

/** Bytes as `0x00 0x1f `, so many a line. */
export function hexDump(bytes: Uint8Array, perLine = 8): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += perLine) {
    const line = [...bytes.subarray(at, at + perLine)];
    lines.push(line.map((byte) => `0x${hex(byte)} `).join(""));
  }
  return lines.join("\n");
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
