/**
 * All commands that every target has.
 *
 * @module
 */

import { BUFFER_COMMANDS } from "./buffers.ts";
import { CAPACITY_COMMANDS } from "./capacity.ts";
import { CommandTable } from "./command_table.ts";
import { DEFECT_COMMANDS } from "./defects.ts";
import { DIAGNOSTIC_COMMANDS } from "./diagnostics.ts";
import { DISCOVERY_COMMANDS } from "./discovery.ts";
import { EVENT_STATUS_COMMANDS } from "./event_status.ts";
import { FORMAT_COMMANDS } from "./format.ts";
import { GET_CONFIGURATION_COMMANDS } from "./get_configuration.ts";
import { IDENTIFYING_INFORMATION_COMMANDS } from "./identifying_information.ts";
import { inquiryCommand, type InquiryData } from "./inquiry.ts";
import { LOG_SELECT_COMMANDS } from "./log_select.ts";
import { LOG_COMMANDS } from "./log_sense.ts";
import { MODE_SELECT_COMMANDS } from "./mode_select.ts";
import { MODE_SENSE_COMMANDS } from "./mode_sense.ts";
import { MULTIMEDIA_COMMANDS } from "./multimedia.ts";
import { PERSISTENT_RESERVE_IN_COMMANDS } from "./persistent_reserve_in.ts";
import { PERSISTENT_RESERVE_OUT_COMMANDS } from "./persistent_reserve_out.ts";
import { PREFETCH_COMMANDS } from "./prefetch.ts";
import { PROVISIONING_COMMANDS } from "./provisioning.ts";
import { READ_CD_COMMANDS } from "./read_cd.ts";
import { READ_WRITE_COMMANDS } from "./read_write.ts";
import { reportSupportedCommands } from "./report_supported.ts";
import { RESERVE_COMMANDS } from "./reserve.ts";
import { SANITIZE_COMMANDS } from "./sanitize.ts";
import { TIMESTAMP_COMMANDS } from "./timestamp.ts";
import { UNIT_CONTROL_COMMANDS } from "./unit_control.ts";
import { VERIFY_COMMANDS } from "./verify.ts";
import { WHOLE_WRITE_COMMANDS } from "./whole_writes.ts";
import { WRITE_SAME_COMMANDS } from "./write_same.ts";

/** A table with all of them; plugins add theirs to it. */
export function coreCommandTable(inquiry: InquiryData): CommandTable {
  const table = new CommandTable([
    ...UNIT_CONTROL_COMMANDS,
    ...DISCOVERY_COMMANDS,
    inquiryCommand(inquiry),
    ...READ_WRITE_COMMANDS,
    ...VERIFY_COMMANDS,
    ...WRITE_SAME_COMMANDS,
    ...WHOLE_WRITE_COMMANDS,
    ...READ_CD_COMMANDS,
    ...PREFETCH_COMMANDS,
    ...DEFECT_COMMANDS,
    ...FORMAT_COMMANDS,
    ...SANITIZE_COMMANDS,
    ...PROVISIONING_COMMANDS,
    ...CAPACITY_COMMANDS,
    ...MODE_SENSE_COMMANDS,
    ...MODE_SELECT_COMMANDS,
    ...LOG_COMMANDS,
    ...LOG_SELECT_COMMANDS,
    ...DIAGNOSTIC_COMMANDS,
    ...BUFFER_COMMANDS,
    ...TIMESTAMP_COMMANDS,
    ...IDENTIFYING_INFORMATION_COMMANDS,
    ...MULTIMEDIA_COMMANDS,
    ...GET_CONFIGURATION_COMMANDS,
    ...EVENT_STATUS_COMMANDS,
    ...RESERVE_COMMANDS,
    ...PERSISTENT_RESERVE_IN_COMMANDS,
    ...PERSISTENT_RESERVE_OUT_COMMANDS,
  ]);
  for (const each of reportSupportedCommands(table)) table.add(each);
  return table;
}
