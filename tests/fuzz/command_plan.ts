/**
 * Plans of SCSI commands: CDBs of the command table whose fields hold telling
 * values, the bits that a CDB may have mostly respected, and data that fit
 * more or less.
 *
 * @module
 */

import fc from "fast-check";
import {
  type CommandRow,
  createTarget,
  type Direction,
  PATTERN,
} from "../../core/mod.ts";
import { memoryHost } from "../support/memory_host.ts";
import { parameterList } from "./parameter_lists.ts";

/** Bytes of a block of the LUNs that are tried. */
export const BLOCK_LENGTH = 512;
/** Their blocks: few, so that ends are met. */
export const BLOCK_COUNT = 512;

/** A command to send. */
export interface CommandPlan {
  /** Index of its row in the command table; beyond it: any operation code. */
  readonly row: number;
  /** What its fields hold. */
  readonly values: readonly number[];
  /** A byte that ignores what is allowed: where, and what. */
  readonly stray: readonly [at: number, value: number] | null;
  /** How the lengths that the initiator names fit the CDB. */
  readonly fit: Fit;
  /** A length that fits nothing. */
  readonly odd: number;
  /** What its data are made of. */
  readonly seed: Uint8Array;
  /** Data that a reader of them might accept. */
  readonly wellFormed: boolean;
}

type Fit = "exact" | "short" | "long" | "odd" | "none";

/** A command as it is sent. */
export interface BuiltCommand {
  /** Sixteen bytes, or as many as a command of variable length has. */
  readonly cdb: Uint8Array;
  /** Which way its data go. */
  readonly direction: Direction;
  /** Bytes that the initiator is ready to move. */
  readonly expectedLength: number;
  /** Its parameter list; undefined: its data are no list. */
  readonly list: Uint8Array | undefined;
}

/** The command table of a target. */
export const ROWS: readonly CommandRow[] = [
  ...createTarget({ host: memoryHost(), findPlugin: () => undefined })
    .commands.rows(),
];

const VARIABLE_LENGTH = 0x7f;

/** Operation codes that the table lacks, tried now and then. */
const STRANGE_ROWS = 4;

/** Values at which something begins or ends. */
const TELLING = [
  ...[0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32, 63, 64, 65, 255, 256],
  ...[BLOCK_COUNT - 1, BLOCK_COUNT, BLOCK_COUNT + 1, 0xffff, 0x10000],
  ...[0x7fffffff, 0x80000000, 0xffffffff, 2 ** 40, 2 ** 53, 2 ** 64 - 1],
];

const VALUE: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...TELLING) },
  { weight: 3, arbitrary: fc.nat(BLOCK_COUNT) },
  { weight: 1, arbitrary: fc.nat() },
);

const STRAY: fc.Arbitrary<readonly [number, number] | null> = fc.oneof(
  { weight: 14, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(15), fc.integer({ min: 1, max: 255 })),
  },
);

const FITS: readonly Fit[] = [
  ...["exact", "exact", "exact", "exact", "short", "long"] as const,
  ...["odd", "none"] as const,
];

const PLAN = {
  values: fc.array(VALUE, { minLength: 6, maxLength: 6 }),
  stray: STRAY,
  fit: fc.constantFrom(...FITS),
  odd: fc.constantFrom(0, 1, 3, 8, 18, 255, 511, 513, 4096, 70_000, 2 ** 31),
  seed: fc.uint8Array({ minLength: 4, maxLength: 32 }),
  wellFormed: fc.boolean(),
};

/** Plans, of all commands alike. */
export const COMMAND_PLAN: fc.Arbitrary<CommandPlan> = fc.record({
  ...PLAN,
  row: fc.nat(ROWS.length + STRANGE_ROWS - 1),
});

const LIST_ROWS = [...ROWS.keys()].filter((row) =>
  parameterList(ROWS[row], Uint8Array.of(1)) !== undefined
);

/** Plans of commands with parameter lists that are mostly right. */
export const LIST_PLAN: fc.Arbitrary<CommandPlan> = fc.record({
  ...PLAN,
  row: fc.constantFrom(...LIST_ROWS),
  fit: fc.constantFrom("exact", "exact", "exact", "long", "short"),
  wellFormed: fc.constant(true),
});

