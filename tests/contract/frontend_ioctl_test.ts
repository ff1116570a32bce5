import {
  type ContractInitiator,
  createTarget,
  frontendContract,
  type FrontendSubject,
  IOCTL,
  type LocalInitiator,
  TASK_MANAGEMENT,
} from "../../mod.ts";

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

function through(initiator: LocalInitiator): ContractInitiator {
  let nextTag = 1;
  return {
    send: (command) => {
      const tag = nextTag;
      nextTag += 1;
      const ended = initiator.execute({ ...command, lun: 0, tag });
      const abort = async () => {
        await initiator.manage(TASK_MANAGEMENT.ABORT_TASK, 0, tag);
      };
      return { ended, abort };
    },
    disconnect: () => initiator.disconnect(),
  };
}

await frontendContract("ioctl", makeSubject);
