/**
 * Short ways to parse within tests.
 *
 * @module
 */

import { fail } from "@std/assert";
import type { Configuration } from "../../../../ctladm/conf/model.ts";
import {
  parseConfiguration,
  type Parsed,
} from "../../../../ctladm/conf/parser.ts";

/** Parses a text that must be right. */
export function parsed(text: string): Parsed {
  const outcome = parseConfiguration(text);
  if ("error" in outcome) fail(`${outcome.error}\n${text}`);
  return outcome;
}

/** The configuration of a text that must be right. */
export function configured(text: string): Configuration {
  return parsed(text).configuration;
}

/** The error of a text that must be wrong. */
export function refused(text: string): string {
  const outcome = parseConfiguration(text);
  return "error" in outcome ? outcome.error : fail(`Accepted:\n${text}`);
}

/** The value under a key that must be there. */
export function at<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  return value === undefined ? fail(`Missing ${String(key)}`) : value;
}

/** Name of the target of {@linkcode inTarget}. */
export const T = "iqn.2012-06.com.example:t";

/** A target of some statements. */
export function inTarget(statements: string): string {
  return `target ${T} { ${statements} }`;
}

/** A lun `x` of some statements. */
export function inLun(statements: string): string {
  return `lun x { ${statements} }`;
}

/** A portal-group `y` of some statements. */
export function inPortalGroup(statements: string): string {
  return `portal-group y { ${statements} }`;
}

/** An auth-group `y` of some statements. */
export function inAuthGroup(statements: string): string {
  return `auth-group y { ${statements} }`;
}
