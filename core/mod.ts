/**
 * The core of DTL: the only door through which plugins and programs come.
 *
 * @module
 */

export * from "./options.ts";
export * from "./plugin.ts";
export * from "./ports/backend_driver.ts";
export * from "./ports/block_store.ts";
export * from "./ports/host.ts";
export * from "./service.ts";
