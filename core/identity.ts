/**
 * Names of logical units: what INQUIRY and its VPD pages tell (SPC-5 7.7).
 *
 * @module
 */

import { DEVICE_TYPE } from "./device_type.ts";
import type { LunOptions } from "./lun_options.ts";
import { ManagementError } from "./management_error.ts";
import {
  ASSOCIATION,
  CODE_SET,
  type Designator,
  DESIGNATOR_TYPE,
  scsiNameDesignator,
} from "./ports/designator.ts";
import type { Entropy } from "./ports/host.ts";
import type { UnitState } from "./unit_state.ts";

/** The names of one logical unit. */
export interface UnitIdentity {
  /** T10 VENDOR IDENTIFICATION. */
  readonly vendor: string;
  /** PRODUCT IDENTIFICATION. */
  readonly product: string;
  /** PRODUCT REVISION LEVEL. */
  readonly revision: string;
  /** PRODUCT SERIAL NUMBER. */
  readonly serial: string;
  /** Text of the T10 vendor id designator. */
  readonly deviceId: string;
  /** Designators of the unit, in the order of page 83h. */
  readonly designators: readonly Designator[];
}

/** What the names are made of. */
export interface IdentityRequest {
  /** Peripheral device type. */
  readonly deviceType: number;
  /** Options of the LUN. */
  readonly options: LunOptions;
  /** Serial number. */
  readonly serial: string;
  /** Device id. */
  readonly deviceId: string;
  /** Where a generated name is kept. */
  readonly state: UnitState;
}

const PRODUCTS: Readonly<Record<number, string>> = {
  [DEVICE_TYPE.DISK]: "CTLDISK",
  [DEVICE_TYPE.PROCESSOR]: "CTLPROCESSOR",
  [DEVICE_TYPE.CD]: "CTLCDROM",
};

const T10_ID_LENGTH_MIN = 16;
const NAA_LOCALLY_ASSIGNED = 0x30;
/** Name under which the generated NAA is kept. */
export const NAA_NAME = "naa";

/**
 * Puts the names of a unit together. A unit that is given neither NAA nor
 * EUI-64 gets an NAA of the locally assigned kind, made once and kept: two
 * targets with default device ids must not look like one disk.
 */
export function buildIdentity(
  request: IdentityRequest,
  entropy: Entropy,
): UnitIdentity {
  const { options, deviceId } = request;
  const designators = [t10Designator(options.vendor, deviceId)];
  if (options.scsiname !== undefined) {
    designators.push(scsiNameDesignator(options.scsiname, ASSOCIATION.UNIT));
  }
  if (options.eui !== undefined) {
    designators.push(hexDesignator("eui", options.eui, [8, 12, 16]));
  }
  if (options.naa !== undefined) {
    designators.push(hexDesignator("naa", options.naa, [8, 16]));
  } else if (options.eui === undefined) {
    designators.push(keptNaa(request.state, entropy));
  }
  if (options.uuid !== undefined) designators.push(uuidOf(options.uuid));
  return {
    vendor: options.vendor,
    product: options.product ?? PRODUCTS[request.deviceType] ?? "CTLDEVICE",
    revision: options.revision,
    serial: request.serial,
    deviceId,
    designators,
  };
}

/** Pads or cuts text to a fixed number of ASCII characters. */
export function putText(
  view: DataView,
  start: number,
  length: number,
  text: string,
  padding = 0x20,
): void {
  for (let at = 0; at < length; at += 1) {
    const code = at < text.length ? text.charCodeAt(at) : padding;
    view.setUint8(start + at, code <= 0x7f ? code : 0x3f);
  }
}

function t10Designator(vendor: string, deviceId: string): Designator {
  const length = Math.max(deviceId.length, T10_ID_LENGTH_MIN);
  const bytes = new Uint8Array(8 + length);
  const view = new DataView(bytes.buffer);
  putText(view, 0, 8, vendor);
  putText(view, 8, length, deviceId, 0);
  return {
    codeSet: CODE_SET.ASCII,
    type: DESIGNATOR_TYPE.T10_VENDOR_ID,
    association: ASSOCIATION.UNIT,
    bytes,
  };
}

function hexDesignator(
  option: "eui" | "naa",
  text: string,
  lengths: readonly number[],
): Designator {
  const digits = text.replace(/^0x/i, "").replaceAll("-", "");
  const length = lengths.find((each) => digits.length <= 2 * each);
  if (!/^[0-9a-f]+$/i.test(digits) || length === undefined) {
    throw new ManagementError(
      "option",
      `Invalid value "${text}" for option "${option}": expected ` +
        `${lengths.map((each) => 2 * each).join(" or ")} hexadecimal digits`,
    );
  }
  return {
    codeSet: CODE_SET.BINARY,
    type: option === "eui" ? DESIGNATOR_TYPE.EUI64 : DESIGNATOR_TYPE.NAA,
    association: ASSOCIATION.UNIT,
    bytes: Uint8Array.fromHex(digits.padEnd(2 * length, "0")),
  };
}

function uuidOf(text: string): Designator {
  const digits = text.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(digits)) {
    throw new ManagementError(
      "option",
      `Invalid value "${text}" for option "uuid": expected 32 hexadecimal ` +
        `digits`,
    );
  }
  return {
    codeSet: CODE_SET.BINARY,
    type: DESIGNATOR_TYPE.UUID,
    association: ASSOCIATION.UNIT,
    bytes: Uint8Array.fromHex(`1000${digits}`),
  };
}

function keptNaa(state: UnitState, entropy: Entropy): Designator {
  return {
    codeSet: CODE_SET.BINARY,
    type: DESIGNATOR_TYPE.NAA,
    association: ASSOCIATION.UNIT,
    bytes: state.read(NAA_NAME) ?? makeNaa(state, entropy),
  };
}

function makeNaa(state: UnitState, entropy: Entropy): Uint8Array {
  const naa = generateNaa(entropy);
  state.write(NAA_NAME, naa);
  return naa;
}

/** A new NAA of the locally assigned kind (SPC-5 7.7.6.6.6). */
export function generateNaa(entropy: Entropy): Uint8Array {
  const naa = new Uint8Array(8);
  entropy.fill(naa);
  const view = new DataView(naa.buffer);
  view.setUint8(0, NAA_LOCALLY_ASSIGNED | (view.getUint8(0) & 0x0f));
  return naa;
}
