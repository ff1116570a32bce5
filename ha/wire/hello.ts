/**
 * The frame LOGIN: who a node is and what it has.
 *
 * The eight bytes of magic and the version stand first in every version, so
 * that two versions can tell each other apart.
 *
 * @module
 */

import type {
  HaMode,
  HaRole,
  LinkTiming,
  NodeId,
  PeerHello,
  PeerLimits,
  PeerLun,
  PeerPort,
} from "../link/peer_hello.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";

/** Bytes of a LOGIN at the most. */
export const LOGIN_BYTES_MAX: number = 1024 * 1024;

/** LUNs that a LOGIN can name. */
export const LOGIN_LUNS_MAX = 4096;
/** Ports that it can name. */
export const LOGIN_PORTS_MAX = 1024;
/** Portals of a port that a LOGIN names; further ones are left out. */
export const LOGIN_PORTALS_MAX = 16;
/** Bytes of a text in a LOGIN. */
export const LOGIN_TEXT_MAX = 255;

/** "DTL-HA", a zero, and a byte that text mode transfers would change. */
const MAGIC = "44544c2d48410dff";
const INSTANCE_LENGTH = 16;
const MODES: readonly HaMode[] = ["standby", "shared", "proxy"];
const ROLES: readonly HaRole[] = ["primary", "secondary"];

/** A LOGIN of another version: nothing else of it can be read. */
export interface ForeignHello {
  /** The version. */
  readonly version: number;
}

/**
 * Reads a LOGIN.
 *
 * @param version our version: what follows it is read in that one alone
 * @returns the hello, that of another version, or what is wrong with it
 */
export function decodeHello(
  view: DataView,
  version: number,
): PeerHello | ForeignHello | string {
  const reader = new ByteReader(view);
  if (reader.bytes("magic", 8).toHex() !== MAGIC) return "magic: not a LOGIN";
  const theirs = reader.u32("version");
  if (reader.fault !== null) return reader.fault;
  if (theirs !== version) return { version: theirs };
  const hello = { version: theirs, ...readNode(reader), ...readThings(reader) };
  reader.end();
  return reader.fault ?? hello;
}

/** Tells a whole hello from one of another version. */
export function isWholeHello(
  hello: PeerHello | ForeignHello,
): hello is PeerHello {
  return "instance" in hello;
}

/** The body of a LOGIN. */
export function encodeHello(hello: PeerHello): Uint8Array {
  const writer = new ByteWriter();
  writer.put(Uint8Array.fromHex(MAGIC));
  writer.u32(hello.version);
  writer.u8(MODES.indexOf(hello.mode));
  writer.u8(hello.id);
  writer.u8(ROLES.indexOf(hello.role));
  writer.u8(0);
  writer.u53(hello.epoch);
  writer.put(Uint8Array.fromHex(hello.instance));
  writer.u32(hello.timing.heartbeatMs);
  writer.u32(hello.timing.silentMs);
  writer.u32(hello.timing.deadMs);
  writer.u32(hello.limits.lunsMax);
  writer.u32(hello.limits.portsMax);
  writer.u32(hello.limits.initiatorsPerPortMax);
  writer.u16(hello.luns.length);
  for (const lun of hello.luns) writeLun(writer, lun);
  writer.u16(hello.ports.length);
  for (const port of hello.ports) writePort(writer, port);
  return writer.bytes;
}

function readNode(
  reader: ByteReader,
): Pick<PeerHello, "mode" | "id" | "role" | "epoch" | "instance"> {
  const mode = MODES[reader.u8("mode")];
  if (mode === undefined) reader.fail("mode", "unknown");
  const id = reader.u8("id");
  if (!isNodeId(id)) reader.fail("id", "neither 1 nor 2");
  const role = ROLES[reader.u8("role")];
  if (role === undefined) reader.fail("role", "unknown");
  reader.u8("reserved");
  return {
    mode: mode ?? "standby",
    id: isNodeId(id) ? id : 1,
    role: role ?? "secondary",
    epoch: reader.u53("epoch"),
    instance: reader.bytes("instance", INSTANCE_LENGTH).toHex(),
  };
}

function isNodeId(id: number): id is NodeId {
  return id === 1 || id === 2;
}

function readThings(
  reader: ByteReader,
): Pick<PeerHello, "timing" | "limits" | "luns" | "ports"> {
  const timing: LinkTiming = {
    heartbeatMs: reader.u32("heartbeat"),
    silentMs: reader.u32("silent"),
    deadMs: reader.u32("dead"),
  };
  const limits: PeerLimits = {
    lunsMax: reader.u32("max-luns"),
    portsMax: reader.u32("max-ports"),
    initiatorsPerPortMax: reader.u32("max-initiators"),
  };
  const luns = readEach(reader, "luns", LOGIN_LUNS_MAX, () => readLun(reader));
  const ports = readEach(
    reader,
    "ports",
    LOGIN_PORTS_MAX,
    () => readPort(reader),
  );
  return { timing, limits, luns, ports };
}

function readEach<T>(
  reader: ByteReader,
  field: string,
  max: number,
  read: () => T,
): T[] {
  const things: T[] = [];
  const count = reader.count(field, max);
  while (things.length < count && reader.fault === null) things.push(read());
  return things;
}

function readLun(reader: ByteReader): PeerLun {
  const number = reader.u32("lun");
  return { number, description: reader.text("lun", LOGIN_TEXT_MAX) };
}

function writeLun(writer: ByteWriter, lun: PeerLun): void {
  writer.u32(lun.number);
  writer.text(lun.description, LOGIN_TEXT_MAX);
}

function readPort(reader: ByteReader): PeerPort {
  const number = reader.u32("port");
  const tag = reader.u16("tag");
  const name = reader.text("port", LOGIN_TEXT_MAX);
  const target = reader.text("target", LOGIN_TEXT_MAX);
  const count = reader.count("portals", LOGIN_PORTALS_MAX);
  const portals: string[] = [];
  while (portals.length < count && reader.fault === null) {
    portals.push(reader.text("portal", LOGIN_TEXT_MAX));
  }
  return { number, tag, name, target, portals };
}

function writePort(writer: ByteWriter, port: PeerPort): void {
  writer.u32(port.number);
  writer.u16(port.tag);
  writer.text(port.name, LOGIN_TEXT_MAX);
  writer.text(port.target, LOGIN_TEXT_MAX);
  const portals = port.portals.slice(0, LOGIN_PORTALS_MAX);
  writer.u16(portals.length);
  for (const portal of portals) writer.text(portal, LOGIN_TEXT_MAX);
}
