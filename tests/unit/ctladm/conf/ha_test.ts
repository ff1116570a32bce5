import { assertEquals, assertStringIncludes } from "@std/assert";
import { NOTHING_RUNS, planReload } from "../../../../ctladm/conf/plan.ts";
import type { Step } from "../../../../ctladm/conf/steps.ts";
import { parseUclConfiguration } from "../../../../ctladm/conf/ucl/configuration.ts";
import { configured, parsed, refused } from "./support.ts";

const FINGERPRINT = `sha256:${"0A".repeat(32)}`;

const CLASSIC = `ha {
  id 1
  mode proxy
  role secondary
  peer listen [::1]:9990
  key /etc/dtl/ha.key
  certificate /etc/dtl/ha.pem
  peer-fingerprint ${FINGERPRINT}
  heartbeat-ms 500; silent-ms 1500; dead-ms 2500
  arbiter etcd
  etcd http://192.0.2.1:2379
  etcd https://etcd.example.com
  cluster shelf-7
  lease-ms 4000
  fencer command
  fence-command "/usr/sbin/fence node 2"
  explicit-alua
  allow-ramdisk
  defect exit
}`;

const OPTIONS: readonly (readonly [string, string])[] = [
  ["id", "1"],
  ["mode", "proxy"],
  ["role", "secondary"],
  ["peer", "listen [::1]:9990"],
  ["key", "/etc/dtl/ha.key"],
  ["certificate", "/etc/dtl/ha.pem"],
  ["peer-fingerprint", FINGERPRINT],
  ["heartbeat-ms", "500"],
  ["silent-ms", "1500"],
  ["dead-ms", "2500"],
  ["arbiter", "etcd"],
  ["etcd", "http://192.0.2.1:2379 https://etcd.example.com"],
  ["cluster", "shelf-7"],
  ["lease-ms", "4000"],
  ["fencer", "command"],
  ["fence-command", "/usr/sbin/fence node 2"],
  ["explicit-alua", "on"],
  ["allow-ramdisk", "on"],
  ["defect", "exit"],
];

const UCL = `ha {
  id = 1; mode = proxy; role = secondary
  peer = "listen [::1]:9990"
  key = "/etc/dtl/ha.key"; certificate = "/etc/dtl/ha.pem"
  peer-fingerprint = "${FINGERPRINT}"
  heartbeat-ms = 500; silent-ms = 1500; dead-ms = 2500
  arbiter = etcd
  etcd = ["http://192.0.2.1:2379", "https://etcd.example.com"]
  cluster = "shelf-7"; lease-ms = 4000
  fencer = command; fence-command = "/usr/sbin/fence node 2"
  explicit-alua = true; allow-ramdisk = true; insecure = false; defect = exit
}`;

function ucl(text: string): ReturnType<typeof parseUclConfiguration> {
  const include = () => ({ text: "" });
  return parseUclConfiguration({ path: "ctl.conf", text, include });
}

Deno.test("ha says the same in both syntaxes", () => {
  assertEquals(configured(CLASSIC).ha?.options, new Map(OPTIONS));
  const outcome = ucl(UCL);
  if ("error" in outcome) throw new TypeError(outcome.error);
  assertEquals(outcome.configuration.ha?.options, new Map(OPTIONS));
  assertEquals(outcome.warnings, []);
});

Deno.test("ha is a word like any other where no statement begins", () => {
  const { luns, ha } = configured(
    "lun ha { path /d option mode ha option id role }",
  );
  assertEquals([...luns.keys()], ["ha"]);
  assertEquals(ha, undefined);
});

const LINK = "peer connect 127.0.0.1:9990";

