/**
 * What a node tells its peer of its role, as bytes: frame {@linkcode
 * ROLE_HELLO_KIND}. The version of the link's LOGIN holds for it.
 *
 * @module
 */

import type { NodeId, RoleHello, RolePhase } from "../role_types.ts";

/** Kind of the frame. */
export const ROLE_HELLO_KIND = 128;
/** Bytes of its body. */
export const ROLE_HELLO_BYTES = 36;

const At = {
  GROUP: 0,
  ID: 4,
  PHASE: 5,
  FLAGS: 6,
  EPOCH: 8,
  SEQUENCE: 16,
  EPOCH_SEEN: 24,
  RESERVED: 32,
} as const;

const PHASES: readonly RolePhase[] = [
  "waiting",
  "following",
  "acquiring",
  "fencing",
  "opening",
  "primary",
  "doubtful",
  "draining",
  "halted",
];

const FLAGS = [
  "solo",
  "inSync",
  "released",
  "wantsPrimary",
  "prefersPrimary",
  "yields",
  "wasPrimary",
] as const;

/** Why bytes are no such message. */
export interface RoleHelloFault {
  /** What is wrong. */
  readonly field: string;
  /** Byte at which it stands. */
  readonly at: number;
}

/** Writes a message. */
export function encodeRoleHello(hello: RoleHello): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ROLE_HELLO_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(At.GROUP, hello.group);
  view.setUint8(At.ID, hello.id);
  view.setUint8(At.PHASE, PHASES.indexOf(hello.phase));
  view.setUint16(At.FLAGS, flagBits(hello));
  view.setBigUint64(At.EPOCH, BigInt(hello.epoch));
  view.setBigUint64(At.SEQUENCE, BigInt(hello.sequence));
  view.setBigUint64(At.EPOCH_SEEN, BigInt(hello.epochSeen));
  return bytes;
}

function flagBits(hello: RoleHello): number {
  return FLAGS.reduce(
    (bits, flag, index) => hello[flag] ? bits | 1 << index : bits,
    0,
  );
}

/** Reads a message. */
export function decodeRoleHello(view: DataView): RoleHello | RoleHelloFault {
  if (view.byteLength !== ROLE_HELLO_BYTES) return { field: "length", at: 0 };
  const id = nodeIdOf(view.getUint8(At.ID));
  if (id === undefined) return { field: "id", at: At.ID };
  const phase = PHASES[view.getUint8(At.PHASE)];
  if (phase === undefined) return { field: "phase", at: At.PHASE };
  const bits = view.getUint16(At.FLAGS);
  if (bits >> FLAGS.length !== 0) return { field: "flags", at: At.FLAGS };
  if (view.getUint32(At.RESERVED) !== 0) {
    return { field: "reserved", at: At.RESERVED };
  }
  const wrong = [At.EPOCH, At.SEQUENCE, At.EPOCH_SEEN]
    .find((at) => !Number.isSafeInteger(numberAt(view, at)));
  if (wrong !== undefined) return { field: "number", at: wrong };
  const is = (flag: typeof FLAGS[number]) =>
    (bits >> FLAGS.indexOf(flag) & 1) === 1;
  return {
    group: view.getUint32(At.GROUP),
    id,
    phase,
    epoch: numberAt(view, At.EPOCH),
    sequence: numberAt(view, At.SEQUENCE),
    epochSeen: numberAt(view, At.EPOCH_SEEN),
    solo: is("solo"),
    inSync: is("inSync"),
    released: is("released"),
    wantsPrimary: is("wantsPrimary"),
    prefersPrimary: is("prefersPrimary"),
    yields: is("yields"),
    wasPrimary: is("wasPrimary"),
  };
}

function nodeIdOf(value: number): NodeId | undefined {
  return value === 1 || value === 2 ? value : undefined;
}

function numberAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at));
}
