/**
 * The segments of an EXTENDED COPY, one after another (SPC-5 6.6.6).
 *
 * @module
 */

import {
  type BlockRange,
  type Completion,
  type LogicalUnit,
  STATUS,
} from "../../core/mod.ts";
import { mayTouch } from "./access.ts";
import { registerCdb, registerList, testUnitReadyCdb } from "./cdbs.ts";
import type { CopyFailure } from "./copy_engine.ts";
import type { CopyManager } from "./copy_manager.ts";
import { unitsNamed } from "./designators.ts";
import type { InnerCommand } from "./inner_initiator.ts";
import type { CopyOperation } from "./operations.ts";
import {
  type BlockSegment,
  type CopyList,
  DESCRIPTOR,
  type RegisterSegment,
  type Segment,
  type VerifySegment,
} from "./parameter_list.ts";
import {
  copyTargetDeviceNotReachable,
  incorrectCopyTargetDeviceType,
  inexactSegment,
  thirdPartyDeviceFailure,
  unreachableCopyTarget,
} from "./sense.ts";

/** CSCD DESCRIPTOR ID of the unit that received the command. */
const RECEIVER = 0xffff;
/** Largest CSCD DESCRIPTOR ID that names a descriptor of the list. */
const CSCD_ID_MAX = 0x07ff;

/** Does all segments; resolves with how the command ends. */
export async function runSegments(
  manager: CopyManager,
  operation: CopyOperation,
  list: CopyList,
): Promise<Completion> {
  const run = new SegmentRun(manager, operation, list);
  return await run.run();
}

/** A source or destination that was found. */
interface Party {
  readonly unit: LogicalUnit;
  /** Bytes of a block, as the list has it. */
  readonly blockLength: number;
  /** Where its descriptor stands; undefined: it has none. */
  readonly cscdAt: number | undefined;
}

type Side = "source" | "destination";

class SegmentRun {
  readonly #manager: CopyManager;
  readonly #operation: CopyOperation;
  readonly #list: CopyList;
  /** What was found by its CSCD DESCRIPTOR ID. */
  readonly #parties: Map<number, Party | null> = new Map();
  #segment = 0;

  constructor(
    manager: CopyManager,
    operation: CopyOperation,
    list: CopyList,
  ) {
    this.#manager = manager;
    this.#operation = operation;
    this.#list = list;
    operation.totalBytes = this.#totalBytes();
    operation.route = this.#route();
  }

  async run(): Promise<Completion> {
    const { segments } = this.#list;
    for (const [index, segment] of segments.entries()) {
      if (this.#operation.signal.aborted) return STATUS.TASK_ABORTED;
      this.#segment = index;
      const completion = await this.#do(segment);
      if (completion !== STATUS.GOOD) return completion;
      this.#operation.segments = index + 1;
    }
    return STATUS.GOOD;
  }

  #do(segment: Segment): Promise<Completion> {
    switch (segment.type) {
      case DESCRIPTOR.BLOCK_TO_BLOCK:
        return this.#copy(segment);
      case DESCRIPTOR.VERIFY:
        return this.#verify(segment);
      default:
        return this.#register(segment);
    }
  }

