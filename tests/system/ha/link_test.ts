/**
 * The link of two real daemons: who is let in, who is not, and that nobody who
 * is not holds anything up.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../../../ctladm/host/certificate_adapter.ts";
import { LINK_VERSION, type PeerHello } from "../../../ha/link/peer_hello.ts";
import { LINK_FRAME } from "../../../ha/wire/frame.ts";
import { decodeHello, encodeHello } from "../../../ha/wire/hello.ts";
import { waitForLog } from "../../support/daemon.ts";
import {
  type DaemonNode,
  DaemonPair,
  type PairOptions,
} from "../../support/ha/daemon_pair.ts";
import {
  closeReason,
  comeInByTls,
  comeInPlain,
  type Encounter,
  frameOf,
  type StrangerIdentity,
} from "../../support/ha/stranger.ts";
import { read10, STATUS } from "../../support/initiator/mod.ts";

const NOTHING = new Uint8Array(0);
const GARBAGE = new Uint8Array(4096).map((_, index) => index * 7 + 1);
/** Short enough for a test, and long enough for a machine with much to do. */
const DEAD_MS = 2500;
const TIMING = `heartbeat-ms 300
  silent-ms 1500
  dead-ms ${DEAD_MS}`;
/** Commands that are answered later than that are held up by something. */
const HELD_UP_MS = 1000;

/** All lines that a node has logged. */
function logOf({ program: { stdout, stderr } }: DaemonNode): string[] {
  return `${stdout.text}\n${stderr.text}`.split("\n");
}

/** Lines about a stranger, without time and level. */
function linesAbout(node: DaemonNode, encounter: Encounter): string[] {
  const about = aboutStranger(encounter);
  return logOf(node).filter((line) => about.test(line))
    .map((line) => line.replace(about, ""));
}

function aboutStranger({ localPort }: Encounter): RegExp {
  return new RegExp(`^.*:${localPort} refused: `);
}

async function identityOf(node: DaemonNode): Promise<StrangerIdentity> {
  const { path } = node.folder;
  return {
    key: await Deno.readTextFile(`${path}/ha.key`),
    cert: await Deno.readTextFile(`${path}/ha.pem`),
  };
}

/** Comes in as node 2 would, and is told what node 1 says of itself. */
async function helloOfOne(
  pair: DaemonPair,
  identity: StrangerIdentity,
): Promise<PeerHello> {
  const { received } = await comeInByTls(pair.link, identity, GARBAGE);
  const view = new DataView(received.buffer);
  const body = new DataView(received.buffer, 12, view.getUint32(4));
  const hello = decodeHello(body, LINK_VERSION);
  if (typeof hello === "string" || !("instance" in hello)) {
    throw new TypeError(`No LOGIN: ${hello}`);
  }
  return hello;
}

