/**
 * The real `iscsi-test-cu` of libiscsi against a target, and the list of what
 * passes.
 *
 * @module
 */

export * from "./pass_list.ts";
export * from "./report.ts";
export * from "./run_conformance.ts";
export * from "./tool_output.ts";
export * from "./tool_runner.ts";
