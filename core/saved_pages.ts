/**
 * Saved mode pages of a logical unit (SPC-5 5.10): durable before MODE SELECT
 * ends GOOD, in force after a restart.
 *
 * @module
 */

import type { UnitState } from "./unit_state.ts";
import {
  decodeSavedPages,
  encodeSavedPages,
  type SavedPage,
} from "./wire/saved_pages.ts";

export type { SavedPage } from "./wire/saved_pages.ts";

/** Name under which a unit keeps them. */
export const SAVED_PAGES_NAME = "mode-pages";

/** The pages that a unit has kept. */
export function readSavedPages(state: UnitState): readonly SavedPage[] {
  const bytes = state.read(SAVED_PAGES_NAME);
  if (bytes === undefined) return [];
  const pages = decodeSavedPages(bytes);
  if (pages === null) throw state.notUnderstood(SAVED_PAGES_NAME);
  return pages;
}

/**
 * Keeps these pages and no others.
 *
 * @returns false when that fails: those kept before are kept still
 */
export function keepSavedPages(
  state: UnitState,
  pages: readonly SavedPage[],
): boolean {
  return state.attempt(() => {
    const before = state.read(SAVED_PAGES_NAME);
    if (pages.length === 0) {
      if (before !== undefined) state.remove(SAVED_PAGES_NAME);
      return;
    }
    const bytes = encodeSavedPages(pages);
    if (before?.toHex() === bytes.toHex()) return;
    state.write(SAVED_PAGES_NAME, bytes);
  });
}
