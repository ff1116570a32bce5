/**
 * Bounded waiting: a test that waits for something that never comes fails with
 * a sentence, it does not hang.
 *
 * @module
 */

/** What a wait throws when its time is up. */
export class DeadlineError extends Error {
  /** Name of the class. */
  override readonly name = "DeadlineError";
}

/** Time after which a wait fails when the test names none, in ms. */
export const PATIENCE_MS = 10_000;

/**
 * Waits for a promise, but not for ever.
 *
 * @param promise what to wait for
 * @param timeoutMs how long to wait at most
 * @param what says what was expected, for the error; called only then
 * @returns the promise's value
 */
export async function within<T>(
  promise: Promise<T>,
  timeoutMs: number,
  what: () => string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DeadlineError(`Waited ${timeoutMs} ms for ${what()}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
