/**
 * Reads the sections that both nodes know alike from a logical unit, and puts
 * those of the other node in.
 *
 * @module
 */

import {
  changeDurably,
  DESIGNATOR_TYPE,
  keepSavedPages,
  type LogicalUnit,
  type ModePage,
  NAA_NAME,
  nexusName,
  OPERATION_NAME,
  SHARED,
  STATUS,
  type TargetPort,
  TIMESTAMP_ORIGIN,
  UNIT_ATTENTION,
} from "../../core/mod.ts";
import {
  decodeCapacity,
  decodeCondition,
  decodeIdentity,
  decodeKept,
  decodeNexuses,
  decodePages,
  decodeReservations,
  encodeCapacity,
  encodeCondition,
  encodeIdentity,
  encodeKept,
  encodeNexuses,
  encodePages,
  encodeReservations,
  type SharedIdentity,
  type SharedPage,
} from "./wire/sections.ts";

/** Sections by their bits: those of `SHARED`, and who the unit is. */
export const SECTION: typeof SHARED & { readonly IDENTITY: 0x80 } = {
  ...SHARED,
  IDENTITY: 0x80,
};

/** All of them, in the order in which a snapshot has them. */
export const SECTIONS: readonly number[] = [
  SECTION.IDENTITY,
  SECTION.CAPACITY,
  SECTION.PERSISTENT,
  SECTION.RESERVE,
  SECTION.MODE_PAGES,
  SECTION.PREVENT,
  SECTION.CONDITION,
  SECTION.KEPT,
];

/** Names under which initiators keep something with a unit. */
const KEPT_NAMES = [
  "ident_info",
  "text_ident_info",
  "application_client_log",
  OPERATION_NAME,
];

/**
 * What a secondary knows and cannot put into its unit: nexuses that it may
 * have itself, once it is primary.
 */
export interface Followed {
  /** `nexusId` of the holder of a RESERVE; null: nobody. */
  holder: string | null;
  /** Those who prevent the removal of the medium. */
  preventing: readonly string[];
  /** The other node has another disk by this number, and this is why. */
  conflict: string | null;
}

/** What came of a section of the other node. */
export interface Applied {
  /** What is wrong with its bytes; null: nothing. */
  readonly fault: string | null;
  /** It could not be kept over a restart, which it has to be. */
  readonly notKept?: boolean;
}

/** A section as it is now. */
export function readSection(unit: LogicalUnit, section: number): Uint8Array {
  switch (section) {
    case SECTION.PERSISTENT:
      return readReservations(unit);
    case SECTION.RESERVE:
      return encodeNexuses(holderOf(unit));
    case SECTION.MODE_PAGES:
      return readPages(unit);
    case SECTION.PREVENT:
      return encodeNexuses(preventing(unit));
    case SECTION.CONDITION:
      return readCondition(unit);
    case SECTION.CAPACITY:
      return encodeCapacity(unit.geometry);
    case SECTION.IDENTITY:
      return encodeIdentity(identityOf(unit));
    default:
      return readKept(unit);
  }
}

/** Whether a section outlives a restart as it is now. */
export function isDurable(unit: LogicalUnit, section: number): boolean {
  const { persistent } = unit.reservations;
  return section === SECTION.KEPT || section === SECTION.MODE_PAGES ||
    (section === SECTION.PERSISTENT && persistent.persists);
}

/**
 * Puts a section of the primary into the unit of the secondary.
 *
 * @param settled the section is part of a snapshot: initiators of this node
 *   may have missed what they should have heard
 */
export function applySection(
  unit: LogicalUnit,
  followed: Followed,
  section: number,
  view: DataView,
  ports: readonly TargetPort[],
  settled: boolean,
): Applied {
  switch (section) {
    case SECTION.PERSISTENT:
      return applyReservations(unit, view, ports, settled);
    case SECTION.MODE_PAGES:
      return applyPages(unit, view, settled);
    case SECTION.RESERVE:
      return using(decodeNexuses(view), ([holder = null]) => {
        const before = followed.holder;
        followed.holder = holder;
        if (settled && before !== null) tellLost(unit, [before], [holder]);
      });
    case SECTION.PREVENT:
      return using(decodeNexuses(view), (ids) => {
        const before = followed.preventing;
        followed.preventing = ids;
        if (settled) tellLost(unit, before, ids);
      });
    case SECTION.CONDITION:
      return applyCondition(unit, view);
    case SECTION.CAPACITY:
      return applyCapacity(unit, view);
    case SECTION.IDENTITY:
      return using(decodeIdentity(view), (identity) => {
        followed.conflict = adoptIdentity(unit, identity);
      });
    case SECTION.KEPT:
      return applyKept(unit, view);
    default:
      return { fault: `unknown section ${section}` };
  }
}

