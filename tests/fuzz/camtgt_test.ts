import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CamInitiator } from "../../frontends/camtgt/initiator.ts";
import { simulatedWire } from "../../frontends/camtgt/simulated.ts";
import { encodeFrame, FRAME } from "../../frontends/camtgt/wire/frame.ts";
import {
  encodeCommand,
  encodeLogin,
} from "../../frontends/camtgt/wire/payloads.ts";
import { RawHost } from "../support/cam_host.ts";
import { camRig } from "../support/cam_rig.ts";
import { settle, TestTarget } from "../support/core_target.ts";
import { fuzzTest, MEAN_SHARE } from "./settings.ts";

const FRAMES_MAX = 60;
const LIMITS = { dataLengthMax: 600, commandsMax: 0, functionsMax: 0 };

const NUMBER = fc.oneof(
  fc.nat(9),
  fc.nat(0xffff),
  fc.constantFrom(512, 700, 1024, 0x7fffffff, 0xffffffff),
);
const BYTE = fc.oneof(
  fc.nat(9),
  fc.constantFrom(0x20, 0x21, 0x80),
  fc.nat(255),
);
const HEADER = { code: BYTE, flags: BYTE, exchange: fc.nat(6) };

/** COMMANDs that mean something, most of them. */
const COMMAND = fc.record({
  ...HEADER,
  flags: fc.constantFrom(0, 1, 1, 2, 2, 3),
  lun: fc.constantFrom(0, 0, 0, 1, 0xc1),
  dataLength: NUMBER,
  tag: fc.nat(6),
  cdb: fc.oneof(
    fc.tuple(fc.constantFrom(0x28, 0x2a), fc.nat(255), fc.nat(9))
      .map(([opcode, lba, blocks]) =>
        Uint8Array.of(opcode, 0, 0, 0, 0, lba, 0, 0, blocks, 0)
      ),
    fc.uint8Array({ minLength: 1, maxLength: 32 }),
  ),
}).map(({ lun, dataLength, tag, cdb, ...header }) => {
  const field = Uint8Array.of(lun > 255 ? 0xc1 : 0, lun, 0, 0, 0, 0, 0, 0);
  const payload = encodeCommand({ lun: field, dataLength, tag, cdb });
  return encodeFrame({ type: FRAME.COMMAND, ...header }, payload);
});

/** Any frame whose length is right. */
const OTHER = fc.record({
  ...HEADER,
  type: fc.constantFrom(
    ...[FRAME.DATA, FRAME.DATA, FRAME.ACKNOWLEDGE, FRAME.ACKNOWLEDGE],
    ...[FRAME.RETRANSMIT, FRAME.DATA_LOST, FRAME.TASK_MANAGEMENT],
  ),
  parameter: NUMBER,
  length: fc.constantFrom(0, 1, 511, 512, 600, 1024),
}).map(({ length, ...header }) => {
  const { type } = header;
  const bytes = type === FRAME.DATA
    ? length
    : type === FRAME.TASK_MANAGEMENT
    ? 8
    : 0;
  return encodeFrame(header, new Uint8Array(bytes).fill(0x5a));
});

const FROM_HOST = fc.oneof(
  { weight: 8, arbitrary: COMMAND },
  { weight: 16, arbitrary: OTHER },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 64 }) },
);

fuzzTest(
  "an HBA survives whatever comes over its wire",
  { share: 0.2, casesPerRun: FRAMES_MAX * MEAN_SHARE },
  fc.asyncProperty(
    fc.array(FROM_HOST, { maxLength: FRAMES_MAX, size: "max" }),
    fc.boolean(),
    async (frames, logsIn) => {
      const test = new TestTarget();
      await test.addLun({ sizeBytes: 64 * 1024 });
      const rig = await camRig(test, { maxio: "700", atios: "5", inots: "2" });
      const host = rig.raw();
      if (logsIn) {
        const login = encodeLogin({ wwnn: 1n, wwpn: 1n, ...LIMITS });
        await host.bytes(encodeFrame({ type: FRAME.LOGIN }, login));
      }
      for (const bytes of frames) {
        await host.bytes(bytes);
        await settle(100);
        test.host.clock.advance(10);
      }
      host.close();
      await settle();
      test.host.clock.advance(1000);
      await settle();
      const { logins, connections, atios, inots, heldBytes } = rig.service
        .usage(rig.port);
      const left = [logins, connections, atios, inots, heldBytes];
      assertEquals(left, [0, 0, 0, 0, 0]);
      await test.end();
      test.checkRules();
    },
  ),
);

/** What a target sends, with every field as it likes. */
const FROM_TARGET = fc.record({
  ...HEADER,
  type: fc.constantFrom(...Object.values(FRAME)),
  parameter: NUMBER,
  length: fc.constantFrom(0, 0, 4, 18, 512),
}).map(({ length, ...header }) => encodeFrame(header, new Uint8Array(length)));

fuzzTest(
  "an initiator survives whatever comes over its wire",
  { share: 0.2, casesPerRun: FRAMES_MAX * MEAN_SHARE },
  fc.asyncProperty(
    fc.array(FROM_TARGET, { maxLength: FRAMES_MAX, size: "max" }),
    async (frames) => {
      const { host } = new TestTarget();
      const [near, far] = simulatedWire();
      const target = new RawHost(far);
      const login = CamInitiator.logIn(near, host.clock, { wwpn: 1n });
      const names = encodeLogin({ wwnn: 1n, wwpn: 1n, ...LIMITS });
      await target.send({ type: FRAME.LOGIN_ACCEPT }, names);
      const initiator = await login;
      const cdb = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0);
      const all = [
        initiator.execute({ lun: 0, cdb, dataInLength: 1024 }),
        initiator.execute({ lun: 0, cdb, dataOut: new Uint8Array(1024) }),
        initiator.manage(8),
      ].map((each) => each.then(() => true, () => false));
      for (const bytes of frames) {
        await target.bytes(bytes);
        await settle(60);
      }
      initiator.cut();
      // All ends, one way or the other.
      const ends = await Promise.all(all);
      assertEquals(ends.length, 3);
    },
  ),
);
