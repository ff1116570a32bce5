/**
 * Stories over camtgt: an HBA in front of the port of a test, and initiators
 * that drive it by frames.
 *
 * @module
 */

import {
  type Sense,
  STATUS,
  type TargetPort,
  type TaskManagementFunction,
  type TaskManagementRequest,
  taskManagementRequest,
  type TaskManagementResponse,
} from "../../core/mod.ts";
import { Hba } from "../../frontends/camtgt/hba.ts";
import {
  CamInitiator,
  type CamResult,
} from "../../frontends/camtgt/initiator.ts";
import { HBA_OPTIONS, hbaOptions } from "../../frontends/camtgt/options.ts";
import { simulatedWire } from "../../frontends/camtgt/simulated.ts";
import { FRAME, RESPONSE_CODE } from "../../frontends/camtgt/wire/frame.ts";
import { decodeLength } from "../../frontends/camtgt/wire/payloads.ts";
import { type OptionTexts, type TestTarget } from "./core_target.ts";
import { parseSense } from "./initiator/sense.ts";
import {
  type CommandOptions,
  type CommandResult,
  SILENT,
  transportIdOf,
} from "./local_initiator.ts";
import { FrameFilter } from "./frame_filter.ts";
import type { TestNexus } from "./test_nexus.ts";
import { OptionProblem, parseOptions } from "../../core/mod.ts";

const NO_BYTES = new Uint8Array(0);

const hbas: WeakMap<TargetPort, Hba> = new WeakMap();
const numbers: Map<string, bigint> = new Map();

/** The HBA of a port of a test. */
export function hbaOf(
  test: TestTarget,
  port: TargetPort,
  options: OptionTexts = {},
): Hba {
  const known = hbas.get(port);
  if (known !== undefined) return known;
  const defaults = parseOptions(HBA_OPTIONS, new Map());
  if (defaults instanceof OptionProblem) throw new TypeError(defaults.message);
  const hba = new Hba({
    host: test.host,
    events: test.target.events,
    port,
    options: hbaOptions(new Map(Object.entries(options)), defaults),
    initiatorPort: (wwpn) => {
      const [letter = "?"] = [...numbers]
        .find(([, number]) => number === wwpn) ?? [];
      const name = `iqn.${letter},i,0x1`;
      return { name, transportId: transportIdOf(name) };
    },
  });
  hbas.set(port, hba);
  return hba;
}

/** Connects the initiator of a letter by a wire. */
export function joinCamtgt(
  test: TestTarget,
  name: string,
  port: TargetPort,
): TestNexus {
  const wwpn = numbers.get(name) ?? BigInt(numbers.size + 1);
  numbers.set(name, wwpn);
  const [near, far] = simulatedWire();
  void hbaOf(test, port).serve(far, "test");
  return new CamTestNexus(test, port, new FrameFilter(near), wwpn);
}

class CamTestNexus implements TestNexus {
  readonly port: TargetPort;
  readonly violations: string[] = [];
  roomBytes = 0;
  readonly #filter: FrameFilter;
  readonly #login: Promise<CamInitiator>;
  /** Bytes of Data-Out by exchange that do not have to be waited for. */
  readonly #immediate: Map<number, number> = new Map();
  #initiator: CamInitiator | null = null;
  #nextTag = 1;

  constructor(
    { host }: TestTarget,
    port: TargetPort,
    filter: FrameFilter,
    wwpn: bigint,
  ) {
    this.port = port;
    this.#filter = filter;
    this.#login = CamInitiator.logIn(filter, host.clock, { wwpn });
    this.#login.then((initiator) => this.#initiator = initiator, () => {});
  }

  get nextTag(): number {
    return this.#nextTag;
  }

