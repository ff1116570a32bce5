/**
 * Mode pages of a logical unit (SPC-5 7.5, SBC-4 6.5): what each holds, what
 * an initiator may change, and the settings the core takes from them.
 *
 * @module
 */

import {
  changeableControl,
  changeableExtension,
  type ControlSettings,
  fillControl,
  unpackControl,
} from "./control_page.ts";
import { FOR, maskOfDeviceType } from "./device_type.ts";
import type { LunOptions } from "./lun_options.ts";
import type { SavedPage } from "./wire/saved_pages.ts";

/** PAGE CONTROL: which values are meant (SPC-5 6.14.2). */
export const PAGE_CONTROL = {
  CURRENT: 0,
  CHANGEABLE: 1,
  DEFAULT: 2,
  SAVED: 3,
} as const;

/** What the default values of the pages hang on. */
export interface ModePageFacts {
  /** Peripheral device type. */
  readonly deviceType: number;
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks. */
  readonly blockCount: number;
  /** The store has a volatile cache: only then can WCE be one. */
  readonly volatileCache: boolean;
  /** The options of the LUN. */
  readonly options: LunOptions;
}

/** One row of the page table. */
interface PageDefinition {
  readonly code: number;
  readonly subcode: number;
  readonly deviceTypes: number;
  /** Whether MODE SELECT may carry it. */
  readonly selectable: boolean;
  /** Bytes after the header that page code, subcode and length make. */
  readonly bodyLength: number;
  /** Writes default values; `body` is zero and begins after the header. */
  fill(body: DataView, facts: ModePageFacts): void;
  /** Writes ones where an initiator may change bits. */
  changeable(body: DataView, facts: ModePageFacts): void;
}

/** Settings that the core reads on every command, kept unpacked. */
export interface ModeSettings extends ControlSettings {
  /** WCE: GOOD may precede durability. */
  readonly writeCacheEnabled: boolean;
  /** RCD: reads come from the medium itself. */
  readonly readCacheDisabled: boolean;
  /** LBPERE: thresholds of provisioning are reported. */
  readonly reportsThresholds: boolean;
  /** SITUA: a threshold is told to one nexus. */
  readonly singleThresholdAttention: boolean;
}

const SUBPAGE_FORMAT = 0x40;
const THRESHOLD_EXPONENT = 11;
const ENABLED = 0x80;
const ARMING_DECREASING = 0x02;
const ARMING_INCREASING = 0x01;

