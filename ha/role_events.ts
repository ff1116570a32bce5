/**
 * Roles among the events of a target, and in its log.
 *
 * @module
 */

import type { EventHub, Host } from "../core/mod.ts";
import { servingAs } from "./node_status.ts";
import { NODE_GROUP, type RoleEvent } from "./roles/mod.ts";
import type { HaServing } from "./status.ts";

/**
 * Makes what tells of changes of roles. Phases of a change that look the same
 * from outside are told of once.
 */
export function roleTeller(
  { log }: Pick<Host, "log">,
  events: EventHub,
): (group: number, event: RoleEvent) => void {
  const last = new Map<number, HaServing>();
  return (group, { phase, epoch, reason }) => {
    const serving = servingAs(phase);
    if (last.get(group) === serving) return;
    last.set(group, serving);
    const lun = group === NODE_GROUP ? {} : { lun: group };
    log.info(`HA role: ${serving}`, { ...lun, epoch, reason });
    events.emit({ type: "role-changed", ...lun, serving, epoch, reason });
  };
}
