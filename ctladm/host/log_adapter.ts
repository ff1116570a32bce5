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
import type { Log, LogFields } from "../../core/mod.ts";

/** How much is logged: `debug` of ctl.conf, or `-d`. */
export type LogLevel = "debug" | "info" | "warning";

/** Sends log lines of this level and above to standard error. */
export function configureLog(level: LogLevel): void {
  const format = getTextFormatter({
    timestamp: "time",
    format: ({ timestamp, level, message }) =>
      `${timestamp} [${level}] ${message}`,
  });
  configureSync({
    reset: true,
    sinks: {
      console: getConsoleSink({
        formatter: (record) => [format(withFields(record)).trimEnd()],
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
      { category: ["dtl"], lowestLevel: level, sinks: ["console"] },
      {
        category: ["logtape", "meta"],
        lowestLevel: "error",
        sinks: ["console"],
      },
    ],
  });
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
