/**
 * The token by which programs ask for the iSCSI service. It stands alone, so
 * that naming the service does not load it.
 *
 * @module
 */

import { defineService, type ServiceToken } from "../../core/mod.ts";
import type { IscsiService } from "./service.ts";

/** Token of the service. */
export const ISCSI: ServiceToken<IscsiService> = defineService("iscsi");
