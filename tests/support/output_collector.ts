/**
 * Reads what a program writes: keeps it, cuts it into lines, and lets a test
 * wait for one.
 *
 * @module
 */

import { within } from "./deadline.ts";

const END_MS = 1000;

/** Which line to wait for. */
export type LineMatch = RegExp | ((line: string) => boolean);

/** What a program wrote to one of its outputs. */
export class OutputCollector {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #limit: number;
  readonly #ended: Promise<void>;
  #text = "";
  #over = false;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #onLimit: () => void = () => {};

  /** Reads a stream to its end, but keeps no more than so many characters. */
  constructor(stream: ReadableStream<Uint8Array>, limit: number = 64 << 20) {
    this.#reader = stream.getReader();
    this.#limit = limit;
    this.#ended = this.#collect();
  }

  /** All that came so far. */
  get text(): string {
    return this.#text;
  }

  /** The lines so far, without their ends; the last may be a part of one. */
  get lines(): string[] {
    return this.#text.split("\n");
  }

  /** Calls back when more came than is kept. */
  set onLimit(action: () => void) {
    this.#onLimit = action;
  }

  /**
   * Waits for a whole line, or finds one that came before.
   *
   * @returns the line, or undefined when the output ended without it
   */
  async line(matches: LineMatch): Promise<string | undefined> {
    const isWanted = typeof matches === "function"
      ? matches
      : (line: string) => matches.test(line);
    for (;;) {
      const found = this.lines.slice(0, this.#over ? undefined : -1)
        .find(isWanted);
      if (found !== undefined || this.#over) return found;
      await this.#wake.promise;
    }
  }

  /** Waits a little for the end of the output, then no longer reads. */
  async finish(): Promise<void> {
    try {
      await within(this.#ended, END_MS, () => "the end of the output");
    } catch {
      await this.#reader.cancel();
      await this.#ended;
    }
  }

  async #collect(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      this.#keep(this.#decoder.decode(value, { stream: true }));
    }
    this.#over = true;
    this.#wakeAll();
  }

  #keep(text: string): void {
    const room = this.#limit - this.#text.length;
    if (text.length > room) this.#onLimit();
    this.#text += text.slice(0, Math.max(0, room));
    this.#wakeAll();
  }

  #wakeAll(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
