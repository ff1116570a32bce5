/**
 * Every endpoint of the control API, taken once and refused once. An endpoint
 * without a row fails, and so does an answer that the description lacks.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { MemoryDaemon } from "../../support/memory_daemon.ts";
import { configured } from "./conf/support.ts";
import {
  differences,
  type Schema,
  type Schemas,
} from "../../support/openapi.ts";

/** A request, and the status of its answer. */
interface Asked {
  /** Method and path, where they are not those of the row. */
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly status: number;
}

interface Refusal extends Asked {
  /** Kind of mistake. */
  readonly code?: string;
  readonly message: RegExp;
  /** Field that is named. */
  readonly field?: string;
}

interface Row {
  readonly taken: Asked;
  readonly refused: Refusal;
}

const DISK = {
  backend: "ramdisk",
  sizeBytes: 2 ** 20,
  options: { capacity: "1m" },
};
const CHANGE = { sizeBytes: 2 ** 19, options: { capacity: "1m" } };
const CONFIGURATION = {
  text: "lun disk { backend ramdisk\n size 1M }",
  syntax: "classic",
  path: "/ctl.conf",
};
const NO_LUN = { status: 404, code: "lun-not-found", message: /^LUN 9 does/ };
const COMMAND = "/v1/commands?cdb=000000000000&lun=0&initiator=7";

/** What a list that needs nothing is refused for: another method. */
function listed(path: string): Row {
  return {
    taken: { status: 200 },
    refused: {
      method: "DELETE",
      status: 405,
      message: new RegExp(`^Method DELETE is not for ${path}: use GET`),
    },
  };
}

