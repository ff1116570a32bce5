/**
 * What `/proc` tells about processes and the machine (Linux; needs `-A`).
 *
 * @module
 */

/** Ticks a second in `/proc`; 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** Fields of `/proc/PID/stat`, counted from the state after the name. */
const STAT_USER = 11;
const STAT_SYSTEM = 12;
const STAT_CHILDREN_USER = 13;
const STAT_CHILDREN_SYSTEM = 14;
const STAT_START = 19;

/** CPU time of the machine since its start, in seconds. */
export interface MachineCpu {
  /** All but idle. */
  readonly busy: number;
  /** Interrupts within it; mostly TCP's receive path here. */
  readonly interrupts: number;
  /** What the hypervisor gave to others. */
  readonly stolen: number;
}

/** Memory of a process in KiB. */
export interface ProcessMemory {
  /** All that is resident, files and shared memory included. */
  readonly residentKib: number;
  /** Its own anonymous memory within that. */
  readonly anonymousKib: number;
}

/** User and system time of a process with all its threads, in seconds. */
export function cpuSecondsOf(pid: number): number {
  const fields = statOf(pid);
  const ticks = Number(fields[STAT_USER]) + Number(fields[STAT_SYSTEM]);
  return ticks / TICKS_PER_SECOND;
}

/** The same of our own children that have ended. */
export function childrenCpuSeconds(): number {
  const fields = statOf(Deno.pid);
  const ticks = Number(fields[STAT_CHILDREN_USER]) +
    Number(fields[STAT_CHILDREN_SYSTEM]);
  return ticks / TICKS_PER_SECOND;
}

/**
 * When a process started, in ticks since the machine's start: with it a pid
 * names one process for good.
 *
 * @returns the ticks, or undefined when there is no such process
 */
export function startTimeOf(pid: number): number | undefined {
  try {
    const fields = statOf(pid);
    return fields[0] === "Z" ? undefined : Number(fields[STAT_START]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Resident memory of a process; nothing when it is gone. */
export function memoryOf(pid: number): ProcessMemory {
  if (startTimeOf(pid) === undefined) {
    return { residentKib: 0, anonymousKib: 0 };
  }
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  return { residentKib: kib("VmRSS"), anonymousKib: kib("RssAnon") };
}

/** CPU time of the whole machine. */
export function machineCpu(): MachineCpu {
  const line = Deno.readTextFileSync("/proc/stat").split("\n", 1)[0] ?? "";
  const seconds = line.split(/\s+/).slice(1)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND);
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, stolen = 0] =
    seconds;
  return {
    busy: user + nice + system + irq + soft,
    interrupts: irq + soft,
    stolen,
  };
}

/** The process that listens on a TCP port, or undefined. */
export function listenerOf(port: number): number | undefined {
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) =>
      listeningInodes(Deno.readTextFileSync(path), port)
    ),
  );
  for (const entry of Deno.readDirSync("/proc")) {
    if (/^\d+$/.test(entry.name) && holdsSocket(entry.name, inodes)) {
      return Number(entry.name);
    }
  }
  return undefined;
}

function listeningInodes(table: string, port: number): string[] {
  const suffix = ":" + port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").map((line) => line.trim().split(/\s+/))
    .filter((cell) => cell[3] === "0A" && cell[1]?.endsWith(suffix))
    .map((cell) => `socket:[${cell[9]}]`);
}

/** A process may end, or be another user's, while we look. */
function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    for (const entry of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const link = Deno.readLinkSync(`/proc/${pid}/fd/${entry.name}`);
      if (inodes.has(link)) return true;
    }
  } catch {
    return false;
  }
  return false;
}

function statOf(pid: number): string[] {
  const line = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return line.slice(line.lastIndexOf(")") + 2).split(" ");
}
