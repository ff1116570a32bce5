/**
 * Whether two nodes fit together.
 *
 * @module
 */

import { type ForeignHello, isWholeHello } from "../wire/hello.ts";
import { printable } from "../wire/printable.ts";
import type { PeerHello, PeerPort } from "./peer_hello.ts";

/** Something in which two nodes do not fit together. */
export interface Mismatch {
  /** What it is. */
  readonly field: string;
  /** What it is here. */
  readonly here: string;
  /** What it is at the peer. */
  readonly there: string;
}

/** The mismatch as one line. */
export function mismatchText({ field, here, there }: Mismatch): string {
  return printable(`${field}: here ${here}, there ${there}`);
}

/** The first thing in which two nodes do not fit together; null: they do. */
export function findMismatch(
  mine: PeerHello,
  theirs: PeerHello | ForeignHello,
): Mismatch | null {
  const { version } = theirs;
  if (!isWholeHello(theirs)) return mismatch("version", mine.version, version);
  for (const [field, read] of EQUAL) {
    const here = read(mine);
    const there = read(theirs);
    if (here !== there) return mismatch(field, here, there);
  }
  if (mine.id === theirs.id) return mismatch("id", mine.id, theirs.id);
  return lunMismatch(mine, theirs) ?? portMismatch(mine, theirs);
}

type Read = (hello: PeerHello) => string | number;

const EQUAL: readonly (readonly [string, Read])[] = [
  ["version", ({ version }) => version],
  ["mode", ({ mode }) => mode],
  ["heartbeat", ({ timing }) => timing.heartbeatMs],
  ["silent", ({ timing }) => timing.silentMs],
  ["dead", ({ timing }) => timing.deadMs],
  ["max-luns", ({ limits }) => limits.lunsMax],
  ["max-ports", ({ limits }) => limits.portsMax],
  ["max-initiators-per-port", ({ limits }) => limits.initiatorsPerPortMax],
];

function mismatch(
  field: string,
  here: string | number,
  there: string | number,
): Mismatch {
  return { field, here: String(here), there: String(there) };
}

function lunMismatch(mine: PeerHello, theirs: PeerHello): Mismatch | null {
  const here = descriptions(mine);
  const there = descriptions(theirs);
  for (const number of new Set([...here.keys(), ...there.keys()])) {
    const [our = "none", their = "none"] = [
      here.get(number),
      there.get(number),
    ];
    if (our !== their) return mismatch(`lun ${number}`, our, their);
  }
  return null;
}

function descriptions({ luns }: PeerHello): ReadonlyMap<number, string> {
  return new Map(luns.map(({ number, description }) => [number, description]));
}

function portMismatch(mine: PeerHello, theirs: PeerHello): Mismatch | null {
  const byNumber = new Map(mine.ports.map((port) => [port.number, port]));
  const byTag = new Map(mine.ports.map((port) => [tagKey(port), port]));
  for (const port of theirs.ports) {
    const same = byNumber.get(port.number);
    if (same !== undefined) {
      const field = `relative port id ${port.number}`;
      return mismatch(field, quoted(same.name), quoted(port.name));
    }
    const near = port.tag === 0 ? undefined : byTag.get(tagKey(port));
    if (near !== undefined) {
      const field = `portal group tag of ${port.target}`;
      return mismatch(field, near.tag, port.tag);
    }
  }
  return null;
}

function tagKey({ target, tag }: PeerPort): string {
  return `${tag} ${target}`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
