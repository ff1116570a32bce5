/**
 * Two real daemons that are one pair: one target name, one store, a link over
 * 127.0.0.1.
 *
 * @module
 */

import { connectApi } from "../../../ctladm/api/client_adapter.ts";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import type { HaStatus } from "../../../ha/status.ts";
import { DeadlineError } from "../deadline.ts";
import { pidFileLine, portalGroup } from "../ctl_conf.ts";
import { type DaemonFolder, daemonFolder, endBy } from "../daemon.ts";
import { freePort } from "../ports.ts";
import type { RunningProgram, ToolResult } from "../process.ts";
import type { Etcd } from "./etcd.ts";

/** Name of the target that both nodes show. */
export const PAIR_TARGET = "iqn.2026-01.test.dtl:pair";

/** What a pair is to be like. */
export interface PairWish {
  /** How the nodes share. */
  readonly mode: HaMode;
  /** Who decides; without one, operators do. */
  readonly etcd?: Etcd;
  /** What keeps the other node off: words of ctl.conf. */
  readonly fencer?: string;
  /** Bytes of the disk. */
  readonly sizeBytes?: number;
  /** More lines of `ha { … }`. */
  readonly options?: string;
  /** More lines of the LUN. */
  readonly lunOptions?: string;
  /** No link: a node of its own. */
  readonly unlinked?: boolean;
  /** The link with TLS. */
  readonly tls?: boolean;
}

const SIZE_BYTES = 32 << 20;
const READY_MS = 20_000;
const POLL_MS = 20;

/** One node of the pair. */
export class DaemonNode implements AsyncDisposable {
  /** Its number. */
  readonly id: 1 | 2;
  /** Where its files are. */
  readonly folder: DaemonFolder;
  /** Port of 127.0.0.1 where initiators reach it. */
  readonly portalPort: number = freePort();
  /** Text of its ctl.conf. */
  configuration = "";
  #program: RunningProgram | null = null;

  /** A node that does not run. */
  constructor(id: 1 | 2, folder: DaemonFolder) {
    this.id = id;
    this.folder = folder;
  }

