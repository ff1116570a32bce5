/**
 * iSCSI ports that operators make by hand (`ctladm port -c -d iscsi`). Nobody
 * can log in through them before a configuration names who may.
 *
 * @module
 */

import {
  integerOption,
  ManagementError,
  optionalTextOption,
  type OptionTable,
  type PortDriver,
  type RawOptions,
  type TargetPort,
  textOption,
  typeOptions,
} from "../../core/mod.ts";
import type { AuthGroup } from "./access.ts";
import type { IscsiService } from "./service.ts";

const TARGET = "cfiscsi_target";
const TAG = "cfiscsi_portal_group_tag";

interface IscsiPortOptions {
  readonly [TARGET]: string;
  readonly [TAG]: number;
  readonly cfiscsi_target_alias: string | undefined;
}

const OPTIONS: OptionTable<IscsiPortOptions> = {
  [TARGET]: textOption("", "iSCSI name of the target", 223),
  [TAG]: integerOption(0, { min: 0, max: 0xffff }, "portal group tag"),
  cfiscsi_target_alias: optionalTextOption("words for people"),
};

const NOBODY: AuthGroup = {
  type: "deny",
  credentials: new Map(),
  initiatorNames: new Set(),
  admitsAddress: () => false,
};

/** Makes and removes ports of an iSCSI service. */
export class IscsiPortDriver implements PortDriver {
  /** Name of the frontend. */
  readonly name = "iscsi";
  readonly #service: IscsiService;

  /** A driver for one service. */
  constructor(service: IscsiService) {
    this.#service = service;
  }

  /** Makes a port, off line. */
  create(raw: RawOptions): Promise<TargetPort> {
    const { target, tag, alias } = namesOf(raw);
    const portalGroup = this.#service.portalGroupOf(tag) ?? `tag ${tag}`;
    const access = { authGroup: NOBODY, alias, portalGroups: [portalGroup] };
    return Promise.resolve(
      this.#service.createPort({ target, tag, portalGroup, access }),
    );
  }

  /** Removes the port of a target and a tag; its sessions end first. */
  async remove(raw: RawOptions): Promise<void> {
    const { target, tag } = namesOf(raw);
    await this.#service.removePortOf(target, tag);
  }
}

function namesOf(
  raw: RawOptions,
): { target: string; tag: number; alias: string | undefined } {
  for (const name of [TARGET, TAG]) {
    if (!raw.has(name)) {
      throw new ManagementError(
        "request",
        `Missing required argument: ${name}`,
      );
    }
  }
  const values = typeOptions(OPTIONS, raw);
  return {
    target: values[TARGET].toLowerCase(),
    tag: values[TAG],
    alias: values.cfiscsi_target_alias,
  };
}