// For the primary an initiator of this node was gone with the link, and what
// it held (SPC-2 5.5.1).
function tellLost(
  unit: LogicalUnit,
  before: readonly string[],
  now: readonly (string | null)[],
): void {
  for (const nexusId of before) {
    if (!now.includes(nexusId)) {
      unit.tellHere(nexusId, UNIT_ATTENTION.NEXUS_LOSS);
    }
  }
}

/**
 * The secondary becomes primary: what hangs on nexuses is put in, where these
 * exist on this node or are known from the other.
 */
export function adoptNexuses(
  unit: LogicalUnit,
  followed: Followed,
  ports: readonly TargetPort[],
): void {
  const wanted = new Set([...followed.preventing]);
  for (const port of ports) {
    for (const nexus of port.nexuses) {
      const { nexusId } = nexus.initiator;
      if (nexusId === followed.holder) unit.reservations.holder = nexus;
      if (!wanted.has(nexusId)) continue;
      for (const lun of port.visibleLuns()) {
        if (port.unitAt(lun) !== unit) continue;
        const itl = nexus.itl(lun);
        if (itl !== null) itl.preventsRemoval = true;
      }
    }
  }
}

/** The primary becomes secondary: what hangs on nexuses is known by name. */
export function releaseNexuses(unit: LogicalUnit): Followed {
  const [holder = null] = holderOf(unit);
  const followed = { holder, preventing: preventing(unit), conflict: null };
  unit.reservations.holder = null;
  for (const itl of unit.itls) itl.preventsRemoval = false;
  return followed;
}

/** Nothing is known. */
export function nothingFollowed(): Followed {
  return { holder: null, preventing: [], conflict: null };
}

/** Who a unit is. */
export function identityOf(unit: LogicalUnit): SharedIdentity {
  const { naa, eui } = unit.options;
  return {
    deviceType: unit.deviceType,
    serial: unit.identity.serial,
    generated: naa === undefined && eui === undefined,
    designators: unit.identity.designators,
  };
}

function readReservations({ reservations }: LogicalUnit): Uint8Array {
  const { registrations, ...rest } = reservations.persistent.snapshot();
  const holder = registrations
    .findIndex(({ nexus }) => nexus.nexusId === rest.holder);
  return encodeReservations({
    ...rest,
    holder: holder < 0 ? null : holder,
    registrations: registrations.map(({ nexus, key }) => ({ ...nexus, key })),
  });
}

function applyReservations(
  unit: LogicalUnit,
  view: DataView,
  ports: readonly TargetPort[],
  settled: boolean,
): Applied {
  const decoded = decodeReservations(view);
  if (typeof decoded === "string") return { fault: decoded };
  const registrations = decoded.registrations.map((each) => ({
    nexus: nexusName(each.relativeTargetPort, each.transportId),
    key: each.key,
  }));
  const holder = registrations[decoded.holder ?? -1]?.nexus.nexusId ?? null;
  const { persistent } = unit.reservations;
  const before = persistent.registrations;
  const outcome = changeDurably(persistent, unit.state, ports, () => {
    persistent.restore({ ...decoded, registrations, holder });
    return { completion: STATUS.GOOD, attentions: [], removed: [] };
  });
  if (outcome.completion !== STATUS.GOOD) return { fault: null, notKept: true };
  if (!settled) return { fault: null };
  const lost = before.filter(({ nexus }) => !persistent.isRegistered(nexus));
  for (const { nexus } of lost) {
    unit.tellHere(nexus.nexusId, UNIT_ATTENTION.REGISTRATIONS_PREEMPTED);
  }
  return { fault: null };
}

function readPages({ modePages }: LogicalUnit): Uint8Array {
  const pages = modePages.all.filter(({ savable }) => savable);
  const none = new Uint8Array(0);
  return encodePages({
    current: pages.map(({ code, subcode, current }) => ({
      ...{ code, subcode, values: current, defaults: none },
    })),
    saved: pages.filter(({ saved, defaults }) => !sameBytes(saved, defaults))
      .map(({ code, subcode, saved, defaults }) => ({
        ...{ code, subcode, values: saved, defaults },
      })),
  });
}

function applyPages(
  unit: LogicalUnit,
  view: DataView,
  settled: boolean,
): Applied {
  const decoded = decodePages(view);
  if (typeof decoded === "string") return { fault: decoded };
  const { modePages } = unit;
  const known = decoded.saved.filter((each) => pageOf(unit, each) !== null);
  if (!keepSavedPages(unit.state, known)) return { fault: null, notKept: true };
  modePages.setSaved(known);
  const changed = decoded.current.map((each) => {
    const page = pageOf(unit, each);
    return page !== null && modePages.change(page, withChanges(page, each));
  }).includes(true);
  if (changed && settled) {
    unit.raiseHere(UNIT_ATTENTION.MODE_PARAMETERS_CHANGED);
  }
  return { fault: null };
}

