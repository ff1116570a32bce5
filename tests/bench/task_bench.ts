/**
 * The life of a task in the core, without a transport's bytes: taken, judged,
 * ordered, executed, ended. "nothing" is TEST UNIT READY; a READ(10) of one
 * block adds its range, the page and the copy.
 *
 * @module
 */

import {
  type Nexus,
  type ScsiTask,
  STATUS,
  type Transport,
} from "../../core/mod.ts";
import { TestTarget } from "../support/core_target.ts";

const BLOCK_BYTES = 512;

/** Takes all data at once, and forgets them. */
class Sink implements Transport<null> {
  readonly #room = new Uint8Array(BLOCK_BYTES);
  #nexus: Nexus<null> | null = null;

  /** Commands that have ended. */
  ended = 0;
  /** Those of them that ended GOOD. */
  good = 0;

  /** Commands come over this nexus. */
  use(nexus: Nexus<null> | null): void {
    this.#nexus = nexus;
  }

  /** One command to LUN 0. */
  command(operationCode: number, blocks: number): void {
    if (this.#nexus === null) throw new TypeError("There is no nexus");
    const task = this.#nexus.takeTask();
    task.cdb.setUint32(0, operationCode << 24);
    task.cdb.setUint32(4, 0);
    task.cdb.setUint16(8, blocks << 8);
    task.cdbLength = 16;
    task.visibleLun = 0;
    task.tag = this.ended;
    task.expectedDataInLength = blocks * BLOCK_BYTES;
    this.#nexus.commandReceived(task);
  }

  roomForDataIn(task: ScsiTask<null>, lengthBytes: number): number {
    task.dataIn = this.#room;
    task.dataInAt = 0;
    return Math.min(lengthBytes, BLOCK_BYTES);
  }

  dataInRoom(): Promise<void> {
    return Promise.resolve();
  }

  sendDataIn(): void {}

  receiveDataOut(): boolean {
    return true;
  }

  sendCommandComplete(task: ScsiTask<null>): void {
    this.ended += 1;
    this.good += task.status === STATUS.GOOD ? 1 : 0;
  }

  taskEnded(): void {}

  abortTransfer(): void {}

  taskManagementFunctionExecuted(): void {}
}

const TEST_UNIT_READY = 0x00;
const READ_10 = 0x28;

const test = new TestTarget();
await test.addLun({ number: 0 });
test.port.setOnline(true);
const sink = new Sink();
sink.use(test.port.connect("bench", new Uint8Array(24), sink, () => null));
// The unit attentions of a new nexus.
while (sink.good === 0) sink.command(TEST_UNIT_READY, 0);

Deno.bench("nothing", { group: "task", baseline: true }, () => {
  sink.command(TEST_UNIT_READY, 0);
});
Deno.bench("READ(10) of a block", { group: "task" }, () => {
  sink.command(READ_10, 1);
});

addEventListener("unload", () => {
  if (sink.ended - sink.good > 8) throw new Error("Commands have failed");
});