const WRONG: readonly (readonly [string, string])[] = [
  ["ha { id 1 } ha { id 1 }", "ha specified more than once"],
  ["ha { }", 'ha: missing "id": 1 or 2'],
  ["ha name { id 1 }", "syntax error"],
  ["ha { id 3 }", 'Invalid value "3" for option "id": expected 1 or 2'],
  ["ha { id 1 id 2 }", "id of ha specified more than once"],
  ["ha { id 1 lun 0 x }", "syntax error"],
  ["ha { id 1 mode mirror }", 'Invalid value "mirror" for option "mode"'],
  ["ha { id 1 role third }", 'Invalid value "third" for option "role"'],
  ["ha { id 1 peer dial 1.2.3.4:5 }", 'expected "listen ADDRESS:PORT"'],
  ["ha { id 1 peer connect 1.2.3.4:99999 }", 'expected "listen ADDRESS'],
  [`ha { id 1 ${LINK} }`, 'ha: missing "key": "ctladm ha-init" makes what'],
  [
    `ha { id 1 ${LINK} key /k certificate /c }`,
    'ha: missing "peer-fingerprint"',
  ],
  ["ha { id 1 peer-fingerprint 00 }", "expected 64 hexadecimal digits"],
  [
    "ha { id 1 insecure peer listen 192.0.2.1:9 }",
    '"insecure" is for loopback addresses alone, not for 192.0.2.1',
  ],
  [`ha { id 1 insecure key /k ${LINK} }`, "exclude each other"],
  ["ha { id 1 heartbeat-ms 1 }", "expected a whole number from 20 to"],
  ["ha { id 1 heartbeat-ms 1500 }", "is less than twice"],
  ["ha { id 1 dead-ms 2000 }", '"dead-ms" 2000 is not more than'],
  ["ha { id 1 arbiter etcd }", '"arbiter etcd" needs "etcd URL"'],
  ["ha { id 1 etcd http://a }", '"etcd URL" needs "arbiter etcd"'],
  ["ha { id 1 arbiter etcd etcd a:1 }", "expected URLs of http or https"],
  ["ha { id 1 lease-ms 3500 }", "expected whole seconds from 2000 to 600000"],
  ["ha { id 1 lease-ms 1000 }", "expected whole seconds"],
  ["ha { id 1 fencer lease }", '"fencer lease" needs "arbiter etcd"'],
  ["ha { id 1 fencer command }", '"fencer command" needs "fence-command"'],
  ["ha { id 1 mode shared fencer lock }", "both nodes open the stores"],
  ["ha { id 1 defect ignore }", 'Invalid value "ignore" for option "defect"'],
  ["ha { id 1 allow-ramdisk }", '"allow-ramdisk" is for mode proxy alone'],
  [
    "lun x { path /d option ha_role master }",
    'invalid ha_role "master" for lun "x"; must be primary or secondary',
  ],
];
for (const [text, message] of WRONG) {
  Deno.test(`${text} is refused`, () => {
    assertStringIncludes(refused(text), message);
  });
}

const WRONG_UCL: readonly (readonly [string, string])[] = [
  ["ha = on", '"ha" property in the configuration file is not an object'],
  ["ha { id = 1; insecure = maybe }", '"insecure" property in ha is not a'],
  ["ha { id = 1; peer = 5 }", '"peer" property in ha is not a string'],
  ["ha { id = 1; mode = mirror }", 'Invalid value "mirror"'],
  ["ha { id = 1 } ha { id = 1 }", "ha specified more than once"],
];
for (const [text, message] of WRONG_UCL) {
  Deno.test(`${text} is refused in UCL`, () => {
    const outcome = ucl(text);
    assertStringIncludes("error" in outcome ? outcome.error : "", message);
  });
}

Deno.test("ha takes the numbers that CTL has for modes and roles", () => {
  for (const [number, word] of ["standby", "shared", "proxy"].entries()) {
    const { ha } = configured(`ha { id 2 mode ${number} role 0 }`);
    assertEquals(ha?.options.get("mode"), String(number), word);
  }
});

Deno.test("ha_role without ha is warned of", () => {
  const { warnings } = parsed("lun x { path /d option ha_role primary }");
  assertEquals(warnings, [
    'ha_role of lun "x" is of no effect without "ha"',
  ]);
});

function stepText(step: Step): string {
  return step.kind === "configure-ha"
    ? `configure ${step.optionsChanged.join(" ")}`
    : step.kind;
}

function reload(before: string, after: string): string[] {
  const { after: running } = planReload(NOTHING_RUNS, configured(before));
  return planReload(running, configured(after)).steps.map(stepText);
}

Deno.test("a pair is entered before LUNs are made, started behind them", () => {
  const lun = "lun x { backend ramdisk size 1M }";
  assertEquals(reload("", `ha { id 1 } ${lun}`), [
    "load-ha",
    "create-lun",
    "start-ha",
  ]);
  assertEquals(reload("ha { id 1 }", "ha { id 1 }"), []);
  assertEquals(reload("ha { id 1 }", "ha { id 1 role secondary }"), [
    "configure role",
  ]);
  assertEquals(reload("ha { id 1 }", ""), ["unload-ha"]);
});
