/**
 * A copy operation, as one node of a pair tells it the other: what can be
 * asked of it later.
 *
 * @module
 */

import { EntryReader, EntryWriter } from "./entry_bytes.ts";

const KINDS = [
  "EXTENDED COPY(LID1)",
  "EXTENDED COPY(LID4)",
  "POPULATE TOKEN",
  "WRITE USING TOKEN",
] as const;
const STATES = ["running", "completed", "failed", "aborted"] as const;
const FLAG = { BACKGROUND: 0x01, PARTLY: 0x02, TOTAL_KNOWN: 0x04 } as const;
const TOKEN_LENGTH = 512;
const STATUS_MAX = 0xff;

/** The operation. */
export interface ToldResult {
  /** LIST IDENTIFIER. */
  readonly listId: number;
  /** The command that began it. */
  readonly kind: (typeof KINDS)[number];
  /** Where it stands. */
  readonly state: (typeof STATES)[number];
  /** It goes on after its command has ended. */
  readonly background: boolean;
  /** It ended well, but before the end of what was asked for. */
  readonly partlyDone: boolean;
  /** Status that it ended with. */
  readonly status: number;
  /** Sense data that it ended with; empty: none. */
  readonly senseData: Uint8Array;
  /** Segments that are done. */
  readonly segments: number;
  /** Bytes that are done. */
  readonly bytes: number;
  /** Bytes that were to be done; undefined: not known. */
  readonly totalBytes: number | undefined;
  /** Blocks that are done. */
  readonly blocks: number;
  /** Commands to units that have ended. */
  readonly commands: number;
  /** Milliseconds that it has run. */
  readonly runMs: number;
  /** Milliseconds since it ended. */
  readonly heldMs: number;
  /** Name of the nexus that asked. */
  readonly nexusId: string;
  /** Name of its initiator port. */
  readonly initiator: string;
  /** Target port that received it. */
  readonly port: number;
  /** From where to where, in words. */
  readonly route: string;
  /** How data were moved, in words. */
  readonly how: string;
  /** ROD token that it has made; null: none. */
  readonly token: Uint8Array | null;
}

/** Encodes an operation. */
export function encodeToldResult(result: ToldResult): Uint8Array {
  const writer = new EntryWriter();
  const { totalBytes, background, partlyDone } = result;
  writer.u53(result.listId);
  writer.u8(KINDS.indexOf(result.kind));
  writer.u8(STATES.indexOf(result.state));
  writer.u8(
    (background ? FLAG.BACKGROUND : 0) | (partlyDone ? FLAG.PARTLY : 0) |
      (totalBytes === undefined ? 0 : FLAG.TOTAL_KNOWN),
  );
  writer.u8(result.status);
  writer.data(result.senseData);
  for (
    const count of [
      ...[result.segments, result.bytes, totalBytes ?? 0, result.blocks],
      ...[result.commands, result.runMs, result.heldMs, result.port],
    ]
  ) writer.u53(Math.max(0, count));
  for (
    const text of [result.nexusId, result.initiator, result.route, result.how]
  ) writer.text(text);
  writer.data(result.token ?? new Uint8Array(0));
  return writer.bytes;
}

/** Decodes an operation. @returns what is wrong, as text */
export function decodeToldResult(encoded: Uint8Array): ToldResult | string {
  const reader = new EntryReader(encoded);
  const listId = reader.u53("list identifier", 0xffffffff);
  const kind = KINDS[reader.u8("kind", KINDS.length - 1)] ?? KINDS[0];
  const state = STATES[reader.u8("state", STATES.length - 1)] ?? STATES[0];
  const flags = reader.u8("flags");
  const status = reader.u8("status", STATUS_MAX);
  const senseData = reader.data("sense data");
  const counts = {
    segments: reader.u53("segments"),
    bytes: reader.u53("bytes"),
    totalBytes: reader.u53("all bytes"),
    blocks: reader.u53("blocks"),
    commands: reader.u53("commands"),
    runMs: reader.u53("run time"),
    heldMs: reader.u53("held time"),
    port: reader.u53("port", 0xffff),
  };
  const texts = {
    nexusId: reader.text("nexus"),
    initiator: reader.text("initiator"),
    route: reader.text("route"),
    how: reader.text("how"),
  };
  const token = reader.data("token");
  if (token.length !== 0 && token.length !== TOKEN_LENGTH) {
    reader.fail("token", "not 512 bytes");
  }
  reader.end();
  return reader.fault ?? {
    ...{ listId, kind, state, status, senseData, ...counts, ...texts },
    background: (flags & FLAG.BACKGROUND) !== 0,
    partlyDone: (flags & FLAG.PARTLY) !== 0,
    totalBytes: (flags & FLAG.TOTAL_KNOWN) === 0
      ? undefined
      : counts.totalBytes,
    token: token.length === 0 ? null : token,
  };
}
