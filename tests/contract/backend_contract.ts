/**
 * The suite that every store of blocks passes, as tests: that of the library,
 * and random commands that `fast-check` makes smaller when they fail.
 *
 * @module
 */

import type { MakeSubject } from "../../core/contract/backend_contract.ts";
import { backendContract as libraryContract } from "../../mod.ts";
import { storeModelProperty } from "./store_model.ts";

export type {
  MakeSubject,
  Subject,
  WantedShape,
} from "../../core/contract/backend_contract.ts";

/** Registers the suite under `name`. */
export async function backendContract(
  name: string,
  make: MakeSubject,
): Promise<void> {
  await libraryContract(name, make);
  Deno.test(`${name}: behaves like an array, whatever comes`, async () => {
    await using subject = await make({ blockLength: 512, blockCount: 4096 });
    await storeModelProperty(subject.store);
  });
}
