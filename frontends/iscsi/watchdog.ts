/**
 * Ends connections whose initiator does not answer any more.
 *
 * @module
 */

import type { Host } from "../../core/mod.ts";
import type { ConnectionRecord } from "./records.ts";

/** Settings of the service; changed by reloads. */
export interface IscsiSettings {
  /** Seconds in which a login must end; 0: no limit. */
  readonly loginTimeoutSeconds: number;
  /** Seconds of silence after which a session is dropped; 0: never. */
  readonly pingTimeoutSeconds: number;
}

/** Settings that nobody has changed. */
const DEFAULT_ISCSI_SETTINGS: IscsiSettings = {
  loginTimeoutSeconds: 60,
  pingTimeoutSeconds: 5,
};

const TICK_MS = 1000;
/** Seconds in which a PDU has to come to its end. */
export const PDU_SECONDS_MAX = 60;
/** Seconds of silence after which an initiator is asked for a sign. */
const PING_AFTER_SECONDS = 2;

/** Timers of all connections: one tick a second while there are any. */
export class Watchdog {
  /** Changes count for connections that exist, too. */
  settings: IscsiSettings = DEFAULT_ISCSI_SETTINGS;
  readonly #host: Host;
  readonly #connections: ReadonlySet<ConnectionRecord>;
  readonly #second: () => void;
  #stopTicking: (() => void) | null = null;

  /**
   * Watches a set of connections, once it is awake.
   *
   * @param second told of every tick
   */
  constructor(
    host: Host,
    connections: ReadonlySet<ConnectionRecord>,
    second: () => void,
  ) {
    this.#host = host;
    this.#connections = connections;
    this.#second = second;
  }

  /** There is a connection to watch. */
  wake(): void {
    this.#stopTicking ??= this.#host.clock.after(TICK_MS, () => {
      this.#stopTicking = null;
      const nowMs = this.#host.clock.nowMs();
      for (const record of this.#connections) this.#tick(record, nowMs);
      this.#second();
      if (this.#connections.size > 0) this.wake();
    });
  }

  /** Stops watching. */
  stop(): void {
    this.#stopTicking?.();
    this.#stopTicking = null;
  }

  #tick(record: ConnectionRecord, nowMs: number): void {
    const { connection, pump } = record;
    connection.output.patience.renew();
    // Ticks, not time: after a halt nobody has had a chance to answer.
    const silentSeconds = ++connection.silentTicks;
    const { loginTimeoutSeconds, pingTimeoutSeconds } = this.settings;
    connection.session?.secondPassed();
    if (connection.inLogin || connection.session === null) {
      const sinceSeconds = (nowMs - connection.openedMs) / 1000;
      if (loginTimeoutSeconds > 0 && sinceSeconds >= loginTimeoutSeconds) {
        this.#giveUp(record, "login timed out");
      }
    } else if (connection.closing !== null) {
      // It was told to go and does not take its last bytes.
      if (silentSeconds >= PING_AFTER_SECONDS) pump.close();
    } else if (
      connection.partialLength > 0 &&
      ++connection.partialTicks >= PDU_SECONDS_MAX
    ) {
      this.#giveUp(record, `a PDU did not end for ${PDU_SECONDS_MAX} s`);
    } else if (pingTimeoutSeconds === 0) {
      return;
    } else if (
      silentSeconds >= pingTimeoutSeconds &&
      !connection.session.nexus?.mayBeWaiting(nowMs)
    ) {
      this.#giveUp(record, `no answer to pings for ${pingTimeoutSeconds} s`);
    } else if (silentSeconds >= PING_AFTER_SECONDS) {
      connection.session.ping();
    }
  }

  #giveUp({ connection, pump, accepted }: ConnectionRecord, reason: string) {
    this.#host.log.warn("Connection dropped", {
      initiator: accepted.peerAddress,
      reason,
    });
    connection.close(reason);
    pump.close();
  }
}
