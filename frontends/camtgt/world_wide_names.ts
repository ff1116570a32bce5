/**
 * World wide names of ports: read, written, made once and kept.
 *
 * @module
 */

import {
  type Entropy,
  generateNaa,
  type OptionSpec,
  type StateStore,
  type WorldWideNames,
} from "../../core/mod.ts";

/** A name that may be absent: up to sixteen hexadecimal digits. */
export function wwnOption(help: string): OptionSpec<bigint | undefined> {
  return {
    kind: "name",
    fallback: undefined,
    help,
    expected: "a name of 16 hexadecimal digits, such as 5000000000000001",
    parse: parseWwn,
  };
}

/** Reads `5000…`, `0x5000…`, `naa.5000…` or `50:00:…`; not zero. */
export function parseWwn(text: string): bigint | undefined {
  const digits = text.replace(/^(naa\.|0x)/i, "").replaceAll(":", "");
  if (!/^[0-9a-f]{1,16}$/i.test(digits)) return undefined;
  const name = BigInt(`0x${digits}`);
  return name === 0n ? undefined : name;
}

/** A name as lists show it: `naa.` and sixteen digits. */
export function wwnText(name: bigint): string {
  return `naa.${name.toString(16).padStart(16, "0")}`;
}

/** Its eight bytes. */
export function wwnBytes(name: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, name);
  return bytes;
}

/** The names of a port: those given, else those kept, else new ones, kept. */
export function namesOfPort(
  place: string,
  given: WorldWideNames,
  { state, entropy }: {
    readonly state: StateStore;
    readonly entropy: Entropy;
  },
): { readonly wwnn: bigint; readonly wwpn: bigint } {
  const kept = (kind: string) => {
    const name = `camtgt/${place}/${kind}`;
    const bytes = state.read(name) ?? generateNaa(entropy);
    if (state.read(name) === undefined) state.write(name, bytes);
    return BigInt(`0x${bytes.toHex()}`);
  };
  return {
    wwnn: given.wwnn ?? kept("wwnn"),
    wwpn: given.wwpn ?? kept("wwpn"),
  };
}
