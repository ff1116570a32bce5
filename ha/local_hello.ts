/**
 * What a node says of itself in its LOGIN.
 *
 * @module
 */

import {
  type Coordination,
  DESIGNATOR_TYPE,
  INITIATORS_PER_PORT_MAX,
  type LogicalUnit,
  LUNS_MAX,
  PORTS_MAX,
  type TargetPort,
} from "../core/mod.ts";
import type { LocalHello } from "./link/link.ts";
import type { PeerPort } from "./link/peer_hello.ts";
import type { RoleMachine } from "./roles/mod.ts";
import type { HaSettings } from "./settings.ts";
import { identityOf } from "./state/sections.ts";

/** The LOGIN of a node as it is now. */
export function localHello(
  { id, mode }: HaSettings,
  { luns, ports }: Coordination,
  { wanted, epoch }: RoleMachine,
): LocalHello {
  return {
    ...{ id, mode, role: wanted, epoch },
    limits: {
      lunsMax: LUNS_MAX,
      portsMax: PORTS_MAX,
      initiatorsPerPortMax: INITIATORS_PER_PORT_MAX,
    },
    luns: luns.all().map((unit) => ({
      number: unit.number,
      description: describeUnit(unit),
    })),
    ports: ports.all().filter(({ remote }) => !remote).map(describePort),
  };
}

// A generated name is the primary's, and taken over: it may still differ.
function describeUnit(unit: LogicalUnit): string {
  const { deviceType, serial, generated, designators } = identityOf(unit);
  const names = designators
    .filter(({ type }) => !generated || type !== DESIGNATOR_TYPE.NAA)
    .map(({ type, bytes }) => `${type}.${wordsOf(bytes)}`);
  return `type ${deviceType}, serial ${serial}, names ${names.join(" ")}`;
}

// For people who compare them: most designators are text.
function wordsOf(bytes: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(bytes).replace(/\0+$/, "");
  return /^[!-~]+( +[!-~]+)*$/.test(text) ? text : bytes.toHex();
}

function describePort(port: TargetPort): PeerPort {
  const { target = "", tag = 0, portals = [] } = port.description.reach?.() ??
    {};
  return {
    number: port.number,
    name: `${port.description.frontend}/${port.description.name}`,
    ...{ target, tag, portals },
  };
}
