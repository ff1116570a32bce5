/**
 * The token by which programs ask for the copies of a target. It stands alone,
 * so that naming the service does not load it.
 *
 * @module
 */

import { defineService, type ServiceToken } from "../../core/mod.ts";
import type { CopyService } from "./service.ts";

/** Token of the service. */
export const COPIES: ServiceToken<CopyService> = defineService("copies");
