/**
 * The displays of ctlstat: columns, text dump, JSON and Prometheus.
 *
 * @module
 */

import type { ItemStatistics, StatisticsResource } from "../api/resources.ts";
import {
  KINDS,
  type Rates,
  ratesBetween,
  type Selection,
  selectItems,
  sum,
} from "./sample.ts";

/** How the columns look. */
export interface ColumnSettings {
  /** The CPU column is shown. */
  readonly cpu: boolean;
  /** Data moves instead of commands (`-d`). */
  readonly moves: boolean;
  /** Read, Write and Total instead of items (`-t`). */
  readonly totals: boolean;
}

const TOTAL_KINDS = [
  { label: "Read", kinds: KINDS.slice(1, 2) },
  { label: "Write", kinds: KINDS.slice(2, 3) },
  { label: "Total", kinds: KINDS },
];

/** The two header lines above the columns. */
export function formatHeader(
  sample: StatisticsResource,
  selection: Selection,
  settings: ColumnSettings,
): string {
  const { moves, totals, cpu } = settings;
  const word = selection.items === "luns" ? "lun" : "port";
  const names = totals
    ? TOTAL_KINDS.map(({ label }) => center(label, 22))
    : selectItems(sample, selection)
      .map((item) => `${word.padStart(15)}${item.id}      `);
  const columns = `    ms KB/t   ${moves ? "dps" : "tps"} MB/s`;
  return [
    (cpu ? " CPU" : "") + names.join(""),
    (cpu ? "    " : "") + names.map(() => columns).join(""),
  ].join("\n");
}

/** One row: what happened between two samples; `before` null: since ever. */
export function formatRow(
  before: StatisticsResource | null,
  after: StatisticsResource,
  selection: Selection,
  settings: ColumnSettings,
): string {
  const seconds = (after.uptimeMs - (before?.uptimeMs ?? 0)) / 1000;
  const columns = settings.totals
    ? TOTAL_KINDS.map(({ kinds }) =>
      ratesBetween(
        sum(before === null ? [] : selectItems(before, selection), kinds),
        sum(selectItems(after, selection), kinds),
        seconds,
      )
    )
    : selectItems(after, selection).map((item) => {
      const old = before?.[selection.items]
        .filter((each) => each.id === item.id) ?? [];
      return ratesBetween(sum(old, KINDS), sum([item], KINDS), seconds);
    });
  const cpuMs = after.cpuMs - (before?.cpuMs ?? 0);
  const cpu = seconds > 0 ? cpuMs / 10 / seconds : 0;
  return (settings.cpu ? `${cpu.toFixed(0).padStart(3)}%` : "") +
    columns.map((rates) => formatColumns(rates, settings.moves)).join("");
}

function formatColumns(rates: Rates, moves: boolean): string {
  const ms = moves ? rates.msPerMove : rates.msPerOperation;
  const perSecond = moves ? rates.movesPerSecond : rates.operationsPerSecond;
  return ` ${ms.toFixed(1).padStart(5)}` +
    ` ${rates.kibibytesPerOperation.toFixed(0).padStart(4)}` +
    ` ${perSecond.toFixed(0).padStart(5)}` +
    ` ${rates.mebibytesPerSecond.toFixed(0).padStart(4)}`;
}

/** The text dump (`-D`). */
export function formatDump(
  sample: StatisticsResource,
  selection: Selection,
): string {
  const word = selection.items === "luns" ? "lun" : "port";
  return selectItems(sample, selection).flatMap((item) => [
    `${word} ${item.id}`,
    ...KINDS.flatMap(({ key, label }, type) => {
      const { bytes, operations, dmas, timeMs, dmaTimeMs } = item[key];
      return [
        `  io type ${type} (${label})`,
        `   bytes ${bytes}`,
        `   operations ${operations}`,
        `   dmas ${dmas}`,
        `   io time ${seconds(timeMs)}`,
        `   dma time ${seconds(dmaTimeMs)}`,
      ];
    }),
  ]).join("\n");
}

/** The JSON dump (`-j`): one object a line, keys as CTL has them. */
export function formatJson(
  sample: StatisticsResource,
  selection: Selection,
): string {
  const items = selectItems(sample, selection)
    .map((item) => `{"num":${item.id},"io":[${KINDS.map(kindJson(item))}]}`);
  return `{"${selection.items}":[${items.join(",")}]}`;
}

function kindJson(
  item: ItemStatistics,
): (kind: (typeof KINDS)[number]) => string {
  return ({ key, label }) => {
    const { bytes, operations, dmas, timeMs, dmaTimeMs } = item[key];
    return `{"type":"${label}","bytes":${bytes},"operations":${operations},` +
      `"dmas":${dmas},"io time":${seconds(timeMs)},` +
      `"dma time":${seconds(dmaTimeMs)}}`;
  };
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly value: (
    item: ItemStatistics,
    key: "none" | "read" | "write",
  ) => number;
}

const FAMILIES: readonly Family[] = [
  {
    name: "bytes",
    help: "Number of bytes",
    value: (item, key) => item[key].bytes,
  },
  { name: "dmas", help: "Number of DMA", value: (item, key) => item[key].dmas },
  {
    name: "operations",
    help: "Number of operations",
    value: (item, key) => item[key].operations,
  },
  {
    name: "time",
    help: "Cumulative operation time in us",
    value: (item, key) => Math.round(item[key].timeMs * 1000),
  },
  {
    name: "dma_time",
    help: "Cumulative DMA time in us",
    value: (item, key) => Math.round(item[key].dmaTimeMs * 1000),
  },
];

/**
 * The Prometheus text (`-P`), with the HTTP header that inetd sends on.
 *
 * @param targetOf name of the target of a port; "" when it has none
 */
export function formatPrometheus(
  sample: StatisticsResource,
  targetOf: (port: number) => string,
): string {
  const header = [
    "HTTP/1.1 200 OK",
    "Connection: close",
    "Content-Type: text/plain; version=0.0.4",
    "",
    "",
  ].join("\r\n");
  const lines = [
    ...familyLines("iscsi_lun", sample.luns, (id) => `lun="${id}",target=""`),
    ...familyLines(
      "iscsi_port",
      sample.ports,
      (id) => `port="${id}",target="${targetOf(id)}"`,
    ),
  ];
  return `${header}${lines.join("\n")}`;
}

function familyLines(
  prefix: string,
  items: readonly ItemStatistics[],
  labelsOf: (id: number) => string,
): string[] {
  return FAMILIES.flatMap(({ name, help, value }) => [
    `# HELP ${prefix}_${name} ${help}`,
    `# TYPE ${prefix}_${name} counter`,
    ...items.flatMap((item) =>
      KINDS.map(({ key, label }) =>
        `${prefix}_${name}{${labelsOf(item.id)},type="${label}"} ` +
        `${value(item, key)}`
      )
    ),
  ]);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(6);
}

function center(text: string, width: number): string {
  const before = Math.floor((width - text.length) / 2);
  return text.padStart(before + text.length).padEnd(width);
}
