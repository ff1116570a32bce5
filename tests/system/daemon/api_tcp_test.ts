/**
 * The control API on a TCP port: for whoever has the token, and on loopback
 * addresses alone.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import {
  type DaemonFolder,
  daemonFolder,
  waitForLog,
} from "../../support/daemon.ts";
import type { RunningProgram } from "../../support/process.ts";

interface Api {
  readonly folder: DaemonFolder;
  readonly program: RunningProgram;
  readonly url: string;
  readonly token: string;
  readonly tokenFile: string;
}

function apiTest(name: string, body: (api: Api) => Promise<void>): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    const program = await startCtld(folder);
    const line = await waitForLog(program, /Control API on http/);
    const [, url = "", tokenFile = ""] =
      /Control API on (\S+), its token in (\S+)/.exec(line) ?? [];
    const token = (await Deno.readTextFile(tokenFile)).trim();
    await body({ folder, program, url, token, tokenFile });
  });
}

function startCtld(folder: DaemonFolder): Promise<RunningProgram> {
  const text = `pidfile "${folder.pidFile}"`;
  return folder.ctld(text, "--api", "127.0.0.1:0");
}

function get(url: string, token?: string): Promise<Response> {
  return fetch(url, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
}

apiTest("the API wants its token, and keeps it to its owner", async (api) => {
  const { url, token, tokenFile, folder } = api;
  assertEquals(tokenFile, `${folder.path}/state/api.token`);
  assertEquals((await Deno.stat(tokenFile)).mode ?? 0, 0o100600);
  assertMatch(token, /^[0-9a-f]{64}$/);

  const luns = await get(`${url}/v1/luns`, token);
  assertEquals([luns.status, await luns.json()], [200, []]);
  for (const wrong of [undefined, "", token.replace(/.$/, "x")]) {
    const response = await get(`${url}/v1/luns`, wrong);
    const { code } = await response.json();
    assertEquals([response.status, code], [401, "unauthorized"]);
  }
});

apiTest("the API is described in valid OpenAPI", async ({ url, token }) => {
  const response = await get(`${url}/v1/openapi.json`, token);
  const { valid, errors } = await new Validator()
    .validate(await response.json());
  assertEquals([valid, errors], [true, undefined]);
});

apiTest("its event stream ends with the daemon", async (api) => {
  const { url, token, program } = api;
  const following = await get(`${url}/v1/events`, token);
  // Nobody reads this one: it must not keep the daemon from ending.
  const ignored = await get(`${url}/v1/events`, token);
  program.kill("SIGTERM");
  const text = await following.text();
  assertMatch(text, /^: listening\n\n/);
  const { code } = await program.waitForExit();
  assertEquals(code, 0);
  await ignored.body?.cancel().catch(() => {});
});

apiTest(
  "the token outlives the daemon, and its mode is looked at",
  async (api) => {
    const { folder, program, token, tokenFile } = api;
    await program.stop();
    const again = await startCtld(folder);
    assertEquals((await Deno.readTextFile(tokenFile)).trim(), token);
    await again.stop();
    await Deno.chmod(tokenFile, 0o640);
    const { code, stderr } = await folder.runCtld(
      ..."-f FILE --api 127.0.0.1:0".replace("FILE", folder.configuration)
        .split(" "),
    );
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /api\.token .* its mode is 0640, expected 0600; .*remove/,
    );
  },
);

Deno.test("ctld and start refuse an address that others reach", async () => {
  await using folder = await daemonFolder();
  for (const name of ["ctld", "start"] as const) {
    const result = await folder.run(name, "--api", "0.0.0.0:8080");
    assertEquals(result.code, 1);
    assertMatch(
      result.stderr,
      /does not listen on "0\.0\.0\.0": a loopback address is needed/,
    );
  }
});

Deno.test("start serves the API, too", async () => {
  await using folder = await daemonFolder();
  const disk = ["--size", "1m", `${folder.path}/disk`];
  const words = [...disk, "--port", "0", "--api", "127.0.0.1:0"];
  const program = await folder.start(...words);
  const line = await program.waitForLine(/^Control API on /);
  const [, url = "", file = ""] = /on (\S+), its token in (\S+)$/.exec(line) ??
    [];
  const token = (await Deno.readTextFile(file)).trim();
  const response = await get(`${url}/v1/luns`, token);
  assert(response.ok);
  assertEquals((await response.json()).length, 1);
});
