/**
 * What operators see of a node, put together.
 *
 * @module
 */

import { ACCESS, type LogicalUnit } from "../core/mod.ts";
import type { Group } from "./group.ts";
import { placeText } from "./link/place.ts";
import type { LinkFigures, PeerLink } from "./link/peer_link.ts";
import type { Arbiter, Fencer, RoleMachine, RolePhase } from "./roles/mod.ts";
import type { HaSettings } from "./settings.ts";
import type {
  HaFailover,
  HaLinkStatus,
  HaLunStatus,
  HaServing,
  HaStatus,
} from "./status.ts";
import type { SharedPort } from "./state/wire/port.ts";

/** Where a node is looked at. */
export interface NodeView {
  /** How it is configured. */
  readonly settings: HaSettings;
  /** Who decides. */
  readonly arbiter: Arbiter;
  /** What keeps the peer off. */
  readonly fencer: Fencer;
  /** The link; null: none. */
  readonly link: PeerLink | null;
  /** Milliseconds since 1970 of its last change. */
  readonly linkSinceMs: number | null;
  /** What makes milliseconds since 1970 of those of the clock. */
  readonly wallClockOffsetMs: number;
  /** The LUNs that follow the node. */
  readonly node: Group;
  /** All groups by number. */
  readonly groups: ReadonlyMap<number, Group>;
  /** The group of a LUN. */
  readonly groupOf: (unit: LogicalUnit) => Group;
  /** All LUNs by number. */
  readonly units: readonly LogicalUnit[];
  /** Changes of a group that the peer has not confirmed. */
  readonly lagOf: (group: number) => number;
  /** Ports of the peer. */
  readonly peerPorts: readonly SharedPort[];
}

const NO_FIGURES: LinkFigures = {
  framesSent: 0,
  framesReceived: 0,
  bytesSent: 0,
  bytesReceived: 0,
  connections: 0,
  refusals: 0,
  roundTripMs: null,
};

/** The node, at this moment. */
export function describeNode(view: NodeView): HaStatus {
  const { settings, node, groups } = view;
  const { machine } = node.driver;
  let lag = 0;
  for (const number of groups.keys()) lag += view.lagOf(number);
  return {
    id: settings.id,
    mode: settings.mode,
    wanted: machine.wanted,
    serving: servingOf(machine, node.ownAccess),
    peer: peerServing(machine),
    epoch: machine.epoch,
    solo: machine.record.solo,
    synchronized: machine.synchronized,
    lag,
    arbiter: view.arbiter.name,
    arbiterState: view.arbiter.describe(),
    fencer: view.fencer.name,
    link: describeLink(view),
    luns: view.units.map((unit) => describeLun(view, unit)),
    peerPorts: view.peerPorts.map(({ number, name, target, tag, portals }) => ({
      ...{ number, name, target, tag, portals },
    })),
    failover: lastFailover(view),
  };
}

function describeLink(view: NodeView): HaLinkStatus {
  const { link, settings } = view;
  return {
    state: link?.state ?? "none",
    configured: settings.place === null ? "" : placeText(settings.place),
    insecure: settings.place !== null && settings.identity === null,
    sinceMs: view.linkSinceMs,
    lastReason: link?.lastReason ?? null,
    silenceMs: link?.silenceMs ?? 0,
    queuedBytes: link?.queuedBytes ?? 0,
    figures: link?.figures ?? NO_FIGURES,
  };
}

function describeLun(view: NodeView, unit: LogicalUnit): HaLunStatus {
  const group = view.groupOf(unit);
  const { machine } = group.driver;
  return {
    lun: unit.number,
    wanted: machine.wanted,
    serving: servingOf(machine, unit.access),
    peer: peerServing(machine),
    ownRole: group !== view.node,
    lag: view.lagOf(group.number),
  };
}

function servingOf(machine: RoleMachine, access: number): HaServing {
  switch (access) {
    case ACCESS.UNAVAILABLE:
      return "unavailable";
    case ACCESS.TRANSITIONING:
      return "transitioning";
    default:
      return servingAs(machine.phase);
  }
}

function peerServing({ peer, synchronized }: RoleMachine): HaServing | null {
  if (peer === null) return null;
  const serving = servingAs(peer.phase);
  return serving === "secondary" && !synchronized ? "transitioning" : serving;
}

/** A phase in the words that operators know. */
export function servingAs(phase: RolePhase): HaServing {
  switch (phase) {
    case "primary":
      return "primary";
    case "following":
      return "secondary";
    case "halted":
      return "unavailable";
    default:
      return "transitioning";
  }
}

function lastFailover(view: NodeView): HaFailover | null {
  const { machine } = view.node.driver;
  const { failover } = machine;
  if (failover === null) return null;
  return {
    atMs: failover.atMs + view.wallClockOffsetMs,
    durationMs: failover.durationMs,
    reason: failover.reason,
  };
}
