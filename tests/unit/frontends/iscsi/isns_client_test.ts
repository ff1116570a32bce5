/**
 * When iSNS servers are told what (RFC 4171 6.2.6): a clock that stands still,
 * and servers that are a function.
 */

import { assertEquals } from "@std/assert";
import { IsnsClient } from "../../../../frontends/iscsi/isns_client.ts";
import type {
  IsnsRegistration,
} from "../../../../frontends/iscsi/isns_messages.ts";
import { type MemoryHost, memoryHost } from "../../../support/memory_host.ts";

const SERVER = { text: "192.0.2.1", address: "192.0.2.1", port: 3205 };
const REGISTRATION: IsnsRegistration = {
  periodSeconds: 900,
  portalGroups: [],
  targets: [{ name: "iqn.x:t", alias: undefined, portalGroups: [] }],
};
const KINDS: Readonly<Record<number, string>> = {
  1: "reg",
  2: "qry",
  4: "del",
};

type Reply = number | "lost" | { readonly periodSeconds: number };

/** A client and a server that answers as the test says. */
class Rig {
  readonly host: MemoryHost = memoryHost();
  readonly client: IsnsClient;
  /** Messages since they were looked at last. */
  heard: string[] = [];
  timeouts: number[] = [];
  /** Answers by kind; 0 when nothing is said. */
  replies: Record<string, Reply> = {};

  constructor() {
    const { clock, log } = this.host;
    this.client = new IsnsClient({
      clock,
      log,
      hostName: () => "host",
      exchange: (_, build, timeoutMs) => {
        this.timeouts.push(timeoutMs);
        return this.#answer(build("192.0.2.9"));
      },
    });
  }

  /** Seconds go by; what was said then. */
  async after(seconds: number): Promise<string> {
    this.host.clock.advance(seconds * 1000);
    return await this.said();
  }

  async said(): Promise<string> {
    await this.client.settled();
    return this.heard.splice(0).join(" ");
  }

  #answer(request: Uint8Array): Promise<Uint8Array> {
    const kind = KINDS[request[3] ?? 0] ?? "?";
    this.heard.push(kind);
    const reply = this.replies[kind] ?? 0;
    if (reply === "lost") return Promise.reject(new Error("lost"));
    const isStatus = typeof reply === "number";
    const answer = new Uint8Array(isStatus ? 16 : 28);
    answer.set(request.subarray(0, 12));
    const view = new DataView(answer.buffer);
    view.setUint16(2, view.getUint16(2) | 0x8000);
    if (isStatus) view.setUint32(12, reply);
    else {
      view.setUint32(16, 6);
      view.setUint32(20, 4);
      view.setUint32(24, reply.periodSeconds);
    }
    return Promise.resolve(answer);
  }
}

Deno.test("IsnsClient comes, asks thrice a period, and goes", async () => {
  const rig = new Rig();
  rig.client.register(SERVER, REGISTRATION);
  assertEquals(await rig.said(), "del reg");
  assertEquals(await rig.after(299), "");
  assertEquals(await rig.after(1), "qry");
  assertEquals(await rig.after(300), "qry");
  await rig.client.deregister(SERVER.text);
  assertEquals(await rig.said(), "del");
  assertEquals(await rig.after(10_000), "");
});

Deno.test("IsnsClient registers anew with who does not know it", async () => {
  const rig = new Rig();
  rig.client.register(SERVER, REGISTRATION);
  await rig.said();
  rig.replies = { qry: 6 };
  assertEquals(await rig.after(300), "qry del reg");
  rig.replies = {};
  assertEquals(await rig.after(300), "qry");
});

Deno.test("IsnsClient does not give up on a server that is away", async () => {
  const rig = new Rig();
  rig.replies = { reg: "lost", qry: "lost", del: "lost" };
  rig.client.register(SERVER, REGISTRATION);
  assertEquals(await rig.said(), "del reg");
  assertEquals(await rig.after(300), "qry del reg");
  assertEquals(await rig.after(300), "qry del reg");
  const told = () =>
    rig.host.log.lines.map(({ text }) => text)
      .filter((text) => !text.startsWith("debug"));
  assertEquals(told(), ["warn: Cannot register with iSNS server"]);
  rig.replies = { qry: "lost" };
  await rig.after(300);
  assertEquals(told().slice(1), ["info: Registered with iSNS server"]);
});

Deno.test("IsnsClient keeps to the period that a server grants", async () => {
  const rig = new Rig();
  rig.replies = { reg: { periodSeconds: 30 } };
  rig.client.register(SERVER, REGISTRATION);
  await rig.said();
  assertEquals(await rig.after(9), "");
  assertEquals(await rig.after(1), "qry");
  assertEquals(await rig.after(10), "qry");
  rig.replies = { reg: { periodSeconds: 100_000 } };
  rig.client.register(SERVER, { ...REGISTRATION, periodSeconds: 60 });
  assertEquals(await rig.said(), "del reg");
  assertEquals(await rig.after(20), "qry");
});

Deno.test("IsnsClient asks no more often than each second", async () => {
  const rig = new Rig();
  rig.client.register(SERVER, { ...REGISTRATION, periodSeconds: 0 });
  await rig.said();
  assertEquals(await rig.after(0.9), "");
  assertEquals(await rig.after(0.1), "qry");
});

Deno.test("IsnsClient goes while it comes", async () => {
  const rig = new Rig();
  rig.client.register(SERVER, REGISTRATION);
  await rig.client.deregisterAll();
  // It was not registered any more; the server is told to forget it anyhow.
  assertEquals(await rig.said(), "del del");
  assertEquals(await rig.after(1000), "");
});

Deno.test("IsnsClient.setTimeoutSeconds() holds for what follows", async () => {
  const rig = new Rig();
  rig.client.setTimeoutSeconds(2);
  rig.client.register(SERVER, REGISTRATION);
  await rig.said();
  rig.client.setTimeoutSeconds(0);
  await rig.after(300);
  assertEquals(rig.timeouts, [2000, 2000, 1000]);
});
