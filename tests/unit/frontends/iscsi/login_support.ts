/**
 * A login in rows of text: each row is a Login Request and the answer to it.
 *
 * A request is `CSG[>NSG][+C] key=value key=value…`; so is an answer, or it is
 * `refuse STATUS [key=value…]`, `complete [key=value…]` or `close`. `$I`, `$T`
 * and `$D` stand for the keys that begin a login. The bytes of requests come
 * from the initiator of the tests, which also reads the responses.
 *
 * @module
 */

import { LoginGuard } from "../../../../frontends/iscsi/login_guard.ts";
import { ManualClock } from "../../../support/memory_host.ts";
import { assertEquals } from "@std/assert";
import type { Entropy, Log } from "../../../../core/mod.ts";
import type {
  AuthGroup,
  AuthType,
  Credentials,
  Directory,
  PortalGroup,
  TargetEntry,
} from "../../../../frontends/iscsi/access.ts";
import { CHAP_HASHES } from "../../../../frontends/iscsi/hash_adapter.ts";
import { INITIAL_PARAMETERS } from "../../../../frontends/iscsi/parameters.ts";
import {
  LoginEngine,
  type LoginOptions,
  type LoginOutcome,
  type LoginStep,
} from "../../../../frontends/iscsi/login.ts";
import {
  decodeLoginRequest,
  encodeLoginResponse,
} from "../../../../frontends/iscsi/wire/login.ts";
import { loginRequest } from "../../../support/initiator/requests.ts";
import { Pdu } from "../../../support/initiator/pdu.ts";
import {
  decodePairs,
  encodePairs,
  encodeText,
} from "../../../support/initiator/text.ts";

/** Name of the initiator. */
export const INITIATOR_NAME = "iqn.2026-01.test.dtl:initiator";
/** Name of the target. */
export const TARGET_NAME = "iqn.2026-01.test.dtl:target";
/** Handle of a session that a login begins. */
export const TSIH = 0x4711;

const SHORT: Readonly<Record<string, string>> = {
  $I: `InitiatorName=${INITIATOR_NAME}`,
  $T: `InitiatorName=${INITIATOR_NAME} TargetName=${TARGET_NAME}`,
  $D: `InitiatorName=${INITIATOR_NAME} SessionType=Discovery`,
  $P: "TargetPortalGroupTag=256",
  $M: "MaxRecvDataSegmentLength=262144",
};

/** A group of initiators. */
export function authGroup(
  type: AuthType,
  fields: Partial<Omit<AuthGroup, "credentials">> & {
    readonly credentials?: readonly Credentials[];
  } = {},
): AuthGroup {
  const { credentials = [], ...rest } = fields;
  return {
    type,
    initiatorNames: new Set(),
    admitsAddress: () => true,
    credentials: new Map(credentials.map((one) => [one.user, one])),
    ...rest,
  };
}

/** The group that lets everyone in. */
export const OPEN: AuthGroup = authGroup("none");

/** A portal group on 192.0.2.1. */
export function portalGroup(fields: Partial<PortalGroup> = {}): PortalGroup {
  return {
    name: "pg0",
    tag: 256,
    discoveryAuthGroup: OPEN,
    discoveryFilter: "none",
    portals: [{ address: "192.0.2.1", port: 3260, wildcard: false }],
    ...fields,
  };
}

/** A target of that portal group. */
export function targetEntry(fields: Partial<TargetEntry> = {}): TargetEntry {
  return {
    name: TARGET_NAME,
    portalGroupTag: 256,
    authGroup: OPEN,
    portalGroups: [portalGroup()],
    ...fields,
  };
}

/** A directory of some targets; one open one when none are given. */
export function directoryOf(
  group: PortalGroup | undefined = portalGroup(),
  targets: readonly TargetEntry[] = [targetEntry()],
  liveTsih = 0,
): Directory {
  return {
    portalGroup: () => group,
    target: (name) => targets.find((target) => target.name === name),
    targets: () => targets,
    liveSession: (tsih, name, isidHex) =>
      tsih === liveTsih && name === INITIATOR_NAME &&
        isidHex === "800000000001"
        ? {
          connectionId: 3,
          target: TARGET_NAME,
          parameters: {
            ...INITIAL_PARAMETERS,
            maxBurstLengthBytes: 4096,
            firstBurstLengthBytes: 2048,
            headerDigest: true,
          },
        }
        : undefined,
  };
}

/** A directory without portal group. */
export const EMPTY_DIRECTORY: Directory = {
  ...directoryOf(),
  portalGroup: () => undefined,
};

/** Bytes that count up: no two challenges are the same. */
export function countingEntropy(): Entropy {
  let next = 0;
  return {
    fill(into) {
      for (let at = 0; at < into.length; at++) into[at] = next++;
      next += 7;
    },
  };
}

/** Log lines, for tests that look at them. */
export interface LogLines extends Log {
  /** Each line with its fields. */
  readonly lines: string[];
}

/** A log that keeps its lines. */
export function collectLog(): LogLines {
  const lines: string[] = [];
  const add = (message: string, fields?: unknown) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, debug: add, info: add, warn: add, error: add };
}

/** Header fields of a request that differ from a plain initiator's. */
export interface Oddities {
  /** Byte 1. */
  readonly flags?: number;
  /** Byte 3. */
  readonly versionMin?: number;
  /** Byte 2. */
  readonly versionMax?: number;
  /** Session to join. */
  readonly tsih?: number;
  /** CID. */
  readonly connectionId?: number;
  /** CmdSN. */
  readonly cmdSN?: number;
  /** ExpStatSN. */
  readonly expStatSN?: number;
  /** ISID. */
  readonly isid?: Uint8Array;
  /** Opcode and immediate bit. */
  readonly byte0?: number;
  /** TotalAHSLength. */
  readonly ahsWords?: number;
}

