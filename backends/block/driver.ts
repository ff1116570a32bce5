/**
 * The backend driver "block".
 *
 * @module
 */

import {
  type BackendDriver,
  type Clock,
  flagOption,
  integerOption,
  type OpenOutcome,
  type OpenRequest,
  optionalFlagOption,
  optionalSizeOption,
  optionalTextOption,
  type OptionTable,
  sizeOption,
  type StoreFault,
} from "../../core/mod.ts";
import {
  type BlockIo,
  type BlockIoOpener,
  isFault,
  type OpenHow,
} from "./block_io.ts";
import { encrypted, type KeyParts, warningOfKey } from "./encryption_keys.ts";
import { layoutOf, LayoutProblem, type UnitOptions } from "./layout.ts";
import { FileStore } from "./store.ts";

/** A file cannot keep more of the runtime's 32 threads waiting. */
const LANES_MAX = 8;

/** Options of a file store; sizes and offsets in bytes. */
export interface BlockOptions extends UnitOptions {
  /** Path of the file or device. */
  readonly file: string | undefined;
  /** Requests that may wait for the disk at the same time. */
  readonly num_threads: number;
  /** Offer to unmap: on, off; undefined: if space can be freed. */
  readonly unmap: boolean | undefined;
  /** Encrypt what is written. */
  readonly encryption: boolean;
}

/** The option table of the driver. */
export const BLOCK_OPTIONS: OptionTable<BlockOptions> = Object.freeze({
  file: optionalTextOption(
    "path of a file or device, tried below /dev/ too when not absolute",
    4096,
  ),
  num_threads: integerOption(
    32,
    { min: 1, max: 1024 },
    `requests that wait for the disk at once, never more than ${LANES_MAX}`,
  ),
  pblocksize: optionalSizeOption(
    "physical block in bytes, default that of the file system",
  ),
  pblockoffset: sizeOption(0, "bytes of a physical block before LBA 0"),
  ublocksize: optionalSizeOption(
    "unmap granularity in bytes, default the unit of the file system",
  ),
  ublockoffset: sizeOption(0, "bytes of an unmap unit before LBA 0"),
  unmap: optionalFlagOption(
    "offer to unmap: default if space can be freed, on: by writing zeroes",
  ),
  encryption: flagOption(
    false,
    "encrypt blocks by XTS-AES-256, with a key in the state directory",
  ),
});

/** What the driver needs of the machine. */
export interface BlockDriverParts {
  /** Opens paths. */
  readonly opener: BlockIoOpener;
  /** Tells how long writes take. */
  readonly clock: Pick<Clock, "nowMs">;
  /** Makes and keeps keys. */
  readonly keys: KeyParts;
}

/** Makes the driver. */
export function blockDriver(
  parts: BlockDriverParts,
): BackendDriver<BlockOptions> {
  return {
    name: "block",
    options: BLOCK_OPTIONS,
    identityOf: ({ file }) =>
      file === undefined ? undefined : parts.opener.identityOf(file),
    onlyHere: ({ encryption }) =>
      encryption ? "has a key in the state directory of one node" : undefined,
    open: (request) => openStore(parts, request),
  };
}

async function openStore(
  parts: BlockDriverParts,
  request: OpenRequest<BlockOptions>,
): Promise<OpenOutcome> {
  const { file, num_threads } = request.options;
  if (file === undefined || file === "") {
    return { error: `Option "file" is required: the path of a file or device` };
  }
  const lanes = Math.min(num_threads, LANES_MAX);
  const { readOnly, mayWrite } = request;
  const how = { readOnly, lanes, mayWrite };
  const first = await openFile(parts.opener, file, how);
  const isRefused = isFault(first) && first.cause === "read-only" &&
    !request.readOnly;
  const io = isRefused
    ? await openFile(parts.opener, file, { ...how, readOnly: true })
    : first;
  if (isFault(io)) return failureOf(io);
  const outcome = await storeOf(parts, request, io);
  if (!isRefused || !("store" in outcome) || outcome.store === null) {
    return outcome;
  }
  return { ...outcome, warning: `Opened read-only: ${first.message}` };
}

/** A name that is no absolute path may be that of a device. */
async function openFile(
  opener: BlockIoOpener,
  file: string,
  how: OpenHow,
): Promise<BlockIo | StoreFault> {
  const io = await opener.open(file, how);
  if (!isFault(io) || io.cause !== "offline" || file.startsWith("/")) return io;
  const device = await opener.open(`/dev/${file}`, how);
  if (!isFault(device) || device.cause === "read-only") return device;
  // Whether there is such a device may be hidden by a missing permission.
  return device.cause === "offline"
    ? io
    : { cause: io.cause, message: `${io.message}; ${device.message}` };
}

/** What is not there now may come: that is a unit without medium. */
function failureOf(fault: StoreFault): OpenOutcome {
  return fault.cause === "offline"
    ? { store: null, warning: fault.message }
    : { error: fault.message };
}

async function storeOf(
  { clock, opener, keys }: BlockDriverParts,
  request: OpenRequest<BlockOptions>,
  io: BlockIo,
): Promise<OpenOutcome> {
  const bytes = await io.size();
  const geometry = isFault(bytes) ? bytes : layoutOf(io.facts, bytes, request);
  if (geometry instanceof LayoutProblem || isFault(geometry)) {
    await io.close();
    return { error: geometry.message };
  }
  const { unmap, encryption } = request.options;
  const file = new FileStore({ io, geometry, unmap, clock });
  const identity = opener.identityOf(io.facts.path);
  if (!encryption) {
    const warning = warningOfKey(identity, keys);
    return { store: file, ...warning === undefined ? {} : { warning } };
  }
  const store = await encrypted(file, identity, keys);
  if (!isFault(store)) return { store };
  await io.close();
  return { error: store.message };
}
