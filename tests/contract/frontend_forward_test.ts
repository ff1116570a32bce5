import {
  createTarget,
  frontendContract,
  type FrontendSubject,
  IOCTL,
  type Target,
} from "../../mod.ts";
import { through } from "../support/contract_initiator.ts";
import {
  type IscsiFrontend,
  iscsiFrontend,
} from "../support/contract_iscsi.ts";
import { joinTargets, showPort } from "../support/ha_pair.ts";

type MakeNear = (near: Target) => Promise<IscsiFrontend>;

/** The frontend is a second node: what comes there is served by the first. */
async function makeSubject(makeNear: MakeNear): Promise<FrontendSubject> {
  const near = createTarget();
  const target = createTarget();
  await near.plugins.load("ramdisk");
  const nodes = joinTargets(near, target, "proxy");
  const frontend = await makeNear(near);
  showPort(frontend.port, target);
  await near.luns.create({ backend: "ramdisk", number: 0, sizeBytes: 2 ** 20 });
  for (const { link } of [nodes.near, nodes.far]) link.isUp = true;
  nodes.near.forwarding.linkUp("far");
  nodes.far.forwarding.linkUp("near");
  return {
    ...{ target, port: frontend.port, connect: frontend.connect },
    [Symbol.asyncDispose]: async () => {
      await frontend[Symbol.asyncDispose]();
      await near[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}

async function localFrontend(near: Target): Promise<IscsiFrontend> {
  await near.plugins.load("ioctl");
  const service = near.plugins.service(IOCTL);
  const port = service?.ports()[0];
  if (service === undefined || port === undefined) {
    throw new TypeError("There is no local port");
  }
  const numbers = new Map<string, number>();
  return {
    port,
    connect: (name) => {
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return Promise.resolve(through(service.initiator(port.number, number)));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

await frontendContract(
  "forwarding from a local port",
  () => makeSubject(localFrontend),
);
await frontendContract(
  "forwarding from an iSCSI port",
  () => makeSubject(iscsiFrontend),
);
