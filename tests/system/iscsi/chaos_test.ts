/**
 * Sessions that do all kinds of things at once, drawn from a seed. Whatever
 * happens, the initiator sees no broken rule, the target meets no defect, and
 * in the end no task is left and every LUN answers.
 */

import { assertEquals } from "@std/assert";
import { patternBytes } from "../../support/bytes.ts";
import {
  type CommandOptions,
  modeSense6,
  read10,
  type RunningCommand,
  type Session,
  type SessionOptions,
  STATUS,
  synchronizeCache10,
  TASK_MANAGEMENT,
  type TaskAttribute,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import {
  hearAttentions,
  type SystemTarget,
  systemTest,
} from "../../support/system_target.ts";

const STEPS = 300;
const SESSIONS = 4;
const BLOCK = 512;
const LUNS = [0, 1, 2];

/** Numbers that follow from a seed (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number below a limit. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return Math.floor(((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * limit);
  }

  /** One of some values. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("Nothing to pick");
    return value;
  }
}

/**
 * A read that fails or is aborted in the middle of a burst ends without F:
 * only an empty Data-In could carry it, and libiscsi takes none.
 */
const OPEN_BURST = "the last Data-In had no F";

const OFFERS: readonly SessionOptions["keys"][] = [
  {},
  { HeaderDigest: "CRC32C", DataDigest: "CRC32C" },
  { InitialR2T: "Yes", ImmediateData: "No", MaxBurstLength: "5000" },
  { MaxRecvDataSegmentLength: "1000", FirstBurstLength: "3000" },
];
const ATTRIBUTES: readonly TaskAttribute[] = [
  "simple",
  "simple",
  "simple",
  "ordered",
  "head-of-queue",
];

/** One initiator port and what it has under way. */
class Player {
  readonly #system: SystemTarget;
  readonly #dice: Dice;
  readonly #number: number;
  readonly #sessions: Session[] = [];
  #commands: RunningCommand[] = [];

  constructor(system: SystemTarget, dice: Dice, number: number) {
    this.#system = system;
    this.#dice = dice;
    this.#number = number;
  }

  /** The session; opened anew when the last one has ended. */
  async session(): Promise<Session> {
    const last = this.#sessions.at(-1);
    if (last !== undefined && !last.ended) return last;
    this.#commands = [];
    // A login waits for the tasks of the session before it.
    this.#system.driver.store.answerAll();
    const next = await this.#system.open({
      isid: Uint8Array.of(0x80, 0, 0, 0, 0, this.#number),
      keys: this.#dice.pick(OFFERS) ?? {},
      tolerant: true,
    });
    this.#sessions.push(next);
    return next;
  }

  /** Rules that the target has broken, in any of the sessions. */
  get violations(): string[] {
    return this.#sessions.flatMap(({ violations }) => violations)
      .filter((text) => !text.includes(OPEN_BURST));
  }

  async read(): Promise<void> {
    const { lba, blocks } = this.#range();
    await this.#start(read10(lba, blocks), { read: blocks * BLOCK });
  }

  async write(holdData = false): Promise<void> {
    const { lba, blocks } = this.#range();
    const write = patternBytes(blocks * BLOCK, lba);
    const unasked = holdData
      ? { immediateData: false, unsolicited: false }
      : {};
    await this.#start(write10(lba, blocks), { write, holdData, ...unasked });
  }

  async other(): Promise<void> {
    const cdb = this.#dice.pick([
      testUnitReady(),
      synchronizeCache10(0, 0),
      modeSense6({ page: 8 }),
    ]);
    await this.#start(cdb, { read: 255 });
  }

  /** Lets held data go. */
  release(): void {
    for (const command of this.#commands) {
      if (!command.done) command.release();
    }
    this.#commands = this.#commands.filter(({ done }) => !done);
  }

  async abortOne(): Promise<void> {
    const session = await this.session();
    const running = this.#commands.filter(({ done }) => !done);
    if (running.length === 0) return;
    const task = this.#dice.pick(running);
    this.#ask(session, TASK_MANAGEMENT.ABORT_TASK, { task });
  }

  async manage(): Promise<void> {
    const session = await this.session();
    const code = this.#dice.pick([
      TASK_MANAGEMENT.ABORT_TASK_SET,
      TASK_MANAGEMENT.CLEAR_TASK_SET,
      TASK_MANAGEMENT.LOGICAL_UNIT_RESET,
      TASK_MANAGEMENT.TARGET_WARM_RESET,
    ]);
    this.#ask(session, code, { lun: this.#dice.pick(LUNS) });
  }

  async ping(): Promise<void> {
    const session = await this.session();
    await session.ping(patternBytes(this.#dice.below(3000)))
      .catch(() => {});
  }

  async leave(): Promise<void> {
    const session = await this.session();
    if (this.#dice.below(2) === 0) await session.logout().catch(() => {});
    await session.abort();
  }

  /** Ends whatever is left, and sees to it that all LUNs answer. */
  async end(): Promise<void> {
    this.release();
    const session = await this.session();
    for (const lun of LUNS) {
      await session
        .taskManagement(TASK_MANAGEMENT.ABORT_TASK_SET, { lun });
    }
    for (const lun of LUNS) {
      await hearAttentions(session, lun);
      const { status } = await session.command(lun, testUnitReady());
      assertEquals(status, STATUS.GOOD);
    }
  }

  #range(): { lba: number; blocks: number } {
    const blocks = 1 + this.#dice.below(this.#dice.pick([1, 8, 64]));
    return { lba: this.#dice.below(1000), blocks };
  }

  async #start(cdb: Uint8Array, options: CommandOptions): Promise<void> {
    const session = await this.session();
    const lun = this.#dice.pick(LUNS);
    const attribute = this.#dice.pick(ATTRIBUTES);
    this.#commands.push(session.start(lun, cdb, { ...options, attribute }));
  }

  #ask(
    session: Session,
    code: number,
    about: Parameters<Session["taskManagement"]>[1],
  ): void {
    // It may be answered after the store has, or never when the session ends.
    session.taskManagement(code, about).catch(() => {});
  }
}

