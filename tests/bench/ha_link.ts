/**
 * How much the HA link carries: `deno run -A tests/bench/ha_link.ts [--tls]`.
 *
 * Two processes over loopback, both sending as fast as they can: small frames
 * each way, then data of 64 KiB one way, then small frames that are answered,
 * at depth 1 and 32.
 *
 * @module
 */

import { systemClock, systemEntropy } from "../../ctladm/host/clock_adapter.ts";
import { silentLog } from "../../ctladm/host/silent_log.ts";
import { createPeerLink } from "../../ha/link/link.ts";
import { loopbackTransport } from "../../ha/link/loopback_adapter.ts";
import { DEFAULT_TIMING } from "../../ha/link/peer_hello.ts";
import type { PeerLink } from "../../ha/link/peer_link.ts";
import type { PeerTransport } from "../../ha/link/peer_transport.ts";
import { tlsTransport } from "../../ha/link/tls_adapter.ts";
import { makeIdentities } from "../support/ha/identities.ts";
import { helloOf } from "../support/ha/link_pair.ts";

const SECONDS = 3;
const KIND = { SMALL: 64, DATA: 65, ASK: 66, ANSWER: 67 } as const;
const BODY = new Uint8Array(48);
const DATA = new Uint8Array(64 * 1024);

async function main(): Promise<void> {
  const [what = "", portText = "0", identityFile = ""] = Deno.args;
  if (what === "peer") return servePeer(Number(portText), identityFile);
  const file = what === "--tls" ? await writeIdentities() : "";
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.filename ?? "", "peer", `${port}`, file],
  }).spawn();
  try {
    await measure(port, file);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    if (file !== "") Deno.removeSync(file);
  }
}

async function measure(port: number, file: string): Promise<void> {
  const link = makeLink(2, transportOf(false, port, file));
  const up = new Promise<void>((resolve) => {
    link.events.add({ up: () => resolve() });
  });
  link.receive(KIND.SMALL, () => received += 1);
  link.receive(KIND.ANSWER, () => listener?.());
  link.open();
  await up;
  await smallBothWays(link);
  await dataOneWay(link);
  await asked(link, 1);
  await asked(link, 32);
  await link.close("done");
}

async function smallBothWays(link: PeerLink): Promise<void> {
  received = 0;
  const sent = await flood(link, () => link.send(KIND.SMALL, BODY));
  say("small frames out", sent / SECONDS, "/s");
  say("small frames in", received / SECONDS, "/s");
}

async function dataOneWay(link: PeerLink): Promise<void> {
  const before = link.figures.bytesSent;
  await flood(link, () => link.send(KIND.DATA, BODY, DATA));
  const bytes = link.figures.bytesSent - before;
  say("64 KiB data out", bytes / SECONDS / 1e6, " MB/s");
}

async function asked(link: PeerLink, depth: number): Promise<void> {
  let answers = 0;
  let asking = true;
  const ask = () => void link.send(KIND.ASK, BODY);
  listener = () => {
    answers += 1;
    if (asking) ask();
  };
  for (let count = 0; count < depth; count += 1) ask();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  asking = false;
  await new Promise((resolve) => setTimeout(resolve, 50));
  say(`asked and answered, depth ${depth}`, answers / SECONDS, "/s");
}

let listener: (() => void) | null = null;
let received = 0;

// As fast as the link takes them; the peer's frames come in between.
async function flood(link: PeerLink, send: () => boolean): Promise<number> {
  const endMs = performance.now() + SECONDS * 1000;
  let count = 0;
  let drained = () => {};
  const watcher = { drained: () => drained() };
  link.events.add(watcher);
  while (performance.now() < endMs) {
    for (let batch = 0; batch < 1000 && !link.congested; batch += 1) {
      if (!send()) throw new Error(link.lastReason ?? "down");
      count += 1;
    }
    if (link.congested) await new Promise<void>((done) => drained = done);
    else await new Promise((resolve) => setTimeout(resolve, 0));
  }
  link.events.delete(watcher);
  return count;
}

async function servePeer(port: number, file: string): Promise<void> {
  const link = makeLink(1, transportOf(true, port, file));
  link.receive(KIND.SMALL, () => {});
  link.receive(KIND.DATA, () => {});
  link.receive(KIND.ASK, (body) => {
    link.send(KIND.ANSWER, BODY.subarray(0, body.byteLength));
  });
  link.events.add({
    up: () => flood(link, () => link.send(KIND.SMALL, BODY)),
  });
  link.open();
  await new Promise(() => {});
}

function makeLink(id: 1 | 2, transport: PeerTransport): PeerLink {
  return createPeerLink({
    ...{ clock: systemClock, entropy: systemEntropy, log: silentLog },
    ...{ transport, timing: DEFAULT_TIMING, hello: () => helloOf(id) },
  });
}

function transportOf(
  listens: boolean,
  port: number,
  file: string,
): PeerTransport {
  const place = { listens, address: "127.0.0.1", port };
  if (file === "") return loopbackTransport(place);
  const [one, two] = JSON.parse(Deno.readTextFileSync(file));
  return tlsTransport(place, listens ? one : two);
}

async function writeIdentities(): Promise<string> {
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, JSON.stringify(await makeIdentities()));
  return file;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function say(what: string, value: number, unit: string): void {
  const line = `${what.padEnd(32)} ${Math.round(value)}${unit}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
}

await main();
