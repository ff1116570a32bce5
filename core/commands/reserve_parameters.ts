/**
 * Parameter lists of PERSISTENT RESERVE OUT (SPC-5 6.17.3, 6.17.4): which
 * nexuses they name.
 *
 * @module
 */

import { type NexusName, nexusName } from "../initiator_port.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { REGISTRANTS_MAX } from "../persistent_reservations.ts";
import { PROTOCOL } from "../ports/designator.ts";
import {
  decodeTransportId,
  type TransportId,
  type TransportIdFault,
} from "../ports/transport_id.ts";
import {
  INSUFFICIENT_REGISTRATION_RESOURCES,
  invalidFieldInParameterList,
  PARAMETER_LIST_LENGTH_ERROR,
  type Sense,
} from "../sense.ts";
import { PORT_TYPE, type TargetPort } from "../target_port.ts";

/** Bytes of a list without TransportIDs. */
export const BASIC_LIST_LENGTH = 24;

const At = {
  ADDITIONAL_LENGTH: 24,
  TRANSPORT_IDS: 28,
  MOVE_PORT: 18,
  MOVE_ID_LENGTH: 20,
  MOVE_ID: 24,
} as const;

/** Protocols of the TransportIDs that a type of port has. */
const PROTOCOLS: Readonly<Record<number, number>> = {
  [PORT_TYPE.FC]: PROTOCOL.FC,
  [PORT_TYPE.ISCSI]: PROTOCOL.ISCSI,
  [PORT_TYPE.SAS]: PROTOCOL.SAS,
};

/** The other ports that lead to a unit by the same protocol (ALL_TG_PT). */
export function otherPorts(port: TargetPort, unit: LogicalUnit): TargetPort[] {
  return port.siblings().filter((other) =>
    other !== port && other.maps(unit) && protocolOf(other) === protocolOf(port)
  );
}

/**
 * The nexuses that a REGISTER with SPEC_I_PT names.
 *
 * @param ports target ports, the one that the command came through first
 */
export function specifiedNexuses(
  list: DataView,
  ports: readonly TargetPort[],
): NexusName[] | Sense {
  if (list.byteLength < At.TRANSPORT_IDS) return PARAMETER_LIST_LENGTH_ERROR;
  const length = list.getUint32(At.ADDITIONAL_LENGTH);
  if (At.TRANSPORT_IDS + length !== list.byteLength) {
    return PARAMETER_LIST_LENGTH_ERROR;
  }
  const nexuses: Map<string, NexusName> = new Map();
  const known = new KnownPorts(ports);
  for (let at: number = At.TRANSPORT_IDS; at < list.byteLength;) {
    const id = decodeIdAt(list, at, ports);
    if ("key" in id) return id;
    const named = id.namesPort
      ? ports.map(({ number }) => nexusName(number, id.bytes))
      : known.ofNode(id.name);
    // A node without a port that we know names no nexus.
    if (named.length === 0) return invalidFieldInParameterList(at);
    for (const each of named) nexuses.set(each.nexusId, each);
    if (nexuses.size > REGISTRANTS_MAX) {
      return INSUFFICIENT_REGISTRATION_RESOURCES;
    }
    at += id.bytes.length;
  }
  return [...nexuses.values()];
}

/** The nexus to which REGISTER AND MOVE moves the reservation. */
export function destinationNexus(
  list: DataView,
  from: TargetPort,
  unit: LogicalUnit,
): NexusName | Sense {
  const length = list.getUint32(At.MOVE_ID_LENGTH);
  if (At.MOVE_ID + length !== list.byteLength) {
    return PARAMETER_LIST_LENGTH_ERROR;
  }
  const number = list.getUint16(At.MOVE_PORT);
  const port = from.siblings().find((each) => each.number === number);
  if (port === undefined || !port.maps(unit)) {
    return invalidFieldInParameterList(At.MOVE_PORT);
  }
  const id = decodeIdAt(list, At.MOVE_ID, [port]);
  if ("key" in id) return id;
  if (id.bytes.length !== length) return PARAMETER_LIST_LENGTH_ERROR;
  return id.namesPort
    ? nexusName(port.number, id.bytes)
    : invalidFieldInParameterList(At.MOVE_ID);
}

function decodeIdAt(
  list: DataView,
  at: number,
  [port]: readonly TargetPort[],
): TransportId | Sense {
  const id: TransportId | TransportIdFault = decodeTransportId(list, at);
  if ("truncated" in id) {
    return id.truncated
      ? PARAMETER_LIST_LENGTH_ERROR
      : invalidFieldInParameterList(at + id.at);
  }
  return port !== undefined && id.protocol === protocolOf(port)
    ? id
    : invalidFieldInParameterList(at);
}

function protocolOf({ description }: TargetPort): number {
  return PROTOCOLS[description.type] ?? PROTOCOL.SPI;
}

/** Ports of iSCSI nodes that some target ports know, looked up by node. */
class KnownPorts {
  readonly #ports: readonly TargetPort[];
  #byNode: Map<string, NexusName[]> | null = null;

  constructor(ports: readonly TargetPort[]) {
    this.#ports = ports;
  }

  /** The nexuses of a node. */
  ofNode(node: string): readonly NexusName[] {
    this.#byNode ??= this.#index();
    return this.#byNode.get(node) ?? [];
  }

  #index(): Map<string, NexusName[]> {
    const byNode: Map<string, NexusName[]> = new Map();
    for (const port of this.#ports) {
      for (const initiator of port.knownInitiators) {
        const node = nodeOf(initiator.nexusId);
        const nexuses = byNode.get(node);
        if (nexuses === undefined) byNode.set(node, [initiator]);
        else nexuses.push(initiator);
      }
    }
    return byNode;
  }
}

// `3/iqn.2026-01.test:a,i,0x…`: without port and ISID.
function nodeOf(nexusId: string): string {
  const end = nexusId.lastIndexOf(",i,");
  return nexusId.slice(nexusId.indexOf("/") + 1, end < 0 ? undefined : end);
}
