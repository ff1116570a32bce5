/**
 * DTL, the Deno Target Layer: a userspace SCSI target.
 *
 * This is the library's face, and the only place where a target is put
 * together from its parts.
 *
 * @example A RAM disk over iSCSI
 * ```ts
 * import { createTarget, ISCSI } from "dtl";
 *
 * await using target = createTarget();
 * await target.plugins.load("iscsi");
 * const { unit } = await target.luns.create({
 *   backend: "ramdisk",
 *   sizeBytes: 2 ** 20,
 *   options: new Map([["capacity", "1m"]]),
 * });
 * console.log(unit.geometry.blockCount, target.plugins.service(ISCSI));
 * ```
 *
 * @module
 */

import {
  createTarget as createCoreTarget,
  type FindPlugin,
  type Host,
  type MakeFrontend,
  type MakeSubject,
  type Plugin,
  type Target,
} from "./core/mod.ts";
import type {
  CamInitiator,
  CamInitiatorOptions,
} from "./frontends/camtgt/initiator.ts";
import { systemClock, systemEntropy } from "./ctladm/host/clock_adapter.ts";
import { findPluginByPath } from "./ctladm/host/plugin_adapter.ts";
import { MemoryState } from "./ctladm/host/memory_state.ts";
import { silentLog } from "./ctladm/host/silent_log.ts";

export * from "./core/mod.ts";
export { type WireAddress, wireAddress } from "./frontends/camtgt/address.ts";
export type {
  CamCommand,
  CamExchange,
  CamInitiator,
  CamInitiatorOptions,
  CamResponse,
  CamResult,
  CamRetransmission,
  CamTargetPort,
} from "./frontends/camtgt/initiator.ts";
export type { WireStream } from "./frontends/camtgt/frame_link.ts";
export type { HbaUsage } from "./frontends/camtgt/hba.ts";
export type { CamtgtService } from "./frontends/camtgt/service.ts";
export type * from "./frontends/ioctl/service.ts";
export type * from "./frontends/iscsi/api.ts";
export { LIBC_PATHS } from "./backends/block/libc_paths.ts";
export type * from "./frontends/tpc/service.ts";
export { CAMTGT } from "./frontends/camtgt/token.ts";
export { IOCTL } from "./frontends/ioctl/token.ts";
export { ISCSI } from "./frontends/iscsi/token.ts";
export { HA_CONTROL } from "./ha/status.ts";
export type * from "./ha/status.ts";
export type * from "./ha/link/peer_hello.ts";
export type * from "./ha/link/peer_link.ts";
export type * from "./ha/link/peer_transport.ts";
export type { LinkPlace } from "./ha/link/place.ts";
export type * from "./ha/settings.ts";
export {
  HA_OPTIONS,
  haOptionProblem,
  haProblem,
  parseFingerprint,
  readHaSettings,
} from "./ha/settings.ts";
export { COPIES } from "./frontends/tpc/token.ts";
export { StateDatabase } from "./ctladm/host/state_adapter.ts";

/** What a target is made with; the rest is the machine's own. */
export interface DtlOptions {
  /** Parts of the machine that are not its own: log, kept state. */
  readonly host?: Partial<Host>;
  /** Where plugins of other names come from. */
  readonly findPlugin?: FindPlugin;
  /**
   * Names of plugins that come along with the first LUN; absent: `tpc`, which
   * copies between LUNs.
   */
  readonly companions?: readonly string[];
}

interface PluginModule {
  readonly plugin: Plugin;
}

/** Plugins that come along, loaded when they are first needed. */
const BUILT_IN: Readonly<Record<string, () => Promise<PluginModule>>> = {
  block: () => import("./backends/block/mod.ts"),
  camtgt: () => import("./frontends/camtgt/mod.ts"),
  ha: () => import("./ha/mod.ts"),
  ioctl: () => import("./frontends/ioctl/mod.ts"),
  iscsi: () => import("./frontends/iscsi/mod.ts"),
  ramdisk: () => import("./backends/ramdisk/mod.ts"),
  tpc: () => import("./frontends/tpc/mod.ts"),
};

/** What initiators expect of every LUN, and no core command offers. */
const COMPANIONS = ["tpc"];

/**
 * Makes a target that runs on this machine. Without further options it logs
 * nothing, and keeps generated names only as long as it lives.
 */
export function createTarget(options: DtlOptions = {}): Target {
  return createCoreTarget({
    host: {
      clock: systemClock,
      entropy: systemEntropy,
      log: silentLog,
      state: new MemoryState(),
      ...options.host,
    },
    findPlugin: (name) =>
      findBuiltIn(name) ?? options.findPlugin?.(name) ??
        findPluginByPath(name),
    companions: options.companions ?? COMPANIONS,
  });
}

/**
 * Logs in at a port of the camtgt frontend that is served at `unix:/path` or
 * at `address:port`; rejects when nobody is there, or the port refuses.
 */
export async function connectCamInitiator(
  address: string,
  options: CamInitiatorOptions,
): Promise<CamInitiator> {
  const { connectCamInitiator: connect } = await import(
    "./frontends/camtgt/connect_adapter.ts"
  );
  return await connect(address, systemClock, options);
}

/**
 * Registers the suite that every backend passes, as tests of the runtime:
 * `await backendContract("mine", make)` at the top of a test file. The suites
 * are loaded when they are first asked for.
 */
export async function backendContract(
  name: string,
  make: MakeSubject,
): Promise<void> {
  const [{ backendCases }, { registerCases }] = await Promise.all([
    import("./core/contract/backend_contract.ts"),
    import("./ctladm/host/test_adapter.ts"),
  ]);
  registerCases(name, backendCases(make));
}

/** Registers the suite that every frontend passes; as `backendContract`. */
export async function frontendContract(
  name: string,
  make: MakeFrontend,
): Promise<void> {
  const [{ frontendCases }, { registerCases }] = await Promise.all([
    import("./core/contract/frontend_contract.ts"),
    import("./ctladm/host/test_adapter.ts"),
  ]);
  registerCases(name, frontendCases(make));
}

function findBuiltIn(name: string): Promise<Plugin> | undefined {
  if (!Object.hasOwn(BUILT_IN, name)) return undefined;
  return BUILT_IN[name]?.().then((module) => module.plugin);
}
