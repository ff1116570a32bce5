/**
 * The stores of logical units: opened, opened again, resized. What an operator
 * got wrong is a `ManagementError`.
 *
 * @module
 */

import { identityBy, openBy, resizeBy } from "./backend_calls.ts";
import { DEVICE_TYPE, hasBlocks } from "./device_type.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { LunOptions } from "./lun_options.ts";
import { ManagementError } from "./management_error.ts";
import { type OptionTable, type RawOptions } from "./options.ts";
import type { BackendDriver, MayWrite } from "./ports/backend_driver.ts";
import { type BlockStore, OK } from "./ports/block_store.ts";

/** What a store is opened for. */
export interface StoreWish {
  /** Peripheral device type. */
  readonly deviceType: number;
  /** Size in bytes; undefined: that of what lies below. */
  readonly sizeBytes: number | undefined;
  /** Bytes of a block; undefined: the backend's default. */
  readonly blockLength: number | undefined;
  /** See `OpenRequest`. */
  readonly mayWrite?: MayWrite | undefined;
}

/** A store that was opened, or that has no medium yet. */
export interface OpenedStore {
  /** The store; null: no medium. */
  readonly store: BlockStore | null;
  /** What an operator should know. */
  readonly warning?: string;
}

/** Opens a store, where the device type has one. */
export async function openStore(
  driver: BackendDriver,
  own: unknown,
  options: LunOptions,
  wish: StoreWish,
): Promise<OpenedStore> {
  const { deviceType } = wish;
  if (!hasBlocks(deviceType)) return { store: null };
  const readOnly = options.readonly ?? deviceType === DEVICE_TYPE.CD;
  const outcome = await openBy(driver, { ...wish, options: own, readOnly });
  if ("error" in outcome) throw new ManagementError("store", outcome.error);
  return outcome;
}

/**
 * Whether a change needs the store to be opened again. One that lives in
 * memory alone never is: what it holds would be lost.
 */
export function mustReopen(
  unit: LogicalUnit,
  own: unknown,
  options: LunOptions,
  raw: RawOptions,
): boolean {
  if (!hasBlocks(unit.deviceType)) return false;
  if (unit.store === null) return true;
  if (identityBy(unit.driver, own) === undefined) return false;
  const protects = unit.store.capabilities.readOnly && unit.options.readonly;
  return changed(unit, raw) || (protects === true && !options.readonly);
}

// Whether an option of the backend itself differs.
function changed(unit: LogicalUnit, raw: RawOptions): boolean {
  return Object.keys(unit.driver.options as OptionTable<object>)
    .some((name) => unit.rawOptions.get(name) !== raw.get(name));
}

/** Gives a store another size; 0: that of what lies below. */
export async function resizeStore(
  unit: LogicalUnit,
  sizeBytes: number | undefined,
): Promise<void> {
  const { store, geometry, driver } = unit;
  const { blockLength, blockCount } = geometry;
  if (sizeBytes === undefined || store === null) return;
  const resize = store.resize?.bind(store);
  if (resize === undefined) {
    if (sizeBytes === 0 || sizeBytes === blockCount * blockLength) return;
    throw new ManagementError(
      "store",
      `The size of a LUN of backend "${driver.name}" cannot change`,
    );
  }
  if (sizeBytes % blockLength !== 0) {
    throw new ManagementError(
      "option",
      `Size ${sizeBytes} is not a multiple of the block size ${blockLength}`,
    );
  }
  const blocks = sizeBytes === 0 ? undefined : sizeBytes / blockLength;
  const result = await resizeBy(driver, () => resize(blocks));
  if (result !== OK) throw new ManagementError("store", result.message);
  unit.refresh();
}
