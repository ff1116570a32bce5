/**
 * Statements of a lun.
 *
 * @module
 */

import {
  addOption,
  claimName,
  type ConfigurationDraft,
  type LunDraft,
} from "./draft.ts";
import { INTEGER_MAX, LUNS_MAX } from "./limits.ts";
import { invalidNumber, parseNumber } from "./numbers.ts";
import {
  type Block,
  type Keyword,
  type KeywordTable,
  keywordTable,
  openBlock,
  type Problem,
} from "./statement.ts";

const DISK = 0;
const PROCESSOR = 3;
const CD = 5;
const DEVICE_TYPE_MAX = 15;

const DEVICE_TYPES: ReadonlyMap<string, number> = new Map([
  ["disk", DISK],
  ["direct", DISK],
  ["processor", PROCESSOR],
  ["cd", CD],
  ["cdrom", CD],
  ["dvd", CD],
  ["dvdrom", CD],
]);

/** Keywords of a lun; all but `option` once. */
export const LUN_KEYWORDS: KeywordTable<LunDraft> = keywordTable<LunDraft>({
  "backend": once("backend", (lun, word) => {
    lun.backend = word;
    return undefined;
  }),
  "blocksize": once("blocksize", setBlocksize),
  "ctl-lun": once("ctl-lun", setCtlLun),
  "device-id": once("device-id", (lun, word) => {
    lun.deviceId = word;
    return undefined;
  }),
  "device-type": once("device-type", setDeviceType),
  "option": { words: 2, store: addLunOption },
  "path": once("path", (lun, word) => {
    lun.path = word;
    return undefined;
  }),
  "serial": once("serial", (lun, word) => {
    lun.serial = word;
    return undefined;
  }),
  "size": once("size", setSize),
});

/** Begins a lun; a lun within a target has its name as SCSI name. */
export function openLun(
  root: ConfigurationDraft,
  name: string,
  scsiName?: string,
): Block | string {
  const problem = claimName("lun", name, root.luns, root);
  if (problem !== undefined) return problem;
  if (root.luns.size >= LUNS_MAX) return `more than ${LUNS_MAX} luns`;
  const lun: LunDraft = {
    name,
    scsiName,
    given: new Set(),
    backend: "block",
    path: undefined,
    sizeBytes: undefined,
    blocksize: undefined,
    deviceType: DISK,
    ctlLun: undefined,
    deviceId: undefined,
    serial: undefined,
    options: new Map(),
  };
  root.luns.set(name, lun);
  return openBlock(LUN_KEYWORDS, lun, checkLun);
}

/** Bytes of a block: what the file says, or what the device type is used to. */
export function blocksizeOf({ blocksize, deviceType }: LunDraft): number {
  return blocksize ?? (deviceType === CD ? 2048 : 512);
}

/** What only the whole block can tell. */
function checkLun(lun: LunDraft): Problem {
  const { name, backend, path, sizeBytes } = lun;
  if (backend === "block" && path === undefined) {
    return `missing path for lun "${name}"`;
  }
  if (backend === "ramdisk" && sizeBytes === undefined) {
    return `missing size for ramdisk-backed lun "${name}"`;
  }
  if (backend === "ramdisk" && path !== undefined) {
    return `path must not be specified for ramdisk-backed lun "${name}"`;
  }
  return (sizeBytes ?? 0) % blocksizeOf(lun) === 0
    ? undefined
    : `invalid size for lun "${name}"; must be multiple of blocksize`;
}

function once(
  keyword: string,
  store: (lun: LunDraft, word: string) => Problem,
): Keyword<LunDraft> {
  return {
    words: 1,
    store: (lun, word: string) => {
      if (lun.given.has(keyword)) {
        return `${keyword} for lun "${lun.name}" specified more than once`;
      }
      lun.given.add(keyword);
      return store(lun, word);
    },
  };
}

function setBlocksize(lun: LunDraft, word: string): Problem {
  const blocksize = parseNumber(word, INTEGER_MAX);
  if (blocksize === undefined) return invalidNumber(word);
  if (blocksize === 0) {
    return `invalid blocksize for lun "${lun.name}"; must be larger than 0`;
  }
  lun.blocksize = blocksize;
  return undefined;
}

function setCtlLun(lun: LunDraft, word: string): Problem {
  lun.ctlLun = parseNumber(word, INTEGER_MAX);
  return lun.ctlLun === undefined ? invalidNumber(word) : undefined;
}

function setDeviceType(lun: LunDraft, word: string): Problem {
  const type = DEVICE_TYPES.get(word.toLowerCase()) ??
    (/^\d{1,2}$/.test(word) ? Number(word) : Infinity);
  if (type > DEVICE_TYPE_MAX) {
    return `invalid device-type "${word}" for lun "${lun.name}"`;
  }
  lun.deviceType = type;
  return undefined;
}

/** Size 0 is no size: the store's own is taken. */
function setSize(lun: LunDraft, word: string): Problem {
  const sizeBytes = parseNumber(word);
  if (sizeBytes === undefined) return invalidNumber(word);
  lun.sizeBytes = sizeBytes === 0 ? undefined : sizeBytes;
  return undefined;
}

function addLunOption(lun: LunDraft, name: string, value: string): Problem {
  if (name === "ha_role" && !/^(?:primary|secondary)$/.test(value)) {
    return `invalid ha_role "${value}" for lun "${lun.name}"; ` +
      "must be primary or secondary";
  }
  return addOption(lun.options, name, value, `lun "${lun.name}"`);
}
