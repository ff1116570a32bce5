import { assertEquals, assertMatch } from "@std/assert";
import { MemoryPair, pairConfiguration } from "../../support/ha/memory_pair.ts";
import { MemoryDaemon } from "../../support/memory_daemon.ts";
import { parseMetrics } from "../../support/prometheus_text.ts";

const NO_PAIR = 'ctladm: this node stands alone: "ha { … }" in ctl.conf ' +
  "makes it one of a pair";

/** Runs ctladm, which must take the line; joins what it prints. */
async function told(
  pair: MemoryPair,
  node: MemoryDaemon,
  line: string,
): Promise<string> {
  const { code, lines, errors } = await pair.ctladm(node, line);
  assertEquals([code, errors], [0, []], line);
  return lines.join("\n");
}

/** Runs ctladm, which must refuse the line. */
async function refused(
  pair: MemoryPair,
  node: MemoryDaemon,
  line: string,
): Promise<string> {
  const { code, lines, errors } = await pair.ctladm(node, line);
  assertEquals([code, lines], [1, []], line);
  return errors[0] ?? "";
}

Deno.test("ctladm ha shows both nodes, aligned", async () => {
  await using pair = await MemoryPair.joined();
  assertEquals(await told(pair, pair.one, "ha"), ONE);
  assertEquals(await told(pair, pair.two, "ha"), TWO);
});

const ONE = `Node 1 of 2: primary, mode proxy, epoch 1
Link: up since 1970-01-01T00:00:00.000Z, listen 127.0.0.1:999, insecure, round trip 0.0 ms
Peer: secondary, synchronized, 0 changes behind
Arbiter: static, roles are ordered by an operator; fencer: none
Last failover: 1970-01-01T00:00:00.000Z, 0.000 s: start
LUN  Role    Here     Peer       Behind
0    node's  primary  secondary  0
Peer port  Tag  Portals  Target
513        -    -        ioctl`;

const TWO = `Node 2 of 2: secondary, mode proxy, epoch 1
Link: up since 1970-01-01T00:00:00.000Z, connect 127.0.0.1:999, insecure, round trip 0.0 ms
Peer: primary, synchronized, 0 changes behind
Arbiter: static, roles are ordered by an operator; fencer: none
Last failover: none
LUN  Role    Here       Peer     Behind
0    node's  secondary  primary  0
Peer port  Tag  Portals  Target
1          -    -        ioctl`;

Deno.test("ctladm ha --json says the same as the API", async () => {
  await using pair = await MemoryPair.joined();
  const { lines: json } = await pair.two.ctladm("ha --json");
  const status = JSON.parse(json.join("\n"));
  const { id, wanted, serving, peer, luns, link, peerPorts } = status;
  assertEquals([id, wanted, serving, peer], [
    2,
    "secondary",
    "secondary",
    "primary",
  ]);
  assertEquals([luns[0].serving, link.state], ["secondary", "up"]);
  assertEquals(peerPorts[0].number, 1);
  assertEquals(await pair.two.client.get("/v1/ha"), status);
});

Deno.test("ctladm ha of a node that stands alone", async () => {
  await using machine = new MemoryDaemon();
  assertEquals(await machine.ctladm("ha"), {
    code: 0,
    lines: ["This node stands alone"],
    errors: [],
  });
  assertEquals((await machine.ctladm("ha --json")).lines, ["null"]);
  assertEquals(await machine.ctladm("ha-role primary"), {
    code: 1,
    lines: [],
    errors: [NO_PAIR],
  });
});

Deno.test("ctladm ha --sysctl has CTL's names and numbers", async () => {
  const of = (text: string) =>
    Object.fromEntries(
      text.split("\n").map((line) => {
        const [name = "", ...value] = line.split(":");
        return [name, value.join(":").trim()];
      }),
    );
  await using pair = await splitPair();
  assertEquals(of(await told(pair, pair.two, "ha --sysctl")), {
    "kern.cam.ctl.ha_id": "2",
    "kern.cam.ctl.ha_mode": "2",
    "kern.cam.ctl.ha_role": "1",
    "kern.cam.ctl.ha_peer": "connect 127.0.0.1:999",
    "kern.cam.ctl.ha_link": "1",
  });
  pair.network.trouble = null;
  await pair.pass(6000);
  const linked = of(await told(pair, pair.one, "ha --sysctl"));
  assertEquals(linked["kern.cam.ctl.ha_link"], "2");
  assertEquals(linked["kern.cam.ctl.ha_role"], "0");
  await using alone = new MemoryDaemon();
  const { lines } = await alone.ctladm("ha --sysctl");
  assertEquals(of(lines.join("\n")), {
    "kern.cam.ctl.ha_id": "0",
    "kern.cam.ctl.ha_mode": "0",
    "kern.cam.ctl.ha_role": "0",
    "kern.cam.ctl.ha_peer": "",
    "kern.cam.ctl.ha_link": "0",
  });
});

