import { assertEquals, assertExists, assertNotEquals } from "@std/assert";
import {
  PLAIN_COST,
  SNAPSHOT_BYTES_PER_INITIATOR_MAX,
  SNAPSHOTS_MAX,
  SNAPSHOTS_PER_INITIATOR_MAX,
  TOKENS_MAX,
  TOKENS_PER_INITIATOR_MAX,
} from "../../../../../frontends/tpc/tokens/token_cost.ts";
import {
  type RodToken,
  TokenTable,
  type TokenUser,
  type TokenWish,
} from "../../../../../frontends/tpc/tokens/token_table.ts";
import { ROD_TYPE } from "../../../../../frontends/tpc/tokens/rod_token.ts";
import type { LogicalUnit } from "../../../../../core/mod.ts";
import { targetTest } from "../../../../support/core_target.ts";
import {
  CountingEntropy,
  ManualClock,
} from "../../../../support/memory_host.ts";

/** A table on a clock that the test moves, with the unit of its tokens. */
class Scene {
  readonly clock: ManualClock = new ManualClock();
  readonly table: TokenTable = new TokenTable(
    this.clock,
    new CountingEntropy(),
  );
  readonly unit: LogicalUnit;
  released = 0;
  gone = 0;
  readonly user: TokenUser = { tokenGone: () => this.gone += 1 };

  constructor(unit: LogicalUnit) {
    this.unit = unit;
  }

  make(more: Partial<TokenWish> = {}): RodToken {
    const token = this.table.create(this.wish(more));
    assertExists(token);
    return token;
  }

  wish(more: Partial<TokenWish> = {}): TokenWish {
    return {
      fields: {
        rodType: ROD_TYPE.ACCESS_UPON_REFERENCE,
        deviceType: 0,
        creator: null,
        byteCount: 512,
        blockLength: 512,
        physicalBlockExponent: 0,
        lowestAlignedLba: 0,
        thin: false,
        targetDevice: null,
      },
      unit: this.unit,
      ranges: [{ lba: 0, blockCount: 1 }],
      owner: "a",
      timeoutMs: 60_000,
      cost: PLAIN_COST,
      ...more,
    };
  }

  /** A token whose data count their release. */
  makeHolding(more: Partial<TokenWish> = {}): RodToken {
    const token = this.make(more);
    this.table.attach(token, { release: () => this.released += 1 });
    return token;
  }

  isAlive(token: RodToken): boolean {
    return this.table.find(token.bytes) === token;
  }
}

function tableTest(name: string, body: (scene: Scene) => void): void {
  targetTest(`TokenTable ${name}`, async (test) => {
    const scene = new Scene(await test.addLun());
    body(scene);
    scene.table.end();
  });
}

tableTest("finds a token by all of its bytes", (scene) => {
  const token = scene.make();
  assertEquals(scene.table.find(token.bytes.slice()), token);
  for (const at of [0, 15, 47, 96, 200, 511]) {
    const other = token.bytes.slice();
    other.set([other[at] === 0 ? 1 : 0], at);
    assertEquals(scene.table.find(other), undefined, `byte ${at}`);
  }
  assertEquals(scene.table.find(new Uint8Array(512)), undefined);
});

tableTest("gives each token another number and other secrets", (scene) => {
  const [one, other] = [scene.make(), scene.make()];
  assertNotEquals(one.bytes.subarray(8, 16), other.bytes.subarray(8, 16));
  assertNotEquals(one.bytes.subarray(160), other.bytes.subarray(160));
});

tableTest("forgets a token a second after its time", (scene) => {
  const token = scene.makeHolding({ timeoutMs: 2000 });
  scene.clock.advance(2999);
  assertEquals(scene.isAlive(token), true);
  scene.clock.advance(1);
  assertEquals(scene.isAlive(token), false);
  assertEquals(scene.released, 1);
});

tableTest("releases data in time, though nobody asks", (scene) => {
  scene.makeHolding({ timeoutMs: 9000 });
  scene.makeHolding({ timeoutMs: 1000 });
  scene.makeHolding({ timeoutMs: 4000 });
  scene.clock.advance(2000);
  assertEquals(scene.released, 1);
  scene.clock.advance(3000);
  assertEquals(scene.released, 2);
  scene.clock.advance(5000);
  assertEquals(scene.released, 3);
});

tableTest("begins the time anew with the end of a use", (scene) => {
  const token = scene.make({ timeoutMs: 2000 });
  scene.clock.advance(1500);
  scene.table.acquire(token, scene.user);
  scene.clock.advance(10_000);
  assertEquals(scene.isAlive(token), true);
  scene.table.release(token, scene.user, false);
  scene.clock.advance(2999);
  assertEquals(scene.isAlive(token), true);
  scene.clock.advance(1);
  assertEquals(scene.isAlive(token), false);
});

