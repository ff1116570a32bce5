/**
 * Daemons with one target for every kind of logical unit, reachable by two
 * portals.
 *
 * @module
 */

import { pidFileLine } from "../support/ctl_conf.ts";
import { type DaemonFolder, daemonFolder } from "../support/daemon.ts";
import { freePort } from "../support/ports.ts";
import {
  backingFile,
  type LunKind,
  SIZE_BYTES,
  targetName,
  targetOf,
} from "./lun_kinds.ts";
import type { ToolSettings } from "./tool_runner.ts";

const ADDRESS = "127.0.0.1";

/** The daemons. */
export class KindTargets implements AsyncDisposable {
  readonly #folders: DaemonFolder[] = [];
  readonly #portals: Map<string, readonly string[]> = new Map();

  /** Starts the daemons that some kinds need: each has what others lack. */
  static async start(kinds: readonly LunKind[]): Promise<KindTargets> {
    const targets = new KindTargets();
    try {
      for (const served of Map.groupBy(kinds, daemonOf).values()) {
        await targets.#serve(served);
      }
      return targets;
    } catch (error) {
      await targets[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What the tool has to know to test a kind. */
  settings(kind: LunKind): ToolSettings {
    const [portal = "", second = ""] = this.#portals.get(daemonOf(kind)) ??
      [];
    const iqn = targetName(kind);
    return {
      portal,
      iqn,
      lun: 0,
      url2: `iscsi://${second}/${iqn}/0`,
      destructive: kind.destructive,
      twoPaths: kind.twoPaths,
      sanitize: kind.sanitize,
    };
  }

  /** Stops the daemons. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#folders) await folder[Symbol.asyncDispose]();
  }

  async #serve(kinds: readonly LunKind[]): Promise<void> {
    const [first] = kinds;
    if (first === undefined) return;
    const folder = await daemonFolder();
    this.#folders.push(folder);
    const portals = [freePort(), freePort()]
      .map((port) => `${ADDRESS}:${port}`);
    this.#portals.set(daemonOf(first), portals);
    for (const kind of kinds) await makeBackingFile(kind, folder.path);
    const text = [
      pidFileLine(folder),
      "portal-group pg0 {",
      "  discovery-auth-group no-authentication",
      ...portals.map((portal) => `  listen ${portal}`),
      "}\n",
      ...first.copyless ? ["plugin tpc { option enabled off }"] : [],
      ...kinds.map((kind) => targetOf(kind, folder.path)),
    ].join("\n");
    if (first.native) await folder.ctldNative(text);
    else await folder.ctld(text);
  }
}

/** What the daemon of a kind is made of. */
function daemonOf({ native, copyless }: LunKind): string {
  return `native ${native}, copyless ${copyless}`;
}

async function makeBackingFile(kind: LunKind, folder: string): Promise<void> {
  if (kind.backend !== "block") return;
  using file = await Deno.create(backingFile(kind, folder));
  await file.truncate(SIZE_BYTES);
}
