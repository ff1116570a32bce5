/**
 * The frame PORT: a target port of the sender, as the receiver shows it.
 *
 * @module
 */

import type { Designator } from "../../../core/mod.ts";
import { ByteReader } from "../../wire/byte_reader.ts";
import { ByteWriter } from "../../wire/byte_writer.ts";

/** A target port. */
export interface SharedPort {
  /** RELATIVE TARGET PORT IDENTIFIER. */
  readonly number: number;
  /** Frontend at the node that has it. */
  readonly frontend: string;
  /** Its name. */
  readonly name: string;
  /** One of `PORT_TYPE`. */
  readonly type: number;
  /** Physical port number. */
  readonly physicalPort: number;
  /** Virtual port number. */
  readonly virtualPort: number;
  /** It is on line. */
  readonly online: boolean;
  /** LUN map; null: every LUN by its number. */
  readonly lunMap: ReadonlyMap<number, number> | null;
  /** Its name (SPC-5 7.7.6.1); null: none. */
  readonly portDesignator: Designator | null;
  /** Name of the target device; null: none. */
  readonly targetDesignator: Designator | null;
  /** Name of its target; empty: none. */
  readonly target: string;
  /** Target portal group tag. */
  readonly tag: number;
  /** `ADDRESS:PORT` where initiators reach it. */
  readonly portals: readonly string[];
}

const TEXT_MAX = 255;
const PORTALS_MAX = 64;
const MAP_ENTRIES_MAX = 1024;
const DESIGNATOR_MAX = 255;
const NO_PROTOCOL = 0xff;
const NO_MAP = 0xffff;

/** Encodes a port. */
export function encodePort(port: SharedPort): Uint8Array {
  const writer = new ByteWriter();
  writer.u16(port.number);
  writer.text(port.frontend, TEXT_MAX);
  writer.text(port.name, TEXT_MAX);
  writer.u8(port.type);
  writer.u32(port.physicalPort);
  writer.u32(port.virtualPort);
  writer.u8(port.online ? 1 : 0);
  writer.u16(port.lunMap === null ? NO_MAP : port.lunMap.size);
  for (const [visible, unit] of port.lunMap ?? []) {
    writer.u16(visible);
    writer.u16(unit);
  }
  putDesignator(writer, port.portDesignator);
  putDesignator(writer, port.targetDesignator);
  writer.text(port.target, TEXT_MAX);
  writer.u16(port.tag);
  writer.u16(port.portals.length);
  for (const portal of port.portals) writer.text(portal, TEXT_MAX);
  return writer.bytes;
}

/** Decodes a port. @returns what is wrong, as text */
export function decodePort(view: DataView): SharedPort | string {
  const reader = new ByteReader(view);
  const port = {
    number: reader.u16("number"),
    frontend: reader.text("frontend", TEXT_MAX),
    name: reader.text("name", TEXT_MAX),
    type: reader.u8("type"),
    physicalPort: reader.u32("physical port"),
    virtualPort: reader.u32("virtual port"),
    online: reader.u8("online") !== 0,
    lunMap: readMap(reader),
    portDesignator: readDesignator(reader),
    targetDesignator: readDesignator(reader),
    target: reader.text("target", TEXT_MAX),
    tag: reader.u16("tag"),
    portals: readPortals(reader),
  };
  reader.end();
  return reader.fault ?? port;
}

function readMap(reader: ByteReader): Map<number, number> | null {
  const count = reader.u16("LUN map");
  if (count === NO_MAP) return null;
  const map = new Map<number, number>();
  if (count > MAP_ENTRIES_MAX) reader.fail("LUN map", "too long");
  for (let at = 0; at < count && reader.fault === null; at += 1) {
    map.set(reader.u16("LUN"), reader.u16("unit"));
  }
  return map;
}

function readPortals(reader: ByteReader): string[] {
  const portals: string[] = [];
  const count = reader.count("portals", PORTALS_MAX);
  for (let at = 0; at < count && reader.fault === null; at += 1) {
    portals.push(reader.text("portal", TEXT_MAX));
  }
  return portals;
}

function putDesignator(writer: ByteWriter, value: Designator | null): void {
  writer.u8(value === null ? 0 : 1);
  if (value === null) return;
  writer.u8(value.codeSet);
  writer.u8(value.type);
  writer.u8(value.association);
  writer.u8(value.protocol ?? NO_PROTOCOL);
  writer.u16(value.bytes.length);
  writer.put(value.bytes);
}

function readDesignator(reader: ByteReader): Designator | null {
  if (reader.u8("designator") === 0) return null;
  const codeSet = reader.u8("code set");
  const type = reader.u8("designator type");
  const association = reader.u8("association");
  const protocol = reader.u8("protocol");
  const length = reader.u16("designator length");
  if (length > DESIGNATOR_MAX) reader.fail("designator", "too long");
  const bytes = reader.bytes("designator", length).slice();
  const designator = { codeSet, type, association, bytes };
  return protocol === NO_PROTOCOL ? designator : { ...designator, protocol };
}