const ROWS: Readonly<Record<string, Row>> = {
  "get /v1/luns": {
    taken: { status: 200 },
    refused: {
      method: "PUT",
      status: 405,
      message: /^Method PUT is not for \/v1\/luns: use GET, POST$/,
    },
  },
  "post /v1/luns": {
    taken: { body: DISK, status: 201 },
    refused: {
      body: { ...DISK, blockLength: 0 },
      status: 400,
      message: /^Invalid field "blockLength": /,
      field: "blockLength",
    },
  },
  "patch /v1/luns/{id}": {
    taken: { path: "/v1/luns/0", body: CHANGE, status: 200 },
    refused: { path: "/v1/luns/9", body: CHANGE, ...NO_LUN },
  },
  "delete /v1/luns/{id}": {
    taken: { path: "/v1/luns/0", status: 204 },
    refused: { path: "/v1/luns/9", ...NO_LUN },
  },
  "get /v1/luns/{id}/injections": {
    taken: { path: "/v1/luns/0/injections", status: 200 },
    refused: { path: "/v1/luns/9/injections", ...NO_LUN },
  },
  "post /v1/luns/{id}/injections": {
    taken: {
      path: "/v1/luns/0/injections",
      body: { kind: "ua", patterns: ["any"] },
      status: 201,
    },
    refused: {
      path: "/v1/luns/0/injections",
      body: { kind: "ua", patterns: ["anything"] },
      status: 400,
      message: /^Invalid field "patterns.0": /,
      field: "patterns.0",
    },
  },
  "delete /v1/luns/{id}/injections/{serial}": {
    taken: { path: "/v1/luns/0/injections/0", status: 204 },
    refused: {
      path: "/v1/luns/0/injections/5",
      status: 404,
      code: "injection-not-found",
      message: /LUN 0 has no injected error 5$/,
    },
  },
  "put /v1/luns/{id}/delay": {
    taken: {
      path: "/v1/luns/0/delay",
      body: { location: "done", seconds: 0 },
      status: 204,
    },
    refused: {
      path: "/v1/luns/0/delay",
      body: { location: "done", seconds: 1e9 },
      status: 400,
      code: "option",
      message: /^Cannot delay by 1000000000 seconds/,
    },
  },
  "get /v1/copies": listed("/v1/copies"),
  "get /v1/luns/{id}/reservations": {
    taken: { path: "/v1/luns/0/reservations", status: 200 },
    refused: { path: "/v1/luns/9/reservations", ...NO_LUN },
  },
  "get /v1/luns/{id}/explain": {
    taken: { path: "/v1/luns/0/explain?initiator=7", status: 200 },
    refused: {
      path: "/v1/luns/0/explain",
      status: 400,
      message: /^Invalid field "initiator": /,
      field: "initiator",
    },
  },
  "get /v1/ports": {
    taken: { status: 200 },
    refused: {
      method: "PUT",
      status: 405,
      message: /^Method PUT is not for \/v1\/ports: use GET, POST$/,
    },
  },
  "post /v1/ports": {
    taken: { body: { driver: "ioctl" }, status: 201 },
    refused: {
      body: { driver: "fc" },
      status: 404,
      code: "frontend-not-found",
      message: /^Frontend "fc" not found\.$/,
    },
  },
  "post /v1/ports/remove": {
    taken: {
      body: { driver: "ioctl", options: { port_id: "3" } },
      status: 204,
    },
    refused: {
      body: { driver: "ioctl", options: { port_id: "1" } },
      status: 400,
      message: /^cannot destroy default ioctl port$/,
    },
  },
  "patch /v1/ports/{id}": {
    taken: { path: "/v1/ports/1", body: { online: true }, status: 200 },
    refused: {
      path: "/v1/ports/1",
      body: { online: true, speed: 1 },
      status: 400,
      message: /^Invalid field "speed": /,
      field: "speed",
    },
  },
  "patch /v1/ports/{id}/lun-map": {
    taken: {
      path: "/v1/ports/1/lun-map",
      body: { lun: 5, unit: 0 },
      status: 200,
    },
    refused: {
      path: "/v1/ports/1/lun-map",
      body: { lun: 5, unit: 9 },
      ...NO_LUN,
    },
  },
  "post /v1/configuration/plan": {
    taken: { body: CONFIGURATION, status: 200 },
    refused: {
      body: { ...CONFIGURATION, syntax: "xml" },
      status: 400,
      message: /^Invalid field "syntax": /,
      field: "syntax",
    },
  },
  "post /v1/configuration": {
    taken: { body: CONFIGURATION, status: 200 },
    refused: {
      body: { ...CONFIGURATION, text: "lun {" },
      status: 400,
      message: /^\/ctl\.conf: /,
    },
  },
  "get /v1/iscsi/sessions": listed("/v1/iscsi/sessions"),
  "post /v1/iscsi/sessions/logout": {
    taken: { body: { all: true }, status: 200 },
    refused: {
      body: { id: "x" },
      status: 400,
      message: /^Invalid field "id": /,
      field: "id",
    },
  },
  "post /v1/iscsi/sessions/terminate": {
    taken: { body: { id: 4 }, status: 200 },
    refused: {
      body: [],
      status: 400,
      message: /^Invalid field "": /,
      field: "",
    },
  },
  "get /v1/statistics": listed("/v1/statistics"),
  "get /v1/daemon": listed("/v1/daemon"),
  "post /v1/daemon/shutdown": {
    taken: { status: 202 },
    refused: {
      method: "GET",
      status: 405,
      message: /^Method GET is not for \/v1\/daemon\/shutdown: use POST$/,
    },
  },
  "post /v1/plugins/load": {
    taken: { body: { name: "iscsi" }, status: 204 },
    refused: {
      body: { name: "" },
      status: 400,
      message: /^Invalid field "name": /,
      field: "name",
    },
  },
  "post /v1/plugins/unload": {
    taken: { body: { name: "block" }, status: 204 },
    refused: {
      body: { name: "ramdisk" },
      status: 400,
      code: "plugin",
      message: /^Cannot unload plugin "ramdisk": LUN 0 uses it$/,
    },
  },
  "get /v1/ha": listed("/v1/ha"),
  "put /v1/ha/role": {
    taken: { body: { role: "primary", peerFenced: true }, status: 200 },
    refused: {
      body: { role: "tertiary" },
      status: 400,
      message: /^Invalid field "role": /,
      field: "role",
    },
  },
  "get /v1/tasks": listed("/v1/tasks"),
  "get /v1/dump": listed("/v1/dump"),
  "get /v1/events": listed("/v1/events"),
  "get /metrics": listed("/metrics"),
  "get /v1/activity": listed("/v1/activity"),
  "post /v1/trace/start": {
    taken: { body: { lun: 0, records: 64 }, status: 200 },
    refused: {
      body: { records: 0 },
      status: 400,
      message: /^Invalid field "records": /,
      field: "records",
    },
  },
  "post /v1/trace/stop": {
    taken: { status: 200 },
    refused: {
      method: "GET",
      status: 405,
      message: /^Method GET is not for \/v1\/trace\/stop: use POST$/,
    },
  },
  "get /v1/trace": listed("/v1/trace"),
  "get /v1/trace/chrome": listed("/v1/trace/chrome"),
  "get /v1/trace/blocked": listed("/v1/trace/blocked"),
  "post /v1/commands": {
    taken: { path: COMMAND, status: 200 },
    refused: {
      path: COMMAND.replace("000000000000", "0"),
      status: 400,
      message: /^Invalid field "cdb": /,
      field: "cdb",
    },
  },
  "post /v1/task-management": {
    taken: { body: { function: "LOGICAL UNIT RESET" }, status: 200 },
    refused: {
      body: { function: "PANIC" },
      status: 400,
      message: /^Invalid field "function": /,
      field: "function",
    },
  },
};

