/**
 * The resources of the control API as types; `schemas.ts` holds the same as
 * data.
 *
 * @module
 */

/** A logical unit. */
export interface LunResource {
  /** LUN number. */
  readonly id: number;
  /** Name of its backend. */
  readonly backend: string;
  /** Peripheral device type. */
  readonly deviceType: number;
  /** Blocks. */
  readonly sizeBlocks: number;
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Serial number. */
  readonly serialNumber: string;
  /** Device id. */
  readonly deviceId: string;
  /** NAA designator in hexadecimal; null: it has none. */
  readonly naa: string | null;
  /** There is a medium. */
  readonly medium: boolean;
  /** Writes are refused. */
  readonly readOnly: boolean;
  /** Facts of the backend, then the options, as lists show them. */
  readonly details: [string, string][];
}

/** A target port. */
export interface PortResource {
  /** Port number. */
  readonly id: number;
  /** Frontend that it belongs to. */
  readonly frontend: string;
  /** Kind of port, as a bit. */
  readonly type: number;
  /** It accepts commands. */
  readonly online: boolean;
  /** Its name. */
  readonly name: string;
  /** Physical port number. */
  readonly physicalPort: number;
  /** Virtual port number. */
  readonly virtualPort: number;
  /** Name of the target device; null: it has none. */
  readonly target: string | null;
  /** Name of the port; null: it has none. */
  readonly port: string | null;
  /** Visible LUNs and the units behind them; null: every LUN is visible. */
  readonly lunMap: { readonly lun: number; readonly unit: number }[] | null;
  /** Initiators with a session. */
  readonly initiators: { readonly id: number; readonly name: string }[];
  /** Further facts, in order. */
  readonly details: [string, string][];
}

/** An iSCSI session. */
export interface SessionResource {
  /** Session number. */
  readonly id: number;
  /** Name of the initiator. */
  readonly initiator: string;
  /** Address of the initiator. */
  readonly initiatorAddress: string;
  /** Alias of the initiator. */
  readonly initiatorAlias: string;
  /** Name of the target. */
  readonly target: string;
  /** Alias of the target. */
  readonly targetAlias: string;
  /** Tag of the portal group. */
  readonly portalGroupTag: number;
  /** Header digest. */
  readonly headerDigest: "None" | "CRC32C";
  /** Data digest. */
  readonly dataDigest: "None" | "CRC32C";
  /** Bytes of a data segment towards the target. */
  readonly maxRecvDataSegmentLength: number;
  /** Bytes of a data segment towards the initiator. */
  readonly maxSendDataSegmentLength: number;
  /** Bytes of a burst. */
  readonly maxBurstLength: number;
  /** Bytes of unsolicited data. */
  readonly firstBurstLength: number;
  /** Commands may carry data. */
  readonly immediateData: boolean;
}

/** Counters of one kind of transfer. */
export interface CountersResource {
  /** Bytes moved. */
  readonly bytes: number;
  /** Commands that ended GOOD. */
  readonly operations: number;
  /** Data moves. */
  readonly dmas: number;
  /** Milliseconds of all commands. */
  readonly timeMs: number;
  /** Milliseconds of all data moves. */
  readonly dmaTimeMs: number;
}

/** Counters of one LUN or port. */
export interface ItemStatistics {
  /** LUN or port number. */
  readonly id: number;
  /** Commands without data. */
  readonly none: CountersResource;
  /** Commands that read. */
  readonly read: CountersResource;
  /** Commands that write. */
  readonly write: CountersResource;
}

/** Counters of everything. */
export interface StatisticsResource {
  /** Milliseconds since the daemon started. */
  readonly uptimeMs: number;
  /** Milliseconds of processor time that the daemon has used. */
  readonly cpuMs: number;
  /** LUNs by number. */
  readonly luns: ItemStatistics[];
  /** Ports by number. */
  readonly ports: ItemStatistics[];
}

/** Counters of commands, however they ended. */
export interface CommandCountsResource {
  /** Commands that have ended. */
  readonly commands: number;
  /** Of these, commands that ended neither GOOD nor CONDITION MET. */
  readonly failures: number;
  /** Bytes sent to initiators. */
  readonly bytesIn: number;
  /** Bytes taken from initiators. */
  readonly bytesOut: number;
  /** Commands by the bucket of their latency; empty: none. */
  readonly latencies: number[];
}

