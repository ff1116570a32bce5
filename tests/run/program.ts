/**
 * The end of a program of the tests.
 *
 * @module
 */

/** Exit code of what could not begin, or was given up. */
const CANNOT = 2;

/**
 * Runs a program to its exit code. A mistake, whose ever it is, is one line,
 * not a stack.
 */
export async function exitWith(
  main: () => Promise<number>,
): Promise<never> {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(CANNOT);
  }
}
