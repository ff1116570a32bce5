import { assertEquals, assertInstanceOf } from "@std/assert";
import { IoctlService } from "../../../../frontends/ioctl/service.ts";
import { ManagementError, type TargetPort } from "../../../../core/mod.ts";
import { targetTest, type TestTarget } from "../../../support/core_target.ts";

const RESERVE = new Uint8Array(6).fill(0x16, 0, 1);
const TEST_UNIT_READY = new Uint8Array(6);

function serve({ host, target }: TestTarget): IoctlService {
  return new IoctlService(host, target.ports);
}

function options(texts: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(texts));
}

function place({ number, description, online }: TargetPort): string {
  const { frontend, name, physicalPort, virtualPort } = description;
  return `${number} ${online} ${frontend} ${name} ` +
    `${physicalPort}.${virtualPort}`;
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    assertInstanceOf(error, ManagementError);
    return `${error.code}: ${error.message}`;
  }
  throw new TypeError("It was not refused");
}

targetTest("IoctlService has the port 0.0, on line", (test) => {
  assertEquals(serve(test).ports().map(place), ["1 true ioctl ioctl 0.0"]);
  return Promise.resolve();
});

targetTest("IoctlService makes ports where they are wanted", async (test) => {
  const service = serve(test);
  for (const wish of [{}, { pp: "101", vp: "102" }, {}, { pp: "101" }]) {
    await service.create(options({ ...wish }));
  }
  assertEquals(
    service.ports().map((port) => place(port).split(" ").at(-1)),
    ["0.0", "1.0", "101.102", "102.0", "101.0"],
  );
});

targetTest("IoctlService removes ports, but not the first", async (test) => {
  const service = serve(test);
  const { number } = await service.create(options({}));
  await service.remove(options({ port_id: String(number) }));
  assertEquals(service.ports().length, 1);
  assertEquals(test.target.ports.get(number), undefined);
  const rows: [Record<string, string>, string][] = [
    [{}, "request: Missing required argument: port_id"],
    [{ port_id: "1" }, "request: cannot destroy default ioctl port"],
    [{ port_id: "77" }, "port-not-found: cannot find port 77"],
    [
      { port_id: "x" },
      'option: Invalid value "x" for option "port_id": expected a whole ' +
      "number from 0 to 65535",
    ],
  ];
  for (const [given, told] of rows) {
    assertEquals(await refusal(() => service.remove(options(given))), told);
  }
});

targetTest("IoctlService refuses a place that is taken", async (test) => {
  const service = serve(test);
  const { number } = await service.create(options({ pp: "5", vp: "6" }));
  assertEquals(
    await refusal(() => service.create(options({ pp: "5", vp: "6" }))),
    `port-exists: port ${number} already exists`,
  );
});

targetTest("IoctlService tells who observes it", async (test) => {
  const service = serve(test);
  const heard: string[] = [];
  service.observe({
    added: ({ description }) => {
      heard.push(`+${description.physicalPort}`);
      return Promise.resolve();
    },
    removed: ({ description }) => {
      heard.push(`-${description.physicalPort}`);
      return Promise.resolve();
    },
  });
  const { number } = await service.create(options({}));
  await service.remove(options({ port_id: String(number) }));
  assertEquals(heard, ["+1", "-1"]);
});

targetTest("IoctlService takes back what cannot be served", async (test) => {
  const service = serve(test);
  service.observe({
    added: () => Promise.reject(new ManagementError("request", "no socket")),
    removed: () => Promise.resolve(),
  });
  assertEquals(
    await refusal(() => service.create(options({}))),
    "request: no socket",
  );
  assertEquals(service.ports().length, 1);
});

targetTest("Two local ports are two I_T nexuses", async (test) => {
  await test.addLun();
  const service = serve(test);
  const other = await service.create(options({}));
  const [a, b] = [1, other.number].map((port) => service.initiator(port, 7));
  for (const initiator of [a, b]) {
    await initiator?.execute({ lun: 0, cdb: TEST_UNIT_READY });
  }
  const command = { lun: 0, cdb: RESERVE };
  assertEquals((await a?.execute(command))?.status, 0);
  assertEquals((await b?.execute(command))?.status, 0x18);
});

targetTest("IoctlService keeps an initiator apart by number", async (test) => {
  const service = serve(test);
  assertEquals(service.initiator(1, 7) === service.initiator(1, 7), true);
  assertEquals(service.initiator(1, 7) === service.initiator(1, 8), false);
  assertEquals(
    await refusal(() => service.initiator(1, 2048)),
    "request: Invalid initiator 2048: 2047 is the largest number",
  );
});

targetTest("IoctlService serves no port that is off line", async (test) => {
  const service = serve(test);
  test.target.ports.get(1)?.setOnline(false);
  assertEquals(
    await refusal(() => service.initiator(1, 7)),
    "port-offline: Operation not permitted: port 1 is off line",
  );
  test.target.ports.get(1)?.setOnline(true);
  service.initiator(1, 7);
});
