/**
 * The options every logical unit takes, whatever its backend.
 *
 * @module
 */

import {
  choiceOption,
  flagOption,
  integerOption,
  optionalFlagOption,
  optionalSizeOption,
  optionalTextOption,
  type OptionSpec,
  type OptionTable,
  sizeOption,
  textOption,
} from "./options.ts";
import type { SequentialMode } from "./task_set.ts";

/** Values of the generic LUN options. */
export interface LunOptions {
  /** T10 vendor identification, 8 characters. */
  readonly vendor: string;
  /** Product identification, 16 characters; undefined: by device type. */
  readonly product: string | undefined;
  /** Product revision, 4 characters. */
  readonly revision: string;
  /** SCSI name string designator. */
  readonly scsiname: string | undefined;
  /** EUI-64 based designator in hexadecimal. */
  readonly eui: string | undefined;
  /** NAA designator in hexadecimal. */
  readonly naa: string | undefined;
  /** UUID designator. */
  readonly uuid: string | undefined;
  /** REPORT IDENTIFYING INFORMATION: LU information. */
  readonly ident_info: string | undefined;
  /** REPORT IDENTIFYING INFORMATION: LU text information. */
  readonly text_ident_info: string | undefined;
  /** Read cache on; off sets RCD. */
  readonly readcache: boolean;
  /** Write cache on; off clears WCE. */
  readonly writecache: boolean;
  /** Write protected; undefined: by device type. */
  readonly readonly: boolean | undefined;
  /** Removable medium; undefined: by device type. */
  readonly removable: boolean | undefined;
  /** QUEUE ALGORITHM MODIFIER. */
  readonly reordering: "restricted" | "unrestricted";
  /** Order of sequential reads; undefined: by backend. */
  readonly serseq: SequentialMode | undefined;
  /** Bytes of a physical block; undefined: what the store says. */
  readonly pblocksize: number | undefined;
  /** Bytes by which physical blocks are shifted. */
  readonly pblockoffset: number | undefined;
  /** Bytes of an unmap unit; undefined: what the store says. */
  readonly ublocksize: number | undefined;
  /** Bytes by which unmap units are shifted. */
  readonly ublockoffset: number | undefined;
  /** MEDIUM ROTATION RATE. */
  readonly rpm: number;
  /** NOMINAL FORM FACTOR. */
  readonly formfactor: number;
  /** Degrees Celsius; undefined: not known. */
  readonly temperature: string | undefined;
  /** Degrees Celsius the device should not exceed. */
  readonly reftemperature: string | undefined;
  /** PROVISIONING TYPE. */
  readonly provisioning_type: string;
  /** UNMAP offered; undefined: when the store can. */
  readonly unmap: boolean | undefined;
  /** MAXIMUM UNMAP LBA COUNT. */
  readonly unmap_max_lba: number;
  /** MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT. */
  readonly unmap_max_descr: number;
  /** MAXIMUM WRITE SAME LENGTH; undefined: no limit. */
  readonly write_same_max_lba: number | undefined;
  /** Bytes a second that SANITIZE does at most; undefined: no limit. */
  readonly sanitize_rate: number | undefined;
  /** Reads and writes a second at most; 0: no limit. */
  readonly iops_limit: number;
  /** Bytes a second that they move at most; 0: no limit. */
  readonly bandwidth_limit: number;
  /** Role of this node for the LUN; undefined: that of the node. */
  readonly ha_role: "primary" | "secondary" | undefined;
  /** Bytes available in the LUN that raise a unit attention. */
  readonly "avail-threshold": number | undefined;
  /** Bytes used by the LUN that raise a unit attention. */
  readonly "used-threshold": number | undefined;
  /** Bytes available in the pool that raise a unit attention. */
  readonly "pool-avail-threshold": number | undefined;
  /** Bytes used in the pool that raise a unit attention. */
  readonly "pool-used-threshold": number | undefined;
}