const PAGES: readonly PageDefinition[] = [
  {
    code: 0x01, // Read-Write Error Recovery: AWRE, ARRE, LBPERE
    subcode: 0,
    deviceTypes: FOR.DISK_AND_CD,
    selectable: true,
    bodyLength: 0x0a,
    fill(body) {
      body.setUint8(0, 0xc0);
      body.setUint8(5, 0x80);
    },
    changeable(body) {
      body.setUint8(0, 0x04);
      body.setUint8(5, 0x80);
    },
  },
  {
    code: 0x03, // Format Device (obsolete; old hosts read it)
    subcode: 0,
    deviceTypes: FOR.DISK,
    selectable: false,
    bodyLength: 0x16,
    fill(body, facts) {
      body.setUint16(8, 256);
      body.setUint16(10, facts.blockLength & 0xffff);
      body.setUint8(18, 0x40);
    },
    changeable() {},
  },
  {
    code: 0x04, // Rigid Disk Geometry (obsolete; old hosts read it)
    subcode: 0,
    deviceTypes: FOR.DISK,
    selectable: false,
    bodyLength: 0x16,
    fill(body, facts) {
      const cylinders = Math.min(
        Math.floor(facts.blockCount / 2 ** 15),
        2 ** 24 - 1,
      );
      body.setUint8(0, cylinders >>> 16);
      body.setUint16(1, cylinders & 0xffff);
      body.setUint8(3, 128);
      body.setUint16(18, facts.options.rpm);
    },
    changeable() {},
  },
  {
    code: 0x07, // Verify Error Recovery
    subcode: 0,
    deviceTypes: FOR.DISK_AND_CD,
    selectable: true,
    bodyLength: 0x0a,
    fill() {},
    changeable(body) {
      body.setUint8(0, 0x04);
    },
  },
  {
    code: 0x08, // Caching: DISC, WCE, RCD, prefetch limits
    subcode: 0,
    deviceTypes: FOR.DISK_AND_CD,
    selectable: true,
    bodyLength: 0x12,
    fill(body, facts) {
      const writeCache = facts.volatileCache && facts.options.writecache;
      const readCache = facts.options.readcache;
      body.setUint8(0, 0x10 | (writeCache ? 0x04 : 0) | (readCache ? 0 : 0x01));
      body.setUint16(2, 0xffff);
      body.setUint16(6, 0xffff);
      body.setUint16(8, 0xffff);
    },
    changeable(body, facts) {
      body.setUint8(0, 0x01 | (facts.volatileCache ? 0x04 : 0));
    },
  },
  {
    code: 0x0a, // Control: control_page.ts
    subcode: 0,
    deviceTypes: FOR.ALL,
    selectable: true,
    bodyLength: 0x0a,
    fill(body, facts) {
      fillControl(body, facts.options.reordering === "unrestricted");
    },
    changeable: changeableControl,
  },
  {
    code: 0x0a, // Control Extension: priority, maximum sense data length
    subcode: 0x01,
    deviceTypes: FOR.ALL,
    selectable: true,
    bodyLength: 0x1c,
    fill(body) {
      // TCMOS and SCSIP: the host sets the time, SET TIMESTAMP overrides it.
      body.setUint8(0, 0x06);
    },
    changeable: changeableExtension,
  },
  {
    code: 0x1c, // Informational Exceptions Control: EWASC, report count 1
    subcode: 0,
    deviceTypes: FOR.ALL,
    selectable: true,
    bodyLength: 0x0a,
    fill(body) {
      body.setUint8(0, 0x10);
      body.setUint32(6, 1);
    },
    changeable(body) {
      body.setUint8(0, 0x1d);
      body.setUint8(1, 0x0f);
      body.setUint32(2, 0xffffffff);
      body.setUint32(6, 0xffffffff);
    },
  },
  {
    code: 0x1c, // Logical Block Provisioning: four thresholds
    subcode: 0x02,
    deviceTypes: FOR.DISK,
    selectable: true,
    bodyLength: 0x2c,
    fill(body, { options, blockLength }) {
      const thresholds = [
        [0x01, options["avail-threshold"], ARMING_DECREASING],
        [0x02, options["used-threshold"], ARMING_INCREASING],
        [0xf1, options["pool-avail-threshold"], ARMING_DECREASING],
        [0xf2, options["pool-used-threshold"], ARMING_INCREASING],
      ] as const;
      for (const [index, [code, bytes, arming]] of thresholds.entries()) {
        const at = 12 + 8 * index;
        body.setUint8(at, (bytes === undefined ? 0 : ENABLED) | arming);
        body.setUint8(at + 1, code);
        const blocks = Math.floor((bytes ?? 0) / (blockLength || 512));
        body.setUint32(at + 4, Math.floor(blocks / 2 ** THRESHOLD_EXPONENT));
      }
    },
    changeable(body) {
      body.setUint8(0, 0x01);
    },
  },
  {
    code: 0x2a, // CD/DVD Capabilities
    subcode: 0,
    deviceTypes: FOR.CD,
    selectable: false,
    bodyLength: 0x16,
    fill(body) {
      body.setUint32(0, 0x3f00f000);
      body.setUint16(4, 0x2900);
      body.setUint16(10, 0x0800);
    },
    changeable() {},
  },
];

