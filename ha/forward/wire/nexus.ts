/**
 * NEXUS and RESUME: who commands come from, and what is still running.
 *
 * @module
 */

const At = {
  NEXUS: 0,
  PORT: 4,
  ID_LENGTH: 6,
  NAME_LENGTH: 8,
  ACTS_FOR: 10,
  TEXTS: 12,
} as const;

/** Bytes of a TransportID at the most (SPC-5 7.6.4). */
const TRANSPORT_ID_MAX = 4 + 256;
/** Bytes of an initiator's name at the most. */
const NAME_MAX = 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** An initiator at a port of the near node. */
export interface NexusFrame {
  /** Its number at the near node. */
  readonly nexus: number;
  /** RELATIVE TARGET PORT IDENTIFIER of its port. */
  readonly port: number;
  /** TransportID of the initiator port. */
  readonly transportId: Uint8Array;
  /** SCSI initiator port name. */
  readonly name: string;
  /**
   * RELATIVE TARGET PORT IDENTIFIER of the port at which the initiator has
   * asked for what is done here in its name; null: it asks by itself.
   */
  readonly actsFor: number | null;
}

/** ACTS_FOR of an initiator that asks by itself. */
const NOBODY = 0xffff;

/** A NEXUS. */
export function encodeNexus(frame: NexusFrame): Uint8Array {
  const name = encoder.encode(frame.name);
  const { transportId } = frame;
  const body = new Uint8Array(At.TEXTS + transportId.length + name.length);
  const view = new DataView(body.buffer);
  view.setUint32(At.NEXUS, frame.nexus);
  view.setUint16(At.PORT, frame.port);
  view.setUint16(At.ID_LENGTH, transportId.length);
  view.setUint16(At.NAME_LENGTH, name.length);
  view.setUint16(At.ACTS_FOR, frame.actsFor ?? NOBODY);
  body.set(transportId, At.TEXTS);
  body.set(name, At.TEXTS + transportId.length);
  return body;
}

/** Reads a NEXUS. @returns null when it is none */
export function decodeNexus(view: DataView): NexusFrame | null {
  if (view.byteLength < At.TEXTS) return null;
  const idLength = view.getUint16(At.ID_LENGTH);
  const nameLength = view.getUint16(At.NAME_LENGTH);
  if (idLength > TRANSPORT_ID_MAX || nameLength > NAME_MAX) return null;
  if (view.byteLength !== At.TEXTS + idLength + nameLength) return null;
  const texts = new Uint8Array(view.buffer, view.byteOffset + At.TEXTS)
    .slice(0, idLength + nameLength);
  const name = textOf(texts.subarray(idLength));
  if (name === null) return null;
  const actsFor = view.getUint16(At.ACTS_FOR);
  return {
    nexus: view.getUint32(At.NEXUS),
    port: view.getUint16(At.PORT),
    transportId: texts.subarray(0, idLength),
    name,
    actsFor: actsFor === NOBODY ? null : actsFor,
  };
}

/** A RESUME: numbers of the granted tasks that are still running. */
export function encodeResume(tasks: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * tasks.length));
  tasks.forEach((task, index) => view.setUint32(4 * index, task));
  return new Uint8Array(view.buffer);
}

/** Reads a RESUME. @returns null when it is none */
export function decodeResume(view: DataView): number[] | null {
  if (view.byteLength % 4 !== 0) return null;
  const tasks: number[] = [];
  for (let at = 0; at < view.byteLength; at += 4) {
    tasks.push(view.getUint32(at));
  }
  return tasks;
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