/** What goes on at a LUN. */
export interface LunActivity extends CommandCountsResource {
  /** LUN number. */
  readonly id: number;
  /** Name of its backend. */
  readonly backend: string;
  /** Tasks under way. */
  readonly tasks: number;
  /** Of these, tasks that wait for others. */
  readonly blocked: number;
}

/** What goes on in an iSCSI session. */
export interface SessionActivity extends CommandCountsResource {
  /** Session number. */
  readonly id: number;
  /** Name of the initiator. */
  readonly initiator: string;
  /** Address of the initiator. */
  readonly initiatorAddress: string;
  /** Name of the target. */
  readonly target: string;
  /** Tasks under way. */
  readonly tasks: number;
}

/** What goes on in the target. */
export interface ActivityResource {
  /** Milliseconds since the daemon started. */
  readonly uptimeMs: number;
  /** Milliseconds of processor time that the daemon has used. */
  readonly cpuMs: number;
  /** Bytes of memory that the daemon has resident. */
  readonly residentBytes: number;
  /** Longest latency in microseconds of each bucket but the last. */
  readonly latencyLimitsUs: number[];
  /** LUNs by number. */
  readonly luns: LunActivity[];
  /** iSCSI sessions by number. */
  readonly sessions: SessionActivity[];
}

/** A LUN to make. */
export interface CreateLunBody {
  /** Name of the backend. */
  readonly backend: string;
  /** Wanted number; absent: the lowest free one. */
  readonly number?: number | undefined;
  /** Peripheral device type; absent: 0. */
  readonly deviceType?: number | undefined;
  /** Size in bytes; absent: that of what lies below. */
  readonly sizeBytes?: number | undefined;
  /** Bytes of a block; absent: the backend's default. */
  readonly blockLength?: number | undefined;
  /** Serial number. */
  readonly serial?: string | undefined;
  /** Device id. */
  readonly deviceId?: string | undefined;
  /** Options by name. */
  readonly options?: Record<string, string> | undefined;
}

/** A change of a LUN. */
export interface ModifyLunBody {
  /** Refused unless the LUN has this backend. */
  readonly backend?: string | undefined;
  /** New size in bytes; 0: that of what lies below. */
  readonly sizeBytes?: number | undefined;
  /** All options anew; without it the LUN loses its options. */
  readonly options?: Record<string, string> | undefined;
}

/** A LUN was made or changed. */
export interface LunChangedResource {
  /** The LUN as it is now. */
  readonly lun: LunResource;
  /** What an operator should know. */
  readonly warning?: string | undefined;
}

/** A port to make or to remove. */
export interface PortRequestBody {
  /** Frontend that makes it. */
  readonly driver: string;
  /** Its options by name. */
  readonly options?: Record<string, string> | undefined;
}

/** A change of a port. */
export interface ChangePortBody {
  /** Turns it on or off. */
  readonly online?: boolean | undefined;
  /** World wide node name, 64 bits in hexadecimal. */
  readonly wwnn?: string | undefined;
  /** World wide port name, 64 bits in hexadecimal. */
  readonly wwpn?: string | undefined;
}

/** A change of a LUN map. */
export interface MapLunBody {
  /** Visible LUN; absent: the whole map. */
  readonly lun?: number | undefined;
  /** LUN of the target; absent: the entry, or the map, goes. */
  readonly unit?: number | undefined;
}

/** Sessions to end: those that fit any of the fields. */
export interface ChooseSessionsBody {
  /** All of them. */
  readonly all?: boolean | undefined;
  /** By number. */
  readonly id?: number | undefined;
  /** By the initiator's name. */
  readonly initiator?: string | undefined;
  /** By the initiator's address. */
  readonly address?: string | undefined;
}

/** How many sessions were chosen. */
export interface ChosenSessionsResource {
  /** Their count. */
  readonly count: number;
}

