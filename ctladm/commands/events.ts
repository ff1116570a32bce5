/**
 * `ctladm events`: what happens in the target, line by line.
 *
 * @module
 */

import type { EventResource } from "../api/resources.ts";
import { type Command, numberOption } from "./command.ts";

/** `ctladm events`. */
export const events: Command = {
  name: "events",
  beyondCtl: true,
  letters: "n:",
  summary: "follow what happens: LUNs, ports, sessions, roles, defects",
  synopsis: "events [-n count] [--json]   (until the daemon ends, or so many)",
  example: "ctladm events --json",
  run: async ({ client, options, print, json }) => {
    const wanted = numberOption(options, "n", "count") ?? Infinity;
    if (wanted === 0) return;
    let seen = 0;
    for await (const event of client.events()) {
      print(json ? JSON.stringify(event) : lineOf(event));
      seen += 1;
      if (seen >= wanted) break;
    }
  },
};

/** Words that stand before the rest of a line. */
const FRONT: ReadonlySet<string> = new Set(["type", "id", "atMs"]);

/** `2026-01-02T03:04:05.678Z lun-created lun=0`. */
function lineOf(event: EventResource): string {
  const facts = Object.entries(event)
    .filter(([name]) => !FRONT.has(name))
    .map(([name, value]) => ` ${name}=${wordOf(String(value))}`);
  const time = new Date(event.atMs).toISOString();
  return `${time} ${event.type}${facts.join("")}`;
}

// An initiator chooses its name: no byte of it may steer a terminal.
function wordOf(text: string): string {
  return /^[\x21\x23-\x7e]+$/.test(text) ? text : JSON.stringify(text);
}
