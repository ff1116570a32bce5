/**
 * Keeps a target registered with iSNS servers (RFC 4171): says so when it
 * comes and when it goes, and asks from time to time whether each server still
 * knows. It never touches a socket, and nobody waits for a server that is
 * slow, except at the end.
 *
 * @module
 */

import type { Clock, Log } from "../../core/mod.ts";
import {
  deregistrationMessage,
  type IsnsAnswer,
  type IsnsRegistration,
  type IsnsSpeaker,
  isSuccess,
  queryMessage,
  readAnswer,
  registrationMessage,
} from "./isns_messages.ts";

/** Where a server listens. */
export interface IsnsServer {
  /** As the configuration names it. */
  readonly text: string;
  /** Address, an IPv6 one without brackets, or a host name. */
  readonly address: string;
  /** TCP port. */
  readonly port: number;
}

/**
 * Sends one message to a server, on a connection of its own, and gives the
 * first PDU of the answer. Rejects when the server cannot be reached, or has
 * not answered in time.
 *
 * @param build makes the message; it is told our address on the connection
 */
export type IsnsExchange = (
  server: IsnsServer,
  build: (localAddress: string) => Uint8Array,
  timeoutMs: number,
) => Promise<Uint8Array>;

/** What a client works with. */
export interface IsnsClientServices {
  /** Time. */
  readonly clock: Clock;
  /** Where failures are told. */
  readonly log: Log;
  /** Talks to servers. */
  readonly exchange: IsnsExchange;
  /** Name of this host; empty: unknown. */
  readonly hostName: () => string;
}

/** Seconds that a server has for an answer, when nothing else is said. */
export const ISNS_TIMEOUT_SECONDS = 5;
/** A registration is asked for three times before it ends. */
const CHECKS_PER_PERIOD = 3;
/** Transaction ids have 16 bits. */
const TRANSACTION_IDS = 0x10000;

/** Registrations with any number of servers. */
export class IsnsClient {
  readonly #services: IsnsClientServices;
  readonly #memberships: Map<string, Membership> = new Map();
  #timeoutMs = ISNS_TIMEOUT_SECONDS * 1000;

  /** A client that is registered nowhere. */
  constructor(services: IsnsClientServices) {
    this.#services = services;
  }

  /** Changes how long servers may take; 0 counts as one second. */
  setTimeoutSeconds(seconds: number): void {
    this.#timeoutMs = Math.max(1, seconds) * 1000;
  }

  /** Registers with a server, anew when it was before; does not wait for it. */
  register(server: IsnsServer, registration: IsnsRegistration): void {
    const known = this.#memberships.get(server.text);
    const membership = known ?? new Membership(
      this.#services,
      server,
      () => this.#timeoutMs,
    );
    this.#memberships.set(server.text, membership);
    membership.register(registration);
  }

  /** Takes the registration off a server; done when it has been told. */
  async deregister(serverText: string): Promise<void> {
    const membership = this.#memberships.get(serverText);
    this.#memberships.delete(serverText);
    await membership?.leave();
  }

  /** Takes it off all servers. */
  async deregisterAll(): Promise<void> {
    const texts = [...this.#memberships.keys()];
    await Promise.all(texts.map((text) => this.deregister(text)));
  }

  /** Resolves when all that was begun so far has ended. */
  async settled(): Promise<void> {
    const all = [...this.#memberships.values()];
    await Promise.all(all.map((membership) => membership.settled()));
  }
}

type MakeMessage = (
  registration: IsnsRegistration,
  speaker: IsnsSpeaker,
) => Uint8Array;

/** The registration with one server: one message after the other. */
class Membership {
  readonly #services: IsnsClientServices;
  readonly #server: IsnsServer;
  readonly #timeoutMs: () => number;
  #work: Promise<void> = Promise.resolve();
  #registration: IsnsRegistration | null = null;
  #cancelCheck: () => void = () => {};
  #transactionId = 0;
  #healthy = true;

  constructor(
    services: IsnsClientServices,
    server: IsnsServer,
    timeoutMs: () => number,
  ) {
    this.#services = services;
    this.#server = server;
    this.#timeoutMs = timeoutMs;
  }

  register(registration: IsnsRegistration): void {
    const old = this.#registration ?? registration;
    this.#registration = registration;
    this.#enqueue(async () => {
      await this.#ask(deregistrationMessage, old);
      await this.#registerNow();
    });
  }

  async leave(): Promise<void> {
    const registration = this.#registration;
    this.#registration = null;
    this.#cancelCheck();
    if (registration === null) return;
    this.#enqueue(async () => {
      await this.#ask(deregistrationMessage, registration);
    });
    await this.#work;
  }

  settled(): Promise<void> {
    return this.#work;
  }

  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error) => {
      const told = error instanceof Error ? error.stack : String(error);
      this.#services.log.error("iSNS met a defect", { error: told });
    });
  }

  async #registerNow(): Promise<void> {
    const registration = this.#registration;
    // It has been taken back meanwhile.
    if (registration === null) return;
    const answer = await this.#ask(registrationMessage, registration);
    this.#tell(isSuccess(answer), answer);
    const granted = answer?.periodSeconds ?? registration.periodSeconds;
    this.#checkIn(Math.min(granted, registration.periodSeconds));
  }

  #checkIn(periodSeconds: number): void {
    this.#cancelCheck();
    const seconds = Math.max(1, Math.ceil(periodSeconds / CHECKS_PER_PERIOD));
    this.#cancelCheck = this.#services.clock.after(
      seconds * 1000,
      () => this.#enqueue(() => this.#check(periodSeconds)),
    );
  }

  // A question keeps the registration alive (RFC 4171 6.2.6). Who does not
  // know us any more is told everything once more.
  async #check(periodSeconds: number): Promise<void> {
    const registration = this.#registration;
    if (registration === null) return;
    if (isSuccess(await this.#ask(queryMessage, registration))) {
      return this.#checkIn(periodSeconds);
    }
    await this.#ask(deregistrationMessage, registration);
    await this.#registerNow();
  }

  // Undefined: no answer, or none that can be understood.
  async #ask(
    make: MakeMessage,
    registration: IsnsRegistration,
  ): Promise<IsnsAnswer | undefined> {
    this.#transactionId = (this.#transactionId + 1) % TRANSACTION_IDS;
    const transactionId = this.#transactionId;
    const { exchange, hostName, log } = this.#services;
    const entity = hostName() || (registration.targets[0]?.name ?? "");
    let request: Uint8Array = new Uint8Array(0);
    try {
      const response = await exchange(this.#server, (localAddress) => {
        const speaker = { entity, localAddress, transactionId };
        return request = make(registration, speaker);
      }, this.#timeoutMs());
      return readAnswer(request, response);
    } catch (error) {
      log.debug("iSNS server did not answer", {
        server: this.#server.text,
        reason: error instanceof Error ? error.message : String(error),
      });
      return undefined;
    }
  }

  // Once for each change: a server that is away is away for long.
  #tell(healthy: boolean, answer: IsnsAnswer | undefined): void {
    const { log } = this.#services;
    const server = this.#server.text;
    if (healthy) log.info("Registered with iSNS server", { server });
    else if (this.#healthy) {
      const reason = answer === undefined
        ? "no answer"
        : `status ${answer.status}`;
      log.warn("Cannot register with iSNS server", { server, reason });
    }
    this.#healthy = healthy;
  }
}
