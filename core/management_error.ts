/**
 * Operators' mistakes: one table of codes, one sentence each.
 *
 * @module
 */

/** What can be wrong with a request of an operator, by code. */
export const MANAGEMENT_ERRORS = {
  "backend-not-found": "the backend does not exist",
  "device-type": "the device type is not supported",
  "event-limit": "too many programs follow the events",
  "frontend-not-found": "the frontend does not exist or makes no ports",
  "initiator-limit": "the initiator table of the port is full",
  "injection-not-found": "the injected error does not exist",
  "lun-in-use": "the LUN number is taken",
  "lun-limit": "no LUN number is free",
  "lun-not-found": "the LUN does not exist",
  "option": "an option has a wrong value",
  "pair": "the pair of nodes does not allow it",
  "plugin": "a plugin cannot be loaded",
  "port-exists": "the port exists already",
  "port-limit": "no port number is free",
  "port-not-found": "the port does not exist",
  "port-offline": "the port is off line",
  "request": "the request cannot be understood",
  "state": "the state database cannot be used",
  "store": "the backing store cannot be used",
} as const;

/** A code of {@linkcode MANAGEMENT_ERRORS}. */
export type ManagementErrorCode = keyof typeof MANAGEMENT_ERRORS;

/** A request of an operator that was refused; nothing was changed. */
export class ManagementError extends Error {
  /** Names the class in logs. */
  override readonly name: string = "ManagementError";
  /** What kind of mistake it was. */
  readonly code: ManagementErrorCode;

  /** Says what was wrong, with which value, and what to do. */
  constructor(code: ManagementErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
