/**
 * Calls of a backend outside of commands. What it throws against its contract
 * becomes a refusal that names it, or a line in the log.
 *
 * @module
 */

import { ManagementError } from "./management_error.ts";
import type {
  BackendDriver,
  OpenOutcome,
  OpenRequest,
} from "./ports/backend_driver.ts";
import type { BlockStore, StoreResult } from "./ports/block_store.ts";
import type { Log } from "./ports/host.ts";

const BLOCK_LENGTH_MIN = 512;
const BLOCK_LENGTH_MAX = 65536;

/** Opens a store; an outcome that is none is refused. */
export async function openBy(
  driver: BackendDriver,
  request: OpenRequest<unknown>,
): Promise<OpenOutcome> {
  const outcome = await calling(driver, "open", () => driver.open(request));
  const problem = outcomeProblem(outcome);
  if (problem === undefined) return outcome;
  throw new ManagementError(
    "store",
    `Backend "${driver.name}" opened no usable store: ${problem}`,
  );
}

/** What a backend calls the thing below. */
export function identityBy(
  driver: BackendDriver,
  own: unknown,
): string | undefined {
  try {
    return driver.identityOf(own);
  } catch (error) {
    throw failure(driver, "identityOf", error);
  }
}

/** Gives a store another size. */
export async function resizeBy(
  driver: BackendDriver,
  resize: () => StoreResult | Promise<StoreResult>,
): Promise<StoreResult> {
  return await calling(driver, "resize", async () => await resize());
}

/** Closes a store; whoever closes it goes on, however that ends. */
export async function closeBy(
  driver: BackendDriver,
  store: BlockStore | null,
  log: Log,
): Promise<void> {
  try {
    await store?.close();
  } catch (error) {
    log.error("A backend failed to close a store", {
      backend: driver.name,
      error: error instanceof Error ? error.stack : String(error),
    });
  }
}

async function calling<T>(
  driver: BackendDriver,
  method: string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failure(driver, method, error);
  }
}

function failure(
  driver: BackendDriver,
  method: string,
  error: unknown,
): ManagementError {
  if (error instanceof ManagementError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ManagementError(
    "store",
    `Backend "${driver.name}" failed in "${method}": ${reason}`,
  );
}

// A backend may come from outside: what it says is looked at once.
function outcomeProblem(outcome: OpenOutcome): string | undefined {
  if (typeof outcome !== "object" || outcome === null) {
    return "the outcome is no object";
  }
  if ("error" in outcome) return undefined;
  const { store } = outcome;
  if (store === null) return undefined;
  const { blockLength = 0, blockCount = 0 } = store?.geometry ?? {};
  const wrongLength = blockLength < BLOCK_LENGTH_MIN ||
    blockLength > BLOCK_LENGTH_MAX || !Number.isInteger(Math.log2(blockLength));
  if (wrongLength) return `its blocks have ${blockLength} bytes`;
  return Number.isSafeInteger(blockCount) && blockCount >= 0
    ? undefined
    : `it has ${blockCount} blocks`;
}
