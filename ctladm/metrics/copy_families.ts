/**
 * What a daemon tells Prometheus of copies between LUNs.
 *
 * @module
 */

import type { CopyService } from "../../mod.ts";
import type { Family } from "./exposition.ts";

/** Families of copies; null: nobody copies, and all is zero. */
export function copyFamilies(copies: CopyService | null): Family[] {
  const counters = copies?.counters;
  const all = copies?.list() ?? [];
  const running = all.filter(({ state }) => state === "running").length;
  return [
    {
      name: "dtl_copy_operations",
      type: "gauge",
      help: "Copies between LUNs: those that run, and results that are held",
      samples: [
        { labels: { state: "running" }, value: running },
        { labels: { state: "held" }, value: all.length - running },
      ],
    },
    {
      name: "dtl_copy_operations_total",
      type: "counter",
      help: "Copies between LUNs that have ended, by how",
      samples: (["completed", "failed", "aborted"] as const).map((state) => ({
        labels: { state },
        value: counters?.[state] ?? 0,
      })),
    },
    {
      name: "dtl_copied_bytes_total",
      type: "counter",
      help: "Bytes copied between LUNs: by reading and writing, or by stores",
      samples: [
        { labels: { way: "copied" }, value: counters?.copiedBytes ?? 0 },
        { labels: { way: "shared" }, value: counters?.sharedBytes ?? 0 },
      ],
    },
  ];
}
