/**
 * The text format in which Prometheus reads metrics, version 0.0.4.
 *
 * A renderer of our own: the counters exist already, as arrays of the core,
 * and a histogram of `prom-client` can only observe values one by one.
 *
 * @module
 */

import {
  bucketLimitSeconds,
  type CommandCounts,
  type Slices,
} from "../../mod.ts";

/** MIME type of the format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Labels of a sample, in the order in which they are shown. */
export type Labels = Readonly<Record<string, string | number>>;

/** One line of a family. */
export interface Sample {
  /** Behind the name of the family: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  /** Its labels. */
  readonly labels: Labels;
  /** Its value. */
  readonly value: number;
}

/** A metric with all its samples. */
export interface Family {
  /** Its name, the unit last. */
  readonly name: string;
  /** Its type. */
  readonly type: "counter" | "gauge" | "histogram";
  /** A line for people. */
  readonly help: string;
  /** What it is now. */
  readonly samples: Iterable<Sample>;
}

/** A metric that goes up and down. */
export function gauge(
  name: string,
  help: string,
  samples: Iterable<Sample>,
): Family {
  return { name, type: "gauge", help, samples };
}

/** A metric that only grows; its name ends with `_total`. */
export function counter(
  name: string,
  help: string,
  samples: Iterable<Sample>,
): Family {
  return { name, type: "counter", help, samples };
}

/** Lines after which the clock is asked whether others want their turn. */
const LINES_AT_A_TIME = 256;

/**
 * Renders families, in slices: a large target has very many samples. Those
 * without samples keep their description.
 */
export async function renderFamilies(
  families: Iterable<Family>,
  slices: Slices,
): Promise<string> {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { suffix = "", labels, value } of samples) {
      lines.push(
        `${name}${suffix}${renderLabels(labels)} ${renderValue(value)}`,
      );
      const due = lines.length % LINES_AT_A_TIME === 0;
      if (due && slices.used) await slices.next();
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The samples of a histogram of latencies, in seconds. */
export function histogramSamples(
  labels: Labels,
  { buckets, commands, timeMs }: CommandCounts,
): Sample[] {
  let below = 0;
  const cumulated = [...buckets].map((count, bucket) => {
    below += count;
    const le = renderValue(bucketLimitSeconds(bucket));
    return { suffix: "_bucket", labels: { ...labels, le }, value: below };
  });
  return [
    ...cumulated,
    { suffix: "_sum", labels, value: timeMs / 1000 },
    { suffix: "_count", labels, value: commands },
  ];
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(String(value))}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
}

function renderValue(value: number): string {
  return value === Infinity ? "+Inf" : String(value);
}
