/**
 * Tokens under chance: writes, tokens and a link that is cut at any moment.
 * Whatever the other node honours has the data of the time when it was made.
 */

import { assert, assertEquals } from "@std/assert";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import { CopyPair, type CopySide } from "../../support/ha/copy_pair.ts";
import { Random } from "../../sim/random.ts";

const MODES: readonly HaMode[] = ["standby", "shared", "proxy"];
const SEEDS = 30;
const BLOCKS = 64;
const REFUSALS = ["5/23/04", "5/23/06"];

interface Known {
  readonly token: Uint8Array;
  readonly lba: number;
  readonly count: number;
  readonly data: Uint8Array;
}

/** One run: everything follows from its seed. */
class Run {
  readonly #pair: CopyPair;
  readonly #random: Random;
  readonly #known: Known[] = [];
  readonly #writes: Promise<unknown>[] = [];
  #writer: CopySide;
  #stamp = 0;

  constructor(pair: CopyPair, random: Random) {
    this.#pair = pair;
    this.#random = random;
    this.#writer = pair.a;
  }

  /** @returns how many tokens the other node has honoured, and refused */
  async run(mode: HaMode): Promise<[number, number]> {
    for (let round = this.#below(3); round >= 0; round -= 1) {
      await this.#makeTokens();
      if (mode !== "standby" && this.#below(2) === 0) {
        this.#writer = this.#pair.b;
      }
      await this.#write(this.#below(6));
      this.#writer = this.#pair.a;
      if (this.#random.chance(0.3)) await this.#part();
    }
    this.#send(this.#below(4));
    if (this.#below(2) === 0) {
      await this.#pair.nodes.pass(this.#below(3), 1);
    }
    await this.#fail();
    return await this.#useTokens();
  }

  #below(end: number): number {
    return this.#random.between(0, end - 1);
  }

  async #makeTokens(): Promise<void> {
    for (let count = 1 + this.#below(3); count > 0; count -= 1) {
      const lba = this.#below(BLOCKS - 8);
      const blocks = 1 + this.#below(8);
      const ranges = [[lba, blocks]] as const;
      const token = await this.#token(ranges);
      if (token === null) continue;
      const data = this.#pair.blocks(0, lba, blocks);
      this.#known.push({ token, lba, count: blocks, data });
    }
  }

  // null: the node is busy. Whatever there is to be heard is heard on the way.
  async #token(
    ranges: readonly (readonly [number, number])[],
  ): Promise<Uint8Array | null> {
    const { tokens } = this.#pair.a;
    let end = "6/";
    while (end.startsWith("6/")) {
      end = await this.#pair.ends(tokens.populate({ ranges }));
    }
    if (end !== "0") return null;
    for (;;) {
      const told = await this.#pair.wait(tokens.informationIfAny());
      if (told !== undefined) return told.token;
    }
  }

  #send(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const lba = this.#below(BLOCKS);
      this.#stamp += 1;
      const write = new Uint8Array(512).fill(this.#stamp);
      const cdb = [0x2a, 0, 0, 0, 0, lba, 0, 0, 1, 0];
      this.#writes.push(this.#writer.initiator.command(0, cdb, { write }));
    }
  }

  async #write(count: number): Promise<void> {
    this.#send(count);
    await this.#pair.wait(Promise.all(this.#writes.splice(0)));
  }

  // The link is lost for a while, and maybe once more when it is hardly back.
  async #part(): Promise<void> {
    const { nodes } = this.#pair;
    await this.#pair.part(this.#random.pick([1000, 4000, 40_000]));
    if (this.#random.chance(0.5)) await nodes.one.order("primary", true);
    await this.#write(this.#below(4));
    this.#pair.mend();
    if (this.#random.chance(0.7)) await nodes.pass(4000, 100);
    for (let left = this.#below(20); left > 0; left -= 1) {
      this.#send(this.#below(2));
      await nodes.pass(this.#random.pick([0, 1, 50, 200]), 10);
    }
    await this.#pair.wait(Promise.all(this.#writes.splice(0)));
    await this.#pair.a.hear();
  }

  // Node 1 goes on for a while, alone.
  async #fail(): Promise<void> {
    const { nodes } = this.#pair;
    this.#pair.cut();
    const aloneMs = this.#below(50_000);
    for (let leftMs = 4000 + aloneMs; leftMs > 0; leftMs -= 4000) {
      await nodes.pass(Math.min(leftMs, 4000), 250);
      await this.#pair.a.hear();
      this.#send(this.#below(2));
    }
    await this.#pair.wait(Promise.all(this.#writes.splice(0)));
    await nodes.two.order("primary", true);
    await this.#pair.b.hear();
  }

  async #useTokens(): Promise<[number, number]> {
    const counts: [number, number] = [0, 0];
    for (const { token, lba, count, data } of this.#known) {
      const wish = { token, ranges: [[lba, count]] } as const;
      const end = await this.#pair.ends(this.#pair.b.tokens.write(wish));
      if (end !== "0") {
        assert(REFUSALS.includes(end), end);
        counts[1] += 1;
        continue;
      }
      assertEquals(this.#pair.blocks(1, lba, count).toHex(), data.toHex());
      counts[0] += 1;
    }
    return counts;
  }
}

for (const mode of MODES) {
  for (const snapshots of [false, true]) {
    const how = snapshots ? "with" : "without";
    Deno.test(`tokens tell the truth, ${how} snapshots (${mode})`, async () => {
      let [honoured, refused] = [0, 0];
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        try {
          await using pair = await CopyPair.joined(mode, { snapshots });
          const run = new Run(pair, new Random(seed));
          const [good, bad] = await run.run(mode);
          honoured += good;
          refused += bad;
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error });
        }
      }
      // Neither is for nothing.
      assert(honoured > SEEDS / 8, `${honoured} honoured`);
      assert(refused > SEEDS / 8, `${refused} refused`);
    });
  }
}
