/**
 * Carries out the steps of a reload plan, one after the other. A step that
 * fails is reported; the others go on.
 *
 * @module
 */

import {
  type IscsiService,
  ManagementError,
  type OpenPortal,
  type Target,
  type TargetPort,
} from "../../mod.ts";
import type { Lun, PluginWish } from "../conf/model.ts";
import type { DesiredState } from "../conf/desired_state.ts";
import type { LunMap, PortKey, Step } from "../conf/steps.ts";
import { portAccessOf, portalGroupOf } from "./access.ts";
import { isnsRegistrationOf } from "./isns.ts";
import type { Pair } from "./pair.ts";
import type { PhysicalPorts } from "./physical_ports.ts";

/** What the steps work on. */
export interface ApplyContext {
  /** The target. */
  readonly target: Target;
  /** Its iSCSI service. */
  readonly iscsi: IscsiService;
  /** The pair that it may be part of. */
  readonly pair: Pair;
  /** Numbers of the LUNs that ctl.conf made, by their names there. */
  readonly luns: Map<string, number>;
  /** Ports of other frontends that targets have. */
  readonly physicalPorts: PhysicalPorts;
  /** Sockets that listen, by portal group and place. */
  readonly portals: Map<string, OpenPortal>;
  /** What iSNS servers are to be told; undefined: nothing. */
  readonly isns: DesiredState["isnsRegistration"];
  /** A step has something to tell that is no failure. */
  readonly warn: (message: string) => void;
}

/** A step that failed. */
export interface FailedStep {
  /** The step. */
  readonly step: Step;
  /** Why: a whole sentence. */
  readonly reason: string;
}

/**
 * Carries out all steps. When a pair cannot be entered, nothing else is done:
 * a node that takes itself for a single one would serve what is the other's.
 *
 * @returns those that failed
 */
export async function applySteps(
  steps: readonly Step[],
  context: ApplyContext,
): Promise<FailedStep[]> {
  nameLuns(steps, context);
  const failed: FailedStep[] = [];
  let isAlone = false;
  for (const step of steps) {
    try {
      if (isAlone) {
        throw new ManagementError("pair", "not done without the pair");
      }
      await applyStep(step, context);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failed.push({ step, reason: `${describeStep(step)}: ${reason}` });
      isAlone ||= step.kind === "load-ha";
    }
  }
  return failed;
}

// A store that cannot keep them is told of with each LUN.
function nameLuns(steps: readonly Step[], { target }: ApplyContext): void {
  const created = steps.filter((step) => step.kind === "create-lun");
  try {
    target.luns.nameAhead(created.map(({ lun }) => optionsOf(lun)));
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
  }
}