const COUNT = { min: 1, max: 0xffffffff };
const ANY_COUNT = { min: 0, max: 0xffffffff };
/** As many as a parameter list of 65535 bytes holds (SBC-4 5.32.2). */
const UNMAP_DESCRIPTORS_MAX = 4095;

/** The generic options of every LUN (`-o`, `option` in ctl.conf). */
export const LUN_OPTIONS: OptionTable<LunOptions> = {
  vendor: textOption("FREEBSD", "T10 vendor identification", 8),
  product: optionalTextOption("product identification", 16),
  revision: textOption("0001", "product revision level", 4),
  scsiname: optionalTextOption("SCSI name string designator", 223),
  eui: optionalTextOption("EUI-64 designator, hexadecimal", 64),
  naa: optionalTextOption("NAA designator, hexadecimal", 64),
  uuid: optionalTextOption("UUID designator", 64),
  ident_info: optionalTextOption("identifying information", 512),
  text_ident_info: optionalTextOption("identifying text", 256),
  readcache: flagOption(true, "cache reads (off sets RCD)"),
  writecache: flagOption(true, "cache writes (off clears WCE)"),
  readonly: optionalFlagOption("write protect (default on for CD/DVD)"),
  removable: optionalFlagOption("removable medium (default on for CD/DVD)"),
  reordering: choiceOption(
    ["restricted", "unrestricted"],
    "restricted",
    "queue algorithm",
  ),
  serseq: choiceOption<SequentialMode, undefined>(
    ["off", "soft", "read", "on"],
    undefined,
    "order of sequential reads (default soft for files, else off)",
  ),
  pblocksize: optionalSizeOption("bytes of a physical block"),
  pblockoffset: optionalSizeOption("bytes before the first physical block"),
  ublocksize: optionalSizeOption("bytes of an unmap unit"),
  ublockoffset: optionalSizeOption("bytes before the first unmap unit"),
  rpm: integerOption(1, { min: 0, max: 65534 }, "rotation rate, 1: none"),
  formfactor: integerOption(0, { min: 0, max: 15 }, "nominal form factor"),
  temperature: optionalTextOption("degrees Celsius", 4),
  reftemperature: optionalTextOption("reference temperature", 4),
  provisioning_type: textOption("thin", "thin, resource or unknown"),
  unmap: optionalFlagOption("UNMAP (default: when the store can)"),
  unmap_max_lba: integerOption(0xffffffff, COUNT, "blocks in one UNMAP"),
  unmap_max_descr: integerOption(
    UNMAP_DESCRIPTORS_MAX,
    COUNT,
    "descriptors in one UNMAP",
  ),
  write_same_max_lba: optionalSizeOption("blocks in one WRITE SAME"),
  sanitize_rate: sanitizeRateOption(),
  iops_limit: integerOption(0, ANY_COUNT, "reads and writes a second, 0: any"),
  bandwidth_limit: sizeOption(0, "bytes a second that they move, 0: any"),
  ha_role: choiceOption<"primary" | "secondary", undefined>(
    ["primary", "secondary"],
    undefined,
    "role of this node for the LUN (default: the node's)",
  ),
  "avail-threshold": optionalSizeOption("threshold of bytes available"),
  "used-threshold": optionalSizeOption("threshold of bytes used"),
  "pool-avail-threshold": optionalSizeOption("threshold, pool available"),
  "pool-used-threshold": optionalSizeOption("threshold, pool used"),
};

function sanitizeRateOption(): OptionSpec<number | undefined> {
  const option = optionalSizeOption(
    "bytes a second of SANITIZE (default: any)",
  );
  // Nothing would ever be done at a rate of 0.
  return { ...option, parse: (text) => option.parse(text) || undefined };
}

/** Characters a serial number holds (`-S`). */
export const SERIAL_LENGTH_MAX = 16;

/** Characters a device id holds (`-d`). */
export const DEVICE_ID_LENGTH_MAX = 64;
