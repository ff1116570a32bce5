/**
 * What a daemon tells Prometheus of the pair of nodes that it is part of.
 *
 * @module
 */

import type { HaStatus } from "../../mod.ts";
import { counter, type Family, gauge, type Sample } from "./exposition.ts";

/** Families of a node of a pair; none when it stands alone. */
export function haFamilies(status: HaStatus | undefined): Family[] {
  return status === undefined
    ? []
    : [...nodeFamilies(status), ...linkFamilies(status)];
}

function nodeFamilies(status: HaStatus): Family[] {
  const { id, mode, serving, wanted, epoch, lag, failover } = status;
  const { solo, synchronized, luns } = status;
  return [
    gauge("dtl_ha_info", "The node, and what it is", [
      { labels: { id, mode, serving, wanted }, value: 1 },
    ]),
    gauge(
      "dtl_ha_lun_serving",
      "What the node is for a LUN",
      luns.map(({ lun, serving }) => ({ labels: { lun, serving }, value: 1 })),
    ),
    gauge("dtl_ha_primary", "The node is primary", one(serving === "primary")),
    gauge("dtl_ha_epoch", "Epoch of its role", one(epoch)),
    gauge("dtl_ha_alone", "It goes on without its peer", one(solo)),
    gauge("dtl_ha_synchronized", "Both know the same", one(synchronized)),
    gauge("dtl_ha_lag_changes", "Changes that the peer lacks", one(lag)),
    gauge(
      "dtl_ha_failover_seconds",
      "How long the last change of role took",
      failover?.durationMs == null ? [] : one(failover.durationMs / 1000),
    ),
  ];
}

function linkFamilies({ link }: HaStatus): Family[] {
  const { figures } = link;
  return [
    gauge("dtl_ha_link_up", "The link is up", one(link.state === "up")),
    gauge(
      "dtl_ha_link_silence_seconds",
      "Time since something was sent that the peer has confirmed",
      one(link.silenceMs / 1000),
    ),
    gauge(
      "dtl_ha_link_round_trip_seconds",
      "The last heartbeat there and back",
      figures.roundTripMs === null ? [] : one(figures.roundTripMs / 1000),
    ),
    gauge(
      "dtl_ha_link_queued_bytes",
      "Bytes that wait to be sent",
      one(link.queuedBytes),
    ),
    counter(
      "dtl_ha_link_frames_total",
      "Frames on the link",
      bothWays(figures.framesReceived, figures.framesSent),
    ),
    counter(
      "dtl_ha_link_bytes_total",
      "Bytes on the link",
      bothWays(figures.bytesReceived, figures.bytesSent),
    ),
    counter(
      "dtl_ha_link_connections_total",
      "Times that the link came up",
      one(figures.connections),
    ),
    counter(
      "dtl_ha_link_refusals_total",
      "Connections that were refused",
      one(figures.refusals),
    ),
  ];
}

function one(value: number | boolean): Sample[] {
  return [{ labels: {}, value: Number(value) }];
}

function bothWays(received: number, sent: number): Sample[] {
  return [
    { labels: { direction: "in" }, value: received },
    { labels: { direction: "out" }, value: sent },
  ];
}
