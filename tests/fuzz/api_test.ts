import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { MemoryDaemon } from "../support/memory_daemon.ts";
import { type Operation, type RequestPlan, requestPlan } from "./api_plan.ts";
import { fuzzTest, MEAN_SHARE } from "./settings.ts";

const REQUESTS_MAX = 40;
/** Longer is no message but the request given back. */
const MESSAGE_CHARACTERS_MAX = 12_000;

/** The operations that the API describes. */
async function describedOperations(): Promise<Operation[]> {
  await using machine = new MemoryDaemon();
  const { paths } = await machine.client.get<
    { readonly paths: Record<string, Record<string, unknown>> }
  >("/v1/openapi.json");
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method): Operation => [
      method.toUpperCase(),
      path,
    ])
  );
}

function requestOf({ method, path, type, body }: RequestPlan): Request {
  const hasBody = body !== undefined && !["GET", "HEAD"].includes(method);
  return new Request(new URL(`http://ctl${path}`), {
    method,
    ...(type === null ? {} : { headers: { "content-type": type } }),
    ...(hasBody ? { body } : {}),
  });
}

function checkResponse(
  { status, headers, text }: Answer,
  plan: RequestPlan,
): void {
  const told = `${plan.method} ${plan.path} ${plan.body} -> ${status} ${text}`;
  assert(status < 500, `no defect: ${told}`);
  if (status < 400 || plan.method === "HEAD") return;
  assertMatch(headers.get("content-type") ?? "", /^application\/json/);
  const problem: unknown = JSON.parse(text);
  assert(isProblem(problem), `a problem: ${told}`);
  assert(problem.message.length < MESSAGE_CHARACTERS_MAX, told.slice(0, 300));
}

/** What it says; of a stream, which has no end, nothing. */
async function textOf(response: Response): Promise<string> {
  const type = response.headers.get("content-type");
  if (type !== "text/event-stream") return await response.text();
  await response.body?.cancel();
  return "";
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

function isProblem(
  value: unknown,
): value is { readonly code: string; readonly message: string } {
  return typeof value === "object" && value !== null && "code" in value &&
    "message" in value && typeof value.code === "string" &&
    typeof value.message === "string";
}

async function ask(plans: readonly RequestPlan[]): Promise<void> {
  await using machine = new MemoryDaemon();
  for (const plan of plans) {
    const response = await machine.send(requestOf(plan));
    const { status, headers } = response;
    checkResponse({ status, headers, text: await textOf(response) }, plan);
  }
  const daemon = await machine.client.get<{ readonly defects: number }>(
    "/v1/daemon",
  );
  assertEquals(daemon.defects, 0);
  assertEquals(machine.host.log.lines.filter(isError), []);
}

function isError({ text }: { readonly text: string }): boolean {
  return text.startsWith("error:");
}

fuzzTest(
  "The control API answers every request, and meets no defect",
  { share: 0.05, casesPerRun: REQUESTS_MAX * MEAN_SHARE },
  fc.asyncProperty(
    fc.array(requestPlan(await describedOperations()), {
      minLength: 1,
      maxLength: REQUESTS_MAX,
      size: "max",
    }),
    ask,
  ),
);
