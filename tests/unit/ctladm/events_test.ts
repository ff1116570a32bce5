import { assertEquals, assertMatch } from "@std/assert";
import { withDisk } from "../../support/ctladm_rows.ts";
import { MemoryDaemon } from "../../support/memory_daemon.ts";

const CREATE = "create -b ramdisk -s 1m -o capacity=1m";

/** Runs `ctladm events` while something happens. */
async function watched(
  machine: MemoryDaemon,
  words: string,
  happens: () => Promise<unknown>,
) {
  const answer = machine.ctladm(`events ${words}`);
  // The stream is open when the API has answered the request behind it.
  await machine.client.get("/v1/daemon");
  await happens();
  return await answer;
}

Deno.test("ctladm events tells of LUNs and ports", () =>
  withDisk(async (machine) => {
    machine.host.clock.advance(1500);
    const { code, lines, errors } = await watched(
      machine,
      "-n 7",
      async () => {
        await machine.ctladm(CREATE);
        await machine.ctladm("modify -b ramdisk -l 1 -s 2m -o capacity=2m");
        await machine.ctladm("remove -b ramdisk -l 1");
        await machine.ctladm("port -c -d ioctl");
        await machine.ctladm("port -o off -p 3");
        await machine.ctladm("port -r -d ioctl -p 3");
      },
    );
    assertEquals([code, errors], [0, []]);
    assertEquals(lines.map((line) => line.replace(/^\S+ /, "")), [
      "lun-created lun=1",
      "lun-changed lun=1",
      "lun-removed lun=1",
      "port-added port=3",
      "port-online port=3",
      "port-offline port=3",
      "port-removed port=3",
    ]);
    assertMatch(lines[0] ?? "", /^1970-01-01T00:00:01\.500Z /);
  }));

Deno.test("ctladm events --json ends with the daemon", async () => {
  const machine = new MemoryDaemon();
  const { code, lines } = await watched(machine, "--json", async () => {
    await machine.ctladm(CREATE);
    await machine[Symbol.asyncDispose]();
  });
  assertEquals(code, 0);
  const events = lines.map((line) => JSON.parse(line));
  assertEquals(events[0].type, "lun-created");
  const ids: number[] = events.map(({ id }) => id);
  assertEquals(ids, ids.map((_, index) => (ids[0] ?? 0) + index));
});

Deno.test("The API's event stream is server-sent events", () =>
  withDisk(async (machine) => {
    const response = await machine.send(
      new Request("http://localhost/v1/events"),
    );
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    machine.daemon.target.events.emit({ type: "threshold-reached", lun: 4 });
    machine.daemon.target.events.close();
    const text = (await response.text()).replace(/\d+/g, "N");
    assertEquals(
      text,
      ": listening\n\nevent: threshold-reached\nid: N\n" +
        'data: {"id":N,"atMs":N,"type":"threshold-reached","lun":N}\n\n',
    );
  }));

Deno.test("ctladm events tells of a defect", () =>
  withDisk(async (machine) => {
    const { lines } = await watched(machine, "-n 1", () => {
      const unit = machine.daemon.target.luns.get(0);
      if (unit?.store) unit.store.tryRead = () => fail();
      return machine.ctladm("read 0 -l 0 -d 1 -b 512 -N");
    });
    assertMatch(lines[0] ?? "", / defect command=READ\(6\) lun=0$/);
  }));

function fail(): never {
  throw new Error("a store that lies");
}
