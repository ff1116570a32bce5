import { assertEquals } from "@std/assert";
import {
  FRAME_MS_MAX,
  type WireStream,
} from "../../../../frontends/camtgt/frame_link.ts";
import { CamInitiator } from "../../../../frontends/camtgt/initiator.ts";
import {
  LOGIN_CTIO_BYTES_MAX,
  LOGIN_MS_MAX,
  RESET_WASTE,
  WASTE_MAX,
} from "../../../../frontends/camtgt/limits.ts";
import { simulatedWire } from "../../../../frontends/camtgt/simulated.ts";
import { encodeFrame, FRAME } from "../../../../frontends/camtgt/wire/frame.ts";
import { encodeLogin } from "../../../../frontends/camtgt/wire/payloads.ts";
import { RawHost } from "../../../support/cam_host.ts";
import {
  blocksCdb,
  camRig,
  camTest,
  patternBytes,
  readBlocks,
  within,
  writeBlocks,
} from "../../../support/cam_rig.ts";
import {
  isSettled,
  settle,
  settled,
  targetTest,
} from "../../../support/core_target.ts";

const TEST_UNIT_READY = { exchange: 1, cdb: new Uint8Array(6) };

/** Bytes that end a login, and what they are. */
const GARBAGE: readonly (readonly [title: string, bytes: Uint8Array])[] = [
  ["a type that is none", encodeFrame({ type: 0x99 })],
  [
    "a frame of a target",
    encodeFrame({ type: FRAME.RESPONSE, exchange: 1 }),
  ],
  ["another LOGIN", encodeFrame({ type: FRAME.LOGIN }, new Uint8Array(32))],
  [
    "a COMMAND without a CDB",
    (() => {
      const bytes = encodeFrame({ type: FRAME.COMMAND }, new Uint8Array(16));
      return bytes;
    })(),
  ],
  [
    "a payload of four gigabytes",
    (() => {
      const bytes = encodeFrame({ type: FRAME.DATA });
      new DataView(bytes.buffer).setUint32(4, 0xffffffff);
      return bytes;
    })(),
  ],
  ["text", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
];

for (const [title, bytes] of GARBAGE) {
  camTest(`${title} ends the login and nobody else's`, {}, async (rig) => {
    const other = await rig.rawReady(2n);
    const host = await rig.rawReady(1n);
    await host.command({ exchange: 1, cdb: blocksCdb(0x28, 0, 1), read: 512 });
    await host.bytes(bytes);
    await settle();
    assertEquals(host.closed, true);
    assertEquals(rig.service.usage(rig.port).atios, 0);
    await other.command(TEST_UNIT_READY);
    assertEquals(other.heard(), ["1 RESPONSE 00"]);
  });
}

camTest("Frames may come byte by byte", {}, async (rig) => {
  const host = rig.raw();
  const limits = { dataLengthMax: 4096, commandsMax: 0, functionsMax: 0 };
  const login = encodeLogin({ wwnn: 1n, wwpn: 1n, ...limits });
  for (const byte of encodeFrame({ type: FRAME.LOGIN }, login)) {
    await host.bytes(Uint8Array.of(byte));
    await settle(20);
  }
  assertEquals(host.heard(), ["0 LOGIN_ACCEPT"]);
});

camTest("A frame that does not end ends the login", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  await host.bytes(encodeFrame({ type: FRAME.LOGOUT }).subarray(0, 15));
  await settle();
  rig.test.host.clock.advance(FRAME_MS_MAX - 1);
  await settle();
  assertEquals(host.closed, false);
  rig.test.host.clock.advance(1);
  await settle();
  assertEquals(host.closed, true);
});

camTest("An idle login lasts", {}, async (rig) => {
  const host = await rig.rawReady(1n);
  for (let hour = 0; hour < 24; hour += 1) {
    rig.test.host.clock.advance(3_600_000);
    await settle();
  }
  await host.command(TEST_UNIT_READY);
  assertEquals(host.heard(), ["1 RESPONSE 00"]);
});

/** Frames that cost others, and how many a second are taken. */
const WASTE = [
  ["acknowledgements of nothing", FRAME.ACKNOWLEDGE, 0, WASTE_MAX],
  ["data of nothing", FRAME.DATA, 0, WASTE_MAX],
  ["retransmissions of nothing", FRAME.RETRANSMIT, 1, WASTE_MAX],
  ["resets", FRAME.TASK_MANAGEMENT, 8, WASTE_MAX / RESET_WASTE],
] as const;

for (const [title, type, code, most] of WASTE) {
  camTest(`${title}: ${most} a second`, {}, async (rig) => {
    const host = await rig.rawReady(1n);
    const lun = new Uint8Array(type === FRAME.TASK_MANAGEMENT ? 8 : 0);
    const frame = encodeFrame({ type, code, exchange: 77 }, lun);
    const flood = async (count: number) => {
      const bytes = new Uint8Array(count * frame.length);
      for (let at = 0; at < bytes.length; at += frame.length) {
        bytes.set(frame, at);
      }
      await host.bytes(bytes);
      await host.command({ exchange: 5, cdb: new Uint8Array(6) });
      await settle(20_000);
      return host.heard().some((row) => row.startsWith("5 RESPONSE"));
    };
    rig.test.host.clock.advance(1000);
    assertEquals(await flood(most), true);
    rig.test.host.clock.advance(1000);
    assertEquals(await flood(most + 1), false);
    rig.test.host.clock.advance(999);
    await settle();
    assertEquals(host.heard(), []);
    rig.test.host.clock.advance(1);
    await settle();
    assertEquals(host.heard().some((row) => row.startsWith("5 RESP")), true);
    assertEquals(host.closed, false);
  });
}

