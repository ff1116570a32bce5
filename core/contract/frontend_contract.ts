/**
 * The suite that every frontend passes: what initiators see through it. It
 * drives a frontend by way of initiators that whoever uses it gives to it,
 * and looks at the target behind it.
 *
 * @module
 */

import type { Target } from "../target.ts";
import type { TargetPort } from "../target_port.ts";
import { ABORT } from "../task.ts";
import {
  type ContractCase,
  expect,
  expectBytes,
  expectSame,
  patternBytes,
} from "./contract_case.ts";
import { HELD_BACKEND, HeldBackend, type HeldStore } from "./held_store.ts";

/** A command that an initiator sends to LUN 0. */
export interface ContractCommand {
  /** Command descriptor block. */
  readonly cdb: Uint8Array;
  /** Bytes of Data-In that it is ready to take; absent: none. */
  readonly dataInLength?: number;
  /** Data-Out; absent: none. */
  readonly dataOut?: Uint8Array;
}

/** How a command ended. */
export interface ContractResult {
  /** Status (SAM-5 5.3.1); null: it was aborted, and nobody was told. */
  readonly status: number | null;
  /** Sense data; empty: none. */
  readonly senseData: Uint8Array;
  /** What came in. */
  readonly dataIn: Uint8Array;
  /** Bytes that the command wanted to move: expected ones and residual. */
  readonly transferLength: number;
}

/** A command that was sent. */
export interface RunningCommand {
  /** Its end. */
  readonly ended: Promise<ContractResult>;
  /** Asks for ABORT TASK; resolves with the answer. */
  abort(): Promise<void>;
}

/** One initiator behind the frontend. */
export interface ContractInitiator {
  /** Sends a command, at once and behind those that were sent before. */
  send(command: ContractCommand): RunningCommand;
  /** Ends its nexus as the protocol has it. */
  disconnect(): Promise<void>;
}

/** A frontend under test, with whatever must be cleaned up after it. */
export interface FrontendSubject extends AsyncDisposable {
  /** A target without LUNs. */
  readonly target: Target;
  /** A port of the frontend, on line, that shows every LUN. */
  readonly port: TargetPort;
  /** Connects the initiator of a name; rejects when it is refused. */
  connect(name: string): Promise<ContractInitiator>;
}

/** Makes a fresh frontend. */
export type MakeFrontend = () => Promise<FrontendSubject>;

/** What a case works with. */
interface Scene {
  readonly subject: FrontendSubject;
  readonly store: HeldStore;
}

const STATUS = { GOOD: 0, CHECK: 2, CONFLICT: 0x18 } as const;
const BLOCK = 512;
const LUN_BYTES = 2 ** 20;
const RESERVE = Uint8Array.of(0x16, 0, 0, 0, 0, 0);
const TEST_UNIT_READY = new Uint8Array(6);
/** Turns of the event loop in which something has to happen. */
const TURNS_MAX = 20_000;
const LONG_BLOCKS = 600;

const CHECKS: readonly (readonly [
  string,
  (scene: Scene) => Promise<void>,
])[] = [
  ["moves data both ways", movesData],
  ["keeps commands in order", keepsOrder],
  ["tells residuals", tellsResiduals],
  ["carries sense data", carriesSense],
  ["answers an abort after the last data", answersAborts],
  ["refuses while its port is off line", refusesOffLine],
  ["makes two initiators two nexuses", keepsNexusesApart],
  ["ends tasks with their nexus", endsWithNexus],
  ["survives the removal of a LUN", survivesRemoval],
];

/** The suite, for frontends that `make` makes. */
export function frontendCases(make: MakeFrontend): ContractCase[] {
  return CHECKS.map(([name, check]) => ({
    name,
    run: async () => {
      await using subject = await make();
      const backend = new HeldBackend();
      await subject.target.plugins.load(backend.plugin());
      await subject.target.luns.create({
        backend: HELD_BACKEND,
        number: 0,
        sizeBytes: LUN_BYTES,
      });
      const { store } = backend;
      try {
        await check({ subject, store });
      } finally {
        store.release();
      }
      expectSame(subject.target.defects, 0, "defects of the target");
    },
  }));
}

