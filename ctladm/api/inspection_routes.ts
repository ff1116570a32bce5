/**
 * Routes of the control API that look inside: tasks, reservations, all there
 * is.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ABORT, type LogicalUnit, TASK_STATE } from "../../mod.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { describePort } from "./describe.ts";
import { describeRegistrations } from "./describe_reservations.ts";
import type { TaskResource } from "./resources.ts";
import { json } from "./respond.ts";
import { DUMP, TASK } from "./schemas.ts";

/** Adds them. */
export function addInspectionRoutes(api: OpenAPIHono, daemon: Daemon): void {
  const { target } = daemon;
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/tasks",
      summary: "Tasks of every LUN, the oldest of each LUN first",
      responses: { 200: json("Tasks", z.array(TASK)) },
    }),
    (context) => {
      const nowMs = target.host.clock.nowMs();
      const tasks = target.luns.all().flatMap((unit) => tasksOf(unit, nowMs));
      return context.json(tasks, 200);
    },
  );
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/dump",
      summary: "Registrations, ports and plugins",
      responses: { 200: json("All of them", DUMP) },
    }),
    async (context) => {
      await daemon.ioctl();
      return context.json({
        keys: target.luns.all().flatMap(describeRegistrations),
        ports: target.ports.all().map(describePort),
        plugins: target.plugins.names,
      }, 200);
    },
  );
}

function tasksOf(unit: LogicalUnit, nowMs: number): TaskResource[] {
  const tasks: TaskResource[] = [];
  for (let task = unit.taskSet.oldest; task !== null; task = task.newer) {
    const length = task.row?.cdbLength ?? task.cdbLength;
    const flags = [task.state === TASK_STATE.BLOCKED ? "BLOCKED" : "RTR"];
    if (task.abort !== ABORT.NONE) flags.push("ABORT");
    tasks.push({
      lun: unit.number,
      tag: task.tag,
      initiator: task.nexus.initiator.name,
      command: task.row?.name ?? "Unknown command",
      cdb: new Uint8Array(task.cdb.buffer, 0, length).toHex(),
      flags,
      ageMs: nowMs - task.arrivedMs,
    });
  }
  return tasks;
}
