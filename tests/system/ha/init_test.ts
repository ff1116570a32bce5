/** `ctladm ha-init`: what it makes, what it says, what it leaves alone. */

import { X509Certificate } from "node:crypto";
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { type DaemonFolder, daemonFolder } from "../../support/daemon.ts";

interface Made {
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly fingerprint: string;
  readonly isNew: boolean;
}

async function init(
  folder: DaemonFolder,
  ...words: readonly string[]
): Promise<Made> {
  const { code, stdout, stderr } = await folder
    .ctladm("ha-init", "--json", ...words);
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

async function certificateOf({ certificateFile }: Made) {
  return new X509Certificate(await Deno.readTextFile(certificateFile));
}

Deno.test("ctladm ha-init makes a key and a certificate for this node alone", async () => {
  await using folder = await daemonFolder();
  const directory = `${folder.path}/new/keys`;
  const made = await init(folder, "-d", directory, "-n", "shelf 1");
  assertEquals(made.keyFile, `${await Deno.realPath(directory)}/ha.key`);
  assertEquals(made.isNew, true);
  for (const file of [made.keyFile, made.certificateFile]) {
    const { mode = 0 } = await Deno.stat(file);
    assertEquals((mode ?? 0) & 0o777, 0o600, file);
  }
  const { mode = 0 } = await Deno.stat(directory);
  assertEquals((mode ?? 0) & 0o777, 0o700);
  const certificate = await certificateOf(made);
  const digits = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  assertEquals(made.fingerprint, `sha256:${digits}`);
  assertMatch(certificate.subject, /^CN=shelf 1$/);
  assertMatch(await Deno.readTextFile(made.keyFile), /^-----BEGIN PRIVATE KEY/);
});

Deno.test("ctladm ha-init leaves what is there, until it is told not to", async () => {
  await using folder = await daemonFolder();
  const first = await init(folder, "-d", folder.path);
  const again = await init(folder, "-d", folder.path);
  assertEquals(again, { ...first, isNew: false });
  const forced = await init(folder, "--force", "-d", folder.path);
  assertNotEquals(forced.fingerprint, first.fingerprint);
  assertEquals(
    await certificateOf(forced).then(({ fingerprint256 }) =>
      fingerprint256.replaceAll(":", "").toLowerCase()
    ),
    forced.fingerprint.slice("sha256:".length),
  );
});

Deno.test("ctladm ha-init says what to write into ctl.conf, on both nodes", async () => {
  await using folder = await daemonFolder();
  const { fingerprint } = await init(folder, "-d", folder.path);
  const { code, stdout } = await folder.ctladm("ha-init", "-d", folder.path);
  const path = await Deno.realPath(folder.path);
  assertEquals([code, stdout], [
    0,
    `They are there already.
In the ha block of this node's ctl.conf:
  key ${path}/ha.key
  certificate ${path}/ha.pem
In that of the peer:
  peer-fingerprint ${fingerprint}
`,
  ]);
});

Deno.test("ctladm ha-init refuses one half, and what is no certificate", async () => {
  await using folder = await daemonFolder();
  const { certificateFile, keyFile } = await init(folder, "-d", folder.path);
  await Deno.writeTextFile(certificateFile, "nothing\n");
  const wrong = await folder.ctladm("ha-init", "-d", folder.path);
  assertEquals([wrong.code, wrong.stderr], [
    1,
    `ctladm: Cannot use ${certificateFile}: it holds no certificate\n`,
  ]);
  await Deno.remove(certificateFile);
  const half = await folder.ctladm("ha-init", "-d", folder.path);
  assertEquals([half.code, half.stderr], [
    1,
    `ctladm: Cannot use ${keyFile}: its other half is missing; --force ` +
    "makes both anew\n",
  ]);
  const blocked = await folder.ctladm("ha-init", "-d", `${keyFile}/x`);
  assertEquals(blocked.code, 1);
  assertMatch(blocked.stderr, /^ctladm: Cannot use .*ha\.key\/x: Not a dir/);
});

Deno.test("ctladm ha-init starts no daemon", async () => {
  await using folder = await daemonFolder();
  await init(folder, "-d", folder.path);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assertEquals(names.sort(), ["ha.key", "ha.pem"]);
});