/** A plugin to load or to take out. */
export interface LoadPluginBody {
  /** Name, path or URL. */
  readonly name: string;
  /** Its options by name. */
  readonly options?: Record<string, string> | undefined;
}

/** The answer to a task management function. */
export interface LocalFunctionResource {
  /** Service response, in the words of SAM-5. */
  readonly response: string;
  /** Tasks that it found. */
  readonly tasksFound: number;
}

/** A task under way. */
export interface TaskResource {
  /** LUN number in the target. */
  readonly lun: number;
  /** Its tag. */
  readonly tag: number;
  /** Name of the initiator. */
  readonly initiator: string;
  /** Name of the command. */
  readonly command: string;
  /** CDB, hexadecimal. */
  readonly cdb: string;
  /** BLOCKED, RTR, ABORT, as CTL has them. */
  readonly flags: string[];
  /** Milliseconds since it arrived. */
  readonly ageMs: number;
}

/** A registration for persistent reservations. */
export interface RegistrationResource {
  /** LUN number in the target. */
  readonly lun: number;
  /** Relative target port identifier. */
  readonly port: number;
  /** Name of the initiator. */
  readonly initiator: string;
  /** Reservation key, hexadecimal. */
  readonly key: string;
}

/** Something that has happened. */
export interface EventResource {
  /** What it was. */
  readonly type: string;
  /** Number in the order of events. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** LUN number in the target. */
  readonly lun?: number | undefined;
  /** Number of the target port. */
  readonly port?: number | undefined;
  /** Number of the session. */
  readonly session?: number | undefined;
  /** Name of the initiator. */
  readonly initiator?: string | undefined;
  /** Address of the initiator. */
  readonly address?: string | undefined;
  /** Name of the target. */
  readonly target?: string | undefined;
  /** Command, or work, that met a defect. */
  readonly command?: string | undefined;
  /** What a node of a pair is now. */
  readonly serving?: string | undefined;
  /** Epoch of its role. */
  readonly epoch?: number | undefined;
  /** Why it is so. */
  readonly reason?: string | undefined;
  /** Events that are missing. */
  readonly count?: number | undefined;
}

/** Words for the commands that an error is injected into. */
export type InjectionPattern = "read" | "write" | "readcap" | "tur" | "any";

/** An error to inject. */
export interface InjectionBody {
  /** What it is. */
  readonly kind: "aborted" | "mediumerr" | "ua" | "custom";
  /** Commands that it is for. */
  readonly patterns: InjectionPattern[];
  /** Only reads and writes that touch these blocks. */
  readonly range?: {
    readonly lba: number;
    readonly blocks: number;
  } | undefined;
  /** Sense data for `custom`, hexadecimal. */
  readonly sense?: string | undefined;
  /** It stays until it is deleted; absent: one command spends it. */
  readonly continuous?: boolean | undefined;
}

/** An injected error. */
export interface InjectionResource extends InjectionBody {
  /** Number by which it is deleted. */
  readonly serial: number;
}

/** An error was injected. */
export interface InjectedResource {
  /** Number by which it is deleted. */
  readonly serial: number;
}

/** A delay of commands. */
export interface DelayBody {
  /** Before the data move, or before the status is sent. */
  readonly location: "datamove" | "done";
  /** Seconds; 0: no delay there any more. */
  readonly seconds: number;
  /** Every command; absent: the next one. */
  readonly continuous?: boolean | undefined;
}

/** All that is injected into a LUN. */
export interface InjectionsResource {
  /** Errors, in the order they were given. */
  readonly errors: InjectionResource[];
  /** Delays. */
  readonly delays: DelayBody[];
}

/** The reservations of a LUN. */
export interface ReservationsResource {
  /** LUN number in the target. */
  readonly lun: number;
  /** PRGENERATION. */
  readonly generation: number;
  /** APTPL: a restart leaves the registrations as they are. */
  readonly persists: boolean;
  /** The persistent reservation; null: none. */
  readonly type: { readonly code: number; readonly name: string } | null;
  /** Registrations, in the order they were made. */
  readonly registrations: {
    /** Relative target port identifier. */
    readonly port: number;
    /** Name of the initiator port. */
    readonly initiator: string;
    /** Reservation key, hexadecimal. */
    readonly key: string;
    /** It holds the persistent reservation. */
    readonly holder: boolean;
  }[];
  /** Holder of a RESERVE (SPC-2); null: nobody. */
  readonly reserve:
    | { readonly port: number; readonly initiator: string }
    | null;
}

