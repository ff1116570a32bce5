/**
 * A daemon without a configuration: what ctladm starts when none runs.
 *
 * @module
 */

import { StateDatabase } from "../mod.ts";
import { Daemon } from "./daemon/daemon.ts";
import { refuseSecond } from "./api/socket_adapter.ts";
import { serveDaemon } from "./daemon/serve.ts";
import { systemClock } from "./host/clock_adapter.ts";
import {
  controlSocketPath,
  idleStateDirectory,
} from "./host/environment_adapter.ts";
import { configureLog, logOf } from "./host/log_adapter.ts";
import { runProgram } from "./host/terminal_adapter.ts";

async function idle(): Promise<number> {
  configureLog("warning");
  await refuseSecond(controlSocketPath());
  using state = new StateDatabase(idleStateDirectory());
  const daemon = new Daemon({
    host: { log: logOf("target"), state },
    log: logOf("daemon"),
  });
  const served = await serveDaemon({
    daemon,
    socketPath: controlSocketPath(),
    nowMs: systemClock.nowMs,
  });
  await served.ending;
  await served.end();
  return 0;
}

if (import.meta.main) await runProgram(idle);