/** A step in words, for logs. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case "create-lun":
    case "modify-lun":
      return `${step.kind} "${step.lun.name}"`;
    case "open-portal":
    case "close-portal":
      return `${step.kind} ${step.listen.text}`;
    case "register-isns":
    case "deregister-isns":
      return `${step.kind} ${step.server.text}`;
    case "load-plugin":
      return `${step.kind} "${step.plugin.name}"`;
    case "unload-plugin":
    case "remove-lun":
    case "remove-portal-group":
      return `${step.kind} "${step.name}"`;
    case "create-port":
    case "remove-port":
      return `${step.kind} "${step.port.target}"`;
    default:
      return step.kind;
  }
}

async function applyStep(step: Step, context: ApplyContext): Promise<void> {
  const { iscsi, target } = context;
  switch (step.kind) {
    case "update-settings":
      return;
    case "load-ha":
      return await context.pair.load(step.options);
    case "start-ha":
      return context.pair.start();
    case "configure-ha":
      return await context.pair.configure(step.options, step.optionsChanged);
    case "unload-ha":
      return context.pair.unload();
    case "load-plugin":
      return await loadPlugin(step.plugin, target);
    case "unload-plugin":
      return await target.plugins.unload(step.name);
    case "set-portal-group":
      return iscsi.setPortalGroup(portalGroupOf(step.portalGroup, step.tag));
    case "remove-portal-group":
      return iscsi.removePortalGroup(step.name);
    case "open-portal":
      return openPortal(step, context);
    case "close-portal":
      return closePortal(step, context);
    case "create-lun":
      return await createLun(step.lun, context);
    case "modify-lun":
      return await modifyLun(step, context);
    case "remove-lun":
      await target.luns.remove(numberOf(step.name, context));
      context.luns.delete(step.name);
      return;
    case "create-port":
      return createPort(step, context);
    case "remove-port":
      return await iscsi.removePort(step.port.target, step.port.portalGroup);
    case "update-port-access":
      return iscsi.setPortAccess(
        step.port.target,
        step.port.portalGroup,
        portAccessOf(step.access),
      );
    case "map-lun":
      return portOf(step.port, context)
        .mapLun(step.number, numberOf(step.lun, context));
    case "unmap-lun":
      return portOf(step.port, context).mapLun(step.number, undefined);
    case "attach-port":
      return await context.physicalPorts
        .attach(step, unitNumbers(step.lunMap, context));
    case "detach-port":
      return await context.physicalPorts.detach(step.port);
    case "register-isns":
      return registerIsns(step, context);
    case "deregister-isns":
      return await iscsi.isns.deregister(step.server.text);
  }
}

// One that is loaded has other options now: it is set up anew.
async function loadPlugin(
  { name, options }: PluginWish,
  { plugins }: Target,
): Promise<void> {
  if (plugins.has(name, options)) return;
  if (plugins.names.includes(name)) await plugins.unload(name);
  await plugins.load(name, options);
}

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

function portalKey(
  { portalGroup, listen }: Pick<
    StepOf<"open-portal">,
    "portalGroup" | "listen"
  >,
): string {
  return `${portalGroup}\n${listen.text}`;
}

function openPortal(
  step: StepOf<"open-portal">,
  context: ApplyContext,
): void {
  const { address, port } = step.listen;
  const open = context.iscsi
    .openPortal(step.portalGroup, { address, port, wildcard: false });
  context.portals.set(portalKey(step), open);
}

function closePortal(
  step: StepOf<"close-portal">,
  context: ApplyContext,
): void {
  const key = portalKey(step);
  context.portals.get(key)?.close();
  context.portals.delete(key);
}

// An unreachable server is told to the log; nothing waits for it.
function registerIsns(
  step: StepOf<"register-isns">,
  { iscsi, isns, portals }: ApplyContext,
): void {
  if (isns === undefined) return;
  const registration = isnsRegistrationOf(
    isns,
    (portalGroup, listen) =>
      portals.get(portalKey({ portalGroup, listen }))?.portal.port,
  );
  iscsi.isns.register(step.server, registration);
}

async function createLun(lun: Lun, context: ApplyContext): Promise<void> {
  if (context.luns.has(lun.name)) {
    throw new ManagementError("lun-in-use", `the old LUN is still there`);
  }
  const { unit, warning } = await context.target.luns.create({
    backend: lun.backend,
    number: lun.ctlLun,
    deviceType: lun.deviceType,
    sizeBytes: lun.sizeBytes,
    blockLength: lun.blocksize,
    serial: lun.serial,
    deviceId: lun.deviceId,
    options: optionsOf(lun),
  });
  context.luns.set(lun.name, unit.number);
  if (warning !== undefined) context.warn(`lun "${lun.name}": ${warning}`);
}

async function modifyLun(
  step: StepOf<"modify-lun">,
  context: ApplyContext,
): Promise<void> {
  const { lun } = step;
  const { warning } = await context.target.luns.modify(
    numberOf(lun.name, context),
    { sizeBytes: lun.sizeBytes ?? 0, options: optionsOf(lun) },
  );
  if (warning !== undefined) context.warn(`lun "${lun.name}": ${warning}`);
}

// What ctld adds to the options of a LUN, as CTL's does.
function optionsOf(lun: Lun): Map<string, string> {
  const options = new Map(lun.path === undefined ? [] : [["file", lun.path]]);
  options.set("ctld_name", lun.name);
  for (const [name, value] of lun.options) options.set(name, value);
  return options;
}

function createPort(
  step: StepOf<"create-port">,
  context: ApplyContext,
): void {
  const port = context.iscsi.createPort({
    target: step.port.target,
    portalGroup: step.port.portalGroup,
    tag: step.tag,
    access: portAccessOf(step.access),
  });
  port.setLunMap(unitNumbers(step.lunMap, context));
  port.setOnline(true);
}

// A LUN that could not be made has been reported already.
function unitNumbers(
  lunMap: LunMap,
  context: ApplyContext,
): Map<number, number> {
  const map = new Map<number, number>();
  for (const [visible, name] of lunMap) {
    const number = context.luns.get(name);
    if (number !== undefined) map.set(visible, number);
  }
  return map;
}

function portOf(key: PortKey, context: ApplyContext): TargetPort {
  const port = "portalGroup" in key
    ? context.iscsi.port(key.target, key.portalGroup)
    : context.physicalPorts.port(key);
  if (port === undefined) {
    throw new ManagementError(
      "port-not-found",
      `target "${key.target}" has no such port`,
    );
  }
  return port;
}

function numberOf(name: string, context: ApplyContext): number {
  const number = context.luns.get(name);
  if (number === undefined) {
    throw new ManagementError("lun-not-found", `lun "${name}" does not exist`);
  }
  return number;
}
