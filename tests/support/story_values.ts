/**
 * Values as stories write them: numbers, bytes, blocks, arguments.
 *
 * @module
 */

/** Whole numbers: decimal, `0x` hexadecimal, or with a suffix k or m. */
export function numberOf(text: string): number {
  const match = /^(-?\d+|0x[0-9a-f]+)([km]?)$/.exec(text);
  if (match === null) throw new TypeError(`"${text}" is no number`);
  const factor = { k: 2 ** 10, m: 2 ** 20 }[match[2] ?? ""] ?? 1;
  return Number(match[1]) * factor;
}

/** Bytes in hexadecimal: `HH*N` is a byte so many times; `.` only divides. */
export function bytesOf(text: string): Uint8Array {
  const parts = text.replace(/[."]/g, " ").trim().split(/[\s,]+/)
    .filter((part) => part !== "");
  return Uint8Array.from(parts.flatMap(partOf));
}

function partOf(part: string): number[] {
  const [hex = "", times = "1"] = part.split("*");
  const once = [...Uint8Array.fromHex(hex)];
  return Array.from({ length: Number(times) }, () => once).flat();
}

/** Blocks filled with a byte each: `aa,bb*3` is one of aa, three of bb. */
export function blocksOf(text: string, blockLength: number): Uint8Array {
  const fills = bytesOf(text);
  const blocks = new Uint8Array(fills.length * blockLength);
  fills.forEach((fill, index) =>
    blocks.fill(fill, index * blockLength, (index + 1) * blockLength)
  );
  return blocks;
}

/** Words of a line; what stands in quotes is one word. */
export function wordsOf(line: string): string[] {
  return line.match(/[^\s"]*"[^"]*"|\S+/g) ?? [];
}

/** The words `name=value` and `name` after a command. */
export class StoryArguments {
  readonly #values: Map<string, string> = new Map();
  readonly #unread: Set<string> = new Set();

  /** Takes the words. */
  constructor(words: readonly string[]) {
    for (const word of words) {
      const at = word.indexOf("=");
      const name = at < 0 ? word : word.slice(0, at);
      this.#values.set(name, at < 0 ? "" : word.slice(at + 1));
      this.#unread.add(name);
    }
  }

  /** Whether a word is there. */
  has(name: string): boolean {
    this.#unread.delete(name);
    return this.#values.has(name);
  }

  /** A value, or undefined. */
  text(name: string): string | undefined {
    this.#unread.delete(name);
    return this.#values.get(name);
  }

  /** A number, or a default. */
  number(name: string, fallback: number): number {
    const text = this.text(name);
    return text === undefined ? fallback : numberOf(text);
  }

  /** A number in hexadecimal, or a default. */
  hex(name: string, fallback: number): number {
    const text = this.text(name);
    return text === undefined ? fallback : parseInt(text, 16);
  }

  /** A bit when the word is there. */
  bit(name: string, value: number): number {
    return this.has(name) ? value : 0;
  }

  /** What nobody has asked for, as options. */
  rest(): Record<string, string> {
    const entries = [...this.#unread].map((name) =>
      [name, this.#values.get(name) ?? ""] as const
    );
    this.#unread.clear();
    return Object.fromEntries(entries);
  }

  /** Throws when a word was not understood. */
  finish(): void {
    const [unread] = this.#unread;
    if (unread !== undefined) {
      throw new TypeError(`"${unread}" was not understood`);
    }
  }
}
