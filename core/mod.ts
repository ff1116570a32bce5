/**
 * The core of DTL: the only door through which plugins and programs come.
 *
 * @module
 */

export * from "./assert.ts";
export * from "./buffer_pool.ts";
export * from "./command_counters.ts";
export * from "./commands/command_row.ts";
export * from "./commands/command_table.ts";
export type { InquiryFlag, InquiryFlags } from "./commands/inquiry_flags.ts";
export { writesThrough } from "./commands/medium.ts";
export type { VpdContext, VpdPage, VpdPages } from "./commands/vpd_pages.ts";
export * from "./control_page.ts";
export {
  COORDINATION,
  type CoordinatorPlace,
  STANDALONE,
} from "./coordination.ts";
export type {
  MakeSubject,
  Subject,
  WantedShape,
} from "./contract/backend_contract.ts";
export type { ContractBreach, ContractCase } from "./contract/contract_case.ts";
export type {
  ContractCommand,
  ContractInitiator,
  ContractResult,
  FrontendSubject,
  MakeFrontend,
  RunningCommand,
} from "./contract/frontend_contract.ts";
export type { DataBuffers, Echo } from "./data_buffers.ts";
export {
  bufferFor,
  PARAMETER_LIST_LENGTH_MAX,
  receiveDataOut,
  reply,
  roomForMore,
  sendPiece,
  withParameters,
} from "./data_transfer.ts";
export { type DeviceClock, TIMESTAMP_ORIGIN } from "./device_clock.ts";
export * from "./device_type.ts";
export type { Dispatcher, Victim } from "./dispatcher.ts";
export * from "./events.ts";
export * from "./foresight.ts";
export * from "./identity.ts";
export * from "./informational_exceptions.ts";
export { changeDurably } from "./kept_reservations.ts";
export * from "./initiator_port.ts";
export * from "./local_initiator.ts";
export * from "./local_transport.ts";
export * from "./injections.ts";
export * from "./logical_unit.ts";
export type { LunObserver, LunObservers } from "./lun_observer.ts";
export * from "./lun_options.ts";
export * from "./lun_registry.ts";
export * from "./management_error.ts";
export type { MediumOperation } from "./medium_operation.ts";
export type {
  ModePage,
  ModePages,
  ModeSettings,
  PageValues,
} from "./mode_pages.ts";
export * from "./nexus.ts";
export {
  OPERATION,
  OPERATION_NAME,
  type OperationKind,
  type OperationPlan,
  type OperationRecord,
} from "./operation_record.ts";
export * from "./options.ts";
export type {
  Attention,
  MoveRequest,
  PersistentReservations,
  RegisterRequest,
  Registration,
  ReservationsSnapshot,
  ReserveOutcome,
  ReserveOutRequest,
} from "./persistent_reservations.ts";
export * from "./plugin.ts";
export * from "./plugin_host.ts";
export * from "./port_registry.ts";
export * from "./ports/backend_driver.ts";
export * from "./ports/block_store.ts";
export * from "./ports/coordinator.ts";
export * from "./ports/designator.ts";
export * from "./ports/host.ts";
export * from "./ports/port_driver.ts";
export * from "./ports/shared_entries.ts";
export * from "./ports/transport.ts";
export * from "./ports/transport_id.ts";
export * from "./range_geometry.ts";
export type { RateLimitOptions, RateLimits } from "./rate_limits.ts";
export type { Reservations, Sender } from "./reservations.ts";
export { keepSavedPages, type SavedPage } from "./saved_pages.ts";
export type { SelfTests } from "./self_test.ts";
export type { SelfTestResult, SelfTestResults } from "./self_test_results.ts";
export * from "./scsi_client.ts";
export * from "./sense.ts";
export * from "./serialization.ts";
export * from "./service.ts";
export * from "./slices.ts";
export * from "./statistics.ts";
export * from "./target.ts";
export * from "./target_port.ts";
export * from "./task.ts";
export * from "./task_management.ts";
export type { OrderingRules, SequentialMode, TaskSet } from "./task_set.ts";
export { putSense } from "./task_sense.ts";
export * from "./tracing/trace_events.ts";
export * from "./tracing/tracer.ts";
export type {
  StoreAnswer,
  Trace,
  TraceSubject,
  Wait,
} from "./tracing/trace.ts";
export type { StartOptions, Tracing } from "./tracing/tracing.ts";
export type {
  Blocking,
  BlockingCounts,
  WaitCounter,
  WaitCounts,
  WaitRow,
  WaitStatistics,
} from "./tracing/wait_statistics.ts";
export * from "./unit_attention.ts";
export { THRESHOLD_CHECK_MS, type ThresholdPlace } from "./thresholds.ts";
export type { AccessCounters, UnitLog } from "./unit_log.ts";
export type { UnitState } from "./unit_state.ts";
export * from "./wire/lun_address.ts";
export * from "./wire/sense_data.ts";
export * from "./wire/sense_key.ts";