/** A page as MODE SENSE and MODE SELECT handle it. */
export interface ModePage {
  /** PAGE CODE. */
  readonly code: number;
  /** SUBPAGE CODE; 0 in the short form. */
  readonly subcode: number;
  /** Bytes before the body: 2, or 4 in the subpage form. */
  readonly headerLength: number;
  /** Whether MODE SELECT may carry it. */
  readonly selectable: boolean;
  /** Bits an initiator may change, as a whole page. */
  readonly changeable: Uint8Array;
  /** Values at creation, from the options, as a whole page. */
  readonly defaults: Uint8Array;
  /** Values in force, as a whole page. */
  readonly current: Uint8Array;
  /** Values in force after the next start, as a whole page. */
  readonly saved: Uint8Array;
  /** Whether it can be saved (PS): an initiator can change something. */
  readonly savable: boolean;
}

/** A page and values for it, as a whole page. */
export interface PageValues {
  /** The page. */
  readonly page: ModePage;
  /** The values. */
  readonly values: Uint8Array;
}

/** The pages of one logical unit. */
export class ModePages {
  readonly #pages: readonly ModePage[];
  #kept: readonly SavedPage[];
  #settings: ModeSettings;

  /**
   * Builds all pages that the device type has.
   *
   * @param before pages whose changes by initiators go on to be in force, or
   *   those that were saved before the start
   */
  constructor(
    facts: ModePageFacts,
    before: ModePages | readonly SavedPage[] = [],
  ) {
    const old = before instanceof ModePages ? before : undefined;
    this.#kept = before instanceof ModePages ? before.#kept : before;
    const mask = maskOfDeviceType(facts.deviceType);
    this.#pages = PAGES
      .filter((definition) => (definition.deviceTypes & mask) !== 0)
      .map((definition) => buildPage(definition, facts));
    for (const page of this.#pages) {
      const kept = this.#kept.find((each) => isOf(each, page));
      if (kept !== undefined) page.saved.set(withChanges(page, kept));
      page.current.set(page.saved);
      const same = old?.find(page.code, page.subcode);
      if (same !== undefined) keepChanges(page, same);
    }
    this.#settings = this.#unpack();
  }

  /** What the core reads on every command. */
  get settings(): ModeSettings {
    return this.#settings;
  }

  /** All pages in the order of their codes. */
  get all(): readonly ModePage[] {
    return this.#pages;
  }

  /** One page, or undefined. */
  find(code: number, subcode: number): ModePage | undefined {
    return this.#pages.find((page) =>
      page.code === code && page.subcode === subcode
    );
  }

  /** Puts new values in force. @returns whether anything has changed */
  change(page: ModePage, values: Uint8Array): boolean {
    if (sameBytes(page.current, values)) return false;
    page.current.set(values);
    this.#settings = this.#unpack();
    return true;
  }

  /**
   * What there is to keep when all pages are saved, these with new values:
   * the pages that differ from their default values.
   */
  toSave(changes: readonly PageValues[]): SavedPage[] {
    return this.#pages.filter(({ savable }) => savable)
      .map((page) => ({
        ...page,
        values: changes.findLast((each) => each.page === page)?.values ??
          page.current.slice(),
      }))
      .filter(({ values, defaults }) => !sameBytes(values, defaults))
      .map(({ code, subcode, values, defaults }) => (
        { code, subcode, values, defaults }
      ));
  }

  /** These pages were saved, the others have default values. */
  setSaved(kept: readonly SavedPage[]): void {
    this.#kept = kept;
    for (const page of this.#pages) {
      const its = kept.find((each) => isOf(each, page));
      page.saved.set(its?.values ?? page.defaults);
    }
  }

  /** Puts the default values of all pages in force. */
  restoreDefaults(): boolean {
    return this.#pages
      .map((page) => this.change(page, page.defaults))
      .includes(true);
  }

  /** Puts the saved values of all pages in force, as a reset does. */
  restoreSaved(): void {
    for (const page of this.#pages) this.change(page, page.saved);
  }

  /** Whether all values in force that are settings are the same. */
  equals(other: ModePages): boolean {
    return this.#pages.filter(({ selectable }) => selectable).every((page) => {
      const values = other.find(page.code, page.subcode)?.current;
      return page.current.every((byte, at) => byte === values?.[at]);
    });
  }

  #unpack(): ModeSettings {
    const control = this.#body(0x0a, 0);
    const extension = this.#body(0x0a, 0x01);
    const caching = this.#body(0x08, 0);
    const recovery = this.#body(0x01, 0);
    const provisioning = this.#body(0x1c, 0x02);
    return {
      ...unpackControl(control, extension),
      writeCacheEnabled: ((caching?.getUint8(0) ?? 0) & 0x04) !== 0,
      readCacheDisabled: ((caching?.getUint8(0) ?? 0) & 0x01) !== 0,
      reportsThresholds: ((recovery?.getUint8(5) ?? 0) & 0x80) !== 0,
      singleThresholdAttention: ((provisioning?.getUint8(0) ?? 0) & 1) !== 0,
    };
  }

  #body(code: number, subcode: number): DataView | undefined {
    const page = this.find(code, subcode);
    if (page === undefined) return undefined;
    return new DataView(page.current.buffer, page.headerLength);
  }
}

