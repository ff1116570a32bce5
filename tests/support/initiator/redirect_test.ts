import { assertEquals, assertRejects } from "@std/assert";
import { FakeTarget } from "../../unit/support/fake_target.ts";
import { LOGIN_STATUS, openSession } from "./mod.ts";

function listen(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

async function redirect(from: Deno.Listener, to: Deno.Listener): Promise<void> {
  const target = new FakeTarget(await from.accept());
  const { port } = to.addr as Deno.NetAddr;
  const status = LOGIN_STATUS.MOVED_TEMPORARILY;
  const TargetAddress = `127.0.0.1:${port}`;
  await target.answerLogin({ TargetAddress }, { status, flags: 0 });
  await target.connection.expectClose();
  target.connection.close();
}

Deno.test("openSession() follows a redirect when told so", async () => {
  using first = listen();
  using second = listen();
  const { port } = first.addr as Deno.NetAddr;
  const options = { portal: { port }, targetName: "iqn.a", redirects: 1 };
  const opening = openSession({ ...options, securityStage: false });
  await redirect(first, second);
  const target = new FakeTarget(await second.accept());
  await target.answerLogin({}, { tsih: 3 });
  const session = await opening;
  assertEquals(session.login.tsih, 3);
  await session.abort();
  target.connection.close();
});

Deno.test("openSession() else refuses a redirect", async () => {
  using first = listen();
  const { port } = first.addr as Deno.NetAddr;
  const opening = openSession({ portal: { port } });
  await Promise.all([assertRejects(() => opening), redirect(first, first)]);
});
