/**
 * What counting costs a command: all that a unit and a nexus count of a READ,
 * beside the clock that every command reads once, and the four additions of
 * the simplest counters there could be.
 *
 * @module
 */

import {
  type CommandRow,
  CommandTally,
  createTarget,
  kindOf,
  type Nexus,
  PORT_TYPE,
  type ScsiTask,
  Statistics,
} from "../../core/mod.ts";
import { systemClock } from "../../ctladm/host/clock_adapter.ts";
import { LocalInitiator } from "../support/local_initiator.ts";
import { memoryHost } from "../support/memory_host.ts";

const READ_10 = 0x28;

const target = createTarget({
  host: memoryHost(),
  findPlugin: () => undefined,
});
const port = target.ports.register({
  frontend: "bench",
  name: "bench",
  type: PORT_TYPE.ISCSI,
  physicalPort: 0,
  virtualPort: 0,
});
const { nexus } = new LocalInitiator(port, "iqn.bench,i,0x1");
const row = target.commands.get(READ_10);
const task = readTask(nexus, row);

/** A READ(10) of 4 KiB that has ended GOOD. */
function readTask(of: Nexus, its: CommandRow | undefined): ScsiTask {
  const made = of.takeTask();
  made.row = its ?? null;
  made.movedLength = 4096;
  made.moveCount = 1;
  return made;
}

const unit = new CommandTally();
const plain = new Statistics();
let timeMs = 0;

/** Latencies of many buckets. */
function nextTimeMs(): number {
  timeMs = (timeMs + 0.0137) % 1.5;
  return timeMs;
}

Deno.bench("the clock, once a command", { group: "count" }, () => {
  systemClock.nowMs();
});
Deno.bench("one sum by kind", { group: "count", baseline: true }, () => {
  plain.count(1, 4096, 1, nextTimeMs(), 0);
});
Deno.bench("all of a command", { group: "count" }, () => {
  const spentMs = nextTimeMs();
  const kind = kindOf(task);
  unit.countGood(task, READ_10, kind, spentMs);
  nexus.statistics.countGood(task, READ_10, kind, spentMs);
});
