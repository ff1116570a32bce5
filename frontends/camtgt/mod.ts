/**
 * The camtgt frontend: emulated HBAs in target mode, one port each, in the
 * manner of CTL's camtgt over CAM.
 *
 * An HBA has a world wide node and port name, and takes initiators by their
 * port names: over a Unix or TCP socket (`listen`), or in this process. The
 * frames are described in `wire/frame.ts`; `CamInitiator` speaks them.
 *
 * Ports come by `ctladm port -c -d camtgt -O listen=unix:/run/dtl/hba0.sock`,
 * or by `port camtgt/0/0` of a target in ctl.conf, and are off line until
 * they are turned on. Options of the plugin (`plugin camtgt { option … }`) are
 * the defaults of its ports:
 *
 * | option | default | meaning |
 * |---|---|---|
 * | `listen` | none | `unix:/path` (mode 0600) or `127.0.0.1:port`; `%p` is the physical port |
 * | `insecure` | off | TCP addresses of other machines are served: logins are not checked |
 * | `transport` | fc | or sas, scsi: what the port shows itself as |
 * | `autosense` | on | off: sense data wait for REQUEST SENSE |
 * | `atios`, `inots` | 1024 | commands and functions at a time; more end BUSY, TASK SET FULL, FUNCTION FAILED |
 * | `logins` | 256 | initiators at a time |
 * | `maxio` | 1m | bytes of one data move; longer ones are split |
 * | `move_ms` | 0 | milliseconds that a data move takes, to try out slow wires |
 *
 * A port takes `pp`, `vp`, `wwnn`, `wwpn` beside them. Loading it provides the
 * service {@linkcode CAMTGT}.
 *
 * @module
 */

import { definePlugin, type Plugin } from "../../core/mod.ts";
import { HBA_OPTIONS } from "./options.ts";
import { CamtgtService } from "./service.ts";
import { isServed, listenWire } from "./socket_adapter.ts";
import { CAMTGT } from "./token.ts";

/** The plugin. */
export const plugin: Plugin = definePlugin({
  name: "camtgt",
  api: 1,
  options: HBA_OPTIONS,
  requires: {},
  optional: {},
  setup(register, _services, defaults) {
    const { host, ports, events } = register;
    const service = new CamtgtService({
      host,
      ports,
      events,
      listen: listenWire,
      isServed,
      defaults,
    });
    register.provide(CAMTGT, service);
    register.portDriver(service);
    return service;
  },
});