  async command(
    lun: number,
    cdb: Uint8Array | readonly number[],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    const tag = options.tag ?? this.#nextTag;
    this.#nextTag = Math.max(this.#nextTag, tag + 1);
    const initiator = this.#initiator ?? await this.#login;
    const dataOut = dataOutOf(options);
    const { exchange, ended } = initiator.send({
      lun,
      cdb: cdbOf(cdb, options.cdbLength),
      dataInLength: options.read ?? 0,
      dataOut,
      tag,
      ...options.attribute === undefined
        ? {}
        : { attribute: options.attribute },
      priority: options.priority ?? 0,
    });
    this.#immediate.set(exchange, options.immediate ?? dataOut.length);
    try {
      return resultOf(await ended);
    } catch {
      return resultOf(GONE);
    }
  }

  async manage(
    what: TaskManagementFunction,
    lun = 0,
    tag = 0,
  ): Promise<TaskManagementRequest> {
    const initiator = this.#initiator ?? await this.#login;
    const { code, additional } = await initiator.manage(what, lun, tag);
    const request = taskManagementRequest(what, lun, tag);
    request.response = RESPONSES.get(code) ?? "FUNCTION REJECTED";
    request.additionalResponse = additional;
    return request;
  }

  hold(): void {
    this.#filter.holdBack(({ type, exchange, parameter, payload }) =>
      type === FRAME.DATA ||
      (type === FRAME.TRANSFER_READY &&
        parameter + decodeLength(payload) >
          (this.#immediate.get(exchange) ?? 0))
    );
  }

  resume(): void {
    this.#filter.letGo();
  }

  loseDataOut(): void {
    throw new TypeError("This wire carries no digests");
  }

  async disconnect(): Promise<void> {
    const initiator = this.#initiator ?? await this.#login;
    await initiator.logOut();
  }
}

const GONE: CamResult = {
  tag: 0,
  status: null,
  senseData: NO_BYTES,
  dataIn: NO_BYTES,
  transferLength: 0,
};

const RESPONSES: ReadonlyMap<number, TaskManagementResponse> = new Map([
  [RESPONSE_CODE.COMPLETE, "FUNCTION COMPLETE"],
  [RESPONSE_CODE.SUCCEEDED, "FUNCTION SUCCEEDED"],
  [RESPONSE_CODE.INCORRECT_LUN, "INCORRECT LOGICAL UNIT NUMBER"],
  [RESPONSE_CODE.REJECTED, "FUNCTION NOT SUPPORTED"],
]);

function cdbOf(
  cdb: Uint8Array | readonly number[],
  length: number = cdb.length,
): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(Uint8Array.from(cdb).subarray(0, length));
  return bytes;
}

function dataOutOf({ write = NO_BYTES, expectedOut, read }: CommandOptions) {
  if (write.length === 0 && read !== undefined) return write;
  const data = new Uint8Array(expectedOut ?? write.length);
  data.set(write.subarray(0, data.length));
  return data;
}

function resultOf(
  { status, senseData, dataIn, transferLength }: CamResult,
): CommandResult {
  const sense = parseSense(senseData);
  return {
    status: status ?? SILENT,
    sense: sense?.text ?? "",
    senseData,
    senseValue: status === STATUS.CHECK_CONDITION ? valueOf(sense) : null,
    data: dataIn,
    transferLength,
  };
}

// What the bytes say, as the core would have put it.
function valueOf(sense: ReturnType<typeof parseSense>): Sense | null {
  if (sense === undefined) return null;
  const { key, asc, ascq, information, fieldPointer, keySpecific } = sense;
  const specific = keySpecific === undefined
    ? undefined
    : (keySpecific[1] ?? 0) << 8 | (keySpecific[2] ?? 0);
  return {
    key,
    asc,
    ascq,
    ...information === undefined ? {} : { information },
    ...fieldPointer === undefined ? {} : {
      field: {
        inCdb: fieldPointer.inCdb,
        byte: fieldPointer.byte,
        ...fieldPointer.bit === undefined ? {} : { bit: fieldPointer.bit },
      },
    },
    ...specific === undefined || key === 5
      ? {}
      : key === 2 || key === 0
      ? { progress: specific }
      : { retryCount: specific },
  };
}
