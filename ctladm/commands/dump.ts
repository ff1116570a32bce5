/**
 * `ctladm dumpooa` and `dumpstructs`: what is under way, and what there is.
 *
 * @module
 */

import type { DumpResource, TaskResource } from "../api/resources.ts";
import type { Command } from "./command.ts";

/** `ctladm dumpooa`. */
export const dumpooa: Command = {
  name: "dumpooa",
  letters: "",
  summary: "show the commands under way, of every LUN, in order of arrival",
  synopsis: "dumpooa [--json]",
  example: "ctladm dumpooa",
  run: async ({ client, print, printJson, json }) => {
    const tasks = await client.get<TaskResource[]>("/v1/tasks");
    if (json) return printJson(tasks);
    print("Dumping OOA queues");
    for (const task of tasks) print(taskLine(task));
    print("OOA queues dump done");
  },
};

function taskLine(task: TaskResource): string {
  const flags = task.flags.map((flag) => ` ${flag}`).join("");
  const bytes = task.cdb.replace(/../g, "$& ");
  return `LUN ${task.lun} tag 0x${task.tag.toString(16)}${flags}: ` +
    `${task.command}. CDB: ${bytes} (${Math.floor(task.ageMs)} ms)`;
}

/** `ctladm dumpstructs`. */
export const dumpstructs: Command = {
  name: "dumpstructs",
  letters: "",
  summary: "show keys, ports, frontends, backends and plugins",
  synopsis: "dumpstructs [--json]",
  example: "ctladm dumpstructs",
  run: async ({ client, print, printJson, json }) => {
    const dump = await client.get<DumpResource>("/v1/dump");
    if (json) return printJson(dump);
    print("CTL Persistent Reservation information start:");
    for (const { lun, port, initiator, key } of dump.keys) {
      print(`  LUN ${lun} port ${port} iid ${initiator} key ${key}`);
    }
    print("CTL Persistent Reservation information end");
    print("CTL Ports:");
    for (const { id, frontend, name, online, initiators } of dump.ports) {
      const state = online ? "online" : "offline";
      print(`  Port ${id} '${name}' Frontend '${frontend}' ${state}`);
      for (const each of initiators) {
        print(`    iid ${each.id} name '${each.name}'`);
      }
    }
    print("CTL Port information end");
    print("CTL Plugins:");
    for (const plugin of dump.plugins) print(`  Plugin '${plugin}'`);
    print("CTL Plugin information end");
  },
};
