import { closeSync, constants, openSync, writeSync } from "node:fs";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { NOT_NOW, OK, type Registrar } from "../../core/mod.ts";
import {
  type BlockIo,
  type BlockIoOpener,
  isFault,
  type OpenHow,
} from "../../backends/block/block_io.ts";
import { loadLibc } from "../../backends/block/libc_adapter.ts";
import { plugin } from "../../backends/block/mod.ts";
import { WRITE_PIECE_BYTES } from "../../backends/block/native_adapter.ts";
import {
  createFileOpener,
  FileOpener,
  openByLibc,
} from "../../backends/block/open_adapter.ts";

const HOW: OpenHow = { readOnly: false, lanes: 8 };
const libc = loadLibc();
assert(libc !== undefined, "these tests need --allow-ffi and Linux");
const libcOpener: BlockIoOpener = {
  open: (path, how) => Promise.resolve(openByLibc(libc, path, how)),
  identityOf: (path) => path,
};
const OPENERS: readonly [string, BlockIoOpener][] = [
  ["plain", new FileOpener(undefined)],
  ["native", createFileOpener()],
  ["libc alone", libcOpener],
];

interface Folder extends AsyncDisposable {
  readonly path: string;
}

async function tempFolder(): Promise<Folder> {
  const path = await Deno.makeTempDir({ prefix: "dtl_" });
  const remove = (): Promise<void> => Deno.remove(path, { recursive: true });
  return { path, [Symbol.asyncDispose]: remove };
}

async function opened(
  opener: BlockIoOpener,
  path: string,
  how: Partial<OpenHow> = {},
): Promise<BlockIo> {
  const io = await opener.open(path, { ...HOW, ...how });
  assert(!isFault(io), JSON.stringify(io));
  return io;
}

for (const [name, opener] of OPENERS) {
  Deno.test(`BlockIo, ${name}: a missing path is offline`, async () => {
    await using folder = await tempFolder();
    const fault = await opener.open(`${folder.path}/no`, HOW);
    assert(isFault(fault) && fault.cause === "offline", String(fault));
    assertStringIncludes(fault.message, `Cannot open "${folder.path}/no"`);
  });

  Deno.test(`BlockIo, ${name}: a folder is no file`, async () => {
    await using folder = await tempFolder();
    const how = { ...HOW, readOnly: true };
    const fault = await opener.open(folder.path, how);
    assert(isFault(fault) && fault.cause === "hardware");
    assertStringIncludes(fault.message, "neither a file nor a block device");
  });

  Deno.test(`BlockIo, ${name}: writes no read-only file`, async () => {
    await using folder = await tempFolder();
    const path = `${folder.path}/disk`;
    await Deno.writeFile(path, new Uint8Array(8192));
    const io = await opened(opener, path, { readOnly: true });
    const fault = await io.write(0, new Uint8Array(512), 0, 512);
    assert(isFault(fault) && fault.cause === "hardware", String(fault));
    assertEquals(io.punch, undefined);
    await io.close();
  });

  Deno.test(`BlockIo, ${name}: tells what a file takes`, async () => {
    await using folder = await tempFolder();
    const path = `${folder.path}/disk`;
    await Deno.writeFile(path, new Uint8Array(0));
    await Deno.truncate(path, 2 ** 30);
    const io = await opened(opener, path);
    assertEquals(await io.size(), 2 ** 30);
    const bytes = new Uint8Array(65536).fill(1);
    assertEquals(await io.write(2 ** 20, bytes, 0, 65536), 65536);
    assertEquals(await io.datasync(), OK);
    const { used, available } = await io.usage();
    assert(used !== undefined && used >= 65536 && used < 2 ** 20);
    assert(available !== undefined && available > 0);
    await io.close();
  });

  Deno.test(`BlockIo, ${name}: stays with a renamed file`, async () => {
    await using folder = await tempFolder();
    const path = `${folder.path}/disk`;
    await Deno.writeFile(path, new Uint8Array(8192));
    const io = await opened(opener, path);
    await Deno.rename(path, `${folder.path}/old`);
    await Deno.writeFile(path, new Uint8Array(8192).fill(9));
    const bytes = new Uint8Array(512).fill(5);
    // More at once than lanes are open: more are opened, by the path.
    const writes = Array.from(
      { length: 16 },
      (_, at) => io.write(at * 512, bytes, 0, 512),
    );
    assertEquals(await Promise.all(writes), new Array(16).fill(512));
    const stranger = await Deno.readFile(path);
    assert(stranger.every((byte) => byte === 9));
    const own = await Deno.readFile(`${folder.path}/old`);
    assert(own.every((byte) => byte === 5));
    await io.close();
  });

  Deno.test(`BlockIo, ${name}: closes after what is under way`, async () => {
    await using folder = await tempFolder();
    const path = `${folder.path}/disk`;
    await Deno.writeFile(path, new Uint8Array(0));
    const io = await opened(opener, path);
    const bytes = new Uint8Array(2 ** 20).fill(3);
    const results = [
      io.write(0, bytes, 0, bytes.length),
      io.write(2 ** 20, bytes, 0, bytes.length),
      io.datasync(),
      io.close(),
    ];
    assertEquals(await Promise.all(results), [2 ** 20, 2 ** 20, OK, undefined]);
  });
}

