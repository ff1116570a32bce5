/**
 * The local frontend: ports for programs on this machine, such as ctladm.
 *
 * Loading it makes the port `ioctl` 0.0 with number 1, which always exists,
 * and provides the service {@linkcode IOCTL}. Further ports come by
 * `ctladm port -c -d ioctl`. It speaks no wire protocol of its own: whoever
 * serves a socket hands commands to `initiator`. Options: none.
 *
 * @module
 */

import { definePlugin, type Plugin } from "../../core/mod.ts";
import { IoctlService } from "./service.ts";
import { IOCTL } from "./token.ts";

/** The plugin. */
export const plugin: Plugin = definePlugin({
  name: "ioctl",
  api: 1,
  options: {},
  requires: {},
  optional: {},
  setup(register) {
    const service = new IoctlService(register.host, register.ports);
    register.provide(IOCTL, service);
    register.portDriver(service);
    return service;
  },
});
