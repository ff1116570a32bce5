/**
 * The daemon: a target with its iSCSI service, led by a configuration.
 *
 * @module
 */

import {
  createTarget,
  type Host,
  IOCTL,
  type IoctlService,
  ISCSI,
  type IscsiService,
  type Log,
  type OpenPortal,
  type Plugin,
  type Target,
} from "../../mod.ts";
import type { Configuration } from "../conf/model.ts";
import type { DesiredState } from "../conf/desired_state.ts";
import { NOTHING_RUNS, planReload, runningAfter } from "../conf/plan.ts";
import type { Step } from "../conf/steps.ts";
import { emptyConfiguration } from "../conf/validate.ts";
import { applySteps, type FailedStep } from "./apply.ts";
import { Pair } from "./pair.ts";
import { PhysicalPorts } from "./physical_ports.ts";

/** What a daemon is made with. */
export interface DaemonOptions {
  /** Parts of the machine: log and kept state. */
  readonly host: Partial<Host>;
  /** Where the daemon itself logs. */
  readonly log: Log;
  /** The plugin of a pair; undefined: the one that comes along. */
  readonly ha?: Plugin | undefined;
  /** Plugins that come along with the first LUN; absent: the usual ones. */
  readonly companions?: readonly string[];
}

/** What a configuration would change. */
export interface PlannedChange {
  /** The steps, in order. */
  readonly steps: readonly Step[];
  /** What they start from. */
  readonly before: DesiredState;
}

/** A target that follows a configuration. */
export class Daemon implements AsyncDisposable {
  /** The target. */
  readonly target: Target;
  /** The pair that it may be part of. */
  readonly pair: Pair;
  readonly #log: Log;
  readonly #luns: Map<string, number> = new Map();
  readonly #portals: Map<string, OpenPortal> = new Map();
  readonly #physicalPorts: PhysicalPorts;
  #iscsi: IscsiService | null = null;
  #configuration: Configuration | null = null;
  #running = NOTHING_RUNS;
  #applying: Promise<unknown> = Promise.resolve();

  /** A daemon without a configuration: it holds only the core. */
  constructor(options: DaemonOptions) {
    const { host, companions, ha } = options;
    this.target = createTarget({
      host,
      ...companions === undefined ? {} : { companions },
    });
    this.pair = new Pair(this.target, ha);
    this.#physicalPorts = new PhysicalPorts(this.target);
    this.#log = options.log;
  }

  /** The configuration that was applied last; null before the first. */
  get configuration(): Configuration | null {
    return this.#configuration;
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

  /** Enters the pair that a configuration names, before anything is made. */
  async enterPair({ ha }: Configuration): Promise<void> {
    if (ha !== undefined) await this.pair.load(ha.options);
  }

  /** The local ports; the first time they are made. */
  async ioctl(): Promise<IoctlService> {
    await this.target.plugins.load("ioctl");
    const service = this.target.plugins.service(IOCTL);
    if (service === undefined) throw new TypeError("ioctl provides no service");
    return service;
  }

  /** The iSCSI service if it is loaded. */
  get iscsiIfLoaded(): IscsiService | null {
    return this.#iscsi;
  }

  /** Portals that listen, with the ports the system chose. */
  get portals(): OpenPortal[] {
    return [...this.#portals.values()];
  }

  /** What a configuration would change, when what is under way has ended. */
  async plan(wanted: Configuration): Promise<PlannedChange> {
    await this.#applying;
    const { steps } = planReload(this.#running, wanted);
    return { steps, before: this.#running.state };
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
    const last = this.#configuration;
    await this.pair.control?.stop();
    if (last !== null) {
      const isns = { ...last.isns, servers: [] };
      // Plugins go with the target, when what uses them has gone.
      const { plugins, ha } = last;
      await this.apply({ ...emptyConfiguration(last), isns, plugins, ha });
    }
    await this.target[Symbol.asyncDispose]();
  }

  async #apply(wanted: Configuration): Promise<FailedStep[]> {
    const plan = planReload(this.#running, wanted);
    const { steps } = plan;
    const idle = this.#iscsi === null && steps.length === 0;
    if (!idle) {
      const iscsi = await this.iscsi();
      iscsi.setSettings({
        loginTimeoutSeconds: wanted.timeoutSeconds,
        pingTimeoutSeconds: 5,
      });
      iscsi.isns.setTimeoutSeconds(wanted.isns.timeoutSeconds);
    }
    const failed = idle ? [] : await applySteps(steps, {
      target: this.target,
      pair: this.pair,
      iscsi: await this.iscsi(),
      luns: this.#luns,
      physicalPorts: this.#physicalPorts,
      portals: this.#portals,
      isns: plan.after.state.isnsRegistration,
      warn: (message) => this.#log.warn(message),
    });
    for (const { reason } of failed) this.#log.error(reason);
    const failedSteps = new Set(failed.map(({ step }) => step));
    this.#running = runningAfter(this.#running, plan, failedSteps);
    this.#configuration = wanted;
    return failed;
  }
}
