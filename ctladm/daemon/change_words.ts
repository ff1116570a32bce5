/**
 * The steps of a plan in words for operators.
 *
 * @module
 */

import type { DesiredState } from "../conf/desired_state.ts";
import type { Lun } from "../conf/model.ts";
import type { PortKey, Step } from "../conf/steps.ts";

/** What one step does. */
export interface ChangeWords {
  /** A verb: `create`, `change`. */
  readonly action: string;
  /** What it is done to: `lun "disk0"`. */
  readonly subject: string;
  /** What differs, or what follows; may be empty. */
  readonly detail: string;
}

/** The steps in words; `before` is what they start from. */
export function changeWords(
  steps: readonly Step[],
  before: DesiredState,
): ChangeWords[] {
  return steps.map((step) => {
    const [action, subject, detail] = wordsOf(step, before);
    return { action, subject, detail };
  });
}

type Words = readonly [action: string, subject: string, detail: string];

const PAIR = "ha";
const NEW_LOGINS = "for new logins; sessions go on";

function wordsOf(step: Step, before: DesiredState): Words {
  switch (step.kind) {
    case "update-settings":
      return ["change", "settings", listed(step.changes, before.settings)];
    case "load-plugin":
      return ["load", pluginName(step.plugin.name), ""];
    case "unload-plugin":
      return ["unload", pluginName(step.name), ""];
    case "load-ha":
      return ["enter", PAIR, ""];
    case "start-ha":
      return ["start", PAIR, ""];
    case "configure-ha":
      return ["change", PAIR, optionDifferences(step, before.ha?.options)];
    case "unload-ha":
      return ["leave", PAIR, "takes a restart of ctld"];
    case "create-lun":
      return ["create", lunName(step.lun.name), storeWords(step.lun)];
    case "modify-lun":
      return [
        "change",
        lunName(step.lun.name),
        lunDifferences(step, before.luns.get(step.lun.name)),
      ];
    case "remove-lun":
      return ["remove", lunName(step.name), ""];
    case "set-portal-group":
      return [
        before.portalGroups.has(step.portalGroup.name) ? "change" : "create",
        groupName(step.portalGroup.name),
        `tag ${step.tag}, ${NEW_LOGINS}`,
      ];
    case "remove-portal-group":
      return ["remove", groupName(step.name), ""];
    case "open-portal":
      return ["listen", step.listen.text, `for ${groupName(step.portalGroup)}`];
    case "close-portal":
      return ["close", step.listen.text, "sessions go on"];
    case "register-isns":
      return ["tell", `isns-server ${step.server.text}`, "targets and portals"];
    case "deregister-isns":
      return ["leave", `isns-server ${step.server.text}`, ""];
    default:
      return portWords(step);
  }
}

type PortStep = Extract<Step, { port: PortKey }>;

function portWords(step: PortStep): Words {
  const port = portName(step.port);
  switch (step.kind) {
    case "create-port":
    case "attach-port":
      return ["create", port, lunCount(step.lunMap.size)];
    case "remove-port":
    case "detach-port":
      return ["remove", port, "its sessions end"];
    case "map-lun":
      return ["show", port, `LUN ${step.number}: ${lunName(step.lun)}`];
    case "unmap-lun":
      return ["hide", port, `LUN ${step.number}`];
    case "update-port-access":
      return ["change", port, `access, ${NEW_LOGINS}`];
  }
}

function pluginName(name: string): string {
  return `plugin "${name}"`;
}

function lunName(name: string): string {
  return `lun "${name}"`;
}

function groupName(name: string): string {
  return `portal-group "${name}"`;
}

function portName(port: PortKey): string {
  const by = "portalGroup" in port
    ? groupName(port.portalGroup)
    : `port ${port.physicalPort.text}`;
  return `target ${port.target}, ${by}`;
}

function lunCount(count: number): string {
  return count === 1 ? "with 1 LUN" : `with ${count} LUNs`;
}

function storeWords({ backend, path, sizeBytes }: Lun): string {
  const size = sizeBytes === undefined ? [] : [`${sizeBytes} bytes`];
  return [backend, ...path === undefined ? [] : [path], ...size].join(", ");
}

function lunDifferences(
  { lun, sizeChanged, optionsChanged }: Extract<Step, { kind: "modify-lun" }>,
  before: Lun | undefined,
): string {
  const size = sizeChanged
    ? [`size ${sizeText(before?.sizeBytes)} -> ${sizeText(lun.sizeBytes)}`]
    : [];
  const options = optionDifferences(
    { options: lun.options, optionsChanged },
    before?.options,
  );
  return [...size, ...options === "" ? [] : [options]].join(", ");
}

function optionDifferences(
  { options, optionsChanged }: {
    readonly options: ReadonlyMap<string, string>;
    readonly optionsChanged: readonly string[];
  },
  before: ReadonlyMap<string, string> | undefined,
): string {
  return optionsChanged.map((name) =>
    `${name} ${optionText(before?.get(name))} -> ` +
    optionText(options.get(name))
  ).join(", ");
}

function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? "auto" : String(bytes);
}

function optionText(value: string | undefined): string {
  return value === undefined ? "(none)" : value;
}

function listed(
  changes: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): string {
  return Object.entries(changes).map(([name, value]) =>
    before[name] === undefined
      ? `${name} ${String(value)}`
      : `${name} ${String(before[name])} -> ${String(value)}`
  ).join(", ");
}
