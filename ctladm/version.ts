/**
 * The version of DTL, as its programs tell it.
 *
 * @module
 */

import settings from "../deno.json" with { type: "json" };

/** Version of this release. */
export const VERSION: string = settings.version;