Deno.test("NativeIo frees space and tells the hole", async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/disk`;
  await Deno.writeFile(path, new Uint8Array(2 ** 20).fill(1));
  const io = await opened(createFileOpener(), path);
  assertEquals(await io.punch?.(65536, 65536), OK);
  assertEquals(io.nextHole?.(0), 65536);
  assertEquals(io.nextData?.(65536), 131072);
  assertEquals(io.nextData?.(2 ** 20), undefined);
  const into = new Uint8Array(65536).fill(1);
  assertEquals(await io.read(65536, into, 0, 65536), 65536);
  assert(into.every((byte) => byte === 0));
  await io.close();
});

Deno.test("NativeIo zeroes in a file and past its end", async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/disk`;
  await Deno.writeFile(path, new Uint8Array(65536).fill(1));
  const io = await opened(createFileOpener(), path);
  // A file system may lack it; a store then writes the zeroes.
  if (io.zero === undefined) return await io.close();
  assertEquals(await io.zero(4096, 2 ** 20), OK);
  assertEquals(await io.size(), 4096 + 2 ** 20);
  const into = new Uint8Array(8192).fill(2);
  assertEquals(await io.read(0, into, 0, 8192), 8192);
  assert(into.subarray(0, 4096).every((byte) => byte === 1));
  assert(into.subarray(4096).every((byte) => byte === 0));
  await io.close();
});

Deno.test("NativeIo.writeNow writes a piece of a long write", async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/disk`;
  await Deno.writeFile(path, new Uint8Array(0));
  const io = await opened(createFileOpener(), path);
  const bytes = new Uint8Array(2 * WRITE_PIECE_BYTES + 512).fill(7);
  const { length } = bytes;
  assertEquals(io.writeNow?.(0, bytes, 0, length), WRITE_PIECE_BYTES);
  assertEquals(await io.size(), WRITE_PIECE_BYTES);
  await io.close();
});

/** Writes a file past the page cache; false where there is no such way. */
function writeUncached(path: string, length: number): boolean {
  const fd = openSync(path, constants.O_RDWR | constants.O_DIRECT);
  const bytes = new Uint8Array(length + 4096);
  try {
    // Only an aligned buffer is taken, and nobody tells where this one lies.
    for (let at = 0; at < 4096; at += 16) {
      try {
        return writeSync(fd, bytes, at, length, 0) === length;
      } catch {
        continue;
      }
    }
    return false;
  } finally {
    closeSync(fd);
  }
}

Deno.test("NativeIo.writeNow reads no page that it writes in part", async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/disk`;
  await Deno.writeFile(path, new Uint8Array(0));
  assert(writeUncached(path, 2 ** 20));
  const io = await opened(createFileOpener(), path);
  const into = new Uint8Array(4096);
  const at = 2 ** 19;
  const bytes = new Uint8Array(8192);
  const written = io.writeNow?.(at + 512, bytes, 0, 512);
  // On a file system in memory nothing waits.
  assertEquals(written, io.tryRead?.(0, into, 0, 1) === NOT_NOW ? 0 : 512);
  assertEquals(io.writeNow?.(at - 8192, bytes, 0, 8192), 8192);
  assertEquals(io.writeNow?.(at - 8192, bytes, 0, 512), 512);
  assertEquals(await io.read(at, into, 0, 4096), 4096);
  assertEquals(io.writeNow?.(at + 512, bytes, 0, 512), 512);
  await io.close();
});

