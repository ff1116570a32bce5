/**
 * `ctladm islist`: the iSCSI sessions.
 *
 * @module
 */

import type { SessionResource } from "../api/resources.ts";
import { has } from "../getopt.ts";
import { type Command, type CommandContext, escapeXml } from "./command.ts";

/** The subcommand. */
export const islist: Command = {
  name: "islist",
  letters: "vx",
  summary: "list the iSCSI sessions",
  synopsis: "islist [-v | -x] [--json]",
  example: "ctladm islist",
  run: listSessions,
};

async function listSessions(context: CommandContext): Promise<void> {
  const { client, options, print, printJson, json } = context;
  const sessions = await client
    .get<SessionResource[]>("/v1/iscsi/sessions");
  if (json) return printJson(sessions);
  if (has(options, "x")) return print(formatSessionXml(sessions));
  if (has(options, "v")) {
    for (const session of sessions) print(`${verbose(session)}\n`);
    return;
  }
  print(columns("ID", "Portal", "Initiator name", "Target name"));
  for (const session of sessions) {
    const { id, initiatorAddress, initiator, target } = session;
    print(columns(String(id), initiatorAddress, initiator, target));
  }
}

function columns(
  id: string,
  portal: string,
  initiator: string,
  target: string,
): string {
  return `${id.padStart(4)} ${portal.padEnd(16)} ${initiator.padEnd(36)} ` +
    `${target.padEnd(36)}`;
}

function yesNo(value: boolean): string {
  return value ? "Yes" : "No";
}

function verbose(session: SessionResource): string {
  const rows: [string, string][] = [
    ["Session ID:", String(session.id)],
    ["Initiator name:", session.initiator],
    ["Initiator portal:", session.initiatorAddress],
    ["Initiator alias:", session.initiatorAlias],
    ["Target name:", session.target],
    ["Target alias:", session.targetAlias],
    ["Header digest:", session.headerDigest],
    ["Data digest:", session.dataDigest],
    ["MaxRecvDataSegmentLength:", String(session.maxRecvDataSegmentLength)],
    ["MaxSendDataSegmentLength:", String(session.maxSendDataSegmentLength)],
    ["MaxBurstLen:", String(session.maxBurstLength)],
    ["FirstBurstLen:", String(session.firstBurstLength)],
    ["ImmediateData:", yesNo(session.immediateData)],
    ["iSER (RDMA):", "No"],
    ["Offload driver:", "None"],
  ];
  return rows.map(([label, value]) => `${label.padEnd(25)} ${value}`)
    .join("\n");
}

/** The session list in the XML of CTL. */
export function formatSessionXml(
  sessions: readonly SessionResource[],
): string {
  return [
    "<ctlislist>",
    ...sessions.map(sessionXml),
    "</ctlislist>",
  ].join("\n");
}

function sessionXml(session: SessionResource): string {
  const elements: [string, string][] = [
    ["initiator", session.initiator],
    ["initiator_addr", session.initiatorAddress],
    ["initiator_alias", session.initiatorAlias],
    ["target", session.target],
    ["target_alias", session.targetAlias],
    ["target_portal_group_tag", String(session.portalGroupTag)],
    ["header_digest", session.headerDigest],
    ["data_digest", session.dataDigest],
    ["max_recv_data_segment_length", String(session.maxRecvDataSegmentLength)],
    ["max_send_data_segment_length", String(session.maxSendDataSegmentLength)],
    ["max_burst_length", String(session.maxBurstLength)],
    ["first_burst_length", String(session.firstBurstLength)],
    ["immediate_data", session.immediateData ? "1" : "0"],
    ["iser", "0"],
    ["offload", "None"],
  ];
  const body = elements
    .map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
    .join("");
  return `<connection id="${session.id}">${body}</connection>`;
}
