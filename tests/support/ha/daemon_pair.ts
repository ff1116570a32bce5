/**
 * Two real daemons that are a pair: one disk, one target, a portal and a
 * folder each, the link on loopback.
 *
 * @module
 */

import { connectApi } from "../../../ctladm/api/client_adapter.ts";
import type { HaMode, HaRole } from "../../../ha/link/peer_hello.ts";
import type { HaStatus } from "../../../mod.ts";
import { type DaemonFolder, daemonFolder } from "../daemon.ts";
import { DeadlineError } from "../deadline.ts";
import {
  openSession,
  type Session,
  type SessionOptions,
  testUnitReady,
} from "../initiator/mod.ts";
import { lastingPort } from "../ports.ts";
import type { ProgramExit, RunningProgram, ToolResult } from "../process.ts";

/** The target of all pairs. */
export const PAIR_TARGET = "iqn.2026-01.test.dtl:pair";
/** Size of its disk. */
export const PAIR_DISK_BYTES: number = 2 ** 24;

/** How a pair is configured. */
export interface PairOptions {
  /** How the nodes share. */
  readonly mode: HaMode;
  /** More lines of `ha { … }`, by the number of the node. */
  readonly ha?: (node: 1 | 2) => string;
  /** More lines of the LUN; `lun` itself is there. */
  readonly lun?: (node: 1 | 2) => string;
  /** More lines of the target, for a disk of its own: that path with ".1". */
  readonly target?: (disk: string, node: 1 | 2) => string;
  /** There is no line `peer`. */
  readonly withoutLink?: boolean;
  /** The link is encrypted. */
  readonly tls?: boolean;
  /** Address of the link; default 127.0.0.1. */
  readonly linkHost?: "127.0.0.1" | "::1";
  /** Bytes of the disk. */
  readonly diskBytes?: number;
  /** The disk is in the memory of the primary, and gone with it. */
  readonly inMemory?: boolean;
}

/** What is looked at while something is waited for, in ms. */
const LOOK_MS = 20;
/** Time that anything may take on a busy machine. */
const PATIENCE_MS = 20_000;

/** One node. */
export class DaemonNode {
  /** Its number. */
  readonly id: 1 | 2;
  /** Its folder. */
  readonly folder: DaemonFolder;
  /** Port of 127.0.0.1 of its portal. */
  readonly port: number = lastingPort();
  readonly #configuration: (node: DaemonNode) => string;
  readonly #sessions: Session[] = [];
  #program: RunningProgram | null = null;

  /** Made by {@linkcode DaemonPair}; it does not run yet. */
  constructor(
    id: 1 | 2,
    folder: DaemonFolder,
    configuration: (node: DaemonNode) => string,
  ) {
    this.id = id;
    this.folder = folder;
    this.#configuration = configuration;
  }

