/**
 * A store whose blocks are encrypted on their way to another one.
 *
 * @module
 */

import {
  type BlockStore,
  ManagementError,
  type MaybePromise,
  NOT_NOW,
  OK,
  type StoreCapabilities,
  type StoreGeometry,
  type StoreResult,
  type StoreUsage,
} from "../../core/mod.ts";
import { XtsCipher } from "./aes_xts.ts";

/** Makes a key in the place of the one before; it is kept on return. */
export type RenewKey = () => Uint8Array;

/**
 * The blocks of another store, encrypted there. A block that is all zeroes
 * below is one that was never written, or unmapped: it reads as zeroes, which
 * no block that was encrypted is ever found to be. So space can be freed and
 * holes be told; which blocks are in use is no secret.
 */
export class EncryptedStore implements BlockStore {
  readonly geometry: StoreGeometry;
  readonly capabilities: StoreCapabilities;
  /** Reads out of the page cache, as the store below does. */
  readonly tryRead?: NonNullable<BlockStore["tryRead"]>;
  /** Writes into the page cache, as the store below does. */
  readonly tryWrite?: NonNullable<BlockStore["tryWrite"]>;
  /** As the store below does, if it does. */
  readonly unmap?: NonNullable<BlockStore["unmap"]>;
  /** As the store below does, if it does. */
  readonly writeZeroes?: NonNullable<BlockStore["writeZeroes"]>;
  /** As the store below does, if it does. */
  readonly extent?: NonNullable<BlockStore["extent"]>;
  readonly #below: BlockStore;
  readonly #renewKey: RenewKey;
  #cipher: XtsCipher;

  /** Encrypts what `below` keeps. */
  constructor(below: BlockStore, key: Uint8Array, renewKey: RenewKey) {
    this.#below = below;
    this.#renewKey = renewKey;
    this.geometry = below.geometry;
    this.capabilities = {
      ...below.capabilities,
      cryptographicErase: !below.capabilities.readOnly,
    };
    this.#cipher = this.#cipherOf(key);
    if (below.tryRead !== undefined) this.tryRead = this.#tryRead;
    if (below.tryWrite !== undefined) this.tryWrite = this.#tryWrite;
    if (below.unmap !== undefined) this.unmap = below.unmap.bind(below);
    if (below.writeZeroes !== undefined) {
      this.writeZeroes = below.writeZeroes.bind(below);
    }
    if (below.extent !== undefined) this.extent = below.extent.bind(below);
  }

  /** Reads and decrypts. */
  async read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    const result = await this.#below.read(lba, blockCount, into, at);
    if (result === OK) this.#decrypt(lba, blockCount, into, at);
    return result;
  }

  /** Encrypts and writes. */
  async write(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    const encrypted = this.#encrypt(lba, blockCount, from, at);
    return await this.#below.write(lba, blockCount, encrypted, 0);
  }

  /** As the store below does. */
  prefetch(lba: number, blockCount: number): boolean {
    return this.#below.prefetch?.(lba, blockCount) ?? false;
  }

  /** As the store below does. */
  flush(): MaybePromise<StoreResult> {
    return this.#below.flush();
  }

  /** As the store below does. */
  usage(): MaybePromise<StoreUsage> {
    return this.#below.usage?.() ?? {};
  }

  /** As the store below does. */
  resize(blockCount: number | undefined): MaybePromise<StoreResult> {
    return this.#below.resize?.(blockCount) ?? {
      cause: "hardware",
      message: "The size of this store cannot change",
    };
  }

  /** Replaces the key. */
  cryptographicErase(): StoreResult {
    try {
      this.#cipher = this.#cipherOf(this.#renewKey());
      return OK;
    } catch (error) {
      if (!(error instanceof ManagementError)) throw error;
      return { cause: "hardware", message: error.message };
    }
  }

  /** As the store below does. */
  close(): Promise<void> {
    return this.#below.close();
  }

  #cipherOf(key: Uint8Array): XtsCipher {
    return new XtsCipher(key, this.geometry.blockLength);
  }

  #tryRead(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    const result = this.#below.tryRead?.(lba, blockCount, into, at) ?? NOT_NOW;
    if (result === OK) this.#decrypt(lba, blockCount, into, at);
    return result;
  }

  #tryWrite(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    const encrypted = this.#encrypt(lba, blockCount, from, at);
    return this.#below.tryWrite?.(lba, blockCount, encrypted, 0) ?? NOT_NOW;
  }

  #encrypt(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Uint8Array {
    const end = at + blockCount * this.geometry.blockLength;
    return this.#cipher.encrypt(lba, from.subarray(at, end));
  }

  #decrypt(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): void {
    const { blockLength } = this.geometry;
    const blocks = into.subarray(at, at + blockCount * blockLength);
    const encrypted = new Uint8Array(blocks);
    blocks.set(this.#cipher.decrypt(lba, encrypted));
    for (let from = 0; from < blocks.length; from += blockLength) {
      const to = from + blockLength;
      if (isZero(encrypted.subarray(from, to))) blocks.fill(0, from, to);
    }
  }
}

// What was encrypted differs from zero in its first bytes already.
function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}
