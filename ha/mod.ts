/**
 * Two nodes that serve the same LUNs and fail over without an I/O error.
 *
 * In ctl.conf: `ha { id 1  mode proxy  peer listen 192.0.2.1:999  … }`. Loaded
 * before anything else, it numbers the ports of its node, shows those of the
 * peer, and does what the role of the node, or of a LUN (`ha_role`), asks for.
 *
 * @module
 */

import {
  COORDINATION,
  definePlugin,
  type Host,
  ManagementError,
  type Plugin,
} from "../core/mod.ts";
import { exitNow } from "./exit_adapter.ts";
import { configuredLink, configuredTransport } from "./link/configured_link.ts";
import type { PeerTransport } from "./link/peer_transport.ts";
import { HaNode, numbersOf } from "./node.ts";
import { roleTeller } from "./role_events.ts";
import {
  type Arbiter,
  CommandFencer,
  EtcdArbiter,
  type Fencer,
  HttpEtcdGateway,
  LeaseFencer,
  LockFencer,
  lockStore,
  NoFencer,
  runFenceCommand,
  StaticArbiter,
} from "./roles/mod.ts";
import { setTargetPortGroups } from "./set_target_port_groups.ts";
import { HA_OPTIONS, type HaSettings, haSettings } from "./settings.ts";
import { HA_CONTROL } from "./status.ts";

/**
 * Makes the plugin.
 *
 * @param transportOf how a node reaches its peer
 * @param exit ends the process
 */
export function haPlugin(
  transportOf: (settings: HaSettings) => PeerTransport | null,
  exit: () => void = exitNow,
): Plugin {
  return definePlugin({
    name: "ha",
    api: 1,
    options: HA_OPTIONS,
    requires: { core: COORDINATION },
    optional: {},
    setup(register, { core }, options) {
      const settings = haSettings(options);
      if (typeof settings === "string") {
        throw new ManagementError("option", settings);
      }
      const { host, events } = register;
      const { timing } = settings;
      const transport = transportOf(settings);
      core.ports.setNumbers(numbersOf(settings.id));
      const node = new HaNode({
        ...{ settings, host, core },
        makeLink: (hello) =>
          configuredLink({ transport, timing, host, events }, hello),
        arbiter: arbiterOf(settings, host),
        fencer: fencerOf(settings, host),
        event: roleTeller(host, events),
      });
      const place = core.install(node);
      const witness = events.witness(({ type }) => {
        if (type !== "defect" || !settings.exitsOnDefect) return;
        host.log.error("HA: this node ends, so that its peer takes over");
        exit();
      });
      register.command(setTargetPortGroups(node));
      register.provide(HA_CONTROL, node);
      return {
        async [Symbol.asyncDispose]() {
          witness[Symbol.dispose]();
          await node.close("the node ends");
          place[Symbol.dispose]();
        },
      };
    },
  });
}

/** The plugin. */
export const plugin: Plugin = haPlugin(configuredTransport);

function arbiterOf({ arbiter, id }: HaSettings, { clock }: Host): Arbiter {
  if (arbiter.kind === "static") return new StaticArbiter();
  const { urls, cluster: prefix, leaseMs } = arbiter;
  const gateway = new HttpEtcdGateway(urls);
  const leaseSeconds = leaseMs / 1000;
  return new EtcdArbiter({ gateway, clock, id, prefix, leaseSeconds });
}

function fencerOf({ fencer }: HaSettings, { clock }: Host): Fencer {
  switch (fencer.kind) {
    case "none":
      return new NoFencer();
    case "lock":
      return new LockFencer(lockStore);
    case "lease":
      return new LeaseFencer(clock);
    case "command":
      return new CommandFencer(fencer.words, runFenceCommand);
  }
}
