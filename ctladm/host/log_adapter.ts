/**
 * Log lines through LogTape, to standard error.
 *
 * @module
 */

import {
  configureSync,
  getConsoleSink,
  getLogger,
  getTextFormatter,
  type LogRecord,
} from "@logtape/logtape";
import { type Log, type LogFields, ManagementError } from "../../core/mod.ts";

/** How much is logged: `debug` of ctl.conf, or `-d`. */
export type LogLevel = "debug" | "info" | "warning";

/**
 * Sends log lines of this level and above to standard error, and to the end of
 * a file if one is named. Throws a `ManagementError` when it cannot be opened.
 */
export function configureLog(level: LogLevel, file?: string): void {
  const format = getTextFormatter({
    timestamp: "time",
    format: ({ timestamp, level, message }) =>
      `${timestamp} [${level}] ${message}`,
  });
  const line = (record: LogRecord) => format(withFields(record)).trimEnd();
  configureSync({
    reset: true,
    sinks: {
      file: file === undefined ? () => {} : fileSink(file, line),
      console: getConsoleSink({
        formatter: (record) => [line(record)],
        levelMap: {
          trace: "error",
          debug: "error",
          info: "error",
          warning: "error",
          error: "error",
          fatal: "error",
        },
      }),
    },
    loggers: [
      { category: ["dtl"], lowestLevel: level, sinks: ["console", "file"] },
      {
        category: ["logtape", "meta"],
        lowestLevel: "error",
        sinks: ["console"],
      },
    ],
  });
}

let opened: { readonly path: string; readonly file: Deno.FsFile } | null = null;

// Each line is one write to the end: several programs may share the file.
function fileSink(
  path: string,
  line: (record: LogRecord) => string,
): (record: LogRecord) => void {
  const file = openLog(path);
  const encoder = new TextEncoder();
  return (record) => {
    try {
      file.writeSync(encoder.encode(`${line(record)}\n`));
    } catch {
      // A full disk is no reason to end; standard error has the line, too.
    }
  };
}

// The level may change while the program runs: the file stays open.
function openLog(path: string): Deno.FsFile {
  if (opened?.path === path) return opened.file;
  try {
    const file = Deno.openSync(path, {
      append: true,
      create: true,
      mode: 0o600,
    });
    opened = { path, file };
    return file;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ManagementError(
      "request",
      `cannot open the log ${path}: ${reason}`,
    );
  }
}

/** A log of one part of the program. */
export function logOf(part: string): Log {
  const logger = getLogger(["dtl", part]);
  return {
    debug: (message, fields) => logger.debug(plain(message), { ...fields }),
    info: (message, fields) => logger.info(plain(message), { ...fields }),
    warn: (message, fields) => logger.warn(plain(message), { ...fields }),
    error: (message, fields) => logger.error(plain(message), { ...fields }),
  };
}

// Braces are no places to fill in: an operator's words may hold some.
function plain(message: string): string {
  return message.replace(/[{}]/g, "$&$&");
}

// Fields follow the sentence as `name=value`, for people and for grep.
function withFields(record: LogRecord): LogRecord {
  const fields = Object.entries(record.properties as LogFields)
    .map(([name, value]) => ` ${name}=${String(value)}`);
  return { ...record, message: [record.message.join("") + fields.join("")] };
}
