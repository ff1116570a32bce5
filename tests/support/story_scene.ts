/**
 * Where a story plays: the target, its ports, the nexuses by their letters,
 * and the commands that were started and not awaited.
 *
 * @module
 */

import { type LogicalUnit, STATUS, type TargetPort } from "../../core/mod.ts";
import { type LunWish, settled, TestTarget } from "./core_target.ts";
import type { CommandResult } from "./local_initiator.ts";
import type { TaskManagementRequest } from "../../core/mod.ts";
import type { TestNexus } from "./test_nexus.ts";
import { numberOf } from "./story_values.ts";

/** A command or function on its way. */
export interface Started {
  /** Its end. */
  readonly ending: Promise<CommandResult | TaskManagementRequest>;
  /** LUN that it went to. */
  readonly lun: number;
  /** Its tag. */
  readonly tag: number;
}

/** The scene. */
export class StoryScene {
  /** What was started and not awaited, by its name. */
  readonly started: Map<string, Started> = new Map();
  readonly #nexuses: Map<string, TestNexus> = new Map();
  readonly #ports: Map<string, TargetPort> = new Map();
  readonly #luns: Map<number, LunWish> = new Map();
  readonly #first: TestTarget;
  #test: TestTarget;

  /** Begins with the port `first`. */
  constructor(test: TestTarget) {
    this.#first = test;
    this.#test = test;
    this.#ports.set("first", test.port);
  }

  /** The target and what surrounds it. */
  get test(): TestTarget {
    return this.#test;
  }

  /** Makes a LUN; a restart makes it again. */
  async addLun(number: number, wish: LunWish): Promise<void> {
    await this.test.addLun({ ...wish, number });
    this.#luns.set(number, wish);
  }

  /**
   * A loss of power: another target with the state that was kept, the same
   * ports and LUNs, and none of the nexuses.
   */
  async restart(): Promise<void> {
    const names = [...this.#ports.keys()];
    await this.#end();
    this.#nexuses.clear();
    this.#test = new TestTarget(this.#first.host);
    this.#ports.clear();
    this.#ports.set("first", this.#test.port);
    for (const name of names) this.port(name);
    for (const [number, wish] of this.#luns) {
      await this.test.addLun({ ...wish, number });
    }
  }

  /** Ends what restarts have made; the first target is the test's own. */
  async end(): Promise<void> {
    if (this.#test !== this.#first) await this.#end();
  }

  async #end(): Promise<void> {
    await this.#test.end();
    this.#test.checkRules();
  }

  /** The nexus of a letter; it comes in at the port `first`. */
  nexus(name: string): TestNexus {
    return this.#nexuses.get(name) ?? this.#connect(name, "first");
  }

  /** The port of a name; made when it is first spoken of. */
  port(name: string): TargetPort {
    const known = this.#ports.get(name);
    if (known !== undefined) return known;
    const port = this.test.addPort({ name });
    this.#ports.set(name, port);
    return port;
  }

  /** The unit with a number in the target. */
  unit(number: number): LogicalUnit {
    const unit = this.test.target.luns.get(number);
    if (unit === undefined) throw new TypeError(`There is no LUN ${number}`);
    return unit;
  }

  /** Bytes of a block of a LUN of the port `first`. */
  blockLength(lun: number): number {
    return this.test.port.unitAt(lun)?.geometry.blockLength || 512;
  }

  /** What a nexus does, other than send commands. */
  async moveNexus(
    name: string,
    verb: string,
    words: readonly string[],
  ): Promise<void> {
    const nexus = verb === "connects" ? null : this.nexus(name);
    switch (verb) {
      case "connects":
        this.#connect(name, words[0] ?? "first");
        break;
      case "holds":
        nexus?.hold();
        break;
      case "resumes":
        nexus?.resume();
        break;
      case "loses":
        nexus?.loseDataOut();
        break;
      case "lends":
        if (nexus !== null) nexus.roomBytes = numberOf(words[0] ?? "");
        break;
      case "leaves":
        await nexus?.disconnect();
        this.#nexuses.delete(name);
        break;
      case "leaving":
        nexus?.disconnect();
        this.#nexuses.delete(name);
        break;
      case "ready":
        await hearAll(this.nexus(name), numberOf(words[0] ?? "0"));
        break;
      default:
        throw new TypeError(`A nexus does not "${verb}"`);
    }
  }

  /** Fails when something is left that was not awaited. */
  checkEnd(): void {
    const [forgotten] = this.started.keys();
    if (forgotten !== undefined) {
      throw new TypeError(`Nobody awaited ${forgotten}`);
    }
  }

  #connect(name: string, port: string): TestNexus {
    const nexus = this.test.join(name, this.port(port));
    this.#nexuses.set(name, nexus);
    return nexus;
  }
}

const REQUEST_SENSE = [3, 0, 0, 0, 18, 0];

/** Takes every unit attention that a LUN has for a nexus. */
async function hearAll(nexus: TestNexus, lun: number): Promise<void> {
  while (true) {
    const result = await settled(
      nexus.command(lun, REQUEST_SENSE, { read: 18 }),
    );
    if (result?.status !== STATUS.GOOD) throw new TypeError("No sense came");
    if (result.data[2] === 0) return;
  }
}
