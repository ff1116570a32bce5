/**
 * Command numbering of a session (RFC 7143 4.2.2.1).
 *
 * @module
 */

import { serialAdd, serialBefore } from "./wire/pdu.ts";

/** Commands that an initiator may have under way (`maxtags` of CTL). */
export const WINDOW_SIZE = 256;

/** What to do with a request by its CmdSN. */
export type Arrival =
  /** It is the next one. */
  | "next"
  /** It is inside the window, and others before it have not come yet. */
  | "early"
  /** It is outside the window, or has come before: it does not count. */
  | "outside";

/** ExpCmdSN and MaxCmdSN. */
export class TaskWindow {
  #expCmdSn: number;
  #maxCmdSn: number;
  #outstanding = 0;
  readonly #received: Set<number> = new Set();

  /** A window that begins with the CmdSN of the login. */
  constructor(expCmdSn: number) {
    this.#expCmdSn = expCmdSn;
    this.#maxCmdSn = serialAdd(expCmdSn, WINDOW_SIZE - 1);
  }

  /** ExpCmdSN. */
  get expCmdSn(): number {
    return this.#expCmdSn;
  }

  /** MaxCmdSN: it never goes back. */
  get maxCmdSn(): number {
    return this.#maxCmdSn;
  }

  /** Numbered requests under way. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Where a number stands. */
  arrival(cmdSn: number): Arrival {
    if (serialBefore(this.#maxCmdSn, cmdSn)) return "outside";
    if (cmdSn === this.#expCmdSn) return "next";
    const came = serialBefore(cmdSn, this.#expCmdSn) ||
      this.#received.has(cmdSn);
    return came ? "outside" : "early";
  }

  /** The next request was taken. */
  advance(): void {
    this.#expCmdSn = serialAdd(this.#expCmdSn, 1);
    if (this.#received.size > 0) this.#skipReceived();
    this.#open();
  }

  /** A number counts as received although its request never came. */
  markReceived(cmdSn: number): void {
    this.#received.add(cmdSn);
    if (this.#received.delete(this.#expCmdSn)) this.advance();
  }

  /** A numbered task has begun. */
  begin(): void {
    this.#outstanding += 1;
  }

  /** A numbered task has ended: there is room for another. */
  end(): void {
    this.#outstanding -= 1;
    this.#open();
  }

  #skipReceived(): void {
    while (this.#received.delete(this.#expCmdSn)) {
      this.#expCmdSn = serialAdd(this.#expCmdSn, 1);
    }
  }

  #open(): void {
    const room = Math.max(0, WINDOW_SIZE - this.#outstanding);
    const max = serialAdd(this.#expCmdSn, room - 1);
    if (serialBefore(this.#maxCmdSn, max)) this.#maxCmdSn = max;
  }
}