Deno.test("ctladm ha and ha-role start no daemon", async () => {
  for (const line of ["ha", "ha-role primary", "ha-init"]) {
    await using machine = new MemoryDaemon();
    machine.whyNone = "it must not be asked for";
    const { errors } = await machine.ctladm(line);
    assertEquals(errors.filter((each) => each.includes("asked for")), [], line);
  }
});

Deno.test("ctladm ha-init makes its files in the state directory", async () => {
  await using machine = new MemoryDaemon();
  const { lines } = await machine.ctladm("ha-init --force");
  assertEquals(lines, [
    "Made a key and a certificate.",
    "In the ha block of this node's ctl.conf:",
    "  key /state/ha.key",
    "  certificate /state/ha.pem",
    "In that of the peer:",
    `  peer-fingerprint sha256:${"ab".repeat(32)}`,
  ]);
  await machine.ctladm("ha-init -d /etc/dtl -n shelf");
  assertEquals(machine.identities, [
    { directory: "/state", name: "dtl", force: true },
    { directory: "/etc/dtl", name: "shelf", force: false },
  ]);
});

Deno.test("ctladm ha-role hands the role over, and takes it", async () => {
  await using pair = await MemoryPair.joined();
  assertEquals(
    await told(pair, pair.two, "ha-role primary"),
    "This node is primary, epoch 2",
  );
  assertMatch(
    await told(pair, pair.one, "ha"),
    /^Node 1 of 2: secondary \(wanted: primary\), /,
  );
  assertEquals(
    JSON.parse(await told(pair, pair.one, "ha-role --json primary")).serving,
    "primary",
  );
  assertMatch(await told(pair, pair.two, "ha"), /^Node 2 of 2: secondary /);
});

Deno.test("ctladm ha-role refuses what it cannot do", async () => {
  await using pair = await MemoryPair.joined();
  const { two } = pair;
  const usage = "ctladm: name the role: primary or secondary";
  for (const words of ["", " tertiary", " primary secondary"]) {
    assertEquals(await refused(pair, two, `ha-role${words}`), usage);
  }
  assertEquals(
    await refused(pair, two, "ha-role -l 9 primary"),
    "ctladm: LUN 9 does not exist",
  );
  assertEquals(
    await refused(pair, two, "ha-role -l 0 primary"),
    "ctladm: LUN 0 has no role of its own: set its option ha_role on both " +
      "nodes, or order the role of the node",
  );
});

/** The peer is out of reach, and node 2 is made primary nevertheless. */
async function splitPair(): Promise<MemoryPair> {
  const pair = await MemoryPair.joined();
  pair.network.trouble = "no route";
  pair.network.cables.at(-1)?.cut();
  await pair.pass(4000);
  return pair;
}

Deno.test("ctladm ha-role wants --peer-fenced without a peer", async () => {
  await using pair = await splitPair();
  assertEquals(
    await refused(pair, pair.two, "ha-role primary"),
    "ctladm: The link is down, and the peer may be primary: make sure that " +
      "it is off, and order it with --peer-fenced",
  );
  assertMatch(await told(pair, pair.two, "ha"), /^Node 2 of 2: transitioning /);
  assertEquals(
    await told(pair, pair.two, "ha-role primary --peer-fenced"),
    "This node is primary, epoch 2",
  );
  const text = await told(pair, pair.two, "ha");
  assertMatch(text, /^Node 2 of 2: primary, mode proxy, epoch 2, alone$/m);
  assertMatch(text, /^Link: connecting since \S+, .*, insecure: no route$/m);
  assertMatch(text, /^Last failover: \S+, 4\.0\d\d s: link lost: /m);
});

