/**
 * Why an initiator sees a LUN or not, and what would refuse its commands: told
 * by what judges logins and commands themselves.
 *
 * @module
 */

import {
  CDB_LENGTH_MAX,
  foresee,
  type IscsiService,
  type LogicalUnit,
  nameOfTransportId,
  type Nexus,
  type Obstacle,
  PORT_TYPE,
  type Sender,
  STATUS,
  type Target,
  type TargetPort,
} from "../../mod.ts";
import { statusText } from "../scsi/device.ts";
import { senseText } from "../scsi/sense_text.ts";
import type {
  CommandOutlookResource,
  ExplanationResource,
  PortExplanationResource,
} from "./resources.ts";

/** Whom it is about. */
export interface ExplainQuery {
  /** Name of an initiator or of its port, or the number of a local one. */
  readonly initiator: string;
  /** Its address; undefined: that of its session, if there is one. */
  readonly address?: string | undefined;
}

/** Where it looks. */
export interface ExplainPlace {
  /** The target. */
  readonly target: Target;
  /** Its iSCSI service; null: it is not loaded. */
  readonly iscsi: IscsiService | null;
}

/** Operation codes of the commands whose end is foreseen. */
const OPCODES: readonly number[] = [0x00, 0x28, 0x2a];
const OPCODE_TEST_UNIT_READY = 0x00;

/** Explains a LUN to an initiator, port by port. */
export function explainLun(
  place: ExplainPlace,
  unit: LogicalUnit,
  query: ExplainQuery,
): ExplanationResource {
  return {
    lun: unit.number,
    initiator: query.initiator,
    ports: place.target.ports.all().filter(isForInitiators)
      .map((port) => explainPort(place, unit, port, query)),
  };
}

function explainPort(
  place: ExplainPlace,
  unit: LogicalUnit,
  port: TargetPort,
  query: ExplainQuery,
): PortExplanationResource {
  const nexuses = [...port.nexuses]
    .filter(({ initiator }) => isNamed(initiator.name, query.initiator));
  const luns = port.visibleLuns().filter((lun) => port.unitAt(lun) === unit);
  const reasons = [
    ...port.online ? [] : ["the port is off line"],
    ...luns.length > 0 ? [] : [mapReason(port, unit)],
    ...accessReasons(place, port, query, nexuses),
  ];
  const visible = reasons.length === 0;
  return {
    port: port.number,
    frontend: port.description.frontend,
    name: nameOf(port),
    online: port.online,
    luns,
    sessions: nexuses.map(({ initiator }) => initiator.name),
    visible,
    reasons,
    commands: luns.length === 0
      ? []
      : foreseeCommands(place.target, unit, port, query, nexuses[0]),
  };
}

// No initiator ever comes to the port of copies.
function isForInitiators({ description }: TargetPort): boolean {
  return description.frontend !== "tpc";
}

function nameOf({ description }: TargetPort): string {
  return description.details?.get("cfiscsi_target") ?? description.name;
}

function mapReason(port: TargetPort, unit: LogicalUnit): string {
  return port.lunMap === null
    ? `LUN ${unit.number} is being removed`
    : `the LUN map of the port does not hold LUN ${unit.number}`;
}

function accessReasons(
  { iscsi }: ExplainPlace,
  port: TargetPort,
  { initiator, address }: ExplainQuery,
  nexuses: readonly Nexus[],
): string[] {
  if (nexuses.length > 0) return [];
  const isLocal = port.description.type === PORT_TYPE.IOCTL;
  if (isLocalName(initiator)) {
    return isLocal ? [] : ["only initiators of its network reach the port"];
  }
  if (isLocal) return ["only programs on this machine reach the port"];
  const outlook = iscsi?.foreseeLogin(port, {
    initiatorName: nodeNameOf(initiator),
    peerAddress: address,
  });
  if (outlook === undefined) return ["there is no session"];
  return [
    outlook.admitted
      ? `there is no session; it may log in: ${outlook.reason}`
      : `there is no session, and a login is refused: ${outlook.reason}`,
  ];
}

function foreseeCommands(
  target: Target,
  unit: LogicalUnit,
  port: TargetPort,
  { initiator }: ExplainQuery,
  nexus: Nexus | undefined,
): CommandOutlookResource[] {
  const sender = nexus ?? absentSender(unit, port, initiator);
  const itl = [...nexus?.itls ?? []].find((each) => each.unit === unit);
  return OPCODES.flatMap((opcode) => {
    const cdb = new DataView(new ArrayBuffer(CDB_LENGTH_MAX));
    cdb.setUint8(0, opcode);
    const row = target.commands.find(cdb);
    if (row === null) return [];
    const obstacles = foresee(row, unit, sender, itl ?? null);
    // Reads and writes are for disks: what a type lacks is no trouble.
    const lacks = obstacles.some(({ step }) => step === "command");
    if (lacks && opcode !== OPCODE_TEST_UNIT_READY) return [];
    return [{ command: row.name, refusals: obstacles.map(describe) }];
  });
}

function describe(
  { step, completion }: Obstacle,
): CommandOutlookResource["refusals"][number] {
  if (typeof completion === "number") {
    return { step, status: completion, text: statusText(completion) };
  }
  const { key, asc, ascq } = completion;
  const text = senseText(key, asc, ascq);
  return { step, status: STATUS.CHECK_CONDITION, text };
}

// Reservations outlive sessions: they know nexuses that are not there now.
function absentSender(
  unit: LogicalUnit,
  port: TargetPort,
  initiator: string,
): Sender {
  const known = [...port.knownInitiators]
    .find(({ name }) => isNamed(name, initiator));
  const registered = unit.reservations.persistent.registrations
    .map(({ nexus }) => nexus)
    .find(({ relativeTargetPort, transportId }) =>
      relativeTargetPort === port.number &&
      isNamed(nameOfTransportId(transportId), initiator)
    );
  return { initiator: known ?? registered ?? strangerAt(port) };
}

function strangerAt(port: TargetPort): Sender["initiator"] {
  return {
    nexusId: "",
    relativeTargetPort: port.number,
    transportId: new Uint8Array(0),
  };
}

/** An initiator port is named by its node as well. */
function isNamed(portName: string, initiator: string): boolean {
  return portName === initiator || nodeNameOf(portName) === initiator ||
    (/^\d+$/.test(initiator) && isLocalName(portName) &&
      portName.endsWith(`,i,${initiator}`));
}

function nodeNameOf(portName: string): string {
  return portName.split(",i,", 1)[0] ?? portName;
}

function isLocalName(initiator: string): boolean {
  return /^(\d+$|ioctl\d)/.test(initiator);
}
