/**
 * Roles: who is primary, who decides, and what keeps the other one off.
 *
 * @module
 */

export * from "./arbiter.ts";
export * from "./command_adapter.ts";
export * from "./command_fencer.ts";
export * from "./etcd_arbiter.ts";
export * from "./etcd_gateway_adapter.ts";
export * from "./fencer.ts";
export * from "./fencers.ts";
export * from "./lock_adapter.ts";
export * from "./lock_fencer.ts";
export * from "./role_driver.ts";
export * from "./role_link.ts";
export * from "./role_machine.ts";
export * from "./role_record.ts";
export * from "./role_types.ts";
export * from "./static_arbiter.ts";
