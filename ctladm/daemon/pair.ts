/**
 * The daemon as one node of a pair: the plugin `ha`, loaded when a
 * configuration asks for it.
 *
 * @module
 */

import {
  HA_CONTROL,
  type HaControl,
  ManagementError,
  type Plugin,
  type RawOptions,
  readHaSettings,
  type Target,
} from "../../mod.ts";

/** The pair, as far as the daemon is concerned. */
export class Pair {
  readonly #target: Target;
  readonly #plugin: Plugin | string;

  /** A daemon that stands alone; `plugin` is in place of the one of DTL. */
  constructor(target: Target, plugin: Plugin | string = "ha") {
    this.#target = target;
    this.#plugin = plugin;
  }

  /** The plugin, if the node is part of a pair. */
  get control(): HaControl | undefined {
    return this.#target.plugins.service(HA_CONTROL);
  }

  /**
   * Enters the pair, once. It numbers its ports as its node has them: what is
   * there by then was made without regard to it.
   */
  async load(options: RawOptions): Promise<void> {
    if (this.control !== undefined) return;
    const { plugins, luns } = this.#target;
    if (luns.all().length > 0) {
      throw new ManagementError(
        "pair",
        "there are LUNs already: restart ctld with this configuration",
      );
    }
    readHaSettings(options);
    await plugins.load(this.#plugin, options);
    this.require();
  }

  /** All that the configuration wants is there. */
  start(): void {
    this.require().start();
  }

  /** Puts other options in force; `before` are those that were. */
  async configure(
    options: RawOptions,
    changed: readonly string[],
  ): Promise<void> {
    const control = this.require();
    const settings = readHaSettings(options);
    if (changed.some((name) => name !== "role")) {
      await control.reconfigure(settings);
    }
    if (!changed.includes("role")) return;
    await control.setRole({ role: settings.role, peerFenced: false });
  }

  /** A node cannot leave its pair while it serves. */
  unload(): never {
    throw new ManagementError(
      "pair",
      "a node leaves its pair only by a restart of ctld",
    );
  }

  /** The plugin; a `ManagementError` when the node stands alone. */
  require(): HaControl {
    const { control } = this;
    if (control !== undefined) return control;
    throw new ManagementError(
      "pair",
      'this node stands alone: "ha { … }" in ctl.conf makes it one of a pair',
    );
  }
}
