/**
 * Puts a WebAssembly module together: one function over a memory that it
 * exports (WebAssembly Core Specification 3.0, chapter 5).
 *
 * @module
 */

/** Number types (5.3). */
export const TYPE = { I32: 0x7f, V128: 0x7b } as const;

/** Instructions (5.4); those of vectors follow the prefix 0xfd. */
export const OP = {
  LOOP: 0x03,
  END: 0x0b,
  BR_IF: 0x0d,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  I32_CONST: 0x41,
  I32_ADD: 0x6a,
  VECTOR: 0xfd,
} as const;

/** Vector instructions. */
export const VECTOR = {
  LOAD: 0,
  STORE: 11,
  CONST: 12,
  SHUFFLE: 13,
  AND: 78,
  XOR: 81,
  I8X16_SHR_U: 109,
  I8X16_RELAXED_SWIZZLE: 256,
} as const;

const BLOCK_WITHOUT_RESULT = 0x40;
const FUNCTION_TYPE = 0x60;
const SECTION = { TYPE: 1, FUNCTION: 3, MEMORY: 5, EXPORT: 7, CODE: 10 };
const EXPORTED = { FUNCTION: 0, MEMORY: 2 };

/** Some bytes of a module. */
export type Code = readonly number[];

/** A number in LEB128, as the format has it. */
export function leb(value: number): Code {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...leb(value >>> 7)];
}

/** The same of a small signed number: constants are signed. */
export function signedLeb(value: number): Code {
  return value >= -0x40 && value < 0x40
    ? [value & 0x7f]
    : [value & 0x7f | 0x80, ...signedLeb(value >> 7)];
}

/** A vector instruction. */
export function vector(instruction: number, ...immediates: Code): Code {
  return [OP.VECTOR, ...leb(instruction), ...immediates];
}

/** Code that is repeated until it leaves a zero. */
export function repeat(...body: readonly Code[]): Code {
  return [
    ...[OP.LOOP, BLOCK_WITHOUT_RESULT],
    ...body.flat(),
    ...[OP.BR_IF, 0, OP.END],
  ];
}

/** What a module is made of. */
export interface ModuleParts {
  /** The function's parameters, one of `TYPE` each. It has no result. */
  readonly parameters: readonly number[];
  /** Its locals: so many of a type, in order, behind the parameters. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  /** What it does. */
  readonly body: Code;
  /** Pages of 64 KiB of the memory. */
  readonly pages: number;
}

/** A module that exports the function as `run` and the memory as `memory`. */
export function moduleBytes(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const { parameters, locals, body, pages } = parts;
  const declared = locals.map(([count, type]) => [...leb(count), type]);
  const code = [...list(declared), ...body, OP.END];
  return Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(SECTION.TYPE, [
      FUNCTION_TYPE,
      ...list(parameters.map((type) => [type])),
      ...list([]),
    ]),
    ...section(SECTION.FUNCTION, [0]),
    ...section(SECTION.MEMORY, [0, ...leb(pages)]),
    ...section(
      SECTION.EXPORT,
      [...name("run"), EXPORTED.FUNCTION, 0],
      [...name("memory"), EXPORTED.MEMORY, 0],
    ),
    ...section(SECTION.CODE, [...leb(code.length), ...code]),
  );
}

function section(id: number, ...entries: readonly Code[]): Code {
  const content = list(entries);
  return [id, ...leb(content.length), ...content];
}

function list(entries: readonly Code[]): Code {
  return [...leb(entries.length), ...entries.flat()];
}

function name(text: string): Code {
  const bytes = [...new TextEncoder().encode(text)];
  return [...leb(bytes.length), ...bytes];
}