/** How a command would end. */
export interface CommandOutlookResource {
  /** Its name. */
  readonly command: string;
  /** What would refuse it, in the order of judgement; empty: nothing. */
  readonly refusals: {
    /** Step of judgement. */
    readonly step: string;
    /** Status. */
    readonly status: number;
    /** Status or sense in words. */
    readonly text: string;
  }[];
}

/** What an initiator sees of a LUN through one port. */
export interface PortExplanationResource {
  /** Number of the port. */
  readonly port: number;
  /** Its frontend. */
  readonly frontend: string;
  /** Name of the target, or of the port. */
  readonly name: string;
  /** It accepts commands. */
  readonly online: boolean;
  /** LUNs of the port that lead to the LUN. */
  readonly luns: number[];
  /** Initiator ports with a session. */
  readonly sessions: string[];
  /** The initiator can send commands to it now. */
  readonly visible: boolean;
  /** Why it cannot. */
  readonly reasons: string[];
  /** How commands would end. */
  readonly commands: CommandOutlookResource[];
}

/** What an initiator sees of a LUN. */
export interface ExplanationResource {
  /** LUN number in the target. */
  readonly lun: number;
  /** The initiator, as it was asked for. */
  readonly initiator: string;
  /** All ports, by number. */
  readonly ports: PortExplanationResource[];
}

/** Everything that `ctladm dumpstructs` shows. */
export interface DumpResource {
  /** Registrations, by LUN. */
  readonly keys: RegistrationResource[];
  /** Target ports. */
  readonly ports: PortResource[];
  /** Plugins that are loaded, in the order of loading. */
  readonly plugins: string[];
}

/** A configuration to look at or to put in force. */
export interface ConfigurationBody {
  /** The text of the file. */
  readonly text: string;
  /** The syntax that it is in. */
  readonly syntax: "classic" | "ucl";
  /** Its path, for messages and for the files that it includes. */
  readonly path: string;
  /** Texts of the files that it includes, by path. */
  readonly includes?: Record<string, string> | undefined;
}

/** One change, in words. */
export interface ChangeResource {
  /** A verb. */
  readonly action: string;
  /** What it is done to. */
  readonly subject: string;
  /** What differs, or what follows; may be empty. */
  readonly detail: string;
}

/** A session that changes touch. */
export interface TouchedSessionResource {
  /** Number. */
  readonly id: number;
  /** Name of the initiator. */
  readonly initiator: string;
  /** Address of the initiator. */
  readonly initiatorAddress: string;
  /** Name of the target. */
  readonly target: string;
  /** It ends. */
  readonly ends: boolean;
  /** What the initiator notices when it goes on. */
  readonly notices: string[];
}

/** What a configuration would change. */
export interface ConfigurationPlanResource {
  /** The changes, in order. */
  readonly changes: ChangeResource[];
  /** Sessions that they touch; all others go on undisturbed. */
  readonly sessions: TouchedSessionResource[];
  /** What looks wrong in the configuration but is allowed. */
  readonly warnings: string[];
}

/** What became of a configuration. */
export interface ConfigurationAppliedResource
  extends ConfigurationPlanResource {
  /** Changes that failed, and why; the next configuration has them again. */
  readonly failures: string[];
}

/** Why a request was refused. */
export interface ProblemResource {
  /** Kind of mistake. */
  readonly code: string;
  /** A whole sentence. */
  readonly message: string;
  /** Path of the field that is wrong. */
  readonly field?: string | undefined;
}

/** The daemon itself. */
export interface DaemonResource {
  /** Process id. */
  readonly pid: number;
  /** Version of DTL. */
  readonly version: string;
  /** Milliseconds since it started. */
  readonly uptimeMs: number;
  /** Plugins that are loaded, in the order of loading. */
  readonly plugins: string[];
  /** Commands that ended by a defect. */
  readonly defects: number;
}