  async #copy(segment: BlockSegment): Promise<Completion> {
    const source = this.#find(segment.source);
    const destination = this.#find(segment.destination);
    if (source === null || destination === null) {
      return unreachableCopyTarget(this.#segment);
    }
    const lengthBytes = lengthOf(segment, source, destination);
    if (lengthBytes === 0) return STATUS.GOOD;
    const ends = [source, destination].map(({ unit }) => unit.geometry);
    if (ends.some(({ blockLength }) => blockLength === 0)) {
      return incorrectCopyTargetDeviceType(this.#segment);
    }
    if (ends.some(({ blockLength }) => lengthBytes % blockLength !== 0)) {
      return inexactSegment(this.#segment);
    }
    const from = rangeOn(source, segment.sourceLba, lengthBytes);
    const to = rangeOn(destination, segment.destinationLba, lengthBytes);
    if (isBeyond(source.unit, from) || isBeyond(destination.unit, to)) {
      return copyTargetDeviceNotReachable(this.#segment);
    }
    const { failure } = await this.#manager.copy(this.#operation, {
      source: { unit: source.unit, ranges: [from] },
      destination: { unit: destination.unit, ranges: [to] },
    });
    this.#operation.blocks += failure === null ? to.blockCount : 0;
    return failure === null
      ? STATUS.GOOD
      : this.#completionOf(failure, { source, destination });
  }

  async #verify({ source, testsReady }: VerifySegment): Promise<Completion> {
    const party = this.#find(source);
    if (party === null) return unreachableCopyTarget(this.#segment);
    if (!testsReady) return STATUS.GOOD;
    const { unit } = party;
    return await this.#execute("source", party, {
      unit,
      cdb: testUnitReadyCdb(),
    });
  }

  async #register(segment: RegisterSegment): Promise<Completion> {
    const party = this.#find(segment.destination);
    if (party === null) return unreachableCopyTarget(this.#segment);
    const { key, actionKey } = segment;
    return await this.#execute("destination", party, {
      unit: party.unit,
      cdb: registerCdb(),
      dataOut: registerList(key, actionKey),
    });
  }

  async #execute(
    side: Side,
    party: Party,
    command: InnerCommand,
  ): Promise<Completion> {
    const result = await this.#manager.execute(this.#operation, command);
    if (result.status === STATUS.GOOD) return STATUS.GOOD;
    const { cscdAt } = party;
    const segment = this.#segment;
    return thirdPartyDeviceFailure({ ...result, segment, side, cscdAt });
  }

  #completionOf(
    failure: CopyFailure,
    parties: Readonly<Record<Side, Party>>,
  ): Completion {
    switch (failure.cause) {
      case "stopped":
      case "time":
        return STATUS.TASK_ABORTED;
      case "granularity":
        return inexactSegment(this.#segment);
      default: {
        const { cause: side, result } = failure;
        const { cscdAt } = parties[side];
        const segment = this.#segment;
        return thirdPartyDeviceFailure({ ...result, segment, side, cscdAt });
      }
    }
  }

  #find(id: number): Party | null {
    const known = this.#parties.get(id);
    if (known !== undefined) return known;
    const party = this.#lookUp(id);
    this.#parties.set(id, party);
    return party;
  }

  #lookUp(id: number): Party | null {
    const { unit: receiver, asker } = this.#operation;
    if (id === RECEIVER) {
      const { blockLength } = receiver.geometry;
      return { unit: receiver, blockLength, cscdAt: undefined };
    }
    const cscd = this.#list.cscds[id];
    if (cscd === undefined || id > CSCD_ID_MAX) return null;
    // Names first: few units have one, and a LUN map may be long.
    const [unit, ...others] = unitsNamed(cscd, this.#manager.units())
      .filter((each) => mayTouch(each, asker, receiver));
    if (unit === undefined) return null;
    if (others.length > 0) {
      this.#refuseAmbiguous([unit, ...others], cscd.bytes);
      return null;
    }
    const blockLength = cscd.blockLength || unit.geometry.blockLength;
    return { unit, blockLength, cscdAt: cscd.at };
  }

  // Whichever was taken, it could be the wrong one, and its data be lost.
  #refuseAmbiguous(units: readonly LogicalUnit[], bytes: Uint8Array): void {
    const { log } = this.#manager.host;
    log.warn("A copy was refused: its designator names several LUNs", {
      designator: bytes.toHex(),
      luns: units.map(({ number }) => number),
      initiator: this.#operation.asker.initiator.name,
      remedy: "give each LUN a naa, eui, uuid or device id of its own",
    });
  }

  #totalBytes(): number {
    return this.#list.segments.reduce((sum, segment) => {
      if (segment.type !== DESCRIPTOR.BLOCK_TO_BLOCK) return sum;
      const source = this.#find(segment.source);
      const destination = this.#find(segment.destination);
      if (source === null || destination === null) return sum;
      return sum + lengthOf(segment, source, destination);
    }, 0);
  }

  #route(): string {
    const routes = this.#list.segments.flatMap((segment) => {
      if (segment.type !== DESCRIPTOR.BLOCK_TO_BLOCK) return [];
      const name = (id: number) => this.#find(id)?.unit.number ?? "?";
      const from = name(segment.source);
      return [`LUN ${from} to LUN ${name(segment.destination)}`];
    });
    return [...new Set(routes)].join(", ");
  }
}

function lengthOf(
  segment: BlockSegment,
  source: Party,
  destination: Party,
): number {
  const counted = segment.countsDestination ? destination : source;
  return segment.blockCount * counted.blockLength;
}

function rangeOn(
  { unit }: Party,
  lba: number,
  lengthBytes: number,
): BlockRange {
  return { lba, blockCount: lengthBytes / unit.geometry.blockLength };
}

function isBeyond(
  { geometry }: LogicalUnit,
  { lba, blockCount }: BlockRange,
): boolean {
  return lba + blockCount > geometry.blockCount;
}
