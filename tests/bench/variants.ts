/**
 * Our own target in its variants, against its plain RAM LUN: a file LUN whose
 * data are in the page cache, digests, several sessions.
 *
 * @module
 */

import type { Wanted } from "./loads.ts";
import { startDtl } from "./dtl.ts";
import type { BenchTarget } from "./target.ts";

/** A variant: which LUN, with which further words for the client. */
interface Variant {
  readonly name: string;
  readonly lun: number;
  readonly clientWords: readonly string[];
  readonly wanted: Wanted;
}

const RAM = 0;
const FILE = 1;

/** What is wanted of each, under every load. */
const VARIANTS: readonly Variant[] = [
  variant("file", FILE, 0.7),
  variant("header-digest", RAM, 0.9, "--header-digest"),
  variant("data-digest", RAM, 0.6, "--data-digest"),
  variant("both-digests", RAM, undefined, "--header-digest", "--data-digest"),
  variant("sessions-4", RAM, 1, "--conns", "4"),
  variant("sessions-16", RAM, 1, "--conns", "16"),
];

/** Names of all variants. */
export const VARIANT_NAMES: readonly string[] = VARIANTS
  .map(({ name }) => name);

function variant(
  name: string,
  lun: number,
  rateRatioMin: number | undefined,
  ...clientWords: readonly string[]
): Variant {
  const wanted = rateRatioMin === undefined ? {} : { rateRatioMin };
  return { name, lun, clientWords, wanted };
}

/**
 * Starts a daemon with the native adapter, a RAM LUN and a file LUN. The
 * RAM LUN is the rival of all variants: ratios are to it, in the same run.
 *
 * @param names the variants
 * @returns the targets; the first one stops the daemon
 */
export async function startVariants(
  sizeBytes: number,
  names: readonly string[],
): Promise<BenchTarget[]> {
  const daemon = await startDtl(sizeBytes, 1, { fileLuns: 1, native: true });
  const ram = { ...daemon, name: "ram", group: "ram", isRival: true };
  const variants = VARIANTS.filter(({ name }) => names.includes(name))
    .map(({ name, lun, clientWords, wanted }) => ({
      ...daemon,
      ...{ name, group: name, url: daemon.urlOf(lun), clientWords, wanted },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }));
  return [ram, ...variants];
}
