/**
 * The state database: what must be the same after a restart.
 *
 * One SQLite file in the state directory. `synchronous=FULL`: what `keep`
 * has returned is on the disk. A file that cannot be used is an error that
 * names it; it is never replaced.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { type IdentityStore, ManagementError } from "../../core/mod.ts";

/** Name of the file in the state directory. */
export const STATE_FILE = "state.db";

/** Version of the tables; a file of a later one is refused. */
const SCHEMA_VERSION = 1;

/** The database, open. */
export class StateDatabase implements IdentityStore, Disposable {
  readonly #database: DatabaseSync;

  /** Opens the database of a directory, making both when they are missing. */
  constructor(directory: string) {
    const path = `${directory}/${STATE_FILE}`;
    try {
      Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.#database = openDatabase(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ManagementError(
        "state",
        `Cannot use the state database ${path}: ${reason}. It was not ` +
          `changed; set DTL_STATE_DIR to another directory or mend the file`,
      );
    }
  }

  keep(key: string, make: () => Uint8Array): Uint8Array {
    const known = this.#database
      .prepare("SELECT value FROM identity WHERE key = ?").get(key);
    if (known?.value instanceof Uint8Array) return known.value;
    const fresh = make();
    this.#database
      .prepare("INSERT INTO identity (key, value) VALUES (?, ?)")
      .run(key, fresh);
    return fresh;
  }

  forget(key: string): void {
    this.#database.prepare("DELETE FROM identity WHERE key = ?").run(key);
  }

  /** Closes the database. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA busy_timeout = 2000");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

function migrate(database: DatabaseSync): void {
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > SCHEMA_VERSION) {
    throw new TypeError(
      `its version is ${version}, this program knows ${SCHEMA_VERSION}`,
    );
  }
  if (version === SCHEMA_VERSION) return;
  database.exec(`
    BEGIN;
    CREATE TABLE identity (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `);
}
