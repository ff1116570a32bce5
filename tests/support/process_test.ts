import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { freePort, runTool, startProgram } from "./process.ts";

/** Prints its port once it listens, and hears no TERM when told so. */
const SERVER = `
const [mode, port] = Deno.args;
if (mode === "deaf") Deno.addSignalListener("SIGTERM", () => {});
const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(port) });
console.log("ready");
for await (const connection of listener) connection.close();
`;

function serverArgs(mode: string, port: number): string[] {
  const code = `data:text/javascript,${encodeURIComponent(SERVER)}`;
  return ["run", "--allow-net", "--no-lock", code, mode, String(port)];
}

Deno.test("startProgram() waits for a line, stop() sends TERM", async () => {
  const args = serverArgs("polite", freePort());
  const readyLine = /^ready$/;
  const program = await startProgram(Deno.execPath(), args, { readyLine });
  assertEquals(program.exit, undefined);
  assertEquals((await program.stop()).signal, "SIGTERM");
  assertStringIncludes(program.stdout.text, "ready\n");
});

Deno.test("startProgram() waits for a port", async () => {
  const readyPort = freePort();
  const args = serverArgs("polite", readyPort);
  await using _program = await startProgram(Deno.execPath(), args, {
    readyPort,
  });
  using connection = await Deno.connect({ port: readyPort });
  assertEquals(await connection.read(new Uint8Array(1)), null);
});

Deno.test("stop() kills what hears no TERM", async () => {
  const args = serverArgs("deaf", freePort());
  const readyLine = (line: string) => line === "ready";
  const program = await startProgram(Deno.execPath(), args, { readyLine });
  assertEquals((await program.stop(100)).signal, "SIGKILL");
});

Deno.test("startProgram() says why a program was never ready", async () => {
  const args = ["-c", "echo no luck >&2; exit 3"];
  const error = await assertRejects(() =>
    startProgram("sh", args, { readyLine: /ready/ })
  );
  assertStringIncludes(String(error), "ended with 3)\nno luck");
  const inVain = await assertRejects(() =>
    startProgram("sh", args, { readyPort: freePort() })
  );
  assertStringIncludes(String(inVain), "Waited in vain for port");
});

Deno.test("runTool() gives code and both outputs", async () => {
  const script = "cat; echo trouble >&2; exit 5";
  const result = await runTool("sh", ["-c", script], {
    timeoutMs: 10_000,
    input: "given",
  });
  assertEquals(result, {
    code: 5,
    signal: null,
    stdout: "given",
    stderr: "trouble\n",
    killed: undefined,
  });
});

Deno.test("runTool() kills a tool that hangs, and its children", async () => {
  const script = "echo begun; sleep 60 & sleep 60";
  const start = performance.now();
  const result = await runTool("sh", ["-c", script], { timeoutMs: 1000 });
  assertEquals([result.killed, result.stdout], ["timeout", "begun\n"]);
  assert(performance.now() - start < 5000);
});

Deno.test("runTool() kills a tool that floods", async () => {
  const limits = { timeoutMs: 10_000, outputLimit: 1000 };
  const result = await runTool("yes", [], limits);
  assertEquals([result.killed, result.stdout.length], ["output", 1000]);
});
