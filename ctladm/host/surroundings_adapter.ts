/**
 * The terminal, the clock and the control socket of a client program.
 *
 * @module
 */

import { connectApi } from "../api/client_adapter.ts";
import type { Surroundings } from "../surroundings.ts";
import { systemClock } from "./clock_adapter.ts";
import { CTLD_DEFAULTS } from "../permissions.ts";
import { controlSocketPath, stateDirectory } from "./environment_adapter.ts";
import { realPath, tryReadText } from "./file_adapter.ts";
import { haIdentity } from "./identity_adapter.ts";
import { ensureDaemon } from "./launch_adapter.ts";
import { libcPath } from "./permission_adapter.ts";
import { openSink, openSource } from "./stream_adapter.ts";
import {
  clearScreen,
  isScreen,
  isWatched,
  printError,
  printLine,
  showProgress,
} from "./terminal_adapter.ts";

/** Those of this process. */
export const systemSurroundings: Surroundings = {
  print: printLine,
  printError,
  showProgress: isWatched() ? showProgress : undefined,
  clearScreen: isScreen() ? clearScreen : undefined,
  ensureDaemon: () => ensureDaemon(controlSocketPath()),
  openSource,
  openSink,
  connect: (path = controlSocketPath()) => connectApi(path),
  readText: tryReadText,
  realPath,
  places: () => ({
    folder: Deno.cwd(),
    ctld: new URL("../ctld.ts", import.meta.url).pathname,
    socket: controlSocketPath(),
    state: stateDirectory(CTLD_DEFAULTS.state),
    libc: libcPath(),
  }),
  haIdentity,
  pause: (ms) => new Promise((resolve) => systemClock.after(ms, resolve)),
};
