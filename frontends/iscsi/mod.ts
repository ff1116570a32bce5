/**
 * The iSCSI frontend: targets over TCP (RFC 7143) at ErrorRecoveryLevel 0.
 *
 * Loading it provides the service {@linkcode ISCSI}. A program makes portal
 * groups known (`setPortalGroup`), opens portals, and makes a target port for
 * each target and portal group; the port goes on line when its LUN map is
 * set. Options: none.
 *
 * What it does: discovery sessions, CHAP one-way and mutual (MD5, SHA1,
 * SHA-256, SHA3-256), header and data digests (CRC32C), immediate and
 * unsolicited data, R2T, task management (RFC 7144 too), NOP both ways,
 * reinstatement of sessions and connections, redirection. One connection a
 * session. Targets are registered with iSNS servers (RFC 4171) when a program
 * asks for it.
 *
 * @module
 */

import { definePlugin, type Plugin } from "../../core/mod.ts";
import { CHAP_HASHES } from "./hash_adapter.ts";
import { exchangeIsns, hostName } from "./isns_adapter.ts";
import { IscsiPortDriver } from "./port_driver.ts";
import { IscsiService } from "./service.ts";
import { listenTcp } from "./socket_adapter.ts";
import { ISCSI } from "./token.ts";

/** The plugin. */
export const plugin: Plugin = definePlugin({
  name: "iscsi",
  api: 1,
  options: {},
  requires: {},
  optional: {},
  setup(register) {
    const service = new IscsiService({
      host: register.host,
      ports: register.ports,
      events: register.events,
      listen: listenTcp,
      hashes: CHAP_HASHES,
      exchangeIsns,
      hostName,
    });
    register.provide(ISCSI, service);
    register.portDriver(new IscsiPortDriver(service));
    return service;
  },
});
