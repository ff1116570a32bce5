/**
 * Reads the text format of Prometheus (0.0.4), strictly: what a scraper would
 * refuse throws.
 *
 * @module
 */

/** What was read. */
export class Metrics {
  /** Types by the name of their family. */
  readonly types: Map<string, string> = new Map();
  /** Help texts by the name of their family. */
  readonly helps: Map<string, string> = new Map();
  /** Values by sample, as it was written. */
  readonly samples: Map<string, number> = new Map();

  /** The value of a sample: `name{label="value",…}`; 0: there is none. */
  value(sample: string): number {
    return this.samples.get(sample) ?? 0;
  }

  /** Samples whose text begins in a way, with their values. */
  with(beginning: string): [string, number][] {
    return [...this.samples].filter(([text]) => text.startsWith(beginning));
  }
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(
  `^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`,
);
const DESCRIPTION = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const TYPES: readonly string[] = ["counter", "gauge", "histogram"];

/** Reads a whole exposition. */
export function parseMetrics(text: string): Metrics {
  if (!text.endsWith("\n")) throw new TypeError("The last line has no end");
  const metrics = new Metrics();
  for (const line of text.slice(0, -1).split("\n")) {
    if (line.startsWith("#")) readDescription(metrics, line);
    else readSample(metrics, line);
  }
  return metrics;
}

function readDescription({ types, helps }: Metrics, line: string): void {
  const [, word, name = "", rest = ""] = DESCRIPTION.exec(line) ?? [];
  const seen = word === "TYPE" ? types : helps;
  if (word === undefined || seen.has(name)) throw unexpected(line);
  if (word === "TYPE" && !TYPES.includes(rest)) throw unexpected(line);
  seen.set(name, rest);
}

function readSample({ types, samples }: Metrics, line: string): void {
  const [, name = "", labels, text = ""] = SAMPLE.exec(line) ?? [];
  const value = text === "+Inf" ? Infinity : Number(text);
  const family = name.replace(/_(bucket|sum|count)$/, "");
  const described = types.has(name) || types.get(family) === "histogram";
  const sample = labels === undefined ? name : `${name}{${labels}}`;
  if (!described || Number.isNaN(value) || samples.has(sample)) {
    throw unexpected(line);
  }
  samples.set(sample, value);
}

function unexpected(line: string): TypeError {
  return new TypeError(`Prometheus would refuse the line ${line}`);
}
