/**
 * The daemon: a target with its iSCSI service, led by a configuration.
 *
 * @module
 */

import {
  createTarget,
  type Host,
  ISCSI,
  type IscsiService,
  type Log,
  type OpenPortal,
  type Target,
} from "../../mod.ts";
import type { Configuration } from "../conf/model.ts";
import { planReload } from "../conf/plan.ts";
import type { AssignedTags } from "../conf/tags.ts";
import { emptyConfiguration } from "../conf/validate.ts";
import { applySteps, type FailedStep } from "./apply.ts";

/** What a daemon is made with. */
export interface DaemonOptions {
  /** Parts of the machine: log and kept identities. */
  readonly host: Partial<Host>;
  /** Where the daemon itself logs. */
  readonly log: Log;
}

/** A target that follows a configuration. */
export class Daemon implements AsyncDisposable {
  /** The target. */
  readonly target: Target;
  readonly #log: Log;
  readonly #luns: Map<string, number> = new Map();
  readonly #portals: Map<string, OpenPortal> = new Map();
  #iscsi: IscsiService | null = null;
  #running: Configuration | null = null;
  #tags: AssignedTags = new Map();
  #applying: Promise<unknown> = Promise.resolve();

  /** A daemon without a configuration: it holds only the core. */
  constructor(options: DaemonOptions) {
    this.target = createTarget({ host: options.host });
    this.#log = options.log;
  }

  /** The configuration in force; null before the first. */
  get configuration(): Configuration | null {
    return this.#running;
  }

  /** The iSCSI service, loaded now if it was not. */
  async iscsi(): Promise<IscsiService> {
    if (this.#iscsi === null) {
      await this.target.plugins.load("iscsi");
      this.#iscsi = this.target.plugins.service(ISCSI) ?? null;
    }
    if (this.#iscsi === null) throw new TypeError("iSCSI provides no service");
    return this.#iscsi;
  }

  /** The iSCSI service if it is loaded. */
  get iscsiIfLoaded(): IscsiService | null {
    return this.#iscsi;
  }

  /** Portals that listen, with the ports the system chose. */
  get portals(): OpenPortal[] {
    return [...this.#portals.values()];
  }

  /**
   * Puts a configuration in force, changing only what differs. Reloads wait
   * for each other.
   *
   * @returns the steps that failed; what they were about is tried again at
   *          the next reload
   */
  apply(wanted: Configuration): Promise<FailedStep[]> {
    const applied = this.#applying.then(() => this.#apply(wanted));
    this.#applying = applied.catch(() => {});
    return applied;
  }

  /** Removes everything, ends all sessions, closes all stores. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running !== null) {
      await this.apply(emptyConfiguration(this.#running));
    }
    await this.target[Symbol.asyncDispose]();
  }

  async #apply(wanted: Configuration): Promise<FailedStep[]> {
    const { steps, tags } = planReload(this.#running, wanted, this.#tags);
    this.#tags = tags;
    const idle = this.#iscsi === null && steps.length === 0;
    if (!idle) {
      const iscsi = await this.iscsi();
      iscsi.setSettings({
        loginTimeoutSeconds: wanted.timeoutSeconds,
        pingTimeoutSeconds: 5,
      });
    }
    const failed = idle ? [] : await applySteps(steps, {
      target: this.target,
      iscsi: await this.iscsi(),
      luns: this.#luns,
      portals: this.#portals,
      warn: (message) => this.#log.warn(message),
    });
    for (const { reason } of failed) this.#log.error(reason);
    this.#running = withoutFailed(wanted, failed);
    return failed;
  }
}

/**
 * The configuration that is really in force: what failed is not in it, so
 * that the next plan has it again.
 */
export function withoutFailed(
  configuration: Configuration,
  failed: readonly FailedStep[],
): Configuration {
  if (failed.length === 0) return configuration;
  const luns = new Map(configuration.luns);
  const groups = new Map(configuration.portalGroups);
  const targets = new Map(configuration.targets);
  for (const { step } of failed) {
    if (step.kind === "create-lun") luns.delete(step.lun.name);
    if (step.kind === "create-port") targets.delete(step.port.target);
    if (step.kind !== "open-portal") continue;
    const group = groups.get(step.portalGroup);
    if (group === undefined) continue;
    const listen = group.listen.filter((each) => each !== step.listen);
    groups.set(group.name, { ...group, listen });
  }
  for (const [name, target] of targets) {
    const visible = [...target.luns].filter(([, lun]) => luns.has(lun));
    targets.set(name, { ...target, luns: new Map(visible) });
  }
  return { ...configuration, luns, portalGroups: groups, targets };
}
