/**
 * A ROD token, as one node of a pair tells it the other: all that is needed to
 * know it again, and whether its data are still those of its blocks.
 *
 * @module
 */

import { EntryReader, EntryWriter } from "./entry_bytes.ts";

/** Bytes of a ROD token. */
const TOKEN_LENGTH = 512;
/** Ranges of a token at the most. */
const RANGES_MAX = 64;
/** Milliseconds that a token may live unused: 600 s. */
const TIMEOUT_MS_MAX = 600_000;

const FLAG = { DELETED: 0x01, WHOLE: 0x02 } as const;

/** Blocks of a unit. */
interface Range {
  readonly lba: number;
  readonly blockCount: number;
}

/** The token. */
export interface ToldToken {
  /** All of its bytes. */
  readonly bytes: Uint8Array;
  /** Who has asked for it. */
  readonly owner: string;
  /** Milliseconds that it lives unused. */
  readonly timeoutMs: number;
  /** Milliseconds since it was used last. */
  readonly unusedMs: number;
  /** It is not needed any more once nobody uses it. */
  readonly deleted: boolean;
  /** Its data can be had from its blocks: none has changed. */
  readonly whole: boolean;
  /** Blocks that it stands for, in order. */
  readonly ranges: readonly Range[];
}

/** Encodes a token. */
export function encodeToldToken(token: ToldToken): Uint8Array {
  const writer = new EntryWriter();
  writer.data(token.bytes);
  writer.text(token.owner);
  writer.u53(token.timeoutMs);
  writer.u53(Math.max(0, token.unusedMs));
  writer.u8(
    (token.deleted ? FLAG.DELETED : 0) | (token.whole ? FLAG.WHOLE : 0),
  );
  writer.u8(token.ranges.length);
  for (const { lba, blockCount } of token.ranges) {
    writer.u53(lba);
    writer.u53(blockCount);
  }
  return writer.bytes;
}

/** Decodes a token. @returns what is wrong, as text */
export function decodeToldToken(encoded: Uint8Array): ToldToken | string {
  const reader = new EntryReader(encoded);
  const bytes = reader.data("token");
  if (bytes.length !== TOKEN_LENGTH) reader.fail("token", "not 512 bytes");
  const owner = reader.text("owner");
  const timeoutMs = reader.u53("timeout", TIMEOUT_MS_MAX);
  const unusedMs = reader.u53("unused");
  const flags = reader.u8("flags");
  const count = reader.u8("ranges", RANGES_MAX);
  const ranges = Array.from({ length: count }, () => ({
    lba: reader.u53("LBA", 2 ** 52),
    blockCount: reader.u53("blocks", 2 ** 32),
  }));
  reader.end();
  return reader.fault ?? {
    ...{ bytes, owner, timeoutMs, unusedMs, ranges },
    deleted: (flags & FLAG.DELETED) !== 0,
    whole: (flags & FLAG.WHOLE) !== 0,
  };
}
