/**
 * The types of the iSCSI service, for programs that hold its token.
 *
 * @module
 */

export type * from "./access.ts";
export type * from "./api_types.ts";
export type { CHAP_ALGORITHM, ChapAlgorithm, ChapHashes } from "./chap.ts";
export type {
  IsnsClient,
  IsnsClientServices,
  IsnsExchange,
  IsnsServer,
} from "./isns_client.ts";
export type {
  IsnsPortal,
  IsnsPortalGroup,
  IsnsRegistration,
  IsnsTarget,
} from "./isns_messages.ts";
export type { LoginCandidate, LoginOutlook } from "./login_outlook.ts";
export type { SessionParameters, TaskReporting } from "./parameters.ts";
export type { ByteStream } from "./pump.ts";
export type * from "./service.ts";
export type { IscsiSettings } from "./watchdog.ts";