async function movesData({ subject }: Scene): Promise<void> {
  const a = await ready(subject, "a");
  for (const blocks of [1, 8, LONG_BLOCKS]) {
    const data = patternBytes(blocks * BLOCK, blocks);
    await good(a, write(3, data));
    const { dataIn, transferLength } = await good(a, read(3, blocks));
    expectBytes(dataIn, data, "Data-In");
    expectSame(transferLength, data.length, "transfer length");
  }
}

// Nothing waits for an answer: the order is that of sending.
async function keepsOrder({ subject }: Scene): Promise<void> {
  const a = await ready(subject, "a");
  const datas = Array.from(
    { length: 20 },
    (_, seed) => patternBytes(2 * BLOCK, seed),
  );
  const sent = datas.flatMap((data) => [
    a.send(write(7, data)),
    a.send(read(7, 2)),
  ]);
  const results = await Promise.all(sent.map(({ ended }) => ended));
  for (const [index, data] of datas.entries()) {
    const found = results[2 * index + 1]?.dataIn ?? new Uint8Array(0);
    expectBytes(found, data, `read ${index}`);
  }
}

async function tellsResiduals({ subject }: Scene): Promise<void> {
  const a = await ready(subject, "a");
  const data = patternBytes(BLOCK, 1);
  await good(a, write(0, data));
  const more = await good(a, { ...read(0, 1), dataInLength: 4 * BLOCK });
  expectBytes(more.dataIn, data, "Data-In with an underflow");
  expectSame(more.transferLength, BLOCK, "transfer length with an underflow");
  const less = await good(a, { ...read(0, 1), dataInLength: 100 });
  expectBytes(less.dataIn, data.subarray(0, 100), "Data-In with an overflow");
  expectSame(less.transferLength, BLOCK, "transfer length with an overflow");
}

async function carriesSense({ subject }: Scene): Promise<void> {
  const a = await ready(subject, "a");
  const { status, senseData } = await a.send(read(LUN_BYTES / BLOCK, 1)).ended;
  expectSame(status, STATUS.CHECK, "status");
  expectSame(senseText(senseData), "5/21/0", "sense");
  await good(a, { cdb: TEST_UNIT_READY });
}

async function answersAborts({ subject, store }: Scene): Promise<void> {
  const a = await ready(subject, "a");
  store.hold();
  const running = a.send(read(0, 4));
  await becomes(subject, () => store.requests > 0, "The store was not asked");
  let isAnswered = false;
  const answered = running.abort().then(() => {
    isAnswered = true;
  });
  await turns(subject, 50);
  expect(!isAnswered, "The abort was answered while the store worked");
  store.release();
  await answered;
  expectSame(store.requests, 1, "requests of the store");
  await good(a, { cdb: TEST_UNIT_READY });
}

async function refusesOffLine({ subject }: Scene): Promise<void> {
  const a = await ready(subject, "a");
  subject.port.setOnline(false);
  const served = async () => {
    const b = await subject.connect("b");
    const { status } = await b.send({ cdb: TEST_UNIT_READY }).ended;
    return status !== null;
  };
  expect(!await served().catch(() => false), "It serves while off line");
  subject.port.setOnline(true);
  await a.disconnect().catch(() => {});
  await ready(subject, "c");
}

async function keepsNexusesApart({ subject }: Scene): Promise<void> {
  const [a, b] = [await ready(subject, "a"), await ready(subject, "b")];
  const names = [...subject.port.nexuses].map((nexus) => nexus.initiator.name);
  expectSame(new Set(names).size, 2, "nexuses of the port");
  await good(a, { cdb: RESERVE });
  const { status } = await b.send({ cdb: TEST_UNIT_READY }).ended;
  expectSame(status, STATUS.CONFLICT, "status of the other initiator");
  await good(a, { cdb: TEST_UNIT_READY });
}

