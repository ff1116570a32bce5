/**
 * The state database: what must be the same after a restart.
 *
 * One SQLite file in the state directory. `synchronous=FULL`: what a
 * call has changed is on the disk when it returns. The file is locked while
 * it is open, so that it never belongs to two programs. One that cannot be
 * used is an error that names it; it is never replaced or changed.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { ManagementError, type StateStore } from "../../core/mod.ts";

/** Name of the file in the state directory. */
export const STATE_FILE = "state.db";

/** Version of the tables; a file of a later one is refused. */
const SCHEMA_VERSION = 2;

/** SQLite's number for `synchronous=FULL`. */
const SYNCHRONOUS_FULL = 2;

/** Milliseconds that a file may still be locked by a program that ends. */
const BUSY_TIMEOUT_MS = 2000;

/** The database, open. */
export class StateDatabase implements StateStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #path: string;

  /** Opens the database of a directory, making both when they are missing. */
  constructor(directory: string) {
    const path = `${directory}/${STATE_FILE}`;
    this.#path = path;
    try {
      Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.#database = openDatabase(path);
    } catch (error) {
      throw new ManagementError(
        "state",
        `Cannot use the state database ${path}: ${reasonOf(error)}. It was ` +
          `not changed; ${remedyOf(error)}`,
      );
    }
  }

  read(name: string): Uint8Array | undefined {
    const row = this.#run(
      "read",
      name,
      () =>
        this.#database.prepare("SELECT value FROM state WHERE name = ?")
          .get(name),
    );
    return row?.value instanceof Uint8Array ? row.value : undefined;
  }

  write(name: string, value: Uint8Array): void {
    this.#run(
      "write",
      name,
      () =>
        this.#database.prepare("REPLACE INTO state (name, value) VALUES (?, ?)")
          .run(name, value),
    );
  }

  writeAll(values: ReadonlyMap<string, Uint8Array>): void {
    this.#run("write", [...values.keys()].join(", "), () => {
      const statement = this.#database.prepare(
        "REPLACE INTO state (name, value) VALUES (?, ?)",
      );
      this.#database.exec("BEGIN");
      try {
        for (const [name, value] of values) statement.run(name, value);
        this.#database.exec("COMMIT");
      } catch (error) {
        this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  remove(name: string): void {
    this.#run(
      "remove",
      name,
      () =>
        this.#database.prepare("DELETE FROM state WHERE name = ?").run(name),
    );
  }

  names(prefix: string): string[] {
    const rows = this.#run("list", prefix, () =>
      this.#database.prepare(
        "SELECT name FROM state WHERE substr(name, 1, ?) = ? ORDER BY name",
      ).all(prefix.length, prefix));
    return rows.map((row) => String(row.name));
  }

  // With secure_delete, old copies are in the write-ahead log alone.
  purge(): void {
    this.#run(
      "purge",
      STATE_FILE,
      () => this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)"),
    );
  }

  /** What SQLite says of itself: the pragma `name`. */
  pragma(name: string): unknown {
    return pragma(this.#database, name);
  }

  /** Closes the database. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  // A full disk or a damaged page shows here, long after the opening.
  #run<T>(verb: string, name: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new ManagementError(
        "state",
        `Cannot ${verb} "${name}" in the state database ${this.#path}: ` +
          `${reasonOf(error)}. It was not changed`,
      );
    }
  }
}

// Nothing is written before the file has been found to be ours and whole.
function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("BEGIN IMMEDIATE; COMMIT");
    const version = check(database);
    database.exec("PRAGMA secure_delete = ON");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    if (pragma(database, "synchronous") !== SYNCHRONOUS_FULL) {
      throw new TypeError("SQLite does not write it through");
    }
    migrate(database, version);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Checks that the file is a whole state database. @returns its version */
function check(database: DatabaseSync): number {
  const version = Number(pragma(database, "user_version"));
  if (version > SCHEMA_VERSION) {
    throw new TypeError(
      `its version is ${version}, this program knows ${SCHEMA_VERSION}`,
    );
  }
  const damage = pragma(database, "quick_check");
  if (damage !== "ok") throw new TypeError(`it is damaged: ${damage}`);
  const tables = database.prepare("SELECT name FROM sqlite_schema").all();
  if (version === 0 && tables.length > 0) {
    throw new TypeError("it belongs to another program");
  }
  return version;
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

function migrate(database: DatabaseSync, version: number): void {
  if (version === SCHEMA_VERSION) return;
  const change = version === 0
    ? "CREATE TABLE state (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT"
    : FROM_VERSION_1;
  database.exec(`
    BEGIN;
    ${change};
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `);
}

// It held generated names alone.
const FROM_VERSION_1 = `
  ALTER TABLE identity RENAME TO state;
  ALTER TABLE state RENAME COLUMN key TO name;
  UPDATE state SET name = 'lun/' || name || '/naa'`;

// SQLite says "database is locked".
function remedyOf(error: unknown): string {
  return reasonOf(error).includes("locked")
    ? "end the program that uses it, or set DTL_STATE_DIR to another directory"
    : "set DTL_STATE_DIR to another directory or mend the file";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
