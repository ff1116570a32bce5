/**
 * VPD pages that hold designators: Device Identification and SCSI Ports
 * (SPC-5 7.7.6, 7.7.14).
 *
 * @module
 */

import type { LogicalUnit } from "../logical_unit.ts";
import {
  ASSOCIATION,
  CODE_SET,
  type Designator,
  DESIGNATOR_TYPE,
  PROTOCOL,
} from "../ports/designator.ts";
import { PORT_TYPE, type TargetPort } from "../target_port.ts";
import type { VpdContext } from "./vpd_pages.ts";

const DESIGNATOR_HEADER = 4;
const PORT_ENTRY_LENGTH = 12;
const PIV = 0x80;

const PROTOCOL_OF_PORT: Readonly<Record<number, number>> = {
  [PORT_TYPE.FC]: PROTOCOL.FC,
  [PORT_TYPE.ISCSI]: PROTOCOL.ISCSI,
  [PORT_TYPE.SAS]: PROTOCOL.SAS,
};

/** Bytes of the Device Identification page after its header. */
export function deviceIdentificationLength(context: VpdContext): number {
  return lengthOf(designatorsOf(context));
}

/** Writes the Device Identification page. */
export function deviceIdentification(
  body: DataView,
  context: VpdContext,
): void {
  writeDesignators(body, 0, designatorsOf(context));
}

/** Bytes of the SCSI Ports page after its header. */
export function scsiPortsLength({ unit, task }: VpdContext): number {
  return portsOf(unit, task.nexus.port)
    .reduce((sum, port) => sum + portLength(port), 0);
}

/** Writes the SCSI Ports page: every port on line that maps the unit. */
export function scsiPorts(body: DataView, { unit, task }: VpdContext): void {
  let at = 0;
  for (const port of portsOf(unit, task.nexus.port)) {
    const designators = portDesignators(port);
    body.setUint16(at + 2, port.number);
    body.setUint16(at + 10, lengthOf(designators));
    writeDesignators(body, at + PORT_ENTRY_LENGTH, designators);
    at += portLength(port);
  }
}

/** Ports on line that map a unit, by number. */
export function portsOf(unit: LogicalUnit, asked: TargetPort): TargetPort[] {
  return asked.siblings().filter((port) => port.online && port.maps(unit));
}

/** Designators of the well-known logical unit: it has none of its own. */
export function wellKnownDesignators(port: TargetPort): Uint8Array {
  const designators = designatorsOfPort(port);
  const bytes = new Uint8Array(lengthOf(designators));
  writeDesignators(new DataView(bytes.buffer), 0, designators);
  return bytes;
}

function designatorsOf({ unit, task }: VpdContext): Designator[] {
  return [
    ...unit.identity.designators,
    ...designatorsOfPort(task.nexus.port),
  ];
}

function designatorsOfPort(port: TargetPort): Designator[] {
  const protocol = PROTOCOL_OF_PORT[port.description.type] ?? PROTOCOL.SPI;
  const { targetDesignator } = port;
  return [
    ...portDesignators(port),
    number(DESIGNATOR_TYPE.RELATIVE_TARGET_PORT, protocol, port.number),
    number(
      DESIGNATOR_TYPE.TARGET_PORT_GROUP,
      protocol,
      port.coordinator.groupOf(port),
    ),
    ...(targetDesignator === null ? [] : [targetDesignator]),
  ];
}

function portDesignators(port: TargetPort): Designator[] {
  const { portDesignator } = port;
  return portDesignator === null ? [] : [portDesignator];
}

function number(type: number, protocol: number, value: number): Designator {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint16(2, value);
  return {
    codeSet: CODE_SET.BINARY,
    type,
    association: ASSOCIATION.PORT,
    protocol,
    bytes,
  };
}

function portLength(port: TargetPort): number {
  return PORT_ENTRY_LENGTH + lengthOf(portDesignators(port));
}

function lengthOf(designators: readonly Designator[]): number {
  return designators
    .reduce((sum, each) => sum + DESIGNATOR_HEADER + each.bytes.length, 0);
}

function writeDesignators(
  view: DataView,
  start: number,
  designators: readonly Designator[],
): void {
  let at = start;
  for (const each of designators) {
    const { protocol } = each;
    view.setUint8(at, (protocol ?? 0) << 4 | each.codeSet);
    view.setUint8(
      at + 1,
      (protocol === undefined ? 0 : PIV) | each.association << 4 | each.type,
    );
    view.setUint8(at + 3, each.bytes.length);
    for (const byte of each.bytes) {
      view.setUint8(at + DESIGNATOR_HEADER, byte);
      at += 1;
    }
    at += DESIGNATOR_HEADER;
  }
}