/** A stream whose peer takes nothing: writes end with it. */
class Stuck implements WireStream {
  readonly #stream: WireStream;
  readonly #cut: PromiseWithResolvers<number> = Promise.withResolvers();
  stuck = false;

  constructor(stream: WireStream) {
    this.#stream = stream;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#stream.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.stuck) return this.#cut.promise;
    return this.#stream.write(bytes);
  }

  close(): void {
    this.#cut.reject(new TypeError("It was closed"));
    this.#cut.promise.catch(() => {});
    this.#stream.close();
  }
}

camTest("Whoever takes nothing is held to a bound, and let go", {
  atios: "64",
}, async (rig) => {
  const [near, far] = simulatedWire();
  const stuck = new Stuck(far);
  rig.service.accept(rig.port, stuck, "test");
  const host = new RawHost(near);
  await host.logIn(1n);
  stuck.stuck = true;
  for (let exchange = 1; exchange <= 40; exchange += 1) {
    await host.command({
      ...{ exchange, cdb: blocksCdb(0x28, 0, 1000), read: 512_000 },
    });
  }
  const { heldBytes } = rig.service.usage(rig.port);
  assertEquals(heldBytes <= LOGIN_CTIO_BYTES_MAX, true, `${heldBytes} bytes`);
  rig.test.host.clock.advance(FRAME_MS_MAX);
  await settle();
  assertEquals(host.closed, true);
  assertEquals(rig.service.usage(rig.port), {
    ...rig.service.usage(rig.port),
    ...{ logins: 0, connections: 0, atios: 0, heldBytes: 0 },
  });
});

targetTest("Both ends have much to say on a narrow wire", async (test) => {
  await test.addLun({ backend: "controlled", sizeBytes: 16 * 2 ** 20 });
  const rig = await camRig(test, { maxio: "2m" });
  const [near, far] = simulatedWire(64 * 1024);
  rig.service.accept(rig.port, far, "test");
  const { clock } = rig.test.host;
  const initiator = await CamInitiator.logIn(near, clock, { wwpn: 1n });
  for (let status: number | null = 2; status === 2;) {
    ({ status } = await initiator.execute(
      { lun: 0, cdb: new Uint8Array(6) },
    ));
  }
  const blocks = 1000;
  const all = Array.from({ length: 8 }, (_, at) => [
    initiator.execute(readBlocks(0, blocks)),
    initiator.execute(
      writeBlocks(2000 + at * blocks, patternBytes(blocks * 512, at)),
    ),
  ]).flat();
  const ended = Promise.all(all);
  for (let turn = 0; turn < 20 && !await isSettled(ended); turn += 1);
  const ends = await within(ended);
  assertEquals(ends.map(({ status }) => status), all.map(() => 0));
  initiator.cut();
});

/** Frames of 16 bytes that make the target send megabytes. */
camTest("Whoever asks for all again and again is held to a bound", {
  maxio: "2m",
}, async (rig) => {
  const [near, far] = simulatedWire();
  const stuck = new Stuck(far);
  rig.service.accept(rig.port, stuck, "test");
  const host = new RawHost(near);
  await host.logIn(1n);
  for (let exchange = 1; exchange < 4; exchange += 1) {
    await host.command({ ...TEST_UNIT_READY, exchange });
  }
  const cdb = blocksCdb(0x28, 0, 2000);
  await host.command({ exchange: 9, cdb, read: 1_024_000 });
  host.heard();
  stuck.stuck = true;
  const again = encodeFrame({ type: FRAME.RETRANSMIT, code: 1, exchange: 9 });
  const flood = new Uint8Array(64 * again.length);
  for (let at = 0; at < flood.length; at += again.length) flood.set(again, at);
  await host.bytes(flood);
  await settle();
  const { outputBytes } = rig.service.usage(rig.port);
  assertEquals(outputBytes <= 4 * 2 ** 20, true, `${outputBytes} bytes`);
});

/** A target that says something wrong, and what an initiator makes of it. */
const WRONG_TARGETS: readonly (readonly [
  title: string,
  bytes: Uint8Array,
])[] = [
  ["garbage", new TextEncoder().encode("SSH-2.0-OpenSSH_9.2p1 Debian-2")],
  [
    "a login that is none",
    encodeFrame(
      { type: FRAME.LOGIN_ACCEPT },
      new Uint8Array(32),
    ),
  ],
  ["a refusal", encodeFrame({ type: FRAME.LOGIN_REJECT, code: 99 })],
];

for (const [title, bytes] of WRONG_TARGETS) {
  targetTest(`An initiator that hears ${title}`, async ({ host }) => {
    const [near, far] = simulatedWire();
    const login = CamInitiator.logIn(near, host.clock, { wwpn: 1n });
    const said = login.then(() => "", (error: unknown) => String(error));
    await new RawHost(far).bytes(bytes);
    const text = await within(said);
    assertEquals(text.startsWith("TypeError: The link is gone"), true, text);
  });
}

targetTest("An initiator waits for a login, not for ever", async ({ host }) => {
  const [near] = simulatedWire();
  const login = CamInitiator.logIn(near, host.clock, { wwpn: 1n });
  const said = login.then(() => "", (error: unknown) => String(error));
  assertEquals(await settled(said), undefined);
  host.clock.advance(LOGIN_MS_MAX);
  assertEquals(await within(said), "TypeError: The link is gone: no answer");
});
