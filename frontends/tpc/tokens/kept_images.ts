/**
 * Images that tokens keep, until their snapshots are closed. What is formatted
 * or sanitized is gone for good: images of before that end, too.
 *
 * @module
 */

import type { Clock, LogicalUnit } from "../../../core/mod.ts";
import type { TokenImage } from "./token_image.ts";

/** Milliseconds between two looks at whether a unit was erased. */
export const ERASED_LOOK_MS = 500;

interface Kept {
  readonly unit: LogicalUnit;
  readonly madeMs: number;
}

/** The images of a target. */
export class KeptImages {
  readonly #clock: Clock;
  readonly #erased: () => void;
  readonly #images: Map<TokenImage, Kept> = new Map();
  #cancelLook: (() => void) | null = null;

  /**
   * No image.
   *
   * @param erased called when one of them is erased
   */
  constructor(clock: Clock, erased: () => void) {
    this.#clock = clock;
    this.#erased = erased;
  }

  /** Keeps an image of a unit in mind. */
  add(image: TokenImage, unit: LogicalUnit): void {
    this.#images.set(image, { unit, madeMs: this.#clock.nowMs() });
    const forget = () => void this.#images.delete(image);
    image.closed.then(forget, forget);
    this.#cancelLook ??= this.#lookLater();
  }

  /** Whether what it shows was formatted or sanitized since. */
  isErased(image: TokenImage): boolean {
    const kept = this.#images.get(image);
    if (kept === undefined) return false;
    const { operation, operationEndedMs } = kept.unit;
    return operation !== null || operationEndedMs >= kept.madeMs;
  }

  /** Resolves when those of a unit are closed, or all. */
  async closed(unit?: LogicalUnit): Promise<void> {
    const images = [...this.#images]
      .filter(([, kept]) => unit === undefined || kept.unit === unit);
    await Promise.all(images.map(([image]) => image.closed));
  }

  /** Looks no more. */
  end(): void {
    this.#cancelLook?.();
    this.#cancelLook = null;
  }

  #lookLater(): () => void {
    return this.#clock.after(ERASED_LOOK_MS, () => {
      if (this.#images.keys().some((each) => this.isErased(each))) {
        this.#erased();
      }
      this.#cancelLook = this.#images.size > 0 ? this.#lookLater() : null;
    });
  }
}
