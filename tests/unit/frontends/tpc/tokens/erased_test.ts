/**
 * What was sanitized or formatted is gone for good: no token keeps it.
 */

import { assertEquals } from "@std/assert";
import { ROD_TYPE } from "../../../../../frontends/tpc/tokens/rod_token.ts";
import { patternBytes } from "../../../../support/bytes.ts";
import { hearAttentions } from "../../../../support/core_target.ts";
import { type TokenScene, tokenTest } from "../../../../support/token_scene.ts";
import { endOf } from "../../../../support/tpc_scene.ts";

const ERASERS = [
  ["SANITIZE", "48820000000000000000"],
  ["FORMAT UNIT", "040000000000"],
] as const;

async function erase(scene: TokenScene, hex: string): Promise<void> {
  const cdb = Uint8Array.fromHex(hex);
  assertEquals(endOf(await scene.inTime(scene.a.command(0, cdb))), "0");
  const ended = scene.test.target.luns.get(0)?.operation?.ended;
  if (ended !== undefined) await scene.inTime(ended);
  await hearAttentions(scene.a);
}

for (const [name, hex] of ERASERS) {
  tokenTest(`${name} revokes a token of a point in time`, async (scene) => {
    await scene.fill(0, 0, patternBytes(512 * 8));
    const wish = { ranges: [[0, 8]], rodType: ROD_TYPE.POINT_IN_TIME } as const;
    const token = await scene.makeToken(wish);
    scene.test.host.clock.advance(5);
    await erase(scene, hex);
    scene.test.host.clock.advance(5);
    assertEquals(await scene.writes({ token, ranges: [[0, 8]] }), "5/23/06");
    // Tokens of what is there now are good.
    const later = await scene.makeToken(wish);
    assertEquals(await scene.writes({ token: later, ranges: [[0, 8]] }), "0");
    assertEquals(await scene.blocks(1, 0, 8), new Uint8Array(512 * 8));
  });

  tokenTest(`After ${name} nothing of before is kept`, async (scene) => {
    await scene.fill(0, 0, patternBytes(512 * 8));
    await scene.makeToken({
      ranges: [[0, 8]],
      rodType: ROD_TYPE.POINT_IN_TIME,
    });
    scene.test.host.clock.advance(5);
    await erase(scene, hex);
    scene.test.host.clock.advance(1000);
    assertEquals(await scene.reported(), []);
  });
}
