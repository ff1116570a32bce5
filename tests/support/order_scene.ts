/**
 * Two commands on one unit: the older one stands still where a test wants it,
 * and the newer one either passes it or waits.
 *
 * @module
 */

import {
  ATTRIBUTE,
  type CommandDefinition,
  FLAG,
  FOR,
  type LogicalUnit,
  PATTERN,
  type SequentialMode,
  SERIALIZATION,
  STATUS,
} from "../../core/mod.ts";
import { settle, type TestTarget } from "./core_target.ts";
import type { LocalInitiator } from "./local_initiator.ts";
import { buildCommand } from "./story_commands.ts";
import { StoryArguments, wordsOf } from "./story_values.ts";

/** Blocks as `lba+count`. */
export type Blocks = `${number}+${number}`;

/** For each class of the grid a command as stories write it, but its blocks. */
const COMMANDS: Readonly<Record<string, (blocks: Blocks) => string>> = {
  TUR: () => "TEST UNIT READY",
  READ: (blocks) => `READ(10) ${placed(blocks)}`,
  WRITE: (blocks) => `WRITE(10) ${placed(blocks)} data=aa*${countOf(blocks)}`,
  UNMAP: (blocks) => `UNMAP ranges=${blocks}`,
  SYNC: () => "SYNCHRONIZE CACHE(10)",
  MD_SNS: () => "MODE SENSE(6) page=0a",
  MD_SEL: () => "MODE SELECT(6) list=00000000",
  RQ_SNS: () => "REQUEST SENSE",
  INQ: () => "INQUIRY",
  RD_CAP: () => "READ CAPACITY(10)",
  RES: () => "RELEASE(6)",
  LOG_SNS: () => "LOG SENSE page=0d",
  FORMAT: () => "RAW raw=c4.00.00.00.00.00",
  START: () => "START STOP UNIT start",
};

function placed(blocks: Blocks): string {
  const [lba, count] = blocks.split("+");
  return `lba=${lba} n=${count}`;
}

function countOf(blocks: Blocks): string {
  return blocks.split("+")[1] ?? "0";
}

/** A command that does nothing, in the class of FORMAT UNIT. */
const FORMAT: CommandDefinition = {
  name: "a command of the class FORMAT",
  opcode: 0xc4,
  deviceTypes: FOR.ALL,
  usage: "00 00 00 00 07",
  serialization: SERIALIZATION.FORMAT,
  direction: "none",
  flags: FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
  execute: () => STATUS.GOOD,
};

/** Where the older command stands still. */
export type Stop =
  /** Its data have not moved yet. */
  | "before its data"
  /** All is done but to send the status. */
  | "before its status";

/** One of the two commands. */
export interface Side {
  /** Its class. */
  readonly of: string;
  /** Its blocks, where its class has any. */
  readonly blocks?: Blocks;
  /** Its task attribute. */
  readonly attribute?: keyof typeof ATTRIBUTE;
}

/** What is tried. */
export interface Trial {
  /** The command that is there first. */
  readonly older: Side;
  /** The command that comes then. */
  readonly newer: Side;
  /** Where the older one stands still. */
  readonly stop: Stop;
  /** They come over one nexus. */
  readonly sameNexus: boolean;
}

/** What an initiator sees of the newer command. */
export type Seen = "passes" | "waits";

/** How a unit of trials is set up. */
export interface OrderSettings {
  /** Option `serseq`. */
  readonly serseq?: SequentialMode;
  /** Option `reordering`. */
  readonly reordering?: "restricted" | "unrestricted";
  /** TST of the control mode page is 001b. */
  readonly separate?: boolean;
}

const STOP_SECONDS = 60;
const DEFAULT_BLOCKS: Blocks = "8+8";
const SEPARATE = "MODE SELECT(6) list=00000000.0a.0a.20.00.00.40.00*6";

/** A unit with two initiators. */
export class OrderScene {
  readonly #test: TestTarget;
  readonly #unit: LogicalUnit;
  readonly #first: LocalInitiator;
  readonly #second: LocalInitiator;

  constructor(
    test: TestTarget,
    unit: LogicalUnit,
    initiators: readonly [LocalInitiator, LocalInitiator],
  ) {
    this.#test = test;
    this.#unit = unit;
    [this.#first, this.#second] = initiators;
  }

  /** Makes the unit and connects the initiators. */
  static async make(
    test: TestTarget,
    settings: OrderSettings = {},
  ): Promise<OrderScene> {
    const { serseq = "off", reordering = "restricted" } = settings;
    test.target.commands.add(FORMAT);
    const unit = await test.addLun({
      backend: "controlled",
      options: { cache: "on", unmaps: "native", serseq, reordering },
    });
    const first = await test.connectReady("first");
    if (settings.separate) {
      const { cdb, write } = build(SEPARATE);
      await first.command(0, cdb, { write });
    }
    const second = await test.connectReady("second");
    return new OrderScene(test, unit, [first, second]);
  }

  /** Tries two commands; both have ended afterwards. */
  async see({ older, newer, stop, sameNexus }: Trial): Promise<Seen> {
    const ended: string[] = [];
    const send = (who: LocalInitiator, side: Side, name: string) => {
      const { cdb, read, write } = build(lineOf(side));
      const attribute = ATTRIBUTE[side.attribute ?? "SIMPLE"];
      who.command(0, cdb, { read, write, attribute })
        .then(() => ended.push(name));
      return settle(200);
    };
    const location = stop === "before its data" ? "datamove" : "done";
    this.#unit.injections
      .delay({ location, seconds: STOP_SECONDS, continuous: false });
    await send(this.#first, older, "older");
    if (this.#unit.taskSet.size !== 1 || this.#unit.disturbed) {
      throw new TypeError(`${older.of} does not stand still ${stop}`);
    }
    const other = sameNexus ? this.#first : this.#second;
    await send(other, newer, "newer");
    const passed = ended.includes("newer");
    this.#test.host.clock.advance(STOP_SECONDS * 1000);
    await settle(400);
    if (ended.length !== 2) throw new TypeError("They did not both end");
    // One that had only begun may let the other pass as soon as it goes on.
    if (!passed && stop === "before its status" && ended[0] !== "older") {
      throw new TypeError("The newer one waited, and ended first");
    }
    return passed ? "passes" : "waits";
  }
}

function lineOf({ of, blocks = DEFAULT_BLOCKS }: Side): string {
  const line = COMMANDS[of];
  if (line === undefined) throw new TypeError(`There is no class ${of}`);
  return line(blocks);
}

function build(line: string): ReturnType<typeof buildCommand> {
  const words = wordsOf(line);
  const cut = words.findIndex((word) => /^[a-z]/.test(word));
  const name = words.slice(0, cut < 0 ? words.length : cut).join(" ");
  const given = new StoryArguments(cut < 0 ? [] : words.slice(cut));
  return buildCommand(name, given, 512);
}
