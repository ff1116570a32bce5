/**
 * What the benchmark needs to know of a target, whoever started it.
 *
 * @module
 */

import { parseLunUrl } from "./load/options.ts";
import type { Wanted } from "./loads.ts";
import { listenerOf } from "./proc.ts";

/** A target under measurement; disposing of it stops it, if we started it. */
export interface BenchTarget extends AsyncDisposable {
  /** Name in tables: `dtl`, `tgt-t16`. */
  readonly name: string;
  /** Program that it is a variant of: `dtl`, `tgt`. */
  readonly group: string;
  /** Whether others are measured against it. */
  readonly isRival: boolean;
  /** Its LUN. */
  readonly url: string;
  /** Its process. */
  readonly pid: number;
  /** Whether reads and writes may be mixed on it. */
  readonly takesMixes: boolean;
  /** Further words for the client. */
  readonly clientWords?: readonly string[];
  /** What is wanted of it under every load, instead of what the load says. */
  readonly wanted?: Wanted;
}

/**
 * A target that runs already: `NAME=URL`. It is measured like our own.
 *
 * @throws when nobody listens on the URL's port
 */
export function givenTarget(text: string): BenchTarget {
  const [, name, url] = /^([\w.-]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || url === undefined) {
    throw new TypeError(`Not a target: "${text}", expected NAME=URL`);
  }
  const { port } = parseLunUrl(url);
  const pid = listenerOf(port);
  if (pid === undefined) {
    throw new Error(`Nobody listens on port ${port} for "${name}"`);
  }
  return {
    name,
    group: name,
    isRival: false,
    url,
    pid,
    takesMixes: true,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
