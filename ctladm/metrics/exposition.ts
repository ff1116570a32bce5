/**
 * The text format in which Prometheus reads metrics, version 0.0.4.
 *
 * A renderer of our own: the counters exist already, as arrays of the core,
 * and a histogram of `prom-client` can only observe values one by one.
 *
 * @module
 */

import { bucketLimitSeconds, type CommandCounts } from "../../mod.ts";

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
  readonly samples: readonly Sample[];
}

/** Renders families; those without samples keep their description. */
export function renderFamilies(families: readonly Family[]): string {
  return families.map(({ name, type, help, samples }) =>
    [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ suffix = "", labels, value }) =>
        `${name}${suffix}${renderLabels(labels)} ${renderValue(value)}`
      ),
    ].join("\n") + "\n"
  ).join("");
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
