/**
 * Whose sessions the steps of a plan touch, and how.
 *
 * @module
 */

import type { DesiredState } from "../conf/desired_state.ts";
import type { IscsiPortKey, PortKey, Step } from "../conf/steps.ts";

/** What steps do to the sessions of one port of a target. */
export interface TouchedPort {
  /** The port. */
  readonly port: IscsiPortKey;
  /** Its sessions end. */
  readonly ends: boolean;
  /** What initiators notice, in words, when they go on. */
  readonly notices: readonly string[];
}

/** The ports whose sessions steps touch; others go on as if nothing were. */
export function touchedPorts(
  steps: readonly Step[],
  before: DesiredState,
): TouchedPort[] {
  return [...before.ports.values()].flatMap(({ port, lunMap }) => {
    const ends = steps.some((step) =>
      step.kind === "remove-port" && isSame(step.port, port)
    );
    const notices = ends ? [] : noticesOf(steps, port, lunMap);
    return ends || notices.length > 0 ? [{ port, ends, notices }] : [];
  });
}

function noticesOf(
  steps: readonly Step[],
  port: IscsiPortKey,
  lunMap: ReadonlyMap<number, string>,
): string[] {
  const told = new Map<number, string>();
  for (const step of steps) {
    switch (step.kind) {
      case "modify-lun":
        for (const [number, name] of lunMap) {
          if (name === step.lun.name) told.set(number, "changes");
        }
        break;
      case "unmap-lun":
        if (isSame(step.port, port)) told.set(step.number, "goes");
        break;
      case "map-lun":
        if (!isSame(step.port, port)) break;
        told.set(
          step.number,
          lunMap.has(step.number) ? "becomes another" : "comes",
        );
    }
  }
  return [...told].sort(([one], [other]) => one - other)
    .map(([number, what]) => `LUN ${number} ${what}`);
}

function isSame(one: PortKey, other: IscsiPortKey): boolean {
  return "portalGroup" in one && one.target === other.target &&
    one.portalGroup === other.portalGroup;
}
