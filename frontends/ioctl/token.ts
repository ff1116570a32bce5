/**
 * The token by which programs ask for the local ports. It stands alone, so
 * that naming the service does not load it.
 *
 * @module
 */

import { defineService, type ServiceToken } from "../../core/mod.ts";
import type { IoctlService } from "./service.ts";

/** Token of the service. */
export const IOCTL: ServiceToken<IoctlService> = defineService("ioctl");
