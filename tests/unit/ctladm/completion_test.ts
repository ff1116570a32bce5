import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MemoryDaemon } from "../../support/memory_daemon.ts";

async function script(shell: string): Promise<string> {
  await using machine = new MemoryDaemon();
  machine.whyNone = "it must not be asked for";
  const { code, lines, errors } = await machine.ctladm(`completion ${shell}`);
  assertEquals([code, errors], [0, []]);
  return lines.join("\n");
}

Deno.test("ctladm completion names every command and its options", async () => {
  const [bash, zsh, fish] = [
    await script("bash"),
    await script("zsh"),
    await script("fish"),
  ];
  assertStringIncludes(bash, 'devlist) words="-b -v -x --json" ;;');
  assertStringIncludes(bash, "complete -F _ctladm ctladm");
  assertStringIncludes(zsh, "'devlist:list the LUNs'");
  assertStringIncludes(zsh, "devlist) compadd -- -b -v -x --json ;;");
  assertStringIncludes(
    fish,
    "complete -c ctladm -f -n __fish_use_subcommand -a devlist " +
      "-d 'list the LUNs'",
  );
  assertStringIncludes(bash, 'ha-role) words="-l --peer-fenced --json" ;;');
  assertStringIncludes(zsh, "ha-init) compadd -- -d -n --force --json ;;");
  assertStringIncludes(fish, "-a ha -d 'show roles, link, epoch, lag");
  assert([bash, zsh, fish].every((text) => text.includes("prout")));
});

Deno.test("ctladm completion refuses another shell", async () => {
  await using machine = new MemoryDaemon();
  assertEquals(await machine.ctladm("completion tcsh"), {
    code: 1,
    lines: [],
    errors: ['ctladm: no completion for "tcsh": name bash, zsh or fish'],
  });
});
