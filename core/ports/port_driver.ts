/**
 * The port between management and a frontend whose ports come and go at an
 * operator's wish (`ctladm port -c` and `-r`).
 *
 * @module
 */

import type { RawOptions } from "../options.ts";
import type { TargetPort } from "../target_port.ts";

/** A frontend that makes ports, registered by a plugin under its name. */
export interface PortDriver {
  /** Name by which `ctladm port -d` asks for it. */
  readonly name: string;
  /** Makes a port. Throws a `ManagementError` and changes nothing else. */
  create(options: RawOptions): Promise<TargetPort>;
  /**
   * Removes the port that the options name, `port_id` among them. Throws a
   * `ManagementError` when there is none, or when it has to stay.
   */
  remove(options: RawOptions): Promise<void>;
}
