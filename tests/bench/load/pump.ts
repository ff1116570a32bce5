/**
 * Moves bytes between an engine and its connection, both ways at once: a
 * target may refuse to read while its own answers are not taken.
 *
 * @module
 */

import type { Engine } from "./engine.ts";
import { writeAll } from "./exchange.ts";
import type { Measurement } from "./measurement.ts";

/** One connection under load. */
export class Pump {
  readonly #conn: Deno.TcpConn;
  readonly #engine: Engine;
  readonly #measurement: Measurement;
  #writing = false;
  #writeFailure: unknown;

  /** Does nothing until {@linkcode Pump.run}. */
  constructor(conn: Deno.TcpConn, engine: Engine, measurement: Measurement) {
    this.#conn = conn;
    this.#engine = engine;
    this.#measurement = measurement;
  }

  /**
   * Runs the load to its end. One read and one write a batch, however many
   * commands that holds.
   *
   * @throws when the connection ends early, or the target misbehaves
   */
  async run(): Promise<void> {
    const engine = this.#engine;
    // Ends with the load; a silent target is the caller's watchdog's work.
    while (!engine.isDone()) {
      const count = await this.#conn.read(engine.receiveSpace());
      if (count === null) throw this.#closedEarly();
      const nowMs = performance.now();
      this.#measurement.receives += 1;
      this.#measurement.observe(nowMs);
      engine.receive(count, nowMs);
      this.send();
    }
  }

  /** Sends what there is now. */
  send(): void {
    if (!this.#writing) void this.#drain();
  }

  /** Never rejects: the reading side reports what went wrong here. */
  async #drain(): Promise<void> {
    this.#writing = true;
    try {
      let batch = this.#engine.transmit(performance.now());
      // What comes up during a write leaves with the next one.
      while (batch.length > 0) {
        this.#measurement.sends += 1;
        await writeAll(this.#conn, batch);
        batch = this.#engine.transmit(performance.now());
      }
    } catch (error) {
      this.#writeFailure = error;
      this.#conn.close();
    } finally {
      this.#writing = false;
    }
  }

  #closedEarly(): Error {
    return new Error("The target closed the connection", {
      cause: this.#writeFailure,
    });
  }
}
