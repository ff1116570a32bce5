/**
 * The frames by which a secondary follows its primary: changes with their
 * epoch and number, confirmations, snapshots, unit attentions.
 *
 * @module
 */

import { ByteReader } from "../../wire/byte_reader.ts";
import { ByteWriter } from "../../wire/byte_writer.ts";

/** Frame kinds of this layer. */
export const STATE_FRAME = {
  /** A port of the sender, all of it. */
  PORT: 16,
  /** It is gone. */
  PORT_GONE: 17,
  /** All ports were told. */
  PORTS_TOLD: 18,
  /** A section of a LUN as it is now, in `data`. */
  CHANGE: 19,
  /** All changes up to a number are known and kept. */
  CONFIRM: 20,
  /** A unit attention for initiators of the receiver. */
  ATTENTION: 21,
  /** All sections of all LUNs follow. */
  SNAPSHOT: 22,
  /** They were all. */
  SNAPSHOT_END: 23,
  /** The sender has a LUN that it did not have when the snapshot was taken. */
  WANTED: 24,
  /** An entry of a plugin as it is now, in `data`. */
  ENTRY: 25,
} as const;

/** What an ENTRY says. */
export const ENTRY = {
  /** It is as it stands in `data`. */
  IS: 0,
  /** It is gone. */
  GONE: 1,
  /** All of the LUN are gone; what there is follows. */
  ALL_GONE: 2,
} as const;

const TEXT_MAX = 1024;
/** Bytes of the name of entries and of a key: see core's `ENTRY_NAME_MAX`. */
const ENTRY_NAME_MAX = 128;

/** Where a change stands. */
export interface StreamPlace {
  /** Group of LUNs that change their role together. */
  readonly group: number;
  /** Epoch of the primary. */
  readonly epoch: number;
  /** Number of the change in the epoch. */
  readonly sequence: number;
}

/** The body of CHANGE; the section stands in `data`. */
export interface ChangeHeader extends StreamPlace {
  /** LUN. */
  readonly lun: number;
  /** One of `SECTION`. */
  readonly section: number;
}

/** The body of CONFIRM, SNAPSHOT and SNAPSHOT_END. */
export interface StreamMark extends StreamPlace {
  /** Number of the snapshot that it belongs to; 0: none. */
  readonly snapshot: number;
}

/** The body of ENTRY; the entry stands in `data`. */
export interface EntryHeader extends StreamPlace {
  /** LUN. */
  readonly lun: number;
  /** One of {@linkcode ENTRY}. */
  readonly what: number;
  /** Name of the set of entries. */
  readonly name: string;
  /** Key of the entry; empty for `ALL_GONE`. */
  readonly key: string;
}

/** The body of ATTENTION. */
export interface AttentionFrame {
  /** Group of the LUN. */
  readonly group: number;
  /** Epoch of the primary. */
  readonly epoch: number;
  /** LUN. */
  readonly lun: number;
  /** Bits of `UNIT_ATTENTION`. */
  readonly condition: number;
  /** The only nexus that hears of it; empty: all. */
  readonly only: string;
  /** The nexus that knows; empty: none. */
  readonly except: string;
}

/** Encodes the body of CHANGE. */
export function encodeChange(header: ChangeHeader): Uint8Array {
  const writer = placed(header);
  writer.u32(header.lun);
  writer.u8(header.section);
  return writer.bytes;
}

/** Decodes it. @returns what is wrong, as text */
export function decodeChange(view: DataView): ChangeHeader | string {
  const reader = new ByteReader(view);
  const place = readPlace(reader);
  const lun = reader.u32("LUN");
  const section = reader.u8("section");
  reader.end();
  return reader.fault ?? { ...place, lun, section };
}

/** Encodes the body of CONFIRM, SNAPSHOT or SNAPSHOT_END. */
export function encodeMark(mark: StreamMark): Uint8Array {
  const writer = placed(mark);
  writer.u32(mark.snapshot);
  return writer.bytes;
}

/** Decodes it. @returns what is wrong, as text */
export function decodeMark(view: DataView): StreamMark | string {
  const reader = new ByteReader(view);
  const place = readPlace(reader);
  const snapshot = reader.u32("snapshot");
  reader.end();
  return reader.fault ?? { ...place, snapshot };
}

/** The body of WANTED. */
export interface WantedFrame {
  /** Group of the LUN. */
  readonly group: number;
  /** LUN. */
  readonly lun: number;
}

/** Encodes the body of WANTED. */
export function encodeWanted({ group, lun }: WantedFrame): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(group);
  writer.u32(lun);
  return writer.bytes;
}

/** Decodes it. @returns what is wrong, as text */
export function decodeWanted(view: DataView): WantedFrame | string {
  const reader = new ByteReader(view);
  const frame = { group: reader.u32("group"), lun: reader.u32("LUN") };
  reader.end();
  return reader.fault ?? frame;
}

/** Encodes the body of ENTRY. */
export function encodeEntry(header: EntryHeader): Uint8Array {
  const writer = placed(header);
  writer.u32(header.lun);
  writer.u8(header.what);
  writer.text(header.name, ENTRY_NAME_MAX);
  writer.text(header.key, ENTRY_NAME_MAX);
  return writer.bytes;
}

/** Decodes it. @returns what is wrong, as text */
export function decodeEntry(view: DataView): EntryHeader | string {
  const reader = new ByteReader(view);
  const place = readPlace(reader);
  const header = {
    lun: reader.u32("LUN"),
    what: reader.u8("what"),
    name: reader.text("name", ENTRY_NAME_MAX),
    key: reader.text("key", ENTRY_NAME_MAX),
  };
  reader.end();
  if (header.what > ENTRY.ALL_GONE) reader.fail("what", "unknown");
  return reader.fault ?? { ...place, ...header };
}

/** Encodes the body of ATTENTION. */
export function encodeAttention(frame: AttentionFrame): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(frame.group);
  writer.u53(frame.epoch);
  writer.u32(frame.lun);
  writer.u32(frame.condition);
  writer.text(frame.only, TEXT_MAX);
  writer.text(frame.except, TEXT_MAX);
  return writer.bytes;
}

/** Decodes it. @returns what is wrong, as text */
export function decodeAttention(view: DataView): AttentionFrame | string {
  const reader = new ByteReader(view);
  const frame = {
    group: reader.u32("group"),
    epoch: reader.u53("epoch"),
    lun: reader.u32("LUN"),
    condition: reader.u32("condition"),
    only: reader.text("nexus", TEXT_MAX),
    except: reader.text("nexus", TEXT_MAX),
  };
  reader.end();
  return reader.fault ?? frame;
}

function placed({ group, epoch, sequence }: StreamPlace): ByteWriter {
  const writer = new ByteWriter();
  writer.u32(group);
  writer.u53(epoch);
  writer.u53(sequence);
  return writer;
}

function readPlace(reader: ByteReader): StreamPlace {
  return {
    group: reader.u32("group"),
    epoch: reader.u53("epoch"),
    sequence: reader.u53("sequence"),
  };
}
