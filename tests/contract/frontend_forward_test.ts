import {
  createTarget,
  frontendContract,
  type FrontendSubject,
  IOCTL,
} from "../../mod.ts";
import { through } from "../support/contract_initiator.ts";
import { joinTargets, showPort } from "../support/ha_pair.ts";

/** The frontend is a second node: what comes there is served by the first. */
async function makeSubject(): Promise<FrontendSubject> {
  const near = createTarget();
  const target = createTarget();
  await near.plugins.load("ioctl");
  await near.plugins.load("ramdisk");
  const nodes = joinTargets(near, target, "proxy");
  const service = near.plugins.service(IOCTL);
  const port = service?.ports()[0];
  if (service === undefined || port === undefined) {
    throw new TypeError("There is no local port");
  }
  showPort(port, target);
  await near.luns.create({ backend: "ramdisk", number: 0, sizeBytes: 2 ** 20 });
  for (const { link } of [nodes.near, nodes.far]) link.isUp = true;
  nodes.near.forwarding.linkUp("far");
  nodes.far.forwarding.linkUp("near");
  const numbers = new Map<string, number>();
  return {
    target,
    port,
    connect: (name) => {
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return Promise.resolve(through(service.initiator(port.number, number)));
    },
    [Symbol.asyncDispose]: async () => {
      await near[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}

await frontendContract("forwarding to another node", makeSubject);