async function endsWithNexus({ subject, store }: Scene): Promise<void> {
  const [a, b] = [await ready(subject, "a"), await ready(subject, "b")];
  await good(a, { cdb: RESERVE });
  store.hold();
  const { requests } = store;
  const running = a.send(write(0, patternBytes(BLOCK, 9)));
  const ended = running.ended.then(({ status }) => status, () => null);
  await becomes(subject, () => store.requests > requests, "No write came");
  const gone = a.disconnect().catch(() => {});
  const { taskSet } = subject.target.luns.get(0) ?? {};
  const isEnding = () => taskSet?.oldest?.abort !== ABORT.NONE;
  await becomes(subject, isEnding, "The loss ends no task");
  store.release();
  await gone;
  expect(await ended !== STATUS.GOOD, "A task outlived its nexus");
  const one = () => [...subject.port.nexuses].length === 1;
  await becomes(subject, one, "The nexus was not lost");
  await good(b, { cdb: RESERVE });
}

async function survivesRemoval({ subject, store }: Scene): Promise<void> {
  const a = await ready(subject, "a");
  store.hold();
  const { requests } = store;
  const running = a.send(read(0, 8));
  await becomes(subject, () => store.requests > requests, "No read came");
  const removed = subject.target.luns.remove(0);
  store.release();
  await removed;
  const { status } = await running.ended;
  expect(status !== STATUS.GOOD, "A command of a removed LUN ended GOOD");
  const after = await a.send({ cdb: TEST_UNIT_READY }).ended;
  expectSame(after.status, STATUS.CHECK, "status without the LUN");
  expectSame(senseText(after.senseData), "5/25/0", "sense without the LUN");
}

/** An initiator that has heard all unit attentions. */
async function ready(
  subject: FrontendSubject,
  name: string,
): Promise<ContractInitiator> {
  const initiator = await subject.connect(name);
  for (let left = 8; left > 0; left -= 1) {
    const { status } = await initiator.send({ cdb: TEST_UNIT_READY }).ended;
    if (status === STATUS.GOOD) return initiator;
  }
  throw new TypeError(`Initiator "${name}" is never ready`);
}

async function good(
  initiator: ContractInitiator,
  command: ContractCommand,
): Promise<ContractResult> {
  const result = await initiator.send(command).ended;
  const { status, senseData } = result;
  expectSame(status, STATUS.GOOD, `status, sense ${senseData.toHex()}`);
  return result;
}

function read(lba: number, blocks: number): ContractCommand {
  return { cdb: blockCdb(0x28, lba, blocks), dataInLength: blocks * BLOCK };
}

function write(lba: number, dataOut: Uint8Array): ContractCommand {
  return { cdb: blockCdb(0x2a, lba, dataOut.length / BLOCK), dataOut };
}

// READ(10), WRITE(10) (SBC-4 5.13, 5.41).
function blockCdb(opcode: number, lba: number, blocks: number): Uint8Array {
  const cdb = new DataView(new ArrayBuffer(10));
  cdb.setUint8(0, opcode);
  cdb.setUint32(2, lba);
  cdb.setUint16(7, blocks);
  return new Uint8Array(cdb.buffer);
}

// Key, ASC and ASCQ of the fixed format (SPC-5 4.4.3).
function senseText(sense: Uint8Array): string {
  const codes = [(sense[2] ?? 0) & 0x0f, sense[12] ?? 0, sense[13] ?? 0];
  return codes.map((code) => code.toString(16)).join("/");
}

async function becomes(
  subject: FrontendSubject,
  isTrue: () => boolean,
  otherwise: string,
): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX && !isTrue(); turn += 1) {
    await turns(subject, 1);
  }
  expect(isTrue(), otherwise);
}

async function turns(
  { target: { host } }: FrontendSubject,
  count: number,
): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await host.clock.nextTurn();
}
