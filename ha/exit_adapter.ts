/**
 * The end of the process, at once: nothing that a defect may have spoilt is
 * put in order any more.
 *
 * @module
 */

/** EX_SOFTWARE of sysexits(3). */
const INTERNAL_ERROR = 70;

/** Ends the process. */
export function exitNow(): void {
  Deno.exit(INTERNAL_ERROR);
}