/** The values of a page that a PAGE CONTROL field asks for. */
export function valuesOf(page: ModePage, pageControl: number): Uint8Array {
  switch (pageControl) {
    case PAGE_CONTROL.CHANGEABLE:
      return page.changeable;
    case PAGE_CONTROL.DEFAULT:
      return page.defaults;
    case PAGE_CONTROL.SAVED:
      return page.saved;
    default:
      return page.current;
  }
}

function buildPage(
  definition: PageDefinition,
  facts: ModePageFacts,
): ModePage {
  const headerLength = definition.subcode === 0 ? 2 : 4;
  const defaults = emptyPage(definition, headerLength);
  definition.fill(new DataView(defaults.buffer, headerLength), facts);
  const changeable = emptyPage(definition, headerLength);
  definition.changeable(new DataView(changeable.buffer, headerLength), facts);
  return {
    code: definition.code,
    subcode: definition.subcode,
    headerLength,
    selectable: definition.selectable,
    changeable,
    defaults,
    current: defaults.slice(),
    saved: defaults.slice(),
    savable: changeable.subarray(headerLength).some((byte) => byte !== 0),
  };
}

function isOf(kept: SavedPage, page: ModePage): boolean {
  return kept.code === page.code && kept.subcode === page.subcode &&
    kept.values.length === page.defaults.length;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((byte, at) => byte === other[at]);
}

// Bits that could be changed there are what they were; others, like WCE
// while there was no medium, stay as they were saved.
function keepChanges(page: ModePage, old: ModePage): void {
  const values = withChanges(page, {
    values: old.current,
    defaults: old.defaults,
  });
  old.changeable.forEach((could, at) => {
    page.current[at] = ((page.saved[at] ?? 0) & ~could) |
      ((values[at] ?? 0) & could);
  });
}

// Bits that differ from the default there, and may be changed here.
function withChanges(
  page: ModePage,
  { values, defaults }: Pick<SavedPage, "values" | "defaults">,
): Uint8Array {
  return page.defaults.map((byte, at) => {
    const value = values[at] ?? 0;
    const changed = (value ^ (defaults[at] ?? 0)) & (page.changeable[at] ?? 0);
    return (byte & ~changed) | (value & changed);
  });
}

function emptyPage(
  definition: PageDefinition,
  headerLength: number,
): Uint8Array<ArrayBuffer> {
  const page = new Uint8Array(headerLength + definition.bodyLength);
  const view = new DataView(page.buffer);
  if (definition.subcode === 0) {
    view.setUint8(0, definition.code);
    view.setUint8(1, definition.bodyLength);
  } else {
    view.setUint8(0, definition.code | SUBPAGE_FORMAT);
    view.setUint8(1, definition.subcode);
    view.setUint16(2, definition.bodyLength);
  }
  return page;
}
