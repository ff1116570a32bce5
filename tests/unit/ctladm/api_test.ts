import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ApiClient, ApiError } from "../../../ctladm/api/client.ts";
import type {
  DaemonResource,
  LunChangedResource,
  StatisticsResource,
} from "../../../ctladm/api/resources.ts";
import { MemoryDaemon } from "../../support/memory_daemon.ts";

const DISK = {
  backend: "ramdisk",
  sizeBytes: 2 ** 20,
  options: { capacity: "1m" },
};

Deno.test("The API describes itself", async () => {
  await using machine = new MemoryDaemon();
  const { client } = machine;
  const description = await client.get<{ paths: Record<string, unknown> }>(
    "/v1/openapi.json",
  );
  assertEquals(Object.keys(description.paths).sort(), [
    "/v1/commands",
    "/v1/configuration",
    "/v1/configuration/plan",
    "/v1/daemon",
    "/v1/daemon/shutdown",
    "/v1/dump",
    "/v1/iscsi/sessions",
    "/v1/iscsi/sessions/logout",
    "/v1/iscsi/sessions/terminate",
    "/v1/luns",
    "/v1/luns/{id}",
    "/v1/plugins/load",
    "/v1/plugins/unload",
    "/v1/ports",
    "/v1/ports/remove",
    "/v1/ports/{id}",
    "/v1/ports/{id}/lun-map",
    "/v1/statistics",
    "/v1/task-management",
    "/v1/tasks",
  ]);
});

Deno.test("The API tells of the daemon and what it has loaded", async () => {
  await using machine = new MemoryDaemon();
  machine.host.clock.advance(5000);
  const before = await machine.client.get<DaemonResource>("/v1/daemon");
  assertEquals(before, {
    pid: 4711,
    version: "1.2.3",
    uptimeMs: 5000,
    plugins: [],
    defects: 0,
  });
  await machine.client.post("/v1/luns", DISK);
  const { plugins } = await machine.client.get<DaemonResource>("/v1/daemon");
  assertEquals(plugins, ["ramdisk"]);
});

Deno.test("The API counts for each LUN", async () => {
  await using machine = new MemoryDaemon();
  const { lun } = await machine.client.post<LunChangedResource>(
    "/v1/luns",
    DISK,
  );
  const { luns, ports } = await machine.client.get<StatisticsResource>(
    "/v1/statistics",
  );
  const ids = [luns, ports].map((items) => items.map(({ id }) => id));
  assertEquals(ids, [[lun.id], [1]]);
  assertEquals(luns[0]?.read.operations, 0);
});

const REFUSED: readonly (readonly [body: unknown, message: RegExp])[] = [
  [{}, /^Invalid field "backend"/],
  [{ backend: "ramdisk", number: -1 }, /^Invalid field "number"/],
  [{ ...DISK, sizeBytes: "1m" }, /^Invalid field "sizeBytes"/],
  [{ ...DISK, options: { capacity: 1 } }, /^Invalid field "options.capacity"/],
  [{ ...DISK, blockLength: 513 }, /513/],
  [{ ...DISK, options: { ...DISK.options, pblocksize: "x" } }, /pblocksize/],
];

for (const [body, message] of REFUSED) {
  Deno.test(`The API refuses ${JSON.stringify(body)}`, async () => {
    await using machine = new MemoryDaemon();
    const { client } = machine;
    const error = await assertRejects(
      () => client.post("/v1/luns", body),
      ApiError,
    );
    assertMatch(error.message, message);
    assertEquals(await client.get("/v1/luns"), []);
  });
}

Deno.test("The API answers an unknown path", async () => {
  await using machine = new MemoryDaemon();
  const { client } = machine;
  const error = await assertRejects(() => client.get("/v2/luns"), ApiError);
  assertEquals(error.message, "No such resource");
});

Deno.test("The API refuses a body that is no JSON", async () => {
  await using machine = new MemoryDaemon();
  const response = await machine.send(
    new Request("http://localhost/v1/luns", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    }),
  );
  assertEquals(response.status, 400);
  assertEquals(await response.json(), {
    code: "request",
    message: "Malformed JSON in request body",
  });
});

Deno.test("ApiClient passes on an answer that is no JSON", async () => {
  const client = new ApiClient(() =>
    Promise.resolve(new Response("out of order", { status: 503 }))
  );
  const error = await assertRejects(() => client.get("/v1/luns"), ApiError);
  assertEquals(error.code, "internal");
  assertEquals(error.message, "HTTP status 503: out of order");
});
