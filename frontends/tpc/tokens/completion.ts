/**
 * How a command ends that has had others done by commands of its own.
 *
 * @module
 */

import { type Completion, rawSense, STATUS } from "../../../core/mod.ts";
import type { InnerResult } from "../inner_initiator.ts";

/** The end of an inner command as that of the command that asked for it. */
export function completionOf({ status, senseData }: InnerResult): Completion {
  return status === STATUS.CHECK_CONDITION ? rawSense(senseData) : status;
}
