/**
 * Opens a store by its driver, for the contract suite.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { BackendDriver } from "../../core/mod.ts";
import type { Subject, WantedShape } from "./backend_contract.ts";

/** Opens a store of the wanted shape; fails when the driver does. */
export async function openSubject<Options>(
  driver: BackendDriver<Options>,
  wanted: WantedShape,
  options: Options,
): Promise<Subject> {
  const outcome = await driver.open({
    options,
    sizeBytes: wanted.blockCount * wanted.blockLength,
    blockLength: wanted.blockLength,
    deviceType: 0,
    readOnly: false,
  });
  assert("store" in outcome && outcome.store !== null, JSON.stringify(outcome));
  const { store } = outcome;
  return { store, [Symbol.asyncDispose]: () => store.close() };
}