/** What can happen, as often as it stands here. */
type Step = (player: Player, system: SystemTarget) => unknown;

const PLAYER_STEPS: readonly Step[] = [
  (player) => player.read(),
  (player) => player.read(),
  (player) => player.read(),
  (player) => player.write(),
  (player) => player.write(),
  (player) => player.write(true),
  (player) => player.other(),
  (player) => player.release(),
  (player) => player.release(),
  (player) => player.abortOne(),
  (player) => player.abortOne(),
  (player) => player.manage(),
  (player) => player.ping(),
];

const RARE_STEPS: readonly Step[] = [
  (player) => player.leave(),
  (_, { host }) => host.clock.advance(1000),
  (_, { driver }) => driver.store.answerAll(),
  (_, { driver }) => driver.store.answerAll(),
  (_, { driver }) => {
    driver.store.holding = true;
  },
  (_, { driver }) => driver.store.fail("read", "medium"),
  (_, { driver }) => driver.store.fail("write", "no-space"),
  (_, { target }) => target.luns.modify(0, resized()),
  (_, { iscsi }) => iscsi.requestLogout(() => true),
];

function resized(): { sizeBytes: number; options: Map<string, string> } {
  return { sizeBytes: 2 ** 20, options: new Map([["capacity", "64m"]]) };
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  systemTest(`all kinds of things at once, seed ${seed}`, async (system) => {
    await system.addControlled({ cache: "on" });
    await system.addLun();
    const dice = new Dice(seed);
    const players = Array.from(
      { length: SESSIONS },
      (_, number) => new Player(system, dice, number),
    );
    for (let step = 0; step < STEPS; step += 1) {
      const steps = dice.below(8) === 0 ? RARE_STEPS : PLAYER_STEPS;
      await dice.pick(steps)(dice.pick(players), system);
    }
    system.driver.store.answerAll();
    for (const player of players) player.release();
    for (const player of players) await player.end();
    const left = system.target.luns.all().map(({ taskSet }) => taskSet.size);
    assertEquals(left, [0, 0, 0]);
    assertEquals(players.flatMap(({ violations }) => violations), []);
  });
}