/** Reads through a node again and again. @returns the longest wait, ms */
async function readUntil(
  node: DaemonNode,
  isOver: () => boolean,
): Promise<number> {
  const session = await node.openReady();
  let longestMs = 0;
  while (!isOver()) {
    const startMs = performance.now();
    const { status } = await session.command(0, read10(0, 8), { read: 4096 });
    assertEquals(status, STATUS.GOOD);
    longestMs = Math.max(longestMs, performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return longestMs;
}

/** A LOGIN that differs from that of node 2 in something. */
function login(hello: PeerHello, change: Partial<PeerHello>): Uint8Array {
  const ports = hello.ports.map((port) => ({
    ...port,
    ...{ number: port.number + 512, tag: port.tag && port.tag + 100 },
  }));
  const id = hello.id === 1 ? 2 : 1;
  return encodeHello({
    ...{ ...hello, id, ports, instance: "ab".repeat(16) },
    ...change,
  });
}

const LOGINS: readonly (readonly [
  name: string,
  change: Partial<PeerHello>,
  reason: RegExp,
])[] = [
  ["version", { version: 9 }, /^version: here \d+, there 9$/],
  ["mode", { mode: "shared" }, /^mode: here proxy, there shared$/],
  ["id", { id: 1 }, /^id: here 1, there 1$/],
  [
    "limits",
    { limits: { lunsMax: 7, portsMax: 1024, initiatorsPerPortMax: 2048 } },
    /^max-luns: here 4096, there 7$/,
  ],
  [
    "timing",
    { timing: { heartbeatMs: 300, silentMs: 1500, deadMs: 9000 } },
    /^dead: here 2500, there 9000$/,
  ],
  ["LUNs", { luns: [] }, /^lun 0: here .*PAIR0000.*, there none$/],
  ["nothing, from another process", {}, /^another process of node 2 /],
];

Deno.test("Strangers at the link get one log line each and hold up nobody", async () => {
  await using pair = await DaemonPair.start({
    ...{ mode: "proxy", tls: true, ha: () => TIMING },
  });
  const { one, two, link } = pair;
  const peer = await identityOf(two);
  const { key, certificate } = await makeCertificate("stranger");
  const other = { key, cert: certificate };
  const hello = await helloOfOne(pair, peer);
  const before = await one.status();
  let over = false;
  const reading = Promise.allSettled(
    [one, two].map((node) => readUntil(node, () => over)),
  );

  const plain = await comeInPlain(link, GARBAGE);
  const old = await comeInByTls(link, peer, NOTHING, "TLSv1.2");
  const nameless = await comeInByTls(link, null, NOTHING);
  const wrong = await comeInByTls(link, other, frameOf(1, GARBAGE));
  const noise = await comeInByTls(link, peer, GARBAGE);
  const early = await comeInByTls(link, peer, frameOf(64, NOTHING));
  const [slow, dumb] = await Promise.all([
    comeInPlain(link, NOTHING),
    comeInByTls(link, peer, NOTHING),
  ]);
  const told: [Encounter, RegExp][] = [
    [plain, /^TLS: /],
    [old, /^TLS: /],
    [nameless, /^certificate: none was shown$/],
    [wrong, /^certificate: here [0-9a-f]{64}, there [0-9a-f]{64}$/],
    [noise, /^frame /],
    [early, /^frame of unknown kind 64$/],
    [slow, new RegExp(`^no TLS handshake within ${DEAD_MS} ms$`)],
    [dumb, new RegExp(`^no LOGIN within ${DEAD_MS} ms$`)],
  ];
  for (const [name, change, reason] of LOGINS) {
    const body = login(hello, change);
    const encounter = await comeInByTls(
      link,
      peer,
      frameOf(LINK_FRAME.LOGIN, body),
    );
    told.push([encounter, reason]);
    assertMatch(closeReason(encounter) ?? "", reason, `told about ${name}`);
  }

  over = true;
  const waits = await reading;
  for (const [encounter, reason] of told) {
    await waitForLog(one.program, aboutStranger(encounter));
    const lines = linesAbout(one, encounter);
    assertEquals(lines.length, 1, `${reason}: ${lines}`);
    assertMatch(lines[0] ?? "", reason);
  }
  const after = await one.status();
  assertEquals(after.link.figures.connections, 1);
  assertEquals(
    after.link.figures.refusals - before.link.figures.refusals,
    told.length,
  );
  assertEquals([after.serving, after.epoch], ["primary", before.epoch]);
  for (const wait of waits) {
    if (wait.status === "rejected") throw wait.reason;
    assert(wait.value < HELD_UP_MS, `A command took ${wait.value} ms`);
  }
});

Deno.test("Strangers at a link without encryption are refused, too", async () => {
  const ha = () => TIMING;
  await using pair = await DaemonPair.start({ mode: "shared", ha });
  const { one, link } = pair;
  const login = frameOf(LINK_FRAME.LOGIN, new Uint8Array(9));
  const http = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const told: [Encounter, RegExp][] = await Promise.all([
    [comeInPlain(link, GARBAGE), /^frame /] as const,
    [comeInPlain(link, http), /^frame of unknown kind 18245$/] as const,
    [comeInPlain(link, login), /^LOGIN: magic: not a LOGIN$/] as const,
    [comeInPlain(link, NOTHING), /^no LOGIN within 2500 ms$/] as const,
  ].map(async ([coming, reason]) => [await coming, reason]));
  for (const [encounter, reason] of told) {
    assertMatch(closeReason(encounter) ?? "", reason);
    await waitForLog(one.program, aboutStranger(encounter));
    const lines = linesAbout(one, encounter);
    assertEquals(lines.length, 1, `${reason}: ${lines}`);
    assertMatch(lines[0] ?? "", reason);
  }
  assertEquals((await one.status()).link.figures.connections, 1);
});

for (const linkHost of ["127.0.0.1", "::1"] as const) {
  Deno.test(`The link is TLS 1.3 with both certificates over ${linkHost}`, async () => {
    const options: PairOptions = { mode: "proxy", tls: true, linkHost };
    await using pair = await DaemonPair.start(options);
    for (const node of [pair.one, pair.two]) {
      const { link } = await node.status();
      assertEquals([link.state, link.insecure], ["up", false]);
    }
    const { stdout } = await pair.one.ctladm("ha");
    assertMatch(stdout, /^Link: up since .*, TLS, round trip [0-9.]+ ms$/m);
  });
}

/** Starts two nodes that do not fit together. @returns what both log */
async function misfit(options: PairOptions): Promise<[string, string]> {
  await using pair = await DaemonPair.make(options);
  await Promise.all([pair.one.start(), pair.two.start()]);
  const refusal = (node: DaemonNode) =>
    node.until("a refusal", ({ link }) => link.figures.refusals > 0);
  await Promise.all([refusal(pair.one), refusal(pair.two)]);
  const reasons = [pair.one, pair.two].map((node) => {
    const lines = logOf(node).filter((line) => line.includes(" refused: "));
    return lines[0]?.replace(/^.* refused: /, "") ?? "";
  });
  const { link, serving } = await pair.two.status();
  assertEquals([link.figures.connections, serving], [0, "transitioning"]);
  return [reasons[0] ?? "", reasons[1] ?? ""];
}

const MISFITS: readonly (readonly [
  name: string,
  options: PairOptions,
  field: RegExp,
])[] = [
  [
    "timing",
    { mode: "proxy", ha: (node) => `heartbeat-ms ${node * 100}` },
    /heartbeat: here (100|200), there (200|100)/,
  ],
  [
    "a LUN",
    { mode: "proxy", lun: (node) => `device-id disk-of-${node}` },
    /lun 0: here .*, there /,
  ],
];

for (const [name, options, field] of MISFITS) {
  Deno.test(`Nodes that differ in ${name} say so, both`, async () => {
    for (const line of await misfit(options)) assertMatch(line, field);
  });
}

Deno.test("A node whose peer has another certificate is told why", async () => {
  await using pair = await DaemonPair.make({ mode: "proxy", tls: true });
  await pair.one.start();
  const { stdout, stderr } = await pair.two.ctladm(
    ...["ha-init", "--force", "-d", pair.two.folder.path],
  );
  assertMatch(stdout, /^Made a key and a certificate\.$/m, stderr);
  await pair.two.start();
  const one = await pair.one.until(
    "a refusal",
    ({ link }) => link.figures.refusals > 0,
  );
  assertMatch(one.link.lastReason ?? "", /^certificate: here .*, there /);
  assertEquals(one.link.figures.connections, 0);
});
