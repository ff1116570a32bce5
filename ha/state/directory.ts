/**
 * The ports of the peer, shown here by their numbers there: REPORT TARGET PORT
 * GROUPS, SCSI Ports and READ FULL STATUS say the same through both nodes.
 *
 * @module
 */

import type {
  Designator,
  Log,
  PortDescription,
  PortNumbers,
  TargetPort,
} from "../../core/mod.ts";
import type { NodeId } from "../link/peer_hello.ts";
import type { PeerLink } from "../link/peer_link.ts";
import { decodePort, encodePort, type SharedPort } from "./wire/port.ts";
import { STATE_FRAME } from "./wire/stream.ts";

/** The ports of the target, as the directory uses them. */
export interface PortPlaces {
  /** All of them. */
  all(): TargetPort[];
  /** One of them. */
  get(number: number): TargetPort | undefined;
  /** Makes one. */
  register(description: PortDescription): TargetPort;
  /** Ends one. */
  remove(port: TargetPort): Promise<void>;
}

/** What a directory is made of. */
export interface DirectoryParts {
  /** The link; null: there is no peer. */
  readonly link: PeerLink | null;
  /** The target's ports. */
  readonly ports: PortPlaces;
  /** Number of the peer. */
  readonly peer: NodeId;
  /** Numbers that ports of the peer have. */
  readonly numbers: PortNumbers;
  /** Log lines. */
  readonly log: Log;
}

/** Tells the ports of this node, and shows those of the peer. */
export class PortDirectory {
  readonly #parts: DirectoryParts;
  readonly #known: Map<number, SharedPort> = new Map();
  readonly #told: Set<number> = new Set();

  /** Listens to the link. */
  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    const { link } = parts;
    link?.receive(STATE_FRAME.PORT, (body) => this.#port(body));
    link?.receive(STATE_FRAME.PORT_GONE, (body) => this.#gone(body));
    link?.receive(STATE_FRAME.PORTS_TOLD, () => this.#allTold());
  }

  /** Ports of the peer, as it told them last. */
  get known(): SharedPort[] {
    return [...this.#known.values()].sort((a, b) => a.number - b.number);
  }

  /** The link is up: the peer is told of all ports. */
  linkUp(): void {
    const { link, ports } = this.#parts;
    this.#told.clear();
    for (const port of ports.all()) this.portChanged(port);
    link?.send(STATE_FRAME.PORTS_TOLD, new Uint8Array(0));
  }

  /** It is down: through the ports of the peer nobody gets here. */
  linkDown(): void {
    for (const number of this.#known.keys()) {
      this.#parts.ports.get(number)?.setOnline(false);
    }
  }

  /** A port of this node was made or has changed. */
  portChanged(port: TargetPort): void {
    if (port.remote) return;
    this.#parts.link?.send(STATE_FRAME.PORT, encodePort(describe(port)));
  }

  /** A port of this node is gone. */
  portRemoved(port: TargetPort): void {
    if (port.remote) return;
    const body = new Uint8Array(2);
    new DataView(body.buffer).setUint16(0, port.number);
    this.#parts.link?.send(STATE_FRAME.PORT_GONE, body);
  }

  #port(body: DataView): void {
    const shared = decodePort(body);
    if (typeof shared === "string") throw new TypeError(`port: ${shared}`);
    const { first, count } = this.#parts.numbers;
    const { number } = shared;
    if (number < first || number >= first + count) {
      throw new TypeError(`port: number ${number} is not one of the peer`);
    }
    this.#told.add(number);
    const before = this.#known.get(number);
    this.#known.set(number, shared);
    const isSame = before !== undefined && sameNames(before, shared);
    const old = this.#parts.ports.get(number);
    const port = old !== undefined && isSame ? old : this.#renew(old, shared);
    if (!sameMaps(port.lunMap, shared.lunMap)) port.setLunMap(shared.lunMap);
    port.setOnline(shared.online);
  }

  #renew(old: TargetPort | undefined, shared: SharedPort): TargetPort {
    const { ports, peer } = this.#parts;
    if (old !== undefined) void ports.remove(old);
    return ports.register(remotePort(peer, shared, () => this.#reach(shared)));
  }

  #reach({ number, ...rest }: SharedPort) {
    return this.#known.get(number) ?? rest;
  }

  #gone(body: DataView): void {
    if (body.byteLength !== 2) throw new TypeError("port: not two bytes");
    this.#remove(body.getUint16(0));
  }

  // What the peer had before it was started anew, and has not told again.
  #allTold(): void {
    for (const number of [...this.#known.keys()]) {
      if (!this.#told.has(number)) this.#remove(number);
    }
  }

  #remove(number: number): void {
    this.#known.delete(number);
    const port = this.#parts.ports.get(number);
    if (port?.remote) void this.#parts.ports.remove(port);
  }
}

function describe(port: TargetPort): SharedPort {
  const { description } = port;
  const { target = "", tag = 0, portals = [] } = description.reach?.() ?? {};
  return {
    number: port.number,
    frontend: description.frontend,
    name: description.name,
    type: description.type,
    physicalPort: description.physicalPort,
    virtualPort: description.virtualPort,
    online: port.online,
    lunMap: port.lunMap,
    portDesignator: port.portDesignator,
    targetDesignator: port.targetDesignator,
    target,
    tag,
    portals,
  };
}

function remotePort(
  peer: NodeId,
  shared: SharedPort,
  reach: PortDescription["reach"],
): PortDescription {
  return {
    frontend: "ha",
    name: `${peer}:${shared.name}`,
    type: shared.type,
    physicalPort: shared.physicalPort,
    virtualPort: shared.virtualPort,
    number: shared.number,
    remote: true,
    ...(shared.target === "" || reach === undefined ? {} : { reach }),
    ...designated(shared),
  };
}

function designated({ portDesignator, targetDesignator }: SharedPort) {
  return {
    ...(portDesignator === null ? {} : { portDesignator }),
    ...(targetDesignator === null ? {} : { targetDesignator }),
  };
}

function sameNames(one: SharedPort, other: SharedPort): boolean {
  return one.frontend === other.frontend && one.name === other.name &&
    one.type === other.type && one.target === other.target &&
    one.physicalPort === other.physicalPort &&
    one.virtualPort === other.virtualPort &&
    sameDesignator(one.portDesignator, other.portDesignator) &&
    sameDesignator(one.targetDesignator, other.targetDesignator);
}

function sameDesignator(
  one: Designator | null,
  other: Designator | null,
): boolean {
  return one?.bytes.toHex() === other?.bytes.toHex() &&
    one?.type === other?.type;
}

function sameMaps(
  one: ReadonlyMap<number, number> | null,
  other: ReadonlyMap<number, number> | null,
): boolean {
  if (one === null || other === null) return one === other;
  return one.size === other.size &&
    [...one].every(([lun, unit]) => other.get(lun) === unit);
}
