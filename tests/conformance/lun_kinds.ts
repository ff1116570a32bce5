/**
 * The kinds of logical units that the conformance suite is run against: what
 * an administrator would write into ctl.conf for each.
 *
 * @module
 */

/** Bytes of every logical unit. */
export const SIZE_BYTES: number = 64 * 2 ** 20;

/** One kind: a column of the list. */
export interface LunKind {
  /** Name of the column. */
  readonly name: string;
  /** What is special about it, for people. */
  readonly about: string;
  /** Where its blocks are. */
  readonly backend: "ramdisk" | "block";
  /** Its daemon may call libc. */
  readonly native: boolean;
  /** Its daemon has no third-party copy. */
  readonly copyless: boolean;
  /** Device type, as ctl.conf has it. */
  readonly deviceType: "disk" | "cd";
  /** Bytes of a logical block. */
  readonly blockLength: number;
  /** Options of the LUN. */
  readonly options: Readonly<Record<string, string>>;
  /** Families that get `-d`; undefined: all. */
  readonly destructive: RegExp | undefined;
  /** The only families that it is for; undefined: all. */
  readonly families: RegExp | undefined;
  /** Time for a family; undefined: the usual. */
  readonly perFamilyTimeoutMs: number | undefined;
  /** The suite may SANITIZE it. */
  readonly sanitize: boolean;
  /** The suite gets the second portal as its second path, in every test. */
  readonly twoPaths: boolean;
  /** `deno task test` runs it; `deno task conformance` runs all. */
  readonly daily: boolean;
}

const PLAIN: LunKind = {
  name: "",
  about: "",
  backend: "ramdisk",
  native: false,
  copyless: false,
  deviceType: "disk",
  blockLength: 512,
  options: {},
  destructive: undefined,
  families: undefined,
  perFamilyTimeoutMs: undefined,
  sanitize: false,
  twoPaths: false,
  daily: false,
};

/** All kinds, in the order of the columns. */
export const LUN_KINDS: readonly LunKind[] = [
  { name: "ram", about: "RAM, thin, 512e", daily: true },
  {
    name: "file",
    about: "file, native adapter, thin, 512e",
    backend: "block" as const,
    native: true,
    daily: true,
  },
  {
    name: "file-plain",
    about: "file, no native code, not thin",
    backend: "block" as const,
    daily: true,
  },
  { name: "thick", about: "RAM, unmap=off", options: { unmap: "off" } },
  {
    name: "512n",
    about: "RAM, physical blocks of 512 bytes",
    options: { pblocksize: "512" },
  },
  {
    name: "4kn",
    about: "RAM, logical blocks of 4096 bytes",
    blockLength: 4096,
    daily: true,
  },
  {
    name: "file-4kn",
    about: "file, native adapter, logical blocks of 4096 bytes",
    backend: "block" as const,
    native: true,
    blockLength: 4096,
  },
  {
    name: "removable",
    about: "RAM, removable medium",
    options: { removable: "on" },
    daily: true,
  },
  {
    name: "readonly",
    about: "RAM, write protected",
    options: { readonly: "on" },
    // What else the tool calls destructive wants to write.
    destructive: /^(?:ReadOnly|Pr(?:in|out).*)$/,
    daily: true,
  },
  {
    name: "cd",
    about: "file as a disc of a CD/DVD drive",
    backend: "block" as const,
    blockLength: 2048,
    deviceType: "cd" as const,
    // Two paths are compared by what disks have.
    families: /^(?!MultipathIO$)/,
    daily: true,
  },
  {
    name: "copyless",
    about: "RAM, in a target without third-party copy",
    copyless: true,
  },
  { name: "two-paths", about: "RAM, by two portals", twoPaths: true },
  {
    name: "sanitize",
    about: "RAM, SANITIZE allowed, 8 s a pass",
    // The suite looks at an operation that is under way.
    options: { sanitize_rate: "8m" },
    families: /^Sanitize$/,
    // One test waits for a minute, another makes several passes.
    perFamilyTimeoutMs: 400_000,
    sanitize: true,
  },
  {
    name: "encrypted",
    about: "file, encrypted, SANITIZE allowed, 8 s a pass",
    backend: "block" as const,
    native: true,
    options: { encryption: "on", sanitize_rate: "8m" },
    families: /^Sanitize$/,
    perFamilyTimeoutMs: 400_000,
    sanitize: true,
  },
].map((kind) => ({ ...PLAIN, ...kind }));

/** iSCSI name of the target with a LUN of a kind. */
export function targetName({ name }: LunKind): string {
  return `iqn.2026-01.test.dtl:${name}`;
}

/** Where the blocks of a kind are, when they are in a file. */
export function backingFile({ name }: LunKind, folder: string): string {
  return `${folder}/${name}.img`;
}

/** Lines of ctl.conf that make a target with one LUN of a kind. */
export function targetOf(kind: LunKind, folder: string): string {
  const { backend, deviceType, blockLength, options } = kind;
  const own = backend === "ramdisk" ? { capacity: String(SIZE_BYTES) } : {};
  const lines = Object.entries({ ...own, ...options })
    .map(([key, value]) => `option ${key} ${value}`);
  if (backend === "block") lines.push(`path ${backingFile(kind, folder)}`);
  return `target ${targetName(kind)} {
    auth-group no-authentication
    portal-group pg0
    lun 0 {
      backend ${backend}
      device-type ${deviceType}
      blocksize ${blockLength}
      size ${SIZE_BYTES}
      ${lines.join("\n      ")}
    }
  }\n`;
}
