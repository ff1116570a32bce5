import {
  createTarget,
  frontendContract,
  type FrontendSubject,
  IOCTL,
} from "../../mod.ts";
import { through } from "../support/contract_initiator.ts";

/** Makes the frontend with its first port. */
async function makeSubject(): Promise<FrontendSubject> {
  const target = createTarget();
  await target.plugins.load("ioctl");
  const service = target.plugins.service(IOCTL);
  const port = service?.ports()[0];
  if (service === undefined || port === undefined) {
    throw new TypeError("There is no local port");
  }
  const numbers = new Map<string, number>();
  return {
    target,
    port,
    connect: (name) => {
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return Promise.resolve(through(service.initiator(port.number, number)));
    },
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  };
}

await frontendContract("ioctl", makeSubject);
