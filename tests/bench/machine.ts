/**
 * What a reader needs to know of the machine.
 *
 * @module
 */

/** The machine that was measured on. */
export interface Machine {
  /** Model of its CPU. */
  readonly cpu: string;
  /** Number of its CPUs. */
  readonly cpuCount: number;
  /** Version of its kernel. */
  readonly kernel: string;
  /** Version of Deno. */
  readonly deno: string;
  /** Load average of the last minute. */
  readonly loadAverage: number;
}

/** Describes this machine, now. */
export function describeMachine(): Machine {
  const cpus = Deno.readTextFileSync("/proc/cpuinfo");
  return {
    cpu: /^model name\s*:\s*(.+)$/m.exec(cpus)?.[1] ?? Deno.build.arch,
    cpuCount: navigator.hardwareConcurrency,
    kernel: Deno.osRelease(),
    deno: Deno.version.deno,
    loadAverage: Deno.loadavg()[0] ?? 0,
  };
}
