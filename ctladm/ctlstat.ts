/**
 * ctlstat: the statistics client, compatible with ctlstat(8).
 *
 * @module
 */

import { type ApiClient, ApiError } from "./api/client.ts";
import type { PortResource, StatisticsResource } from "./api/resources.ts";
import { UsageError } from "./commands/command.ts";
import { getopt, has, type Options, valueOf, valuesOf } from "./getopt.ts";
import { systemSurroundings } from "./host/surroundings_adapter.ts";
import { programWords, runProgram } from "./host/terminal_adapter.ts";
import {
  formatDump,
  formatHeader,
  formatJson,
  formatPrometheus,
  formatRow,
} from "./statistics/format.ts";
import type { Selection } from "./statistics/sample.ts";
import type { Surroundings } from "./surroundings.ts";

const USAGE = `Usage:  ctlstat [-CDPdjht] [-l lunnum][-c count] \
[-n numdevs] [-w wait]
        ctlstat [-CDPdjht] [-p portnum][-c count] [-n numdevs] [-w wait]`;

const LETTERS = "Cc:DPdhjl:n:p:tw:";
const ITEMS_SHOWN = 3;
const ITEM_LIMIT = 1024;
const WAIT_SECONDS = 1;
const DUMP_WAIT_SECONDS = 30;
/** Rows between two headers. */
const ROWS_PER_HEADER = 20;

interface Settings {
  readonly selection: Selection;
  /** Displays; undefined: without end. */
  readonly count: number | undefined;
  readonly waitMs: number;
  readonly mode: "columns" | "dump" | "json" | "prometheus";
  readonly cpu: boolean;
  readonly headers: boolean;
  readonly moves: boolean;
  readonly totals: boolean;
}

/** Runs ctlstat with the words behind its name. @returns the exit code */
export async function ctlstat(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const options = getopt(words, LETTERS);
  try {
    if (options.problems.length > 0 || options.rest.length > 0) {
      throw new UsageError(USAGE);
    }
    const settings = readOptions(options);
    using connection = surroundings.connect();
    await display(connection.client, settings, surroundings);
    return 0;
  } catch (error) {
    const expected = error instanceof UsageError || error instanceof ApiError;
    if (!expected) throw error;
    surroundings.printError(error.message);
    return 1;
  }
}

function readOptions(options: Options): Settings {
  const luns = valuesOf(options, "l").map((text) => itemNumber("LUN", text));
  const ports = valuesOf(options, "p").map((text) => itemNumber("port", text));
  if (luns.length > 0 && ports.length > 0) {
    throw new UsageError("Options -p and -l are exclusive.");
  }
  const totals = has(options, "t");
  const mode = modeOf(options);
  if (mode === "prometheus" && (ports.length > 0 || totals || timed(options))) {
    throw new UsageError("Option -P is exclusive with -p, -c, -w, and -t");
  }
  const numbers = luns.length > 0 ? luns : ports;
  const byPort = ports.length > 0 || (totals && luns.length === 0);
  return {
    selection: {
      items: byPort ? "ports" : "luns",
      numbers,
      count: shownOf(options, totals),
    },
    count: numberOf(options, "c"),
    waitMs: waitSecondsOf(options) * 1000,
    mode,
    cpu: !has(options, "C"),
    headers: !has(options, "h"),
    moves: has(options, "d"),
    totals,
  };
}

function modeOf(options: Options): Settings["mode"] {
  if (has(options, "P")) return "prometheus";
  if (has(options, "j")) return "json";
  return has(options, "D") ? "dump" : "columns";
}

function timed(options: Options): boolean {
  return has(options, "c") || has(options, "w");
}

// Totals sum over everything unless items are named. The first item that is
// named shows itself alone, each further one itself too, -n what it says: the
// last word counts, as in CTL.
function shownOf({ given }: Options, totals: boolean): number {
  let shown = totals ? ITEM_LIMIT : ITEMS_SHOWN;
  let named = 0;
  for (const [letter, text] of given) {
    if (letter === "n") shown = parseNumber(letter, text);
    if (letter !== "l" && letter !== "p") continue;
    shown = named === 0 ? 1 : shown + 1;
    named += 1;
  }
  return shown;
}

// Dumps wait longer, unless a -w behind them says otherwise.
function waitSecondsOf({ given }: Options): number {
  let seconds = WAIT_SECONDS;
  for (const [letter, text] of given) {
    if (letter === "w") seconds = parseNumber(letter, text);
    if (letter === "D" || letter === "j") seconds = DUMP_WAIT_SECONDS;
  }
  return seconds;
}

function itemNumber(what: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number < ITEM_LIMIT) {
    return number;
  }
  throw new UsageError(`Invalid ${what} number ${text}`);
}

function numberOf(options: Options, letter: string): number | undefined {
  const text = valueOf(options, letter);
  return text === undefined ? undefined : parseNumber(letter, text);
}

function parseNumber(letter: string, text: string): number {
  const value = Number(text);
  if (text !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`Invalid number "${text}" for -${letter}\n${USAGE}`);
}

async function display(
  client: ApiClient,
  settings: Settings,
  { print, pause }: Surroundings,
): Promise<void> {
  if (settings.mode === "prometheus") {
    return print(await prometheusOf(client));
  }
  let before: StatisticsResource | null = null;
  for (let shown = 0; shown !== settings.count; shown += 1) {
    if (shown > 0) await pause(settings.waitMs);
    const sample: StatisticsResource = await client.get("/v1/statistics");
    const header = shown % ROWS_PER_HEADER === 0 && settings.headers;
    print(shownSample(before, sample, settings, header));
    before = sample;
  }
}

function shownSample(
  before: StatisticsResource | null,
  sample: StatisticsResource,
  settings: Settings,
  header: boolean,
): string {
  const { selection, mode } = settings;
  if (mode === "json") return formatJson(sample, selection);
  if (mode === "dump") return formatDump(sample, selection);
  const row = formatRow(before, sample, selection, settings);
  return header ? `${formatHeader(sample, selection, settings)}\n${row}` : row;
}

async function prometheusOf(client: ApiClient): Promise<string> {
  const sample = await client.get<StatisticsResource>("/v1/statistics");
  const ports = await client.get<PortResource[]>("/v1/ports");
  const targets = new Map(ports.map((port) => [port.id, port.target ?? ""]));
  return formatPrometheus(sample, (port) => targets.get(port) ?? "");
}

if (import.meta.main) {
  await runProgram(() => ctlstat(programWords(), systemSurroundings));
}