/** ISID of the initiator. */
export const ISID: Uint8Array = Uint8Array.of(0x80, 0, 0, 0, 0, 1);

/** A login engine, and an initiator that speaks to it in rows. */
export class LoginDriver {
  /** The engine under test. */
  readonly engine: LoginEngine;
  /** What it told the log. */
  readonly log: LogLines = collectLog();
  /** What the engine made of the last request. */
  lastStep: LoginStep | undefined;
  /** Its response, if there was one. */
  lastResponse: Pdu | undefined;
  /** What was agreed, after a login that succeeded. */
  outcome: LoginOutcome | undefined;
  #expStatSN = 0;

  /** Begins; what is not given suits a plain login. */
  constructor(options: Partial<LoginOptions> = {}) {
    this.engine = new LoginEngine({
      guard: new LoginGuard(new ManualClock()),
      directory: directoryOf(),
      peerAddress: "192.0.2.7",
      entropy: countingEntropy(),
      hashes: CHAP_HASHES,
      log: this.log,
      ...options,
    });
  }

  /** Sends a row; gives the answer as a row. */
  ask(row: string, oddities: Oddities = {}): string {
    const { flags, data } = parseRow(row);
    return this.send(flags, data, oddities);
  }

  /** Sends any text. */
  send(flags: number, data: Uint8Array, oddities: Oddities = {}): string {
    const request = loginRequest({
      flags,
      isid: ISID,
      initiatorTaskTag: 0xa1b2c3d4,
      cmdSN: 77,
      expStatSN: this.#expStatSN,
      data,
      ...oddities,
    });
    if (oddities.byte0 !== undefined) request.set8(0, oddities.byte0);
    if (oddities.ahsWords !== undefined) request.set8(4, oddities.ahsWords);
    const view = viewOf(request.header);
    return this.show(this.engine.handle(decodeLoginRequest(view, 0), data));
  }

  /** Turns a step into a row, and reads its response. */
  show(step: LoginStep): string {
    this.lastStep = step;
    switch (step.kind) {
      case "close":
        return "close";
      case "complete": {
        this.outcome = step.outcome;
        const { response, text } = step.respond(TSIH);
        return this.#read("complete", response, text);
      }
      default:
        return this.#read(step.kind, step.response, step.text);
    }
  }

  #read(
    kind: LoginStep["kind"],
    response: Parameters<typeof encodeLoginResponse>[2],
    text: Uint8Array,
  ): string {
    const header = new Uint8Array(48).fill(0xa5);
    encodeLoginResponse(viewOf(header), 0, response);
    const pdu = new Pdu(header, undefined, text.slice());
    assertEquals(pdu.dataSegmentLength, text.length);
    assertEquals(pdu.statSN, this.#expStatSN, "StatSN counts");
    this.#expStatSN = (pdu.statSN + 1) >>> 0;
    this.lastResponse = pdu;
    return [headOf(kind, pdu), ...pairsOf(pdu)].join(" ");
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function headOf(kind: LoginStep["kind"], pdu: Pdu): string {
  if (kind === "complete") return kind;
  if (kind === "refuse") {
    return `refuse ${pdu.u16(36).toString(16).padStart(4, "0")}`;
  }
  const next = pdu.has(0x80) ? `>${pdu.flags & 3}` : "";
  return `${pdu.flags >> 2 & 3}${next}${pdu.has(0x40) ? "+C" : ""}`;
}

// A part of a text is no pair yet: only its length can be shown.
function pairsOf(pdu: Pdu): string[] {
  if (pdu.has(0x40)) return [`${pdu.data.length} bytes`];
  const text = new TextDecoder().decode(pdu.data);
  if (text !== "" && !text.endsWith("\0")) return ["unterminated"];
  if (!text.split("\0").slice(0, -1).every((pair) => pair.includes("="))) {
    return [`rest of ${pdu.data.length} bytes`];
  }
  return decodePairs(pdu.data).map(([key, value]) => `${key}=${value}`);
}

/** Flags and text of a row. */
export function parseRow(row: string): { flags: number; data: Uint8Array } {
  const [head = "", ...words] = expand(row).split(" ");
  const match = /^([0-3])(?:>([0-3]))?(\+C)?$/.exec(head);
  if (match === null) throw new Error(`Cannot read the row "${row}"`);
  const [, stage = "0", next, continued] = match;
  const flags = Number(stage) << 2 | (continued === undefined ? 0 : 0x40) |
    (next === undefined ? 0 : 0x80 | Number(next));
  const pairs = words.filter((word) => word !== "");
  const data = encodePairs(pairs.map((pair): [string, string] => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  }));
  return { flags, data };
}

/** Writes the keys out that a row has in short. */
export function expand(row: string): string {
  return row.replace(/\$[A-Z]/g, (name) => SHORT[name] ?? name);
}

/** Sends rows and compares all answers. */
export function assertStory(
  rows: readonly (readonly [request: string, answer: string])[],
  options: Partial<LoginOptions> = {},
): LoginDriver {
  const driver = new LoginDriver(options);
  const answers = rows.map(([request]) => driver.ask(request));
  assertEquals(answers, rows.map(([, answer]) => expand(answer)));
  return driver;
}

/** A text of bytes that may be no pairs at all. */
export function text(plain: string): Uint8Array {
  return encodeText(plain);
}