Deno.test("Two primaries that meet show as unavailable", async () => {
  await using pair = await splitPair();
  await told(pair, pair.two, "ha-role primary --peer-fenced");
  pair.network.trouble = null;
  await pair.pass(8000);
  for (const node of [pair.one, pair.two]) {
    const text = await told(pair, node, "ha");
    assertMatch(text, /: unavailable \(wanted: primary\), mode proxy/);
    assertMatch(text, /^0 {4}node's {2}unavailable {2}unavailable {2}0$/m);
    await node.ctladm("tur 0");
    const { errors } = await node.ctladm("tur 0");
    assertMatch(errors.at(-1) ?? "", /NOT READY asc:4,c/);
  }
});

Deno.test("An operator chooses between two primaries", async () => {
  await using pair = await splitPair();
  await told(pair, pair.two, "ha-role primary --peer-fenced");
  pair.network.trouble = null;
  await pair.pass(8000);
  await told(pair, pair.one, "ha-role secondary");
  await told(pair, pair.two, "ha-role primary");
  await pair.pass(1000);
  assertMatch(await told(pair, pair.one, "ha"), /^Node 1 of 2: secondary, /);
  assertMatch(await told(pair, pair.two, "ha"), /^Node 2 of 2: primary, /);
});

Deno.test("A LUN with a role of its own has it shown and ordered", async () => {
  await using pair = await MemoryPair.started();
  const CREATE = "create -b ramdisk -s 1m -o capacity=1m -l 1 -S OWN -d own " +
    "-o naa=0x3102030405060709 -o";
  await told(pair, pair.one, `${CREATE} ha_role=secondary`);
  await told(pair, pair.two, `${CREATE} ha_role=primary`);
  await pair.pass(1000);
  assertMatch(
    await told(pair, pair.one, "ha"),
    /^1 {4}secondary {2}secondary {2}primary {4}0$/m,
  );
  assertEquals(
    await told(pair, pair.one, "ha-role -l 1 primary"),
    "LUN 1 is primary, epoch 1",
  );
  assertMatch(
    await told(pair, pair.two, "ha"),
    /^1 {4}primary {2}secondary {2}primary {2}0$/m,
  );
});

Deno.test("ctladm reaches LUNs through the local port of node 2", async () => {
  await using pair = await MemoryPair.joined();
  await pair.ctladm(pair.two, "tur 0");
  assertEquals((await pair.ctladm(pair.two, "tur 0")).errors, []);
  const { errors } = await pair.ctladm(pair.two, "start 9");
  assertMatch(errors[0] ?? "", /^\(7:513:9\/\d+\): /);
  assertEquals(
    await refused(pair, pair.two, "port -r -d ioctl -p 513"),
    "ctladm: error: cannot destroy default ioctl port",
  );
});

Deno.test("Events tell of the peer and of roles", async () => {
  await using pair = await MemoryPair.joined();
  const followed = pair.two.ctladm("events -n 6");
  await pair.two.client.get("/v1/daemon");
  await told(pair, pair.two, "ha-role primary");
  pair.network.cables.at(-1)?.blockThere(true);
  await pair.pass(2500);
  pair.network.cables.at(-1)?.blockThere(false);
  await pair.pass(500);
  pair.network.cables.at(-1)?.cut();
  const { lines } = await pair.wait(followed);
  assertEquals(lines.map((line) => line.slice(line.indexOf(" ") + 1)), [
    "role-changed serving=transitioning epoch=1 " +
    'reason="the peer is not primary any more"',
    "role-changed serving=primary epoch=2 reason=agreed",
    'peer-silent reason="nothing confirmed for 2005 ms"',
    'peer-heard reason="the peer confirms again"',
    'peer-down reason="closed by the peer"',
    "port-offline port=1",
  ]);
});

Deno.test("/metrics tells of a pair, and of nothing without one", async () => {
  const metricsOf = async (machine: MemoryDaemon) => {
    const response = await machine.send(
      new Request("http://localhost/metrics"),
    );
    return parseMetrics(await response.text());
  };
  await using alone = new MemoryDaemon();
  const { types } = await metricsOf(alone);
  assertEquals([...types.keys()].filter((name) => /_ha_/.test(name)), []);
  await using pair = await MemoryPair.joined();
  const metrics = await metricsOf(pair.two);
  const info = 'dtl_ha_info{id="2",mode="proxy",serving="secondary",' +
    'wanted="secondary"}';
  assertEquals(metrics.value(info), 1);
  const values = ["primary", "epoch", "alone", "synchronized", "lag_changes"]
    .map((name) => metrics.value(`dtl_ha_${name}`));
  assertEquals(values, [0, 1, 0, 1, 0]);
  const { link } = JSON.parse(await told(pair, pair.two, "ha --json"));
  assertEquals(
    metrics.value('dtl_ha_link_frames_total{direction="out"}'),
    link.figures.framesSent,
  );
  assertEquals(metrics.value("dtl_ha_link_up"), 1);
  assertEquals(metrics.value("dtl_ha_link_connections_total"), 1);
});

Deno.test("ctld refuses LUNs of a node whose pair it cannot enter", async () => {
  await using pair = await MemoryPair.started();
  const text = pairConfiguration(1).replace("mode proxy", "mode shared")
    .replace("allow-ramdisk", "");
  assertEquals(await pair.apply(pair.one, text), [
    "configure-ha: ha cannot change while the daemon runs, but for the " +
    "role: restart it",
  ]);
});

function putConfiguration(machine: MemoryDaemon, text: string): void {
  machine.files.set("/folder/ctl.conf", new TextEncoder().encode(text));
}

Deno.test("ctladm apply enters a pair, and hands its role over", async () => {
  await using pair = await MemoryPair.joined();
  putConfiguration(pair.one, pairConfiguration(1, "role secondary"));
  assertEquals(
    await told(pair, pair.one, "apply --dry-run ctl.conf"),
    "Would change:\n  change  ha  role (none) -> secondary\n" +
      "No session is touched",
  );
  await told(pair, pair.one, "apply ctl.conf");
  putConfiguration(pair.two, pairConfiguration(2, "role primary"));
  await told(pair, pair.two, "apply ctl.conf");
  assertMatch(await told(pair, pair.one, "ha"), /^Node 1 of 2: secondary, /);
  assertMatch(await told(pair, pair.two, "ha"), /^Node 2 of 2: primary, /);
});

Deno.test("ctladm apply does not take a node out of its pair", async () => {
  await using pair = await MemoryPair.joined();
  const whole = pairConfiguration(1);
  putConfiguration(pair.one, whole.slice(whole.indexOf("lun disk0")));
  const { code, errors } = await pair.ctladm(pair.one, "apply ctl.conf");
  assertEquals([code, errors.slice(0, 1)], [1, [
    "ctladm: failed: unload-ha: a node leaves its pair only by a restart of ctld",
  ]]);
  assertMatch(await told(pair, pair.one, "ha"), /^Node 1 of 2: primary, /);
});

Deno.test("ctladm apply makes no pair of a daemon that serves LUNs", async () => {
  await using machine = new MemoryDaemon();
  await machine.ctladm("create -b ramdisk -s 1m -o capacity=1m");
  putConfiguration(machine, "ha { id 1 }");
  const { code, errors } = await machine.ctladm("apply ctl.conf");
  assertEquals([code, errors[0]], [
    1,
    "ctladm: failed: load-ha: there are LUNs already: restart ctld with this " +
    "configuration",
  ]);
  assertEquals((await machine.ctladm("ha")).lines, ["This node stands alone"]);
});

for (const [line, exits] of [["", []], ["defect exit", [1]]] as const) {
  const verb = exits.length > 0 ? "ends the node" : "ends one command";
  Deno.test(`A defect ${verb} with "${line}"`, async () => {
    await using pair = await MemoryPair.joined(line);
    const store = pair.one.daemon.target.luns.get(0)?.store;
    if (!store) throw new TypeError("No store");
    Object.defineProperty(store, "tryRead", {
      value: () => {
        throw new TypeError("a store that lies");
      },
    });
    await pair.ctladm(pair.one, "tur 0");
    await pair.ctladm(pair.one, "read 0 -l 0 -d 1 -b 512 -N");
    assertEquals(pair.one.daemon.target.defects, 1);
    assertEquals(pair.exits, [...exits]);
  });
}