interface Answer {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Description {
  readonly paths: Readonly<
    Record<
      string,
      Record<string, { readonly responses: Readonly<Record<string, Answer>> }>
    >
  >;
  readonly components: { readonly schemas: Schemas };
}

/** Endpoints whose answers are no resources but bytes of another format. */
const RAW_ANSWERS: ReadonlySet<string> = new Set([
  "/metrics",
  "/v1/commands",
  "/v1/trace/chrome",
]);
const JSON_TYPE = "application/json";
const EVENT_STREAM = "text/event-stream";

/** Where an answer differs from what is described. */
async function answerDifferences(
  machine: MemoryDaemon,
  endpoint: string,
  response: Response,
): Promise<string[]> {
  const [method = "", path = ""] = endpoint.split(" ");
  const { paths, components } = await describedBy(machine);
  const described = paths[path]?.[method]?.responses[response.status];
  if (described === undefined) return [`${response.status} is not described`];
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  if (type === EVENT_STREAM) await response.body?.cancel();
  const schema = described.content?.[JSON_TYPE]?.schema;
  if (schema === undefined) {
    const stated = described.content?.[type] !== undefined || type === "";
    return stated || RAW_ANSWERS.has(path) ? [] : [`${type} is not described`];
  }
  return differences(await response.json(), schema, components.schemas);
}

async function describedBy(machine: MemoryDaemon): Promise<Description> {
  return await machine.client.get<Description>("/v1/openapi.json");
}

/**
 * A daemon with a LUN, an injected error and a second local port; it is a node
 * of a pair without a link.
 */
async function busyDaemon(): Promise<MemoryDaemon> {
  const machine = new MemoryDaemon();
  await machine.daemon.apply(configured("ha { id 1 }"));
  await machine.client.post("/v1/luns", DISK);
  await machine.client.post("/v1/luns/0/injections", {
    kind: "aborted",
    patterns: ["readcap"],
  });
  await machine.client.post("/v1/ports", { driver: "ioctl" });
  await machine.client.post("/v1/plugins/load", { name: "block" });
  return machine;
}

function ask(
  machine: MemoryDaemon,
  endpoint: string,
  { method, path, body }: Asked,
): Promise<Response> {
  const [ownMethod = "", ownPath = ""] = endpoint.split(" ");
  return machine.send(
    new Request(`http://localhost${path ?? ownPath}`, {
      method: method ?? ownMethod.toUpperCase(),
      ...body === undefined ? {} : {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json; charset=utf-8" },
      },
    }),
  );
}

Deno.test("Every endpoint of the API has a row here", async () => {
  await using machine = new MemoryDaemon();
  const { paths } = await describedBy(machine);
  const endpoints = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`)
  );
  assertEquals(Object.keys(ROWS).sort(), endpoints.sort());
});

for (const [endpoint, { taken, refused }] of Object.entries(ROWS)) {
  Deno.test(`The API takes ${endpoint}`, async () => {
    await using machine = await busyDaemon();
    const response = await ask(machine, endpoint, taken);
    assertEquals(response.status, taken.status);
    const wrong = await answerDifferences(machine, endpoint, response);
    assertEquals(wrong, []);
  });

  Deno.test(`The API refuses ${endpoint}, and says why`, async () => {
    await using machine = await busyDaemon();
    const before = await machine.client.get("/v1/dump");
    const response = await ask(machine, endpoint, refused);
    const copy = response.clone();
    const problem = await response.json();
    assertEquals(
      [response.status, problem.code, problem.field],
      [refused.status, refused.code ?? "request", refused.field],
    );
    assertMatch(problem.message, refused.message);
    assertEquals(await machine.client.get("/v1/dump"), before);
    if (refused.method !== undefined) return;
    const wrong = await answerDifferences(machine, endpoint, copy);
    assertEquals(wrong, []);
  });
}

const LARGE = 2 ** 22 + 1;

const ODD: readonly (readonly [
  what: string,
  path: string,
  request: RequestInit,
  status: number,
  message: RegExp,
])[] = [
  ["an unknown path", "/v2/luns", {}, 404, /^No such resource: \/v2\/luns$/],
  [
    "a LUN that is no number",
    "/v1/luns/x/reservations",
    {},
    400,
    /^Invalid field "id": /,
  ],
  [
    "a body that is no JSON by its type",
    "/v1/luns",
    {
      method: "POST",
      body: "{}",
      headers: { "content-type": "text/plain" },
    },
    415,
    /content type "application\/json": it has "text\/plain"$/,
  ],
  [
    "a request without a body where one is needed",
    "/v1/ports/1/lun-map",
    { method: "PATCH" },
    415,
    /it has none$/,
  ],
  [
    "a body that is too large",
    "/v1/luns",
    {
      method: "POST",
      body: JSON.stringify({ backend: "x".repeat(LARGE) }),
      headers: { "content-type": "application/json" },
    },
    413,
    /^The body is too large: 4194304 bytes is the limit$/,
  ],
  [
    "a body that is too large, its length untold",
    "/v1/luns",
    {
      method: "POST",
      body: new Blob(["x".repeat(LARGE)]).stream(),
      headers: { "content-type": "application/json" },
    },
    413,
    /^The body is too large/,
  ],
];

for (const [what, path, request, status, message] of ODD) {
  Deno.test(`The API refuses ${what}`, async () => {
    await using machine = new MemoryDaemon();
    const response = await machine.send(
      new Request(`http://localhost${path}`, request),
    );
    const problem = await response.json();
    assertEquals([response.status, problem.code], [status, "request"]);
    assertMatch(problem.message, message);
  });
}

Deno.test("The API names the methods that a path takes", async () => {
  await using machine = new MemoryDaemon();
  const response = await machine.send(
    new Request("http://localhost/v1/luns/0", { method: "POST" }),
  );
  assertEquals(response.headers.get("allow"), "PATCH, DELETE");
  await response.body?.cancel();
});