Deno.test("NativeIo.waits counts what its thread waits for", async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/disk`;
  await Deno.writeFile(path, new Uint8Array(4096));
  const io = await opened(createFileOpener(), path);
  const before = io.waits?.() ?? 0;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  assert((io.waits?.() ?? 0) > before);
  await io.close();
});

Deno.test("NativeIo reads at once what was just written", async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/disk`;
  await Deno.writeFile(path, new Uint8Array(0));
  const io = await opened(createFileOpener(), path);
  const bytes = new Uint8Array(8192).map((_, at) => at % 251);
  assertEquals(io.writeNow?.(4096, bytes, 0, 8192), 8192);
  const into = new Uint8Array(8200);
  assertEquals(io.tryRead?.(4096, into, 8, 8192), 8192);
  assertEquals(into.subarray(8), bytes);
  assertEquals(io.tryRead?.(12288, into, 0, 8192), 0);
  await io.close();
});

Deno.test({
  name: "FileOpener says what /dev needs",
  permissions: { read: true, write: true },
  async fn() {
    const fault = await new FileOpener(undefined).open("/dev/no_disk", HOW);
    assert(isFault(fault) && fault.cause === "hardware");
    assertStringIncludes(fault.message, "--allow-all (-A)");
    assertStringIncludes(fault.message, "--allow-ffi");
  },
});

Deno.test({
  name: "FileOpener says which permission lacks elsewhere",
  permissions: { read: false, write: false },
  async fn() {
    const fault = await new FileOpener(undefined).open("/data/disk", HOW);
    assert(isFault(fault) && fault.cause === "hardware");
    assertStringIncludes(fault.message, "--allow-read");
  },
});

Deno.test({
  name: "loadLibc without the permission loads nothing",
  permissions: { ffi: false },
  fn() {
    assertEquals(loadLibc(), undefined);
  },
});

Deno.test("FileOpener.identityOf follows links outside /dev", async () => {
  await using folder = await tempFolder();
  const real = await Deno.realPath(folder.path);
  await Deno.writeFile(`${real}/disk`, new Uint8Array(0));
  await Deno.symlink(`${real}/disk`, `${real}/link`);
  const opener = new FileOpener(undefined);
  assertEquals(opener.identityOf(`${real}/link`), `${real}/disk`);
  assertEquals(opener.identityOf(`${real}/no`), `${real}/no`);
  assertEquals(opener.identityOf("/dev/stdin"), "/dev/stdin");
  assertEquals(opener.identityOf("no_disk"), `${Deno.cwd()}/no_disk`);
});

Deno.test("plugin block registers its driver", async () => {
  const names: string[] = [];
  const register = {
    host: { clock: { nowMs: () => 0 } },
    backend: ({ name }: { readonly name: string }) => names.push(name),
  } as unknown as Registrar;
  const loaded = await plugin.setup(register, {}, {});
  assertEquals(names, ["block"]);
  await loaded[Symbol.asyncDispose]();
});
