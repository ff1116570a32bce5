/**
 * Describes a target in the words of the control API.
 *
 * @module
 */

import {
  type CommandTally,
  describeDesignator,
  DESIGNATOR_TYPE,
  type IscsiSessionInfo,
  type LogicalUnit,
  type Target,
  type TargetPort,
  TRANSFER,
  type TransferCounters,
} from "../../mod.ts";
import type {
  LunResource,
  PortResource,
  SessionResource,
  StatisticsResource,
} from "./resources.ts";

/** A LUN with its facts and options. */
export function describeLun(unit: LogicalUnit): LunResource {
  const { geometry, identity } = unit;
  const naa = identity.designators
    .find((each) => each.type === DESIGNATOR_TYPE.NAA);
  return {
    id: unit.number,
    backend: unit.driver.name,
    deviceType: unit.deviceType,
    sizeBlocks: geometry.blockCount,
    blockLength: geometry.blockLength,
    serialNumber: identity.serial,
    deviceId: identity.deviceId,
    naa: naa === undefined ? null : naa.bytes.toHex(),
    medium: unit.hasMedium,
    readOnly: unit.readOnly,
    details: lunDetails(unit),
  };
}

/** Worker threads that the block backend of CTL has by default. */
const NUM_THREADS = "32";

function lunDetails(unit: LogicalUnit): [string, string][] {
  const facts: [string, string][] = unit.driver.name === "block"
    ? [["num_threads", unit.rawOptions.get("num_threads") ?? NUM_THREADS]]
    : [];
  return [...facts, ...unit.rawOptions];
}

/** A port with its map and initiators. */
export function describePort(port: TargetPort): PortResource {
  const { description, lunMap, targetDesignator, portDesignator } = port;
  return {
    id: port.number,
    frontend: description.frontend,
    type: description.type,
    online: port.online,
    name: description.name,
    physicalPort: description.physicalPort,
    virtualPort: description.virtualPort,
    target: targetDesignator && describeDesignator(targetDesignator),
    port: portDesignator && describeDesignator(portDesignator),
    lunMap: lunMap === null ? null : [...lunMap]
      .map(([lun, unit]) => ({ lun, unit }))
      .sort((a, b) => a.lun - b.lun),
    initiators: [...port.initiators]
      .map(({ index, name }) => ({ id: index, name })),
    details: [...description.details ?? []],
  };
}

/** A session with what was agreed at login. */
export function describeSession(info: IscsiSessionInfo): SessionResource {
  const { parameters } = info;
  return {
    id: info.id,
    initiator: info.initiator,
    initiatorAddress: info.initiatorAddress,
    initiatorAlias: info.initiatorAlias,
    target: info.target,
    targetAlias: info.targetAlias,
    portalGroupTag: info.portalGroupTag,
    headerDigest: parameters.headerDigest ? "CRC32C" : "None",
    dataDigest: parameters.dataDigest ? "CRC32C" : "None",
    maxRecvDataSegmentLength: parameters.maxRecvDataSegmentLengthBytes,
    maxSendDataSegmentLength: parameters.maxSendDataSegmentLengthBytes,
    maxBurstLength: parameters.maxBurstLengthBytes,
    firstBurstLength: parameters.firstBurstLengthBytes,
    immediateData: parameters.immediateData,
  };
}

/** Counters of all LUNs and ports. */
export function describeStatistics(
  target: Target,
  times: { readonly uptimeMs: number; readonly cpuMs: number },
): StatisticsResource {
  return {
    ...times,
    luns: target.luns.all()
      .map((unit) => ({ id: unit.number, ...kindsOf(unit.statistics) })),
    ports: target.ports.all()
      .map((port) => ({ id: port.number, ...kindsOf(port.statistics) })),
  };
}

function kindsOf(statistics: CommandTally): {
  none: TransferCounters;
  read: TransferCounters;
  write: TransferCounters;
} {
  return {
    none: statistics.of(TRANSFER.NONE),
    read: statistics.of(TRANSFER.READ),
    write: statistics.of(TRANSFER.WRITE),
  };
}
