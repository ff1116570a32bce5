/**
 * The core of DTL: the only door through which plugins and programs come.
 *
 * @module
 */

export * from "./assert.ts";
export * from "./buffer_pool.ts";
export * from "./commands/command_row.ts";
export * from "./commands/command_table.ts";
export type { VpdContext, VpdPage, VpdPages } from "./commands/vpd_pages.ts";
export * from "./device_type.ts";
export type { Dispatcher, Victim } from "./dispatcher.ts";
export * from "./identity.ts";
export * from "./initiator_port.ts";
export * from "./logical_unit.ts";
export * from "./lun_options.ts";
export * from "./lun_registry.ts";
export * from "./management_error.ts";
export type { MediumOperation } from "./medium_operation.ts";
export type { ModePage, ModePages, ModeSettings } from "./mode_pages.ts";
export * from "./nexus.ts";
export {
  OPERATION,
  type OperationKind,
  type OperationPlan,
  type OperationRecord,
} from "./operation_record.ts";
export * from "./options.ts";
export type {
  Attention,
  PersistentReservations,
  ReserveOutcome,
  ReserveOutRequest,
} from "./persistent_reservations.ts";
export * from "./plugin.ts";
export * from "./plugin_host.ts";
export * from "./port_registry.ts";
export * from "./ports/backend_driver.ts";
export * from "./ports/block_store.ts";
export * from "./ports/designator.ts";
export * from "./ports/host.ts";
export * from "./ports/transport.ts";
export * from "./ports/transport_id.ts";
export type { Reservations } from "./reservations.ts";
export * from "./sense.ts";
export * from "./serialization.ts";
export * from "./service.ts";
export * from "./statistics.ts";
export * from "./target.ts";
export * from "./target_port.ts";
export * from "./task.ts";
export * from "./task_management.ts";
export type { OrderingRules, SequentialMode, TaskSet } from "./task_set.ts";
export * from "./unit_attention.ts";
export type { UnitState } from "./unit_state.ts";
export * from "./wire/lun_address.ts";
export * from "./wire/sense_data.ts";
export * from "./wire/sense_key.ts";
