/**
 * Who takes down what happens.
 *
 * @module
 */

/** Takes a line of the trace; null: nobody does, and it need not be made. */
export type Told = ((line: string) => void) | null;
