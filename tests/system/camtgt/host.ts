/**
 * A host of its own: a program that drives LUN 0 behind a camtgt wire as a
 * Fibre Channel host does, and tells what it found, a line each. It stays
 * logged in until it is asked to end.
 *
 * ```sh
 * deno run tests/system/camtgt/host.ts unix:/tmp/hba0.sock 2100000000000001
 * ```
 *
 * @module
 */

import {
  ATTRIBUTE,
  type CamInitiator,
  type CamResult,
  connectCamInitiator,
  TASK_MANAGEMENT,
} from "../../../mod.ts";

const BLOCK_LENGTH = 512;
const BLOCKS = 3000;
const ATTENTIONS_MAX = 16;
/** Commands at a time. */
const DEPTH = 32;

class Host {
  readonly #initiator: CamInitiator;

  constructor(initiator: CamInitiator) {
    this.#initiator = initiator;
  }

  /** Tells who the port is. */
  login(): void {
    const { wwnn, wwpn } = this.#initiator.target;
    say("login", wwnn.toString(16), wwpn.toString(16));
  }

  async inquiry(): Promise<void> {
    const cdb = Uint8Array.of(0x12, 0, 0, 0, 96, 0);
    const { dataIn } = await this.#send(cdb, 96);
    say("inquiry", new TextDecoder().decode(dataIn.subarray(8, 16)).trim());
  }

  async attentions(): Promise<void> {
    let heard = 0;
    for (; heard < ATTENTIONS_MAX; heard += 1) {
      const { status } = await this.#send(new Uint8Array(6));
      if (status === 0) break;
    }
    say("attentions", heard > 0 && heard < ATTENTIONS_MAX);
  }

  /** Writes, in one command of many moves, and compares what is read. */
  async compare(): Promise<void> {
    const data = new Uint8Array(BLOCKS * BLOCK_LENGTH)
      .map((_, at) => at * 7 ^ at >> 9);
    const written = await this.#initiator
      .execute({ lun: 0, cdb: blocksCdb(0x2a, 8, BLOCKS), dataOut: data });
    const { status, dataIn } = await this
      .#send(blocksCdb(0x28, 8, BLOCKS), data.length);
    const same = dataIn.length === data.length &&
      dataIn.every((byte, at) => byte === data[at]);
    say("compare", written.status, status, same);
  }

  /** Many commands at a time, each a part of what was written. */
  async many(): Promise<void> {
    let good = 0;
    const stream = async (first: number) => {
      for (let lba = first; lba < 1024; lba += DEPTH) {
        const attribute = lba % 7 === 0 ? ATTRIBUTE.ORDERED : ATTRIBUTE.SIMPLE;
        const { status } = await this.#initiator.execute({
          ...{ lun: 0, cdb: blocksCdb(0x28, lba, 8), attribute },
          dataInLength: 8 * BLOCK_LENGTH,
        });
        if (status === 0) good += 1;
      }
    };
    await Promise.all(Array.from({ length: DEPTH }, (_, at) => stream(at)));
    say("many", good);
  }

  async residual(): Promise<void> {
    const cdb = blocksCdb(0x28, 0, 1);
    const { transferLength, dataIn } = await this.#send(cdb, 2000);
    say("residual", transferLength, dataIn.length);
  }

  async sense(): Promise<void> {
    const cdb = blocksCdb(0x28, 0x7fffffff, 1);
    const { status, senseData } = await this.#send(cdb, BLOCK_LENGTH);
    const codes = [(senseData[2] ?? 0) & 15, senseData[12], senseData[13]];
    say("sense", status, ...codes);
  }

  async functions(): Promise<void> {
    const query = await this.#initiator.manage(TASK_MANAGEMENT.QUERY_TASK_SET);
    const reset = await this.#initiator
      .manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET);
    const { senseData } = await this.#send(new Uint8Array(6));
    say("functions", query.code, reset.code, senseData[12]);
  }

  #send(cdb: Uint8Array, dataInLength = 0): Promise<CamResult> {
    return this.#initiator.execute({ lun: 0, cdb, dataInLength });
  }
}

function blocksCdb(opcode: number, lba: number, blocks: number): Uint8Array {
  const cdb = new DataView(new ArrayBuffer(10));
  cdb.setUint8(0, opcode);
  cdb.setUint32(2, lba);
  cdb.setUint16(7, blocks);
  return new Uint8Array(cdb.buffer);
}

function say(...words: readonly unknown[]): void {
  console.log(words.join(" "));
}

if (import.meta.main) {
  const [address = "", name = ""] = Deno.args;
  const wwpn = BigInt(`0x${name}`);
  const initiator = await connectCamInitiator(address, { wwpn });
  const host = new Host(initiator);
  host.login();
  await host.inquiry();
  await host.attentions();
  await host.compare();
  await host.many();
  await host.residual();
  await host.sense();
  await host.functions();
  say("ready");
  const asked = new Promise<string>((resolve) =>
    Deno.addSignalListener("SIGTERM", () => resolve("asked to end"))
  );
  const why = await Promise.race([asked, initiator.gone]);
  await initiator.logOut();
  say("gone", why);
  Deno.exit();
}