  /** What runs. */
  get program(): RunningProgram {
    if (this.#program === null) throw new TypeError(`Node ${this.id} is off`);
    return this.#program;
  }

  /** Base of the URL of its LUN for libiscsi. */
  get url(): string {
    return `iscsi://127.0.0.1:${this.port}/${PAIR_TARGET}/0`;
  }

  /**
   * Starts it; it has not looked for its peer when that is done.
   *
   * @param run how, in place of the task `ctld`
   */
  async start(
    run: (folder: DaemonFolder, text: string) => Promise<RunningProgram> = (
      folder,
      text,
    ) => folder.ctld(text),
  ): Promise<void> {
    this.#program = await run(this.folder, this.#configuration(this));
  }

  /** Ends it, and waits for that. */
  async end(signal: Deno.Signal): Promise<ProgramExit> {
    const { program } = this;
    this.#program = null;
    program.kill(signal);
    return await program.waitForExit();
  }

  /** Runs ctladm with it. */
  ctladm(...words: readonly string[]): Promise<ToolResult> {
    return this.folder.ctladm(...words);
  }

  /** Orders a role. */
  async order(role: HaRole, peerFenced = false): Promise<HaStatus> {
    using api = connectApi(this.folder.socket);
    return await api.client.put<HaStatus>("/v1/ha/role", { role, peerFenced });
  }

  /** What it says of the pair. */
  async status(): Promise<HaStatus> {
    using api = connectApi(this.folder.socket);
    return await api.client.get<HaStatus>("/v1/ha");
  }

  /** Waits until what it says is as it is expected. */
  async until(
    what: string,
    isSo: (status: HaStatus) => boolean,
  ): Promise<HaStatus> {
    const start = performance.now();
    for (;;) {
      const status = await this.status();
      if (isSo(status)) return status;
      if (performance.now() - start > PATIENCE_MS) {
        throw new DeadlineError(
          `Node ${this.id}: waited for ${what}: ${JSON.stringify(status)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Waits until it serves as that, in step with its peer. */
  serves(role: HaRole): Promise<HaStatus> {
    return this.until(
      `${role}, in step`,
      ({ serving, synchronized }) => serving === role && synchronized,
    );
  }

  /** Opens a session. */
  async open(options: Partial<SessionOptions> = {}): Promise<Session> {
    const portal = { port: this.port };
    const targetName = PAIR_TARGET;
    const session = await openSession({ portal, targetName, ...options });
    this.#sessions.push(session);
    return session;
  }

  /** The same; it has heard of all that happened. */
  async openReady(
    options: Partial<SessionOptions> = {},
  ): Promise<Session> {
    const session = await this.open(options);
    await hear(session);
    return session;
  }

  /** What it is and what it said, for messages. */
  describe(): string {
    return `node ${this.id}: ${this.#program?.describe() ?? "it is off"}`;
  }

  /** Ends what is left of it. */
  async dispose(): Promise<void> {
    for (const session of this.#sessions) {
      await session[Symbol.asyncDispose]().catch(() => {});
    }
    await this.#program?.stop();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** Takes unit attentions until there is none. */
export async function hear(session: Session): Promise<string[]> {
  const heard: string[] = [];
  for (;;) {
    const { sense } = await session.command(0, testUnitReady());
    if (!sense.startsWith("6/")) return heard;
    heard.push(sense);
  }
}

/** Two nodes. */
export class DaemonPair implements AsyncDisposable {
  /** Node 1, the primary where nothing else was ordered. */
  readonly one: DaemonNode;
  /** Node 2. */
  readonly two: DaemonNode;
  /** The disk of both. */
  readonly disk: string;
  /** Where node 1 listens for its peer. */
  readonly link: { readonly host: string; readonly port: number };

  /** Takes two folders over; {@linkcode DaemonPair.make} makes them. */
  constructor(
    folders: readonly DaemonFolder[],
    options: PairOptions,
    security: (id: 1 | 2) => string = () => "insecure",
  ) {
    const [first, second] = folders;
    if (first === undefined || second === undefined) throw new TypeError("Two");
    this.disk = `${first.path}/disk`;
    const { linkHost: host = "127.0.0.1" } = options;
    this.link = { host, port: lastingPort() };
    const place = `${host === "::1" ? "[::1]" : host}:${this.link.port}`;
    const text = (node: DaemonNode) => {
      const way = node.id === 1 ? "listen" : "connect";
      const link = options.withoutLink === true
        ? ""
        : `peer ${way} ${place}\n${security(node.id)}`;
      return configurationOf(node, link, this.disk, options);
    };
    this.one = new DaemonNode(1, first, text);
    this.two = new DaemonNode(2, second, text);
  }

  /** Makes a pair that does not run yet. */
  static async make(options: PairOptions): Promise<DaemonPair> {
    const folders = [await daemonFolder(), await daemonFolder()];
    const security = options.tls === true ? await makeKeys(folders) : undefined;
    const pair = new DaemonPair(folders, options, security);
    const disks = [pair.disk];
    if (options.target !== undefined) disks.push(`${pair.disk}.1`);
    for (const path of disks) {
      using disk = await Deno.create(path);
      await disk.truncate(options.diskBytes ?? PAIR_DISK_BYTES);
    }
    return pair;
  }

  /** Makes a pair, and starts it; node 1 is primary. */
  static async start(options: PairOptions): Promise<DaemonPair> {
    const pair = await DaemonPair.make(options);
    try {
      await pair.startBoth();
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
    return pair;
  }

  /** Starts both, and waits until they serve. */
  async startBoth(): Promise<void> {
    await Promise.all([this.one.start(), this.two.start()]);
    await Promise.all([
      this.one.serves("primary"),
      this.two.serves("secondary"),
    ]);
  }

  /** Kills a primary; the operator vouches for that, and the other serves. */
  async failOver(from: DaemonNode, to: DaemonNode): Promise<void> {
    await from.end("SIGKILL");
    await to.until("no link", ({ link }) => link.state !== "up");
    await to.order("primary", true);
  }

  /** What both are and what they said, for messages. */
  describe(): string {
    return `${this.one.describe()}\n${this.two.describe()}`;
  }

  /** Ends both. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.two.dispose();
    await this.one.dispose();
  }
}

/** Registers a test with a pair. */
export function pairOfDaemonsTest(
  name: string,
  modes: readonly HaMode[],
  body: (pair: DaemonPair, mode: HaMode) => Promise<void>,
  options: Omit<PairOptions, "mode"> = {},
): void {
  for (const mode of modes) {
    Deno.test(`${name} (${mode})`, async () => {
      await using pair = await DaemonPair.start({ mode, ...options });
      await body(pair, mode);
    });
  }
}

function configurationOf(
  { id, folder, port }: DaemonNode,
  link: string,
  disk: string,
  { mode, ha, lun, target, inMemory, diskBytes = PAIR_DISK_BYTES }: PairOptions,
): string {
  const place = inMemory === true
    ? `backend ramdisk
        size ${diskBytes}
        option capacity ${diskBytes}`
    : `path ${disk}`;
  return `pidfile "${folder.pidFile}"
    ha {
      id ${id}
      mode ${mode}
      ${link}
      ${inMemory === true ? "allow-ramdisk" : ""}
      ${ha?.(id) ?? ""}
    }
    portal-group pg {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${port}
    }
    target ${PAIR_TARGET} {
      auth-group no-authentication
      portal-group pg
      lun 0 {
        ${place}
        serial "PAIR0000"
        ${lun?.(id) ?? ""}
      }
      ${target?.(disk, id) ?? ""}
    }`;
}

// What `ha-init` says of a node is configured at the other one, too.
async function makeKeys(
  folders: readonly DaemonFolder[],
): Promise<(id: 1 | 2) => string> {
  const own: string[] = [];
  const forPeer: string[] = [];
  for (const folder of folders) {
    const { stdout, stderr } = await folder
      .ctladm("ha-init", "-d", folder.path);
    const lines = stdout.match(/^ {2}(key|certificate) .*$/gm);
    const line = /^ {2}peer-fingerprint .*$/m.exec(stdout)?.[0];
    if (lines === null || line === undefined) {
      throw new Error(`ha-init failed: ${stdout}${stderr}`);
    }
    own.push(lines.join("\n"));
    forPeer.push(line);
  }
  return (id) => `${own[id - 1]}\n${forPeer[2 - id]}`;
}