// A page of the same length: another one could not be taken over.
function pageOf(unit: LogicalUnit, page: SharedPage): ModePage | null {
  const own = unit.modePages.find(page.code, page.subcode);
  return own !== undefined && own.current.length === page.values.length
    ? own
    : null;
}

// The rest hangs on the store, which this node may not have open.
function withChanges(page: ModePage, { values }: SharedPage): Uint8Array {
  return page.current.map((byte, at) => {
    const changeable = page.changeable[at] ?? 0;
    return (byte & ~changeable) | ((values[at] ?? 0) & changeable);
  });
}

function holderOf({ reservations }: LogicalUnit): string[] {
  const { holder } = reservations;
  return holder === null ? [] : [holder.initiator.nexusId];
}

function preventing(unit: LogicalUnit): string[] {
  return [...unit.itls].filter(({ preventsRemoval }) => preventsRemoval)
    .map(({ nexus }) => nexus.initiator.nexusId);
}

function readCondition(unit: LogicalUnit): Uint8Array {
  const { stopped, ejected, deviceClock } = unit;
  const isSet = deviceClock.origin === TIMESTAMP_ORIGIN.SET_TIMESTAMP;
  const timestampMs = isSet ? deviceClock.timestampMs : null;
  return encodeCondition({ stopped, ejected, timestampMs });
}

function applyCondition(unit: LogicalUnit, view: DataView): Applied {
  return using(decodeCondition(view), ({ stopped, ejected, timestampMs }) => {
    unit.stopped = stopped;
    unit.ejected = ejected;
    if (timestampMs !== null) unit.deviceClock.set(timestampMs);
  });
}

function applyCapacity(unit: LogicalUnit, view: DataView): Applied {
  return using(decodeCapacity(view), ({ blockLength, blockCount }) => {
    if (blockCount === 0) return;
    unit.sizeWish = blockLength * blockCount;
    const { store } = unit;
    if (store === null || store.geometry.blockCount === blockCount) return;
    void store.resize?.(blockCount);
    unit.refresh();
  });
}

function readKept({ state }: LogicalUnit): Uint8Array {
  return encodeKept(
    new Map(KEPT_NAMES.map((name) => [name, state.read(name) ?? null])),
  );
}

function applyKept(unit: LogicalUnit, view: DataView): Applied {
  const decoded = decodeKept(view);
  if (typeof decoded === "string") return { fault: decoded };
  const { state } = unit;
  const kept = state.attempt(() => {
    for (const [name, bytes] of decoded) {
      if (!KEPT_NAMES.includes(name)) continue;
      const before = state.read(name);
      if (bytes === null && before !== undefined) state.remove(name);
      if (bytes === null || before?.toHex() === bytes.toHex()) continue;
      state.write(name, bytes);
    }
  });
  unit.log.forget();
  return kept ? { fault: null } : { fault: null, notKept: true };
}

// A generated NAA is taken over from the primary, once; anything else that
// differs would make one disk of two.
function adoptIdentity(
  unit: LogicalUnit,
  theirs: SharedIdentity,
): string | null {
  const ours = identityOf(unit);
  if (ours.deviceType !== theirs.deviceType) {
    return `device type ${ours.deviceType} here, ${theirs.deviceType} there`;
  }
  if (ours.serial !== theirs.serial) {
    return `serial number "${ours.serial}" here, "${theirs.serial}" there`;
  }
  const adopts = ours.generated && theirs.generated;
  const isNaa = ({ type }: { type: number }) => type === DESIGNATOR_TYPE.NAA;
  const naa = theirs.designators.find(isNaa);
  const designators = !adopts || naa === undefined
    ? unit.identity.designators
    : unit.identity.designators.map((each) =>
      isNaa(each) ? { ...each, bytes: naa.bytes } : each
    );
  const [here, there] = [namesOf(designators), namesOf(theirs.designators)];
  if (here !== there) return `designators ${here} here, ${there} there`;
  if (!adopts || naa === undefined) return null;
  const kept = unit.state.attempt(() => {
    if (unit.state.read(NAA_NAME)?.toHex() === naa.bytes.toHex()) return;
    unit.state.write(NAA_NAME, naa.bytes);
  });
  if (!kept) return "its name cannot be kept here";
  unit.identity = { ...unit.identity, designators };
  return null;
}

function namesOf(
  designators: readonly { readonly type: number; readonly bytes: Uint8Array }[],
): string {
  return designators.map(({ type, bytes }) => `${type}.${bytes.toHex()}`)
    .join(" ");
}

function using<Value>(
  decoded: Value | string,
  use: (value: Value) => void,
): Applied {
  if (typeof decoded === "string") return { fault: decoded };
  use(decoded);
  return { fault: null };
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((byte, at) => byte === other[at]);
}
