/**
 * A host on a camtgt wire that reads a LUN in sequence, at some depth, for
 * some time; prints how many reads it took, as JSON.
 *
 * ```sh
 * deno run -A tests/bench/cam_load.ts unix:/tmp/hba0.sock 8 8 2
 * ```
 *
 * Words: address, reads at a time, blocks of a read, seconds.
 *
 * @module
 */

import { type CamInitiator, connectCamInitiator } from "../../mod.ts";

const WWPN = 0x2100_0000_0000_0001n;
const ATTENTIONS_MAX = 16;
const BLOCK_LENGTH = 512;

/** What a run has taken. */
export interface CamLoadResult {
  /** Reads that ended GOOD. */
  readonly reads: number;
  /** Milliseconds. */
  readonly ms: number;
}

function readCdb(lba: number, blocks: number): Uint8Array {
  const cdb = new DataView(new ArrayBuffer(10));
  cdb.setUint8(0, 0x28);
  cdb.setUint32(2, lba);
  cdb.setUint16(7, blocks);
  return new Uint8Array(cdb.buffer);
}

async function hearAttentions(host: CamInitiator): Promise<void> {
  for (let left = ATTENTIONS_MAX; left > 0; left -= 1) {
    const { status } = await host.execute({ lun: 0, cdb: new Uint8Array(6) });
    if (status === 0) return;
  }
  throw new TypeError("The LUN does not get ready");
}

async function blocksOf(host: CamInitiator): Promise<number> {
  const cdb = Uint8Array.of(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const { dataIn } = await host.execute({ lun: 0, cdb, dataInLength: 8 });
  return new DataView(dataIn.buffer, dataIn.byteOffset).getUint32(0) + 1;
}

async function load(
  host: CamInitiator,
  depth: number,
  blocks: number,
  seconds: number,
): Promise<CamLoadResult> {
  const end = Math.floor(await blocksOf(host) / blocks) * blocks;
  const beganMs = performance.now();
  const untilMs = beganMs + seconds * 1000;
  let next = 0;
  let reads = 0;
  const stream = async () => {
    while (performance.now() < untilMs) {
      const cdb = readCdb(next, blocks);
      next = (next + blocks) % end;
      const dataInLength = blocks * BLOCK_LENGTH;
      const { status, dataIn } = await host.execute({
        ...{ lun: 0, cdb, dataInLength },
      });
      if (status !== 0 || dataIn.length !== dataInLength) {
        throw new Error(`A read ended with status ${status}`);
      }
      reads += 1;
    }
  };
  await Promise.all(Array.from({ length: depth }, stream));
  return { reads, ms: performance.now() - beganMs };
}

if (import.meta.main) {
  const [address = "", depth, blocks, seconds] = Deno.args;
  await using host = await connectCamInitiator(address, { wwpn: WWPN });
  await hearAttentions(host);
  const numbers = [depth, blocks, seconds].map(Number);
  const [deep = 1, wide = 8, long = 1] = numbers;
  console.log(JSON.stringify(await load(host, deep, wide, long)));
}
