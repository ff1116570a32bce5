/**
 * What both nodes know alike of a LUN, section by section: always the whole of
 * a section, so that it may come twice.
 *
 * @module
 */

import { ByteReader } from "../../wire/byte_reader.ts";
import { ByteWriter } from "../../wire/byte_writer.ts";

/** Bytes of a TransportID at the most. */
const TRANSPORT_ID_MAX = 256;
/** Registrations that a section holds at the most. */
const REGISTRATIONS_MAX = 2048;
/** Bytes of the name of a nexus. */
const NEXUS_ID_MAX = 1024;
const PAGES_MAX = 255;
const PAGE_BYTES_MAX = 512;
const NAMES_MAX = 64;
const NAME_MAX = 255;
const KEPT_BYTES_MAX: number = 64 * 1024;
const DESIGNATORS_MAX = 16;
const NO_HOLDER = 0xffff;

/** One registration. */
export interface SharedRegistration {
  /** RESERVATION KEY. */
  readonly key: bigint;
  /** RELATIVE TARGET PORT IDENTIFIER. */
  readonly relativeTargetPort: number;
  /** TransportID of the initiator port. */
  readonly transportId: Uint8Array;
}

/** Persistent reservations. */
export interface SharedReservations {
  /** PRGENERATION. */
  readonly generation: number;
  /** TYPE; 0: none. */
  readonly type: number;
  /** APTPL. */
  readonly persists: boolean;
  /** Index of the holder; null: none, or all registrants. */
  readonly holder: number | null;
  /** Registrations in their order. */
  readonly registrations: readonly SharedRegistration[];
}

/** Encodes persistent reservations. */
export function encodeReservations(value: SharedReservations): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(value.generation);
  writer.u8(value.type);
  writer.u8(value.persists ? 1 : 0);
  writer.u16(value.holder ?? NO_HOLDER);
  writer.u16(value.registrations.length);
  for (const each of value.registrations) {
    writer.u32(Number(each.key >> 32n));
    writer.u32(Number(each.key & 0xffffffffn));
    writer.u16(each.relativeTargetPort);
    putBytes(writer, each.transportId);
  }
  return writer.bytes.slice();
}

/** Decodes them. @returns what is wrong, as text */
export function decodeReservations(
  view: DataView,
): SharedReservations | string {
  const reader = new ByteReader(view);
  const generation = reader.u32("generation");
  const type = reader.u8("type");
  const persists = reader.u8("persists") !== 0;
  const index = reader.u16("holder");
  const count = reader.count("registrations", REGISTRATIONS_MAX);
  const registrations = times(reader, count, () => ({
    key: BigInt(reader.u32("key")) << 32n | BigInt(reader.u32("key")),
    relativeTargetPort: reader.u16("port"),
    transportId: takeBytes(reader, "TransportID", TRANSPORT_ID_MAX),
  }));
  reader.end();
  const holder = index === NO_HOLDER ? null : index;
  if (holder !== null && holder >= count) reader.fail("holder", "too large");
  return reader.fault ?? { generation, type, persists, holder, registrations };
}

/** Values of a mode page. */
export interface SharedPage {
  /** PAGE CODE. */
  readonly code: number;
  /** SUBPAGE CODE. */
  readonly subcode: number;
  /** The whole page. */
  readonly values: Uint8Array;
  /** Default values, for a saved page; empty for one in force. */
  readonly defaults: Uint8Array;
}

/** Mode pages, in force and saved. */
export interface SharedPages {
  /** Values in force. */
  readonly current: readonly SharedPage[];
  /** Values that were saved. */
  readonly saved: readonly SharedPage[];
}

/** Encodes mode pages. */
export function encodePages({ current, saved }: SharedPages): Uint8Array {
  const writer = new ByteWriter();
  for (const pages of [current, saved]) {
    writer.u16(pages.length);
    for (const page of pages) {
      writer.u8(page.code);
      writer.u8(page.subcode);
      putBytes(writer, page.values);
      putBytes(writer, page.defaults);
    }
  }
  return writer.bytes.slice();
}

/** Decodes mode pages. @returns what is wrong, as text */
export function decodePages(view: DataView): SharedPages | string {
  const reader = new ByteReader(view);
  const [current, saved] = [readPages(reader), readPages(reader)];
  reader.end();
  return reader.fault ?? { current, saved };
}

function readPages(reader: ByteReader): SharedPage[] {
  return times(reader, reader.count("pages", PAGES_MAX), () => ({
    code: reader.u8("code"),
    subcode: reader.u8("subcode"),
    values: takeBytes(reader, "values", PAGE_BYTES_MAX),
    defaults: takeBytes(reader, "defaults", PAGE_BYTES_MAX),
  }));
}

/** Encodes names of nexuses: the holder of a RESERVE, those who PREVENT. */
export function encodeNexuses(ids: readonly string[]): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(ids.length);
  for (const id of ids) writer.text(id, NEXUS_ID_MAX);
  return writer.bytes.slice();
}

/** Decodes names of nexuses. @returns what is wrong, as text */
export function decodeNexuses(view: DataView): string[] | string {
  const reader = new ByteReader(view);
  const count = reader.u32("nexuses");
  const ids = times(reader, count, () => reader.text("nexus", NEXUS_ID_MAX));
  reader.end();
  return reader.fault ?? ids;
}