/** Builds the CDB of a plan, and the lengths around it. */
export function buildCommand(plan: CommandPlan): BuiltCommand {
  const row = ROWS[plan.row];
  const cdb = new Uint8Array(Math.max(16, row?.cdbLength ?? 0));
  const list = plan.wellFormed ? parameterList(row, plan.seed) : undefined;
  const length = row === undefined
    ? strangeCdb(plan, cdb)
    : putFields(row, plan.values, list?.length, cdb);
  const [at, value] = plan.stray ?? [];
  if (at !== undefined && value !== undefined) cdb[at] = value;
  return {
    cdb,
    direction: directionOf(plan, row),
    expectedLength: expectedLength(plan, dataLength(row, length)),
    list,
  };
}

/** More than any of the LUNs holds. */
const DATA_LENGTH_MAX = (BLOCK_COUNT + 2) * BLOCK_LENGTH;

/** Data of a command, as long as the initiator says. */
export function buildData(
  { seed }: CommandPlan,
  { list, direction, expectedLength }: BuiltCommand,
): Uint8Array {
  if (direction !== "out") return new Uint8Array(0);
  const data = new Uint8Array(Math.min(expectedLength, DATA_LENGTH_MAX));
  data.set((list ?? seed).subarray(0, data.length));
  return data;
}

function strangeCdb({ values, seed }: CommandPlan, cdb: Uint8Array): number {
  cdb.set(seed.subarray(0, 16));
  return values[0] ?? 0;
}

/**
 * Fills the fields of a CDB, and the length of a list where it has one.
 *
 * @returns the value of its last field: a length
 */
function putFields(
  { opcode, serviceAction, usage }: CommandRow,
  values: readonly number[],
  listLength: number | undefined,
  cdb: Uint8Array,
): number {
  cdb[0] = opcode;
  let at = 1;
  let length = 0;
  const masks = usage.split(" ").map((field) => Uint8Array.fromHex(field));
  const last = masks.findLastIndex((mask, index) =>
    index < masks.length - 1 && mask.some((bits) => bits !== 0)
  );
  for (const [index, mask] of masks.slice(0, -1).entries()) {
    const any = values[index % values.length] ?? 0;
    const value = index === last ? listLength ?? any : any;
    const kept = putField(cdb, at, mask, value);
    if (index === last) length = kept;
    at += mask.length;
  }
  if (opcode === VARIABLE_LENGTH) {
    new DataView(cdb.buffer).setUint32(6, cdb.length - 8 << 16);
    cdb[9] = serviceAction ?? 0;
  } else if (serviceAction !== undefined) {
    cdb[1] = (cdb[1] ?? 0) & 0xe0 | serviceAction;
  }
  return length;
}

function putField(
  cdb: Uint8Array,
  start: number,
  mask: Uint8Array,
  value: number,
): number {
  let rest = value;
  let kept = 0;
  for (let at = mask.length - 1; at >= 0; at -= 1) {
    const byte = rest % 256 & (mask[at] ?? 0);
    cdb[start + at] = byte;
    kept += byte * 256 ** (mask.length - 1 - at);
    rest = Math.floor(rest / 256);
  }
  return kept;
}

function directionOf(
  { values }: CommandPlan,
  row: CommandRow | undefined,
): Direction {
  const contrary = (values[5] ?? 0) === 255;
  const direction = row?.direction ?? "in";
  if (!contrary) return direction;
  return direction === "in" ? "out" : "in";
}

function dataLength(row: CommandRow | undefined, length: number): number {
  const isMedium = row !== undefined && (row.pattern & PATTERN.RANGE) !== 0;
  return isMedium ? length * BLOCK_LENGTH : length;
}

function expectedLength({ fit, odd }: CommandPlan, exact: number): number {
  switch (fit) {
    case "exact":
      return Math.min(exact, 0xffffffff);
    case "short":
      return Math.min(Math.floor(exact / 2), 0xffffffff);
    case "long":
      return Math.min(exact + BLOCK_LENGTH, 0xffffffff);
    case "odd":
      return odd;
    case "none":
      return 0;
  }
}
