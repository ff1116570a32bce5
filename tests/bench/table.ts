/**
 * Tables for people: aligned text, and Markdown.
 *
 * @module
 */

/** A table; each row has as many cells as the head. */
export interface Table {
  /** Names of the columns. */
  readonly head: readonly string[];
  /** The rows. */
  readonly rows: readonly (readonly string[])[];
}

/** Columns under one another, two spaces apart. */
export function toText({ head, rows }: Table): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length))
  );
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...rows].map((row) =>
    widths.map((width, column) => (row[column] ?? "").padEnd(width))
      .join("  ").trimEnd()
  ).join("\n");
}

/** The same as a Markdown table. */
export function toMarkdown({ head, rows }: Table): string {
  const rule = head.map(() => "---");
  return [head, rule, ...rows]
    .map((row) => `| ${row.join(" | ")} |`).join("\n");
}