/** What START STOP UNIT and SET TIMESTAMP have done, and the capacity. */
export interface SharedCondition {
  /** It was stopped. */
  readonly stopped: boolean;
  /** The medium was ejected. */
  readonly ejected: boolean;
  /** What SET TIMESTAMP has made of its clock; null: the host's time. */
  readonly timestampMs: number | null;
}

/** Encodes the condition of a unit. */
export function encodeCondition(condition: SharedCondition): Uint8Array {
  const { stopped, ejected, timestampMs } = condition;
  const writer = new ByteWriter();
  writer.u8(
    (stopped ? 1 : 0) | (ejected ? 2 : 0) | (timestampMs === null ? 0 : 4),
  );
  writer.u53(timestampMs ?? 0);
  return writer.bytes.slice();
}

/** Decodes it. @returns what is wrong, as text */
export function decodeCondition(view: DataView): SharedCondition | string {
  const reader = new ByteReader(view);
  const flags = reader.u8("flags");
  const timestampMs = reader.u53("timestamp");
  reader.end();
  return reader.fault ?? {
    stopped: (flags & 1) !== 0,
    ejected: (flags & 2) !== 0,
    timestampMs: (flags & 4) === 0 ? null : timestampMs,
  };
}

/** Encodes what a unit keeps under names; null: nothing under that name. */
export function encodeKept(
  kept: ReadonlyMap<string, Uint8Array | null>,
): Uint8Array {
  const writer = new ByteWriter();
  writer.u16(kept.size);
  for (const [name, bytes] of kept) {
    writer.text(name, NAME_MAX);
    writer.u8(bytes === null ? 0 : 1);
    putBytes(writer, bytes ?? new Uint8Array(0));
  }
  return writer.bytes.slice();
}

/** Decodes it. @returns what is wrong, as text */
export function decodeKept(
  view: DataView,
): Map<string, Uint8Array | null> | string {
  const reader = new ByteReader(view);
  const count = reader.count("names", NAMES_MAX);
  const pairs = times(reader, count, () => {
    const name = reader.text("name", NAME_MAX);
    const isThere = reader.u8("there") !== 0;
    const bytes = takeBytes(reader, "bytes", KEPT_BYTES_MAX);
    return [name, isThere ? bytes : null] as const;
  });
  reader.end();
  return reader.fault ?? new Map(pairs);
}

/** Bytes of a block, and blocks; both 0 without a medium. */
export interface SharedCapacity {
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks. */
  readonly blockCount: number;
}

/** Encodes a capacity. */
export function encodeCapacity(capacity: SharedCapacity): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(capacity.blockLength);
  writer.u53(capacity.blockCount);
  return writer.bytes.slice();
}

/** Decodes it. @returns what is wrong, as text */
export function decodeCapacity(view: DataView): SharedCapacity | string {
  const reader = new ByteReader(view);
  const blockLength = reader.u32("block length");
  const blockCount = reader.u53("block count");
  reader.end();
  return reader.fault ?? { blockLength, blockCount };
}

/** A designator of a unit (SPC-5 7.7.6). */
export interface SharedDesignator {
  /** CODE SET. */
  readonly codeSet: number;
  /** DESIGNATOR TYPE. */
  readonly type: number;
  /** ASSOCIATION. */
  readonly association: number;
  /** DESIGNATOR. */
  readonly bytes: Uint8Array;
}

/** Who a unit is. */
export interface SharedIdentity {
  /** Peripheral device type. */
  readonly deviceType: number;
  /** PRODUCT SERIAL NUMBER. */
  readonly serial: string;
  /** Its NAA was generated, not given. */
  readonly generated: boolean;
  /** Its designators, in their order. */
  readonly designators: readonly SharedDesignator[];
}

/** Encodes who a unit is. */
export function encodeIdentity(identity: SharedIdentity): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(identity.deviceType);
  writer.text(identity.serial, NAME_MAX);
  writer.u8(identity.generated ? 1 : 0);
  writer.u16(identity.designators.length);
  for (const each of identity.designators) {
    writer.u8(each.codeSet);
    writer.u8(each.type);
    writer.u8(each.association);
    putBytes(writer, each.bytes);
  }
  return writer.bytes.slice();
}

/** Decodes it. @returns what is wrong, as text */
export function decodeIdentity(view: DataView): SharedIdentity | string {
  const reader = new ByteReader(view);
  const deviceType = reader.u8("device type");
  const serial = reader.text("serial number", NAME_MAX);
  const generated = reader.u8("generated") !== 0;
  const count = reader.count("designators", DESIGNATORS_MAX);
  const designators = times(reader, count, () => ({
    codeSet: reader.u8("code set"),
    type: reader.u8("designator type"),
    association: reader.u8("association"),
    bytes: takeBytes(reader, "designator", 255),
  }));
  reader.end();
  return reader.fault ?? { deviceType, serial, generated, designators };
}

function putBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.u32(bytes.length);
  writer.put(bytes);
}

function takeBytes(reader: ByteReader, field: string, max: number): Uint8Array {
  const length = reader.u32(field);
  if (length <= max) return reader.bytes(field, length).slice();
  reader.fail(field, "too long");
  return new Uint8Array(0);
}

function times<Item>(
  reader: ByteReader,
  count: number,
  read: () => Item,
): Item[] {
  const items: Item[] = [];
  while (items.length < count && reader.fault === null) items.push(read());
  return items;
}
