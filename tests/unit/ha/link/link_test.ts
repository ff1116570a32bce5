import { assertEquals, assertMatch } from "@std/assert";
import type { LocalHello } from "../../../../ha/link/link.ts";
import { encodeHello } from "../../../../ha/wire/hello.ts";
import { encodeFrameHeader } from "../../../../ha/wire/frame.ts";
import {
  DEFAULT_TIMING,
  type PeerPort,
} from "../../../../ha/link/peer_hello.ts";
import {
  helloOf,
  type LinkNode,
  linkPair,
  settle,
} from "../../../support/ha/link_pair.ts";

const WORDS = new TextEncoder();

function warnings({ host }: LinkNode): string[] {
  return host.log.lines.map(({ text }) => text)
    .filter((text) => text.startsWith("warn"));
}

/** What a node received, as `kind body data`. */
function collect({ link }: LinkNode, ...kinds: number[]): string[] {
  const got: string[] = [];
  for (const kind of kinds) {
    link.receive(kind, (body, data) => {
      const words = [bytesOf(body), data].map((each) =>
        new TextDecoder().decode(each)
      );
      got.push([kind, ...words].join(" "));
    });
  }
  return got;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

Deno.test("PeerLink comes up on both sides and knows its peer", async () => {
  await using pair = linkPair();
  assertEquals(pair.one.link.state, "idle");
  await pair.open();
  assertEquals([pair.one.told, pair.two.told], [["up 2"], ["up 1"]]);
  assertEquals(pair.one.link.state, "up");
  assertEquals(pair.two.link.peer?.role, "primary");
  assertEquals(pair.two.link.peer?.ports[0]?.portals, ["192.0.2.1:3260"]);
  assertEquals(pair.one.link.lastReason, null);
});

Deno.test("PeerLink.send keeps the order of frames, large ones too", async () => {
  await using pair = linkPair();
  const got = collect(pair.one, 16, 64);
  await pair.open();
  const large = new Uint8Array(100_000).fill(120);
  let sent = 0;
  pair.two.link.send(16, WORDS.encode("a"));
  pair.two.link.send(64, WORDS.encode("b"), large, () => sent += 1);
  assertEquals(sent, 0);
  pair.two.link.send(64, WORDS.encode("c"), WORDS.encode("d"), () => sent += 1);
  assertEquals(sent, 1);
  await settle();
  assertEquals(sent, 2);
  assertEquals(got.map((each) => each.slice(0, 8)), [
    "16 a ",
    "64 b xxx",
    "64 c d",
  ]);
  assertEquals(got[1]?.length, 5 + large.length);
  assertEquals(pair.two.link.queuedBytes, 0);
});

Deno.test("PeerLink.send is refused unless the link is up", async () => {
  await using pair = linkPair();
  assertEquals(pair.one.link.send(16, WORDS.encode("a")), false);
  await pair.open();
  assertEquals(pair.one.link.send(16, WORDS.encode("a")), true);
});

Deno.test("PeerLink ends when frames come that nobody knows", async () => {
  await using pair = linkPair();
  await pair.open();
  pair.two.link.send(77, WORDS.encode("a"));
  await settle();
  assertEquals(pair.one.told, ["up 2", "down: frame 77: unknown"]);
});

/** The port of node 2. */
const PORT: PeerPort = {
  ...{ number: 20, name: "iqn.t,t,0x0001", target: "iqn.t", tag: 2 },
  portals: [],
};

/** Rows: what node 2 says otherwise, and the one line that both log. */
const MISMATCHES: readonly (readonly [Partial<LocalHello>, string])[] = [
  [{ mode: "shared" }, "mode: here proxy, there shared"],
  [{ id: 1 }, "id: here 1, there 1"],
  [
    { limits: { lunsMax: 8, portsMax: 1024, initiatorsPerPortMax: 2048 } },
    "max-luns: here 1024, there 8",
  ],
  [
    { limits: { lunsMax: 1024, portsMax: 9, initiatorsPerPortMax: 2048 } },
    "max-ports: here 1024, there 9",
  ],
  [
    { limits: { lunsMax: 1024, portsMax: 1024, initiatorsPerPortMax: 1 } },
    "max-initiators-per-port: here 2048, there 1",
  ],
  [
    { luns: [{ number: 0, description: "disk 512x4096" }] },
    "lun 0: here disk 512x2048, there disk 512x4096",
  ],
  [{ luns: [] }, "lun 0: here disk 512x2048, there none"],
  [
    { ports: [{ ...PORT, number: 10 }] },
    'relative port id 10: here "iqn.t,t,0x0001", there "iqn.t,t,0x0001"',
  ],
  [
    { ports: [{ ...PORT, tag: 1 }] },
    "portal group tag of iqn.t: here 1, there 1",
  ],
];

for (const [changes, line] of MISMATCHES) {
  Deno.test(`PeerLink refuses with one line: ${line}`, async () => {
    await using pair = linkPair({}, { hello: () => helloOf(2, changes) });
    await pair.open();
    await settle();
    assertEquals(pair.one.told, []);
    assertEquals(pair.two.told, []);
    assertEquals(warnings(pair.one), [
      `warn: HA link: near refused: ${line}`,
    ]);
    assertEquals(warnings(pair.two), [
      `warn: HA link: far refused: ${mirrored(line)}`,
    ]);
    assertEquals(pair.one.link.lastReason, line);
  });
}

function mirrored(line: string): string {
  return line.replace(/here (.*), there (.*)$/, "here $2, there $1");
}

Deno.test("PeerLink tries again later and later when it is refused", async () => {
  const hello = () => helloOf(2, { mode: "standby" });
  await using pair = linkPair({}, { hello });
  await pair.open();
  await pair.pass(60_000);
  // About 1, 2, 4, 8, 16 and 30 s apart, a fifth less or more.
  assertEquals(pair.network.tries, 7);
  assertEquals(warnings(pair.one).length, 7);
  assertEquals(pair.two.link.figures.refusals, 7);
});

Deno.test("PeerLink says once that the peer cannot be reached", async () => {
  await using pair = linkPair();
  pair.network.trouble = "no route";
  await pair.open();
  await pair.pass(10_000);
  assertEquals(pair.network.tries, 21);
  assertEquals(warnings(pair.two), [
    "warn: HA link: cannot connect memory: no route",
  ]);
  pair.network.trouble = null;
  await pair.pass(600);
  assertEquals(pair.two.link.state, "up");
});

Deno.test("PeerLink refuses garbage, wrong versions and silence", async () => {
  await using pair = linkPair();
  await pair.open();
  const garbage = pair.network.intrude();
  await garbage.write(WORDS.encode("GET / HTTP/1.1\r\nHost: node\r\n\r\n"));
  const version = pair.network.intrude();
  await version.write(loginFrame(99));
  pair.network.intrude();
  const early = pair.network.intrude();
  const ping = new Uint8Array(12);
  encodeFrameHeader(new DataView(ping.buffer), 0, 64, 0, 0);
  await early.write(ping);
  const huge = pair.network.intrude();
  const login = new Uint8Array(12);
  encodeFrameHeader(new DataView(login.buffer), 0, 1, 2 ** 31, 0);
  await huge.write(login);
  await pair.pass(3000);
  assertEquals(warnings(pair.one), [
    "warn: HA link: stranger refused: frame of unknown kind 18245",
    "warn: HA link: stranger refused: version: here 2, there 99",
    "warn: HA link: stranger refused: frame of unknown kind 64",
    "warn: HA link: stranger refused: frame 1: body of 2147483648 bytes, " +
    "not 1048576",
    "warn: HA link: stranger refused: no LOGIN within 3000 ms",
  ]);
  // None of them has touched the link that is up.
  assertEquals(pair.one.told, ["up 2"]);
});

function loginFrame(version: number): Uint8Array {
  const body = encodeHello({
    ...helloOf(2),
    ...{ version, instance: "00".repeat(16), timing: DEFAULT_TIMING },
  });
  const frame = new Uint8Array(12 + body.length);
  encodeFrameHeader(new DataView(frame.buffer), 0, 1, body.length, 0);
  frame.set(body, 12);
  return frame;
}

Deno.test("PeerLink keeps few connections that have not logged in", async () => {
  await using pair = linkPair();
  pair.one.link.open();
  for (let count = 0; count < 10; count += 1) pair.network.intrude();
  await settle();
  assertEquals(warnings(pair.one).length, 2);
  assertMatch(warnings(pair.one)[0] ?? "", /too many connections/);
});

Deno.test("PeerLink stays up while heartbeats are answered", async () => {
  await using pair = linkPair();
  await pair.open();
  await pair.pass(60_000);
  assertEquals([pair.one.told, pair.two.told], [["up 2"], ["up 1"]]);
  assertEquals(pair.one.link.figures.roundTripMs, 0);
});

Deno.test("PeerLink is silent after 2 s, dead after 3", async () => {
  await using pair = linkPair();
  await pair.open();
  await pair.pass(1000);
  const [cable] = pair.network.cables;
  cable?.blockThere(true);
  cable?.blockBack(true);
  pair.network.trouble = "unplugged";
  // The last ping was sent, and answered, when the second had passed.
  await pair.pass(1900);
  assertEquals(pair.one.told, ["up 2"]);
  await pair.pass(100);
  assertEquals(pair.one.told, ["up 2", "silent"]);
  assertEquals(pair.one.link.silenceMs, 2000);
  await pair.pass(1000);
  assertEquals(pair.one.told.slice(2), ["down: nothing heard for 3000 ms"]);
  assertEquals(pair.two.told.slice(2), ["down: nothing heard for 3000 ms"]);
});

Deno.test("PeerLink is heard again when the silence ends in time", async () => {
  await using pair = linkPair();
  await pair.open();
  await pair.pass(1000);
  const [cable] = pair.network.cables;
  cable?.blockThere(true);
  cable?.blockBack(true);
  await pair.pass(2500);
  cable?.blockThere(false);
  cable?.blockBack(false);
  await pair.pass(5000);
  assertEquals(pair.one.told, ["up 2", "silent", "heard"]);
  assertEquals(pair.two.told, ["up 1", "silent", "heard"]);
});

Deno.test("PeerLink: who is not heard stops before the other acts", async () => {
  await using pair = linkPair();
  await pair.open();
  await pair.pass(1000);
  // Node 2 hears node 1, which does not hear it.
  pair.network.cables[0]?.blockThere(true);
  await pair.pass(2000);
  assertEquals(pair.two.told, ["up 1", "silent"]);
  assertEquals(pair.one.told.filter((each) => each.startsWith("down")), []);
  await pair.pass(1000);
  assertEquals(pair.one.told.at(-1), "down: nothing heard for 3000 ms");
});

Deno.test("PeerLink.silenceMs is right before any timer has run", async () => {
  await using pair = linkPair();
  await pair.open();
  // The process stood still.
  pair.one.host.clock.advance(10_000);
  assertEquals(pair.one.link.silenceMs, 10_000);
});

Deno.test("PeerLink looks into the socket before it gives up late", async () => {
  await using pair = linkPair();
  await pair.open();
  await pair.pass(1000);
  // Timers are late by 9 s, and what the peer has sent waits to be read.
  pair.one.host.clock.advance(9000);
  await pair.pass(2000);
  assertEquals(pair.one.told.filter((each) => each.startsWith("down")), []);
});

Deno.test("PeerLink connects again when the connection is cut", async () => {
  await using pair = linkPair();
  await pair.open();
  await pair.pass(5000);
  pair.network.cables[0]?.cut();
  await pair.pass(200);
  assertEquals(pair.one.told, ["up 2", "down: closed by the peer", "up 2"]);
  assertEquals(pair.one.link.figures.connections, 2);
});

Deno.test("PeerLink connects again at once however often a peer dies", async () => {
  await using pair = linkPair();
  await pair.open();
  for (let time = 1; time <= 20; time += 1) {
    await pair.pass(1500);
    pair.network.cables.at(-1)?.cut();
    await pair.pass(200);
    assertEquals(pair.two.link.state, "up", `after ${time} times`);
  }
});

Deno.test("PeerLink.restart ends the connection for both", async () => {
  await using pair = linkPair();
  await pair.open();
  await pair.pass(5000);
  pair.one.link.restart("mode changed");
  await pair.pass(1000);
  assertEquals(pair.one.told, ["up 2", "down: mode changed", "up 2"]);
  assertEquals(pair.two.told, [
    "up 1",
    "down: ended by the peer: mode changed",
    "up 1",
  ]);
});

Deno.test("PeerLink.close ends for good", async () => {
  await using pair = linkPair();
  await pair.open();
  pair.two.link.close("shut down");
  await pair.pass(5000);
  assertEquals(pair.two.told, ["up 1", "down: shut down"]);
  assertEquals(pair.one.told, ["up 2", "down: ended by the peer: shut down"]);
  assertEquals(pair.two.link.state, "idle");
});

Deno.test("PeerLink ends when its queue is full", async () => {
  await using pair = linkPair({}, { queueBytesMax: 100_000 });
  await pair.open();
  pair.network.cables[0]?.blockThere(true);
  let given = 0;
  const data = new Uint8Array(40_000);
  const send = () => pair.two.link.send(64, data, data, () => given += 1);
  assertEquals([send(), send()], [true, false]);
  assertMatch(pair.two.told.at(-1) ?? "", /^down: \d+ bytes wait/);
  await settle();
  assertEquals(given, 1);
});

Deno.test("PeerLink tells when a congested queue has drained", async () => {
  await using pair = linkPair();
  const got = collect(pair.one, 64);
  await pair.open();
  const data = new Uint8Array(1_000_000);
  for (let count = 0; count < 6; count += 1) {
    pair.two.link.send(64, WORDS.encode("x"), data);
  }
  assertEquals(pair.two.link.congested, true);
  for (let count = 0; count < 100; count += 1) await settle();
  assertEquals(pair.two.link.congested, false);
  assertEquals(pair.two.told, ["up 1", "drained"]);
  assertEquals(got.length, 6);
});

Deno.test("PeerLink takes the same process again, no other one", async () => {
  await using pair = linkPair();
  await pair.open();
  await pair.pass(1000);
  const other = pair.network.intrude();
  await other.write(loginFrame(2));
  await settle();
  assertEquals(warnings(pair.one), [
    "warn: HA link: stranger refused: another process of node 2 is connected",
  ]);
  assertEquals(pair.one.told, ["up 2"]);
});
