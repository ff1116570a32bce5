import {
  type CamInitiator,
  CAMTGT,
  connectCamInitiator,
  type ContractInitiator,
  createTarget,
  frontendContract,
  type FrontendSubject,
  type RawOptions,
} from "../../mod.ts";

/** How a wire is served, and where. */
interface Wire {
  readonly options: RawOptions;
  readonly end: () => Promise<void>;
}

const WIRES: Readonly<Record<string, () => Promise<Wire>>> = {
  simulated: () =>
    Promise.resolve({ options: new Map(), end: () => Promise.resolve() }),
  tcp: () =>
    Promise.resolve({
      options: new Map([["listen", "127.0.0.1:0"]]),
      end: () => Promise.resolve(),
    }),
  unix: async () => {
    const folder = await Deno.makeTempDir({ prefix: "dtl-test-" });
    return {
      options: new Map([["listen", `unix:${folder}/hba%p.sock`]]),
      end: () => Deno.remove(folder, { recursive: true }),
    };
  },
  "simulated, small moves": () =>
    Promise.resolve({
      options: new Map([["maxio", "700"]]),
      end: () => Promise.resolve(),
    }),
  "simulated, slow": () =>
    Promise.resolve({
      options: new Map([["move_ms", "1"]]),
      end: () => Promise.resolve(),
    }),
};

/** Makes the frontend with one port. */
async function makeSubject(name: string): Promise<FrontendSubject> {
  const target = createTarget();
  await target.plugins.load("camtgt");
  const service = target.plugins.service(CAMTGT);
  const wire = await WIRES[name]?.();
  if (service === undefined || wire === undefined) {
    throw new TypeError("There is no such wire");
  }
  const port = await service.create(wire.options);
  port.setOnline(true);
  const initiators: CamInitiator[] = [];
  const names = new Map<string, bigint>();
  return {
    target,
    port,
    connect: async (who) => {
      const wwpn = names.get(who) ?? 0x2100_0000_0000_0000n +
          BigInt(names.size);
      names.set(who, wwpn);
      const address = service.address(port);
      const initiator = address === null
        ? await service.connect(port, { wwpn })
        : await connectCamInitiator(
          address.transport === "unix"
            ? `unix:${address.path}`
            : `${address.hostname}:${address.port}`,
          { wwpn },
        );
      initiators.push(initiator);
      return through(initiator);
    },
    [Symbol.asyncDispose]: async () => {
      for (const initiator of initiators) initiator.cut();
      await target[Symbol.asyncDispose]();
      await wire.end();
    },
  };
}

function through(initiator: CamInitiator): ContractInitiator {
  return {
    send: (command) => {
      const { ended, abort } = initiator.send({ ...command, lun: 0 });
      return {
        ended,
        abort: async () => {
          await abort();
        },
      };
    },
    disconnect: () => initiator.logOut(),
  };
}

for (const name of Object.keys(WIRES)) {
  await frontendContract(`camtgt, ${name}`, () => makeSubject(name));
}
