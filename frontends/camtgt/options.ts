/**
 * Options of HBAs: of the plugin, for all that it makes, and of one port.
 *
 * @module
 */

import {
  choiceOption,
  flagOption,
  integerOption,
  ManagementError,
  optionalIntegerOption,
  optionalTextOption,
  type OptionTable,
  type RawOptions,
  typeOptions,
} from "../../core/mod.ts";
import {
  ATIOS_DEFAULT,
  INOTS_DEFAULT,
  LOGINS_DEFAULT,
  MAX_IO_DEFAULT,
} from "./limits.ts";
import { wwnOption } from "./world_wide_names.ts";

/** How an HBA is. */
export interface HbaOptions {
  /** Where its wire is served; undefined: in this process alone. */
  readonly listen: string | undefined;
  /** A TCP address that is not of this machine may be served. */
  readonly insecure: boolean;
  /** What kind of transport it shows itself as. */
  readonly transport: "fc" | "sas" | "scsi";
  /** Sense data go with the status. */
  readonly autosense: boolean;
  /** Commands at a time. */
  readonly atios: number;
  /** Functions at a time. */
  readonly inots: number;
  /** Initiators at a time. */
  readonly logins: number;
  /** Bytes of one data move at the most. */
  readonly maxio: number;
  /** Milliseconds that each data move takes. */
  readonly move_ms: number;
}

/** Options that the plugin takes, for every port that it makes. */
export const HBA_OPTIONS: OptionTable<HbaOptions> = {
  listen: optionalTextOption(
    "unix:/path, or 127.0.0.1:port; %p is the physical port",
  ),
  insecure: flagOption(false, "serve TCP beyond this machine: no login check"),
  transport: choiceOption(["fc", "sas", "scsi"], "fc", "kind of transport"),
  autosense: flagOption(true, "sense data go with the status"),
  atios: integerOption(
    ATIOS_DEFAULT,
    { min: 1, max: 4096 },
    "commands that a port takes at a time",
  ),
  inots: integerOption(
    INOTS_DEFAULT,
    { min: 1, max: 4096 },
    "task management functions that it takes at a time",
  ),
  logins: integerOption(
    LOGINS_DEFAULT,
    { min: 1, max: 2048 },
    "initiators that can be logged in",
  ),
  maxio: integerOption(
    MAX_IO_DEFAULT,
    { min: 512, max: 2 * 2 ** 20 },
    "bytes of one data move at the most",
  ),
  move_ms: integerOption(
    0,
    { min: 0, max: 1000 },
    "milliseconds that each data move takes, to try out slow wires",
  ),
};

/** Options of one HBA: its own, else those of the plugin. */
export function hbaOptions(raw: RawOptions, defaults: HbaOptions): HbaOptions {
  const own = typeOptions(HBA_OPTIONS, raw);
  const of = <Name extends keyof HbaOptions>(name: Name): HbaOptions[Name] =>
    raw.has(name) ? own[name] : defaults[name];
  return {
    listen: of("listen"),
    insecure: of("insecure"),
    transport: of("transport"),
    autosense: of("autosense"),
    atios: of("atios"),
    inots: of("inots"),
    logins: of("logins"),
    maxio: of("maxio"),
    move_ms: of("move_ms"),
  };
}

/** What one port is. */
export interface PortNumbers {
  /** Physical port. */
  readonly pp: number | undefined;
  /** Virtual port. */
  readonly vp: number | undefined;
  /** World wide node name. */
  readonly wwnn: bigint | undefined;
  /** World wide port name. */
  readonly wwpn: bigint | undefined;
}

const LIMITS = { min: 0, max: 0xffff };

/** Options of one port beside those of the plugin. */
export const PORT_OPTIONS: OptionTable<PortNumbers> = {
  pp: optionalIntegerOption(LIMITS, "physical port; default: the next one"),
  vp: optionalIntegerOption(LIMITS, "virtual port; default: 0"),
  wwnn: wwnOption("world wide node name; default: one that is kept"),
  wwpn: wwnOption("world wide port name; default: one that is kept"),
};

/**
 * Refuses what is no option of a port: a default in place of what was meant
 * would be found out late.
 *
 * @throws {ManagementError} naming the options that there are
 */
export function refuseUnknown(raw: RawOptions): void {
  const known = Object.keys({ ...PORT_OPTIONS, ...HBA_OPTIONS });
  const unknown = [...raw.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ManagementError(
    "option",
    `Invalid option "${unknown}": camtgt ports have no such option, but ` +
      known.join(", "),
  );
}

/** What names a port that goes. */
export const REMOVE_OPTIONS: OptionTable<
  { readonly port_id: number | undefined }
> = {
  port_id: optionalIntegerOption(LIMITS, "number of the port to remove"),
};
