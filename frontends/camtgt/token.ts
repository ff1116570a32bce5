/**
 * The token by which programs ask for the emulated HBAs. It stands alone, so
 * that naming the service does not load it.
 *
 * @module
 */

import { defineService, type ServiceToken } from "../../core/mod.ts";
import type { CamtgtService } from "./service.ts";

/** Token of the service. */
export const CAMTGT: ServiceToken<CamtgtService> = defineService("camtgt");
