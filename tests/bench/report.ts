/**
 * What the benchmark says in the end.
 *
 * @module
 */

import { format } from "@std/fmt/bytes";
import type { Integrity } from "./campaign.ts";
import type { Machine } from "./machine.ts";
import type { ProcessMemory } from "./proc.ts";
import type { Sample } from "./sampling.ts";
import type { Cell, SummaryRow, Verdict } from "./summary.ts";
import { type Table, toMarkdown, toText } from "./table.ts";

/** What is known of a target beside its rates. */
export interface TargetFacts {
  /** Its name. */
  readonly name: string;
  /** What came of filling and verifying it. */
  readonly integrity: Integrity;
  /** Its memory after its start. */
  readonly memoryAtStart: ProcessMemory;
  /** Its memory at the end. */
  readonly memoryAtEnd: ProcessMemory;
}

/** The cross-check by another client. */
export interface CrossCheck {
  /** The target. */
  readonly target: string;
  /** Median of the commands a second. */
  readonly iops: number;
}

/** All that was found. */
export interface BenchReport {
  /** The command line. */
  readonly words: readonly string[];
  /** When it began. */
  readonly when: string;
  /** How long it took in seconds. */
  readonly seconds: number;
  /** The machine. */
  readonly machine: Machine;
  /** Versions of the rivals' packages. */
  readonly versions: Readonly<Record<string, string>>;
  /** Size of each LUN. */
  readonly sizeBytes: number;
  /** One line on how it was measured. */
  readonly method: string;
  /** The targets. */
  readonly targets: readonly TargetFacts[];
  /** Medians and ratios. */
  readonly summary: readonly SummaryRow[];
  /** `iscsi-perf` on ours and on the fastest tgt. */
  readonly crossChecks: readonly CrossCheck[];
  /** Everything that was measured. */
  readonly samples: readonly Sample[];
}

/** The report for a terminal. */
export function reportText(report: BenchReport): string {
  return compose(report, toText, (line) => line);
}

/** The report as a Markdown page. */
export function reportMarkdown(report: BenchReport): string {
  return "# iSCSI benchmark\n\n" +
    compose(report, toMarkdown, (line) => `* ${line}`);
}

function compose(
  report: BenchReport,
  table: (table: Table) => string,
  item: (line: string) => string,
): string {
  return [
    machineLines(report).map(item).join("\n"),
    table(rateTable(report.summary)),
    table(targetTable(report)),
    closingLines(report).map(item).join("\n"),
  ].join("\n\n") + "\n";
}

function machineLines(report: BenchReport): string[] {
  const { machine, versions } = report;
  const packages = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`);
  return [
    `${report.when}: ${machine.cpu}, ${machine.cpuCount} CPUs, ` +
    `Linux ${machine.kernel}, load average ${machine.loadAverage.toFixed(1)}`,
    [`Deno ${machine.deno}`, ...packages].join(", "),
    report.method,
  ];
}

function rateTable(summary: readonly SummaryRow[]): Table {
  const groups = [
    ...new Set(summary.flatMap((row) => Object.keys(row.rivals))),
  ];
  return {
    head: [
      ...["load", "unit", "target", "median (min-max)", ...groups],
      ...["ratio", "CPU us/command", "ratio", "client's"],
      ...["p99 us", "ratio", "wanted"],
    ],
    rows: summary.map((row) => [
      row.load,
      row.unit,
      row.own?.target ?? "-",
      row.own === undefined ? "-" : rateOf(row.own),
      ...groups.map((group) => rivalRate(row.rivals[group])),
      fixed(row.rateRatio),
      `${fixed(row.own?.cpuUs)} / ${fixed(row.base?.cpuUs)}`,
      fixed(row.cpuRatio),
      `${fixed(row.own?.clientUs)} / ${fixed(row.base?.clientUs)}`,
      p99Of(row),
      fixed(row.p99Ratio),
      row.verdicts.map(verdictWords).join(", "),
    ]),
  };
}

/** Memory holds the LUN's data only where the target itself keeps it. */
function targetTable({ targets }: BenchReport): Table {
  return {
    head: [
      ...["target", "integrity", "resident at start", "at end"],
      "anonymous at end",
    ],
    rows: targets.map((target) => [
      target.name,
      `${target.integrity.ok ? "ok" : "FAILED"}: ${target.integrity.words}`,
      memory(target.memoryAtStart.residentKib),
      memory(target.memoryAtEnd.residentKib),
      memory(target.memoryAtEnd.anonymousKib),
    ]),
  };
}

function closingLines(report: BenchReport): string[] {
  const verdicts = report.summary.flatMap((row) => row.verdicts);
  const reached = verdicts.filter(({ pass }) => pass);
  return [
    `Each LUN has ${memory(report.sizeBytes / 1024)}${
      Object.keys(report.versions).length === 0
        ? "."
        : "; a rival's lies in a file on /dev/shm, outside of its memory."
    }`,
    ...crossCheckLines(report.crossChecks),
    `Reached ${reached.length} of ${verdicts.length} wanted ratios.`,
    `Took ${report.seconds.toFixed(0)} s.`,
  ];
}

function crossCheckLines(checks: readonly CrossCheck[]): string[] {
  if (checks.length === 0) return [];
  const [first, second] = checks;
  const quotient = first === undefined || !second?.iops
    ? ""
    : `, ratio ${fixed(first.iops / second.iops)}`;
  const rates = checks.map(({ target, iops }) => `${target} ${count(iops)}`);
  return [
    `iscsi-perf, 4 KiB random read, depth 32: ${rates.join(", ")}${quotient}`,
  ];
}

function rateOf({ rate, taken, used, failed }: Cell): string {
  const spread = `${count(rate.median)} (${count(rate.min)}-${
    count(rate.max)
  })`;
  const quiet = used === taken ? "" : ` [${used} of ${taken}]`;
  return `${spread}${quiet}${failed > 0 ? ` ${failed} FAILED` : ""}`;
}

/** Ours, then all rivals'. */
function p99Of({ own, rivals }: SummaryRow): string {
  return [own, ...Object.values(rivals)]
    .map((cell) => count(cell?.p99Us)).join(" / ");
}

function rivalRate(cell: Cell | undefined): string {
  if (cell === undefined) return "-";
  const failed = cell.failed > 0 ? ` ${cell.failed} FAILED` : "";
  return `${count(cell.rate.median)} ${cell.target}${failed}`;
}

function verdictWords({ wanted, pass }: Verdict): string {
  return `${wanted} ${pass ? "pass" : "FAIL"}`;
}

function fixed(value: number | undefined): string {
  return value === undefined ? "-" : value.toFixed(2);
}

function count(value: number | undefined): string {
  return value === undefined ? "-" : Math.round(value).toLocaleString("en");
}

function memory(kib: number): string {
  return format(kib * 1024, { binary: true });
}
