/**
 * Brings the link's events and the peer's hellos to the role drivers.
 *
 * @module
 */

import { type Clock, LUNS_MAX } from "../../core/mod.ts";
import type { PeerLink } from "../link/peer_link.ts";
import type { RoleDriver } from "./role_driver.ts";
import type { RoleHello } from "./role_types.ts";
import {
  decodeRoleHello,
  encodeRoleHello,
  ROLE_HELLO_KIND,
} from "./wire/role_hello.ts";

/** The part of a link that roles use. */
export type RolesLink = Pick<PeerLink, "events" | "receive" | "send" | "state">;

/** The drivers of all groups on one link. */
export class RoleLink {
  readonly #link: RolesLink;
  readonly #clock: Clock;
  readonly #drivers: Map<number, RoleDriver> = new Map();
  /** What the peer told last on this link, by the number of the group. */
  readonly #told: Map<number, RoleHello> = new Map();
  #silentSinceMs: number | null = null;

  /** Begins to listen. */
  constructor(link: RolesLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    link.receive(ROLE_HELLO_KIND, (body) => this.#received(body));
    link.events.add({
      up: () => this.#up(),
      silent: (silenceMs) => this.#silent(silenceMs),
      heard: () => this.#heard(),
      down: (reason) => this.#down(reason),
    });
  }

  /** A group has a driver, which learns what the peer has told already. */
  add(group: number, driver: RoleDriver): void {
    this.#drivers.set(group, driver);
    if (this.#link.state !== "up") return;
    driver.take({ type: "link-up" });
    const peer = this.#told.get(group);
    if (peer !== undefined) driver.take({ type: "hello", peer });
  }

  /** A group is gone. */
  remove(group: number): void {
    this.#drivers.delete(group);
  }

  /** Tells the peer; when the link is not up it will be told then. */
  send(hello: RoleHello): void {
    this.#link.send(ROLE_HELLO_KIND, encodeRoleHello(hello));
  }

  #up(): void {
    this.#silentSinceMs = null;
    this.#told.clear();
    for (const driver of this.#drivers.values()) {
      driver.take({ type: "link-up" });
    }
  }

  #silent(silenceMs: number): void {
    this.#silentSinceMs = this.#clock.nowMs() - silenceMs;
    for (const driver of this.#drivers.values()) {
      driver.take({ type: "link-silent", silenceMs });
    }
  }

  #heard(): void {
    this.#silentSinceMs = null;
    for (const driver of this.#drivers.values()) {
      driver.take({ type: "link-heard" });
    }
  }

  #down(reason: string): void {
    const since = this.#silentSinceMs ?? this.#clock.nowMs();
    const silenceMs = this.#clock.nowMs() - since;
    this.#silentSinceMs = null;
    for (const driver of this.#drivers.values()) {
      driver.take({ type: "link-down", reason, silenceMs });
    }
  }

  /** @throws {RangeError} a frame that no sane peer sends */
  #received(body: DataView): void {
    const peer = decodeRoleHello(body);
    if ("field" in peer) {
      throw new RangeError(`Role: wrong ${peer.field} at byte ${peer.at}`);
    }
    const isKnown = this.#drivers.has(peer.group) || this.#told.has(peer.group);
    if (isKnown || this.#told.size < LUNS_MAX) this.#told.set(peer.group, peer);
    this.#drivers.get(peer.group)?.take({ type: "hello", peer });
  }
}
