/**
 * Pieces of ctl.conf for tests.
 *
 * @module
 */

import type { DaemonFolder } from "./daemon.ts";

/** The line that keeps the pid file in the daemon's folder. */
export function pidFileLine(folder: DaemonFolder): string {
  return `pidfile "${folder.pidFile}"\n`;
}

/** A portal group on 127.0.0.1 that everybody may ask for its targets. */
export function portalGroup(
  name: string,
  port: number,
  more: string = "",
): string {
  return `portal-group ${name} {
    discovery-auth-group no-authentication
    listen 127.0.0.1:${port}
    ${more}
  }\n`;
}

/** A LUN of a target, in memory. */
export function ramLun(number: number, size: string = "4M"): string {
  return `lun ${number} {
    backend ramdisk
    size ${size}
    option capacity ${size}
  }\n`;
}

/** A target without access control on portal group `pg0`. */
export function openTarget(name: string, luns: string): string {
  return `target ${name} {
    auth-group no-authentication
    portal-group pg0
    ${luns}
  }\n`;
}
