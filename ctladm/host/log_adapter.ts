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
  const format = getTextFormatter({ timestamp: "time", category: () => "" });
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
    debug: (message, fields) => logger.debug(message, { ...fields }),
    info: (message, fields) => logger.info(message, { ...fields }),
    warn: (message, fields) => logger.warn(message, { ...fields }),
    error: (message, fields) => logger.error(message, { ...fields }),
  };
}

// Fields follow the sentence as `name=value`, for people and for grep.
function withFields(record: LogRecord): LogRecord {
  const fields = Object.entries(record.properties as LogFields)
    .map(([name, value]) => ` ${name}=${String(value)}`);
  return { ...record, message: [...record.message, fields.join("")] };
}
