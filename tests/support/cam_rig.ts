/**
 * A test target with one HBA, whose initiators and wires a test can steer.
 *
 * @module
 */

import type { Target, TargetPort } from "../../core/mod.ts";
import {
  type CamCommand,
  CamInitiator,
  type CamInitiatorOptions,
} from "../../frontends/camtgt/initiator.ts";
import { HBA_OPTIONS, hbaOptions } from "../../frontends/camtgt/options.ts";
import { CamtgtService } from "../../frontends/camtgt/service.ts";
import { simulatedWire } from "../../frontends/camtgt/simulated.ts";
import { OptionProblem, parseOptions } from "../../core/mod.ts";
import {
  type OptionTexts,
  settled,
  targetTest,
  type TestTarget,
} from "./core_target.ts";
import { RawHost } from "./cam_host.ts";
import { FrameFilter } from "./frame_filter.ts";

/** An initiator, and the wire to it. */
export interface CamPeer {
  /** The initiator. */
  readonly initiator: CamInitiator;
  /** Its end of the wire. */
  readonly filter: FrameFilter;
}

/** The HBA of a test. */
export class CamRig {
  /** The target and what surrounds it. */
  readonly test: TestTarget;
  /** The frontend. */
  readonly service: CamtgtService;
  /** The port, on line. */
  readonly port: TargetPort;

  /** Made by {@linkcode camRig}. */
  constructor(test: TestTarget, service: CamtgtService, port: TargetPort) {
    this.test = test;
    this.service = service;
    this.port = port;
  }

  /** Logs an initiator in by a filtered wire. */
  async connect(
    wwpn: bigint,
    options: Partial<CamInitiatorOptions> = {},
  ): Promise<CamPeer> {
    const [near, far] = simulatedWire();
    this.service.accept(this.port, far, "test");
    const filter = new FrameFilter(near);
    const { clock } = this.test.host;
    const login = CamInitiator.logIn(filter, clock, { wwpn, ...options });
    const initiator = await within(login);
    return { initiator, filter };
  }

  /** Connects a host that does what it is told. */
  raw(): RawHost {
    const [near, far] = simulatedWire();
    this.service.accept(this.port, far, "test");
    return new RawHost(near);
  }

  /** The same, logged in, when it has heard all attentions of LUN 0. */
  async rawReady(wwpn: bigint, dataLengthMax?: number): Promise<RawHost> {
    const host = this.raw();
    await host.logIn(wwpn, dataLengthMax);
    const cdb = new Uint8Array(6);
    for (let isReady = false; !isReady;) {
      await host.command({ exchange: 0xffff, cdb });
      isReady = host.heard().includes("65535 RESPONSE 00");
    }
    return host;
  }

  /** The same, when it has heard all unit attentions of LUN 0. */
  async ready(
    wwpn: bigint,
    options: Partial<CamInitiatorOptions> = {},
  ): Promise<CamPeer> {
    const peer = await this.connect(wwpn, options);
    const cdb = new Uint8Array(6);
    for (let status: number | null = 2; status === 2;) {
      ({ status } = await within(peer.initiator.execute({ lun: 0, cdb })));
    }
    return peer;
  }
}

/** Makes an HBA, its port on line. */
export async function camRig(
  test: TestTarget,
  options: OptionTexts = {},
): Promise<CamRig> {
  const service = camService(test.target);
  const port = await service.create(new Map(Object.entries(options)));
  port.setOnline(true);
  return new CamRig(test, service, port);
}

/** The frontend, without a socket. */
export function camService(target: Target): CamtgtService {
  const defaults = parseOptions(HBA_OPTIONS, new Map());
  if (defaults instanceof OptionProblem) throw new TypeError(defaults.message);
  return new CamtgtService({
    host: target.host,
    ports: target.ports,
    events: target.events,
    listen: (address) => ({ address, close: () => {} }),
    isServed: () => Promise.resolve(false),
    defaults: hbaOptions(new Map(), defaults),
  });
}

/** Registers a test with an HBA in front of a controlled LUN 0. */
export function camTest(
  name: string,
  options: OptionTexts,
  body: (rig: CamRig) => Promise<void>,
): void {
  targetTest(name, async (test) => {
    await test.addLun({ backend: "controlled" });
    await body(await camRig(test, options));
  });
}

/** The value of a promise that needs no help from outside. */
export async function within<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  const ended = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const outcome = await settled(ended);
  if (outcome === undefined) throw new TypeError("It has not ended");
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

/** READ(10) or WRITE(10). */
export function blocksCdb(
  opcode: number,
  lba: number,
  blocks: number,
): Uint8Array {
  const cdb = new DataView(new ArrayBuffer(10));
  cdb.setUint8(0, opcode);
  cdb.setUint32(2, lba);
  cdb.setUint16(7, blocks);
  return new Uint8Array(cdb.buffer);
}

/** A READ(10) of LUN 0. */
export function readBlocks(
  lba: number,
  blocks: number,
  blockLength = 512,
): CamCommand {
  const cdb = blocksCdb(0x28, lba, blocks);
  return { lun: 0, cdb, dataInLength: blocks * blockLength };
}

/** A WRITE(10) of LUN 0. */
export function writeBlocks(lba: number, dataOut: Uint8Array): CamCommand {
  return { lun: 0, cdb: blocksCdb(0x2a, lba, dataOut.length / 512), dataOut };
}

/** Bytes that differ from place to place. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  return new Uint8Array(length)
    .map((_, at) => (at * 31 + (at >> 9) * 7 + seed * 101) & 0xff);
}