tableTest("deletes a token when its last use ends", (scene) => {
  const token = scene.makeHolding();
  const other: TokenUser = { tokenGone: () => {} };
  scene.table.acquire(token, scene.user);
  scene.table.acquire(token, other);
  scene.table.release(token, other, true);
  assertEquals([scene.isAlive(token), scene.released], [true, 0]);
  scene.table.release(token, scene.user, false);
  assertEquals([scene.isAlive(token), scene.released], [false, 1]);
});

tableTest("keeps a revoked token, but not its data", (scene) => {
  const token = scene.makeHolding();
  scene.table.revoke(token);
  scene.table.revoke(token);
  assertEquals(scene.isAlive(token), true);
  assertEquals([token.revoked, scene.released], [true, 1]);
  scene.clock.advance(61_000);
  assertEquals(scene.isAlive(token), false);
  assertEquals(scene.released, 1);
});

tableTest("tells who uses a token that it is gone", (scene) => {
  const revoked = scene.makeHolding();
  const removed = scene.makeHolding();
  scene.table.acquire(revoked, scene.user);
  scene.table.acquire(removed, scene.user);
  scene.table.revoke(revoked);
  assertEquals([scene.gone, scene.released], [1, 1]);
  scene.table.forgetUnit(scene.unit);
  assertEquals([scene.gone, scene.released], [3, 2]);
  assertEquals(scene.isAlive(removed), false);
  scene.table.release(revoked, scene.user, false);
  scene.table.release(removed, scene.user, true);
  assertEquals([scene.gone, scene.released], [3, 2]);
});

tableTest("releases data that come too late", (scene) => {
  const token = scene.make();
  scene.table.forget(token);
  scene.table.attach(token, { release: () => scene.released += 1 });
  const revoked = scene.make();
  scene.table.revoke(revoked);
  scene.table.attach(revoked, { release: () => scene.released += 1 });
  assertEquals(scene.released, 2);
});

tableTest("takes the place of the token unused longest", (scene) => {
  const first = scene.make();
  const used = scene.make();
  const others = Array.from(
    { length: TOKENS_PER_INITIATOR_MAX - 3 },
    () => scene.make(),
  );
  const foreign = scene.make({ owner: "b" });
  scene.table.acquire(first, scene.user);
  scene.table.release(first, scene.user, false);
  scene.table.acquire(used, scene.user);
  scene.make();
  scene.make();
  assertEquals(scene.isAlive(first), true);
  assertEquals(scene.isAlive(used), true);
  assertEquals(scene.isAlive(foreign), true);
  assertEquals(others.map((each) => scene.isAlive(each)).indexOf(true), 1);
});

tableTest("refuses a token when all places are taken by others", (scene) => {
  const owners = TOKENS_MAX / TOKENS_PER_INITIATOR_MAX;
  for (let owner = 0; owner < owners; owner += 1) {
    for (let at = 0; at < TOKENS_PER_INITIATOR_MAX; at += 1) {
      scene.make({ owner });
    }
  }
  assertEquals(scene.table.create(scene.wish({ owner: "late" })), null);
  scene.make({ owner: 0 });
  scene.clock.advance(61_000);
  scene.make({ owner: "late" });
  assertEquals(scene.table.all().length, 1);
});

tableTest("refuses a token when all of the initiator's are in use", (scene) => {
  for (let at = 0; at < TOKENS_PER_INITIATOR_MAX; at += 1) {
    scene.table.acquire(scene.make(), scene.user);
  }
  assertEquals(scene.table.create(scene.wish()), null);
  scene.make({ owner: "b" });
});

tableTest("lets tokens go whose snapshots take too much", (scene) => {
  const bytes = SNAPSHOT_BYTES_PER_INITIATOR_MAX / 2;
  const cost = { tokens: 1, snapshots: 1, bytes };
  const [first, second] = [scene.make({ cost }), scene.make({ cost })];
  const plain = scene.make();
  scene.table.acquire(first, scene.user);
  scene.make({ cost });
  assertEquals(scene.isAlive(first), true);
  assertEquals(scene.isAlive(second), false);
  assertEquals(scene.isAlive(plain), true);
  scene.make({ cost, owner: "b" });
  const tooMuch = { ...cost, bytes: 2 * bytes + 1 };
  assertEquals(scene.table.makeRoom("a", tooMuch), false);
  assertEquals(scene.isAlive(first), true);
});

tableTest("bounds the snapshots of all tokens", (scene) => {
  const snapshots = SNAPSHOTS_PER_INITIATOR_MAX;
  const cost = { tokens: 1, snapshots, bytes: 1 };
  const owners = SNAPSHOTS_MAX / SNAPSHOTS_PER_INITIATOR_MAX;
  for (let owner = 0; owner < owners; owner += 1) scene.make({ owner, cost });
  assertEquals(scene.table.create(scene.wish({ owner: "late", cost })), null);
  scene.make({ owner: "late" });
  scene.make({ owner: 0, cost });
  assertEquals(scene.table.all().length, owners + 1);
});
