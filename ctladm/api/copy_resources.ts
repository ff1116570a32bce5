/**
 * What the control API says of copies between LUNs.
 *
 * @module
 */

import type { CopyRecord } from "../../mod.ts";

/** One copy operation, running or held. */
export interface CopyResource extends CopyRecord {
  /** Percent that is done; null: it is not known how much there is to do. */
  readonly percent: number | null;
}
