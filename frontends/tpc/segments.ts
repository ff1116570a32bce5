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
import type { CopyEnd, CopyFailure } from "./copy_engine.ts";
import type { CopyManager } from "./copy_manager.ts";
import { unitsNamed } from "./designators.ts";
import type { InnerCommand, InnerResult } from "./inner_initiator.ts";
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
import { shapeOf, type UnitShape } from "./shape.ts";

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
  /** Bytes of a block, as the list has it; 0: as the unit has it. */
  readonly blockLength: number;
  /** Where its descriptor stands; undefined: it has none. */
  readonly cscdAt: number | undefined;
  /** Its shape, as far as it is known. */
  shape: UnitShape;
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
    const failed = await this.#measure("source", source) ??
      await this.#measure("destination", destination);
    if (failed !== null) return failed;
    const lengthBytes = lengthOf(segment, source, destination);
    if (lengthBytes === 0) return STATUS.GOOD;
    const ends = [source, destination].map(({ shape }) => shape);
    if (ends.some(({ blockLength }) => blockLength === 0)) {
      return incorrectCopyTargetDeviceType(this.#segment);
    }
    if (ends.some(({ blockLength }) => lengthBytes % blockLength !== 0)) {
      return inexactSegment(this.#segment);
    }
    const from = rangeOn(source, segment.sourceLba, lengthBytes);
    const to = rangeOn(destination, segment.destinationLba, lengthBytes);
    if (isBeyond(source, from) || isBeyond(destination, to)) {
      return copyTargetDeviceNotReachable(this.#segment);
    }
    const { failure } = await this.#manager.copy(this.#operation, {
      source: endOf(source, from),
      destination: endOf(destination, to),
    });
    this.#operation.blocks += failure === null ? to.blockCount : 0;
    return failure === null
      ? STATUS.GOOD
      : this.#completionOf(failure, { source, destination });
  }

  // A unit that the other node serves has its shape there.
  async #measure(side: Side, party: Party): Promise<Completion | null> {
    if (!party.unit.away) {
      party.shape = party.unit.geometry;
      return null;
    }
    const found = await shapeOf(this.#manager, this.#operation, party.unit);
    if ("status" in found) return this.#failure(side, party, found);
    party.shape = found;
    return null;
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
    return result.status === STATUS.GOOD
      ? STATUS.GOOD
      : this.#failure(side, party, result);
  }

  #failure(side: Side, { cscdAt }: Party, result: InnerResult): Completion {
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
        return this.#failure(side, parties[side], result);
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
      return partyOf(receiver, 0, undefined);
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
    return partyOf(unit, cscd.blockLength, cscd.at);
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

  // Not known beforehand where another node has to be asked for a shape.
  #totalBytes(): number | undefined {
    let sum = 0;
    for (const segment of this.#list.segments) {
      if (segment.type !== DESCRIPTOR.BLOCK_TO_BLOCK) continue;
      const source = this.#find(segment.source);
      const destination = this.#find(segment.destination);
      if (source === null || destination === null) continue;
      if (source.unit.away || destination.unit.away) return undefined;
      sum += lengthOf(segment, source, destination);
    }
    return sum;
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

function partyOf(
  unit: LogicalUnit,
  blockLength: number,
  cscdAt: number | undefined,
): Party {
  return { unit, blockLength, cscdAt, shape: unit.geometry };
}

function endOf({ unit, shape }: Party, range: BlockRange): CopyEnd {
  return { unit, ranges: [range], shape };
}

function lengthOf(
  segment: BlockSegment,
  source: Party,
  destination: Party,
): number {
  const counted = segment.countsDestination ? destination : source;
  const blockLength = counted.blockLength || counted.shape.blockLength;
  return segment.blockCount * blockLength;
}

function rangeOn(
  { shape }: Party,
  lba: number,
  lengthBytes: number,
): BlockRange {
  return { lba, blockCount: lengthBytes / shape.blockLength };
}

function isBeyond({ shape }: Party, { lba, blockCount }: BlockRange): boolean {
  return lba + blockCount > shape.blockCount;
}