  /** The daemon. */
  get program(): RunningProgram {
    if (this.#program === null) throw new TypeError("The node does not run");
    return this.#program;
  }

  /** `iscsi://` address of a LUN. */
  url(lun = 0): string {
    return `iscsi://127.0.0.1:${this.portalPort}/${PAIR_TARGET}/${lun}`;
  }

  /** Starts the daemon. */
  async start(): Promise<void> {
    this.#program = await this.folder.ctld(this.configuration);
  }

  /** Ends the daemon as a crash would. */
  async crash(): Promise<void> {
    await endBy(this.program, "SIGKILL");
  }

  /** Orders a role by the API. */
  async order(
    role: "primary" | "secondary",
    peerFenced = false,
  ): Promise<void> {
    using api = connectApi(this.folder.socket);
    await api.client.put("/v1/ha/role", { role, peerFenced });
  }

  /** Orders a role as operators and cluster managers do. */
  role(role: string, ...words: readonly string[]): Promise<ToolResult> {
    return this.folder.ctladm("ha-role", role, ...words);
  }

  /** What the node says of itself. */
  async status(): Promise<HaStatus> {
    using api = connectApi(this.folder.socket);
    return await api.client.get<HaStatus>("/v1/ha");
  }

  /** Waits until the node says something of itself. */
  async until(
    what: string,
    holds: (status: HaStatus) => boolean,
    timeoutMs: number = READY_MS,
  ): Promise<HaStatus> {
    const endMs = performance.now() + timeoutMs;
    let last: HaStatus | null = null;
    while (performance.now() < endMs) {
      last = await this.status().catch(() => null);
      if (last !== null && holds(last)) return last;
      // Nobody tells when a role changes but the node itself, when asked.
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new DeadlineError(
      `Waited in vain until node ${this.id} ${what}; it says ` +
        `${JSON.stringify(last)}\n${this.#program?.stderr.text.slice(-4000)}`,
    );
  }

  /** Waits until it serves as primary. */
  primary(timeoutMs?: number): Promise<HaStatus> {
    return this.until(
      "is primary",
      ({ serving }) => serving === "primary",
      timeoutMs,
    );
  }

  /** Waits until it follows a primary and knows all that that one knows. */
  following(timeoutMs?: number): Promise<HaStatus> {
    return this.until(
      "follows",
      ({ serving, synchronized }) => serving === "secondary" && synchronized,
      timeoutMs,
    );
  }

  /** Ends the daemon and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

/** The pair. */
export class DaemonPair implements AsyncDisposable {
  /** How the nodes share. */
  readonly mode: HaMode;
  /** Node 1, primary by its configuration. */
  readonly one: DaemonNode;
  /** Node 2. */
  readonly two: DaemonNode;
  /** Path of the disk. */
  readonly disk: string;

  /** A pair that does not run. */
  constructor(mode: HaMode, one: DaemonNode, two: DaemonNode) {
    this.mode = mode;
    this.one = one;
    this.two = two;
    this.disk = `${one.folder.path}/disk`;
  }

  /** Starts both, and waits until they serve together. */
  async start(): Promise<void> {
    await Promise.all([this.one.start(), this.two.start()]);
    await Promise.all([this.one.primary(), this.two.following()]);
  }

  /** What both have logged, for messages. */
  describe(): string {
    return [this.one, this.two]
      .map(({ id, program }) => `node ${id}: ${program.describe()}`)
      .join("\n");
  }

  /** Ends both. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.one[Symbol.asyncDispose](),
      this.two[Symbol.asyncDispose](),
    ]);
  }
}

/** Makes the folders, the disk and ctl.conf of two nodes; they do not run. */
export async function makePair(wish: PairWish): Promise<DaemonPair> {
  const one = new DaemonNode(1, await daemonFolder());
  const two = new DaemonNode(2, await daemonFolder());
  const pair = new DaemonPair(wish.mode, one, two);
  await makeDisk(pair.disk, wish.sizeBytes ?? SIZE_BYTES);
  const link = freePort();
  const keys = wish.tls === true ? await makeKeys(one, two) : undefined;
  for (const node of [one, two]) {
    const { id } = node;
    const peer = id === 1 ? "listen" : "connect";
    const place = wish.unlinked === true
      ? ""
      : `peer ${peer} 127.0.0.1:${link}`;
    const security = keys?.[id - 1] ??
      (wish.unlinked === true ? "" : "insecure");
    node.configuration = `${pidFileLine(node.folder)}
      ha {
        id ${id}
        mode ${wish.mode}
        ${place}
        ${security}
        ${arbiterLines(wish.etcd)}
        ${wish.fencer === undefined ? "" : `fencer ${wish.fencer}`}
        ${wish.options ?? ""}
      }
      ${portalGroup("pg0", node.portalPort)}
      target ${PAIR_TARGET} {
        auth-group no-authentication
        portal-group pg0
        lun 0 {
          path ${pair.disk}
          serial PAIR0001
          ${wish.lunOptions ?? ""}
        }
      }`;
  }
  return pair;
}

/** The same, and starts them. */
export async function startPair(wish: PairWish): Promise<DaemonPair> {
  const pair = await makePair(wish);
  try {
    await pair.start();
    return pair;
  } catch (error) {
    await pair[Symbol.asyncDispose]();
    throw error;
  }
}

function arbiterLines(etcd: Etcd | undefined): string {
  return etcd === undefined ? "" : `arbiter etcd\n        etcd ${etcd.url}`;
}

async function makeDisk(path: string, sizeBytes: number): Promise<void> {
  using file = await Deno.create(path);
  await file.truncate(sizeBytes);
}

// What `ha-init` says of a node is configured at the other one, too.
async function makeKeys(
  one: DaemonNode,
  two: DaemonNode,
): Promise<readonly string[]> {
  const mine = await keysOf(one);
  const theirs = await keysOf(two);
  return [
    [...mine.own, theirs.forPeer].join("\n"),
    [...theirs.own, mine.forPeer].join("\n"),
  ];
}

async function keysOf(
  { folder }: DaemonNode,
): Promise<{ own: readonly string[]; forPeer: string }> {
  const { code, stdout, stderr } = await folder
    .ctladm("ha-init", "-d", folder.path);
  const own = stdout.match(/^ {2}(key|certificate) .*$/gm);
  const [forPeer] = stdout.match(/^ {2}peer-fingerprint .*$/m) ?? [];
  if (code === 0 && own !== null && forPeer !== undefined) {
    return { own, forPeer };
  }
  throw new Error(`ha-init failed: ${stdout}${stderr}`);
}
