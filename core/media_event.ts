/**
 * Media events, as GET EVENT STATUS NOTIFICATION tells them (MMC-6 6.6.4).
 *
 * @module
 */

/** MEDIA EVENT codes. */
export const MEDIA_EVENT = {
  NO_CHANGE: 0,
  NEW_MEDIA: 2,
  MEDIA_REMOVAL: 3,
} as const;
