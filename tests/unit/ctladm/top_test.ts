import { assertEquals, assertMatch } from "@std/assert";
import { findCommand } from "../../../ctladm/ctladm.ts";
import { withDisk } from "../../support/ctladm_rows.ts";
import type { MemoryDaemon } from "../../support/memory_daemon.ts";

function topTest(
  name: string,
  body: (machine: MemoryDaemon) => Promise<void>,
): void {
  Deno.test(name, () => withDisk(body));
}

topTest("ctladm top -n 1 shows one interval", async (machine) => {
  const { code, lines, errors } = await machine.ctladm("top -n 1 -w 3");
  assertEquals([code, errors, machine.pauses], [0, [], [3000]]);
  assertMatch(lines[0] ?? "", /^up 0:00:03 {3}cpu 25% {3}memory 48 MB /);
  assertMatch(lines[3] ?? "", /^ {3}0 ramdisk {11}0 {5}0 {8}0 /);
  assertEquals(machine.clears, 0);
});

topTest("ctladm top clears the screen between displays", async (machine) => {
  const { lines } = await machine.ctladm("top -n 2");
  assertEquals([machine.clears, machine.pauses], [2, [2000, 2000]]);
  assertEquals(lines.filter((line) => line.startsWith("up ")).length, 2);
});

topTest("ctladm top --json is one object", async (machine) => {
  const { lines } = await machine.ctladm("top --json");
  const { intervalMs, luns, sessions } = JSON.parse(lines.join("\n"));
  assertEquals([intervalMs, luns.length, sessions], [2000, 1, []]);
  assertEquals(Object.keys(luns[0]), [
    "id",
    "backend",
    "tasks",
    "blocked",
    "commandsPerSecond",
    "failuresPerSecond",
    "bytesInPerSecond",
    "bytesOutPerSecond",
    "p50Us",
    "p99Us",
  ]);
});

topTest("ctladm top refuses to hurry", async (machine) => {
  const { code, errors } = await machine.ctladm("top -w 0");
  assertEquals([code, errors], [
    1,
    ["ctladm: -w takes at least one second"],
  ]);
});

Deno.test("ctladm t is still tur", () => {
  const names = ["t", "to", "top", "tu"].map(findCommand)
    .map((found) => typeof found === "string" ? found : found.name);
  assertEquals(names, ["tur", "top", "top", "tur"]);
});
