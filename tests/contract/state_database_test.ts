/**
 * The state database: durable, and never replaced or changed when it cannot
 * be used.
 */

import { DatabaseSync } from "node:sqlite";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
} from "@std/assert";
import { ManagementError, StateDatabase } from "../../mod.ts";

const BYTES = Uint8Array.of(1, 2, 3);

/** Registers a test with a directory that is cleared behind it. */
function directoryTest(
  name: string,
  body: (directory: string, file: string) => void,
): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir({ prefix: "dtl-test-" });
    try {
      body(directory, `${directory}/state.db`);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

/** The message of what goes wrong. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assertInstanceOf(error, ManagementError);
    assertEquals(error.code, "state");
    return error.message;
  }
  throw new TypeError("It was not refused");
}

/** Opens a database that must be refused, and must stay as it is. */
function assertRefused(directory: string, reason: string): void {
  const file = `${directory}/state.db`;
  const before = Deno.readFileSync(file).toHex();
  const message = refusal(() => new StateDatabase(directory));
  assertStringIncludes(message, `Cannot use the state database ${file}: `);
  assertStringIncludes(message, reason);
  assertStringIncludes(message, "It was not changed; ");
  assertStringIncludes(message, "DTL_STATE_DIR");
  assertEquals(Deno.readFileSync(file).toHex(), before);
  assertEquals([...Deno.readDirSync(directory)].length, 1);
}

/** Makes a file with the tables of a program. */
function withTables(file: string, statements: string): void {
  const database = new DatabaseSync(file);
  database.exec(statements);
  database.close();
}

directoryTest("StateDatabase keeps bytes by name", (directory) => {
  {
    using state = new StateDatabase(directory);
    state.write("lun/a/x", BYTES);
    state.write("lun/a/y", Uint8Array.of(9));
    state.write("lun/a/y", Uint8Array.of(7));
    state.write("lun/b", new Uint8Array(0));
    state.write("port/p", BYTES);
    state.remove("port/p");
    state.remove("port/q");
  }
  using state = new StateDatabase(directory);
  assertEquals(state.read("lun/a/x"), BYTES);
  assertEquals(state.read("lun/a/y"), Uint8Array.of(7));
  assertEquals(state.read("lun/b"), new Uint8Array(0));
  assertEquals(state.read("port/p"), undefined);
  assertEquals(state.names("lun/a/"), ["lun/a/x", "lun/a/y"]);
  assertEquals(state.names("lun_"), []);
});

directoryTest("StateDatabase writes through to the disk", (directory) => {
  using state = new StateDatabase(directory);
  assertEquals(state.pragma("synchronous"), 2);
  assertEquals(state.pragma("journal_mode"), "wal");
  assertEquals(state.pragma("locking_mode"), "exclusive");
});

directoryTest("StateDatabase.purge leaves no copy", (directory) => {
  using state = new StateDatabase(directory);
  const secret = new Uint8Array(64).fill(0xc7);
  state.write("key", secret);
  state.write("key", BYTES);
  const holders = (): string[] =>
    ["state.db", "state.db-wal"].filter((name) =>
      Deno.readFileSync(`${directory}/${name}`).toHex().includes(secret.toHex())
    );
  assertEquals(holders(), ["state.db-wal"]);
  state.purge();
  assertEquals(holders(), []);
  assertEquals(state.read("key"), BYTES);
});

directoryTest("StateDatabase does not lose what a kill cuts off", (from) => {
  using state = new StateDatabase(from);
  state.write("a", BYTES);
  // What is on the disk now, as a program finds it that comes after.
  const to = `${from}/copy`;
  Deno.mkdirSync(to);
  for (const name of ["state.db", "state.db-wal"]) {
    Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
  using after = new StateDatabase(to);
  assertEquals(after.read("a"), BYTES);
});

directoryTest(
  "StateDatabase refuses what is no database",
  (directory, file) => {
    Deno.writeTextFileSync(file, "not a database at all, but long enough\n");
    assertRefused(directory, "file is not a database");
  },
);

directoryTest("StateDatabase refuses a damaged file", (directory, file) => {
  {
    using state = new StateDatabase(directory);
    for (let index = 0; index < 64; index += 1) {
      state.write(`name ${index}`, new Uint8Array(1024));
    }
  }
  const bytes = Deno.readFileSync(file);
  bytes.fill(0xa5, 4096 * 3, 4096 * 5);
  Deno.writeFileSync(file, bytes);
  assertRefused(directory, "it is damaged: ");
});

directoryTest("StateDatabase refuses a file cut short", (directory, file) => {
  {
    using state = new StateDatabase(directory);
    state.write("a", new Uint8Array(65536));
  }
  Deno.truncateSync(file, 5000);
  assertRefused(directory, "malformed");
});

directoryTest("StateDatabase refuses a later version", (directory, file) => {
  withTables(
    file,
    "PRAGMA user_version = 3; CREATE TABLE state (name TEXT, future BLOB)",
  );
  assertRefused(directory, "its version is 3, this program knows 2");
});

directoryTest("StateDatabase refuses another's tables", (directory, file) => {
  withTables(file, "CREATE TABLE books (title TEXT)");
  assertRefused(directory, "it belongs to another program");
});

directoryTest("StateDatabase refuses a file that is in use", (directory) => {
  using state = new StateDatabase(directory);
  state.write("a", BYTES);
  const message = refusal(() => new StateDatabase(directory));
  assertStringIncludes(message, `${directory}/state.db: database is locked`);
  assertStringIncludes(message, "end the program that uses it");
  assertEquals(state.read("a"), BYTES);
});

directoryTest(
  "StateDatabase is not opened without its directory",
  (directory) => {
    Deno.writeTextFileSync(`${directory}/file`, "");
    const message = refusal(() => new StateDatabase(`${directory}/file/state`));
    assertStringIncludes(message, `${directory}/file/state/state.db: `);
  },
);

directoryTest(
  "StateDatabase takes a file of version 1 over",
  (directory, file) => {
    withTables(
      file,
      `CREATE TABLE identity (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
     INSERT INTO identity VALUES ('name:example', x'30aa'), ('number:4', x'31');
     PRAGMA user_version = 1`,
    );
    {
      using state = new StateDatabase(directory);
      assertEquals(state.names(""), [
        "lun/name:example/naa",
        "lun/number:4/naa",
      ]);
      assertEquals(state.read("lun/name:example/naa")?.toHex(), "30aa");
      assertEquals(state.pragma("user_version"), 2);
      state.write("lun/name:example/reservations", BYTES);
    }
    using state = new StateDatabase(directory);
    assertEquals(state.names("").length, 3);
  },
);

directoryTest(
  "StateDatabase tells what it could not write",
  (directory, file) => {
    {
      using state = new StateDatabase(directory);
      state.write("a", BYTES);
    }
    // The nearest thing to a full disk that needs no disk of its own.
    withTables(
      file,
      `CREATE TRIGGER full BEFORE INSERT ON state
       BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;
     CREATE TRIGGER stuck BEFORE DELETE ON state
       BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END`,
    );
    using state = new StateDatabase(directory);
    const written = refusal(() => state.write("a", Uint8Array.of(9)));
    assertEquals(
      written,
      `Cannot write "a" in the state database ${file}: database or disk is ` +
        "full. It was not changed",
    );
    const removed = refusal(() => state.remove("a"));
    assert(
      removed.startsWith(`Cannot remove "a" in the state database ${file}`),
    );
    assertEquals(state.read("a"), BYTES);
  },
);

directoryTest("StateDatabase writes many values or none", (directory) => {
  using state = new StateDatabase(directory);
  state.writeAll(new Map([["a", BYTES], ["b", BYTES]]));
  assertEquals(state.names(""), ["a", "b"]);
  const values = new Map([["c", BYTES]]);
  values[Symbol.iterator] = function* (): MapIterator<[string, typeof BYTES]> {
    yield ["c", BYTES];
    throw new TypeError("no more");
  };
  assertStringIncludes(refusal(() => state.writeAll(values)), "no more");
  assertEquals(state.names(""), ["a", "b"]);
  state.write("d", BYTES);
  assertEquals(state.names(""), ["a", "b", "d"]);
});
