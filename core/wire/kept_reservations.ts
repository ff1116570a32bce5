/**
 * Persistent reservations as they are kept over a loss of power. The form is
 * our own; its first byte is its version.
 *
 * @module
 */

/** Where the fields stand. */
const At = { VERSION: 0, TYPE: 1, HOLDER: 2, COUNT: 4, FIRST: 8 } as const;
/** Where the fields of one registration stand, from its beginning. */
const RegistrationAt = { KEY: 0, PORT: 8, LENGTH: 10, ID: 12 } as const;

const VERSION = 1;
const NO_HOLDER = 0xffff;

/** One registration. */
export interface KeptRegistration {
  /** RESERVATION KEY. */
  readonly key: bigint;
  /** RELATIVE TARGET PORT IDENTIFIER. */
  readonly relativeTargetPort: number;
  /** TransportID of the initiator port. */
  readonly transportId: Uint8Array;
}

/** What is kept. */
export interface KeptReservations {
  /** TYPE; 0: there is no reservation. */
  readonly type: number;
  /** Index of the holder's registration; null: none, or all of them. */
  readonly holder: number | null;
  /** Registrations in their order: at most 65534. */
  readonly registrations: readonly KeptRegistration[];
}

/** Encodes what is kept. */
export function encodeKeptReservations(kept: KeptReservations): Uint8Array {
  const { registrations } = kept;
  const length = registrations.reduce<number>(
    (sum, { transportId }) => sum + RegistrationAt.ID + transportId.length,
    At.FIRST,
  );
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(At.VERSION, VERSION);
  view.setUint8(At.TYPE, kept.type);
  view.setUint16(At.HOLDER, kept.holder ?? NO_HOLDER);
  view.setUint16(At.COUNT, registrations.length);
  let at: number = At.FIRST;
  for (const { key, relativeTargetPort, transportId } of registrations) {
    view.setBigUint64(at + RegistrationAt.KEY, key);
    view.setUint16(at + RegistrationAt.PORT, relativeTargetPort);
    view.setUint16(at + RegistrationAt.LENGTH, transportId.length);
    bytes.set(transportId, at + RegistrationAt.ID);
    at += RegistrationAt.ID + transportId.length;
  }
  return bytes;
}

/** Decodes what is kept. @returns null when the bytes are not whole */
export function decodeKeptReservations(
  bytes: Uint8Array,
): KeptReservations | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < At.FIRST) return null;
  if (view.getUint8(At.VERSION) !== VERSION) return null;
  const type = view.getUint8(At.TYPE);
  const holder = view.getUint16(At.HOLDER);
  const count = view.getUint16(At.COUNT);
  const registrations: KeptRegistration[] = [];
  let at: number = At.FIRST;
  for (let index = 0; index < count; index += 1) {
    const registration = decodeRegistration(bytes, view, at);
    if (registration === null) return null;
    registrations.push(registration);
    at += RegistrationAt.ID + registration.transportId.length;
  }
  if (at !== bytes.length) return null;
  if (holder === NO_HOLDER) return { type, holder: null, registrations };
  return holder < count ? { type, holder, registrations } : null;
}

function decodeRegistration(
  bytes: Uint8Array,
  view: DataView,
  at: number,
): KeptRegistration | null {
  const start = at + RegistrationAt.ID;
  if (start > bytes.length) return null;
  const end = start + view.getUint16(at + RegistrationAt.LENGTH);
  if (end > bytes.length) return null;
  return {
    key: view.getBigUint64(at + RegistrationAt.KEY),
    relativeTargetPort: view.getUint16(at + RegistrationAt.PORT),
    transportId: bytes.slice(start, end),
  };
}
