import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "../../../../frontends/iscsi/parameters.ts";
import {
  assertStory,
  authGroup,
  directoryOf,
  EMPTY_DIRECTORY,
  INITIATOR_NAME,
  LoginDriver,
  type Oddities,
  portalGroup,
  TARGET_NAME,
  targetEntry,
  text,
  TSIH,
} from "./login_support.ts";
import type { LoginOptions } from "../../../../frontends/iscsi/login.ts";

type Row = readonly [request: string, answer: string];
type Story = readonly [
  criterion: string,
  rows: readonly Row[],
  options?: Partial<LoginOptions>,
];

const PLAIN: Row = ["1>3 $T", "complete $P $M"];

const redirecting = directoryOf(portalGroup({ redirect: "192.0.2.9:3260" }));
const redirectedTarget = directoryOf(portalGroup(), [
  targetEntry({ redirect: "[2001:db8::9]:3260" }),
]);

const movedGroup = directoryOf(
  portalGroup({ redirect: "192.0.2.9:3260", movedPermanently: true }),
);
const movedTarget = directoryOf(portalGroup(), [
  targetEntry({ redirect: "192.0.2.8", movedPermanently: true }),
]);

/** One login each; numbers are sections of RFC 7143. */
const STORIES: readonly Story[] = [
  // Stages (6.3, 11.12.3, 11.13.6).
  ["goes through both stages", [
    ["0>1 $T AuthMethod=None", "0>1 $P AuthMethod=None"],
    ["1>3 HeaderDigest=None", "complete HeaderDigest=None $M"],
  ]],
  ["begins with the operational stage (6.3.3)", [PLAIN]],
  ["goes from the security stage to the end, 0 to 3", [
    ["0>3 $T AuthMethod=None", "complete $P AuthMethod=None $M"],
  ]],
  ["stays while T is clear", [
    ["0 $T AuthMethod=None", "0 $P AuthMethod=None"],
    ["0", "0"],
    ["0>1", "0>1"],
    ["1 InitialR2T=No", "1 InitialR2T=No $M"],
    ["1 ImmediateData=No", "1 ImmediateData=No"],
    ["1>3", "complete"],
  ]],
  ["declares its segment length without an operational stage", [
    ["0 $T AuthMethod=None", "0 $P AuthMethod=None"],
    ["0>3", "complete $M"],
  ]],
  ["refuses to stay in the security stage it has left", [
    ["0>1 $T AuthMethod=None", "0>1 $P AuthMethod=None"],
    ["0>1", "refuse 0200"],
  ]],
  ["refuses to go back", [
    ["1 $T", "1 $P $M"],
    ["0>1 AuthMethod=None", "refuse 0200"],
  ]],
  ["refuses 0 to 0", [["0>0 $T", "refuse 0200"]]],
  ["refuses 0 to 2", [["0>2 $T", "refuse 0200"]]],
  ["refuses 1 to 0", [["1>0 $T", "refuse 0200"]]],
  ["refuses 1 to 1", [["1>1 $T", "refuse 0200"]]],
  ["refuses stage 2", [["2>3 $T", "refuse 0200"]]],
  ["refuses stage 3", [["3 $T", "refuse 0200"]]],
  ["ignores NSG without T", [["1 $T", "1 $P $M"]]],
  // The first request (6.3.1, 13.4, 13.5, 13.21).
  ["wants an InitiatorName", [
    [`1>3 TargetName=${TARGET_NAME}`, "refuse 0207"],
  ]],
  ["wants a text in the first request", [["0>1", "refuse 0207"]]],
  ["wants a name that is not empty", [
    ["1>3 InitiatorName= TargetName=x", "refuse 0200"],
  ]],
  ["takes a name of 223 bytes (4.2.7)", [
    [
      `1>3 InitiatorName=${"i".repeat(223)} TargetName=${TARGET_NAME}`,
      "complete $P $M",
    ],
  ]],
  ["refuses a name of 224 bytes (4.2.7)", [
    [
      `1>3 InitiatorName=${"i".repeat(224)} TargetName=${TARGET_NAME}`,
      "refuse 0200",
    ],
  ]],
  ["refuses a name with control characters", [
    [`1>3 InitiatorName=a\nb TargetName=${TARGET_NAME}`, "refuse 0200"],
  ]],
  ["wants a TargetName in a normal session", [["1>3 $I", "refuse 0207"]]],
  ["knows its targets", [["1>3 $I TargetName=iqn.x", "refuse 0203"]]],
  ["compares target names exactly", [
    [`1>3 $I TargetName=${TARGET_NAME.toUpperCase()}`, "refuse 0203"],
  ]],
  ["refuses a target name of 224 bytes", [
    [`1>3 $I TargetName=${"t".repeat(224)}`, "refuse 0200"],
  ]],
  ["takes SessionType=Normal", [["1>3 $T SessionType=Normal", PLAIN[1]]]],
  ["takes no other SessionType", [
    ["1>3 $T SessionType=Other", "refuse 0209"],
  ]],
  ["begins a discovery session without target", [["1>3 $D", "complete $M"]]],
  ["ignores a TargetName in a discovery session", [
    ["1>3 $D TargetName=iqn.other", "complete $M"],
  ]],
  ["takes an InitiatorAlias later, without an answer", [
    ["0>1 $T AuthMethod=None", "0>1 $P AuthMethod=None"],
    ["1>3 InitiatorAlias=me", "complete $M"],
  ]],
  ["refuses an alias of 256 bytes in parts", [
    [
      `1>3 $T InitiatorAlias=${"a".repeat(200)},${"a".repeat(55)}`,
      "refuse 0200",
    ],
  ]],
  ["tells its alias first (13.6)", [
    ["1>3 $T", "complete $P TargetAlias=disk $M"],
  ], { directory: directoryOf(undefined, [targetEntry({ alias: "disk" })]) }],
  // Keys and their places (6.3, 13).
  ["refuses a name after the first request", [
    ["0 $T AuthMethod=None", "0 $P AuthMethod=None"],
    ["0 SessionType=Normal", "refuse 0200"],
  ]],
  ["refuses a key that comes again (6.3)", [
    ["1 $T InitialR2T=No", "1 $P InitialR2T=No $M"],
    ["1>3 InitialR2T=No", "refuse 0200"],
  ]],
  ["refuses a name that comes again in the next stage (6.3)", [
    ["0>1 $T AuthMethod=None", "0>1 $P AuthMethod=None"],
    ["1>3 $T", "refuse 0200"],
  ]],
  ["refuses operational keys in the security stage", [
    ["0>1 $T AuthMethod=None HeaderDigest=None", "refuse 0200"],
  ]],
  ["takes a segment length in the security stage (13.12)", [
    [
      "0>1 $T AuthMethod=None MaxRecvDataSegmentLength=512",
      "0>1 $P AuthMethod=None",
    ],
  ]],
  ["refuses security keys in the operational stage", [
    ["1>3 $T AuthMethod=None", "refuse 0200"],
  ]],
  ["refuses what only targets say (13.6)", [
    ["1>3 $T TargetAlias=x", "refuse 0200"],
  ]],
  ["refuses SendTargets during login (13.3)", [
    ["1>3 $D SendTargets=All", "refuse 0200"],
  ]],
  ["does not understand other keys (6.2)", [
    [
      "0>1 $T X-a=1 AuthMethod=None",
      "0>1 $P AuthMethod=None X-a=NotUnderstood",
    ],
    ["1>3 Bogus=1", "complete Bogus=NotUnderstood $M"],
  ]],
  ["asks for less than the default first burst (13.14)", [
    [
      "1>3 $T MaxBurstLength=4096",
      "1 $P MaxBurstLength=4096 FirstBurstLength=4096 $M",
    ],
    ["1>3 FirstBurstLength=1024", "complete"],
  ]],
  ["refuses a first burst beyond the burst, insisted on (13.14)", [
    [
      "1>3 $T MaxBurstLength=4096",
      "1 $P MaxBurstLength=4096 " +
      "FirstBurstLength=4096 $M",
    ],
    ["1>3", "refuse 0200"],
  ]],
  // Redirection (13.8).
  ["is redirected by the portal group, before all else", [
    ["0 $I AuthMethod=KRB5", "refuse 0101 TargetAddress=192.0.2.9:3260"],
  ], { directory: redirecting }],
  ["is redirected in discovery as well", [
    ["1>3 $D", "refuse 0101 TargetAddress=192.0.2.9:3260"],
  ], { directory: redirecting }],
  ["has to say its name before it is redirected", [
    ["0 AuthMethod=None", "refuse 0207"],
  ], { directory: redirecting }],
  ["is redirected by the target in the operational stage", [
    ["0>1 $T AuthMethod=None", "0>1 $P AuthMethod=None"],
    ["1>3", "refuse 0101 TargetAddress=[2001:db8::9]:3260"],
  ], { directory: redirectedTarget }],
  ["is redirected by the target at once without security stage", [
    ["1 $T", "refuse 0101 TargetAddress=[2001:db8::9]:3260"],
  ], { directory: redirectedTarget }],
  ["is redirected by the target between 0 and 3", [
    [
      "0>3 $T AuthMethod=None",
      "refuse 0101 " +
      "TargetAddress=[2001:db8::9]:3260",
    ],
  ], { directory: redirectedTarget }],
  ["is redirected for good by the portal group (11.13.5)", [
    ["1>3 $T", "refuse 0102 TargetAddress=192.0.2.9:3260"],
  ], { directory: movedGroup }],
  ["is redirected for good by the target (11.13.5)", [
    ["0>1 $T AuthMethod=None", "0>1 $P AuthMethod=None"],
    ["1>3", "refuse 0102 TargetAddress=192.0.2.8"],
  ], { directory: movedTarget }],
  ["finds no portal group after a reload", [["1>3 $T", "refuse 0301"]], {
    directory: EMPTY_DIRECTORY,
  }],
];

for (const [criterion, rows, options] of STORIES) {
  Deno.test(`LoginEngine ${criterion}`, () => {
    assertStory(rows, options);
  });
}

/** Headers that differ from a plain initiator's, in the first request. */
const FIRST: readonly [
  criterion: string,
  oddities: Oddities,
  answer: string,
][] = [
  ["takes a higher version-max (11.12.4)", { versionMax: 9 }, PLAIN[1]],
  ["refuses a higher version-min (11.12.4)", {
    versionMin: 1,
    versionMax: 1,
  }, "refuse 0205"],
  ["wants the immediate bit (11.12)", { byte0: 0x03 }, "refuse 0200"],
  ["refuses T and C at once (11.12.2)", { flags: 0xc7 }, "refuse 0200"],
  ["takes any ExpStatSN at first (11.12.9)", { expStatSN: 99 }, PLAIN[1]],
  ["refuses additional headers", { ahsWords: 1 }, "refuse 0200"],
  ["knows no session of TSIH 5 (11.12.6)", { tsih: 5 }, "refuse 020a"],
  ["adds no connection to a session (6.3.4)", { tsih: 7 }, "refuse 0206"],
  [
    "takes a connection's place (6.3.4)",
    { tsih: 7, connectionId: 3 },
    PLAIN[1],
  ],
  ["knows no such session of another ISID", {
    tsih: 7,
    isid: new Uint8Array(6),
  }, "refuse 020a"],
];

for (const [criterion, oddities, answer] of FIRST) {
  Deno.test(`LoginEngine ${criterion}`, () => {
    const directory = directoryOf(undefined, undefined, 7);
    const driver = new LoginDriver({ directory });
    const expected = new LoginDriver().ask(PLAIN[0]);
    const seen = driver.ask(PLAIN[0], oddities);
    assertEquals(seen, answer === PLAIN[1] ? expected : answer);
  });
}

/** Headers that change between two requests of a login. */
const SECOND: readonly [criterion: string, oddities: Oddities, ok: boolean][] =
  [
    ["takes the same numbers", {}, true],
    ["takes a CmdSN that grew", { cmdSN: 78 }, true],
    ["takes another version later (11.12.4)", { versionMin: 5 }, true],
    ["refuses a CmdSN that went back", { cmdSN: 76 }, false],
    ["refuses a wrong ExpStatSN (11.12.9)", { expStatSN: 0 }, false],
    ["refuses another ISID", { isid: new Uint8Array(6) }, false],
    ["refuses another TSIH", { tsih: 5 }, false],
    ["refuses another CID", { connectionId: 5 }, false],
    ["refuses a request that is not immediate", { byte0: 3 }, false],
    ["refuses T and C at once later", { flags: 0xc7 }, false],
  ];

for (const [criterion, oddities, ok] of SECOND) {
  Deno.test(`LoginEngine ${criterion} in its second request`, () => {
    const driver = new LoginDriver();
    driver.ask("0>1 $T AuthMethod=None");
    const answer = driver.ask("1>3", oddities);
    assertEquals(answer.split(" ")[0], ok ? "complete" : "refuse");
  });
}

Deno.test("LoginEngine copies tags and numbers (11.13)", () => {
  const driver = new LoginDriver();
  const rows: Row[] = [["0>1 $T AuthMethod=None", "0"], ["1", "1"]];
  for (const [index, [row]] of rows.entries()) {
    driver.ask(row);
    const pdu = driver.lastResponse;
    assertEquals(pdu?.opcode, 0x23);
    assertEquals(pdu?.initiatorTaskTag, 0xa1b2c3d4);
    assertEquals(pdu?.header.subarray(8, 14).toHex(), "800000000001");
    assertEquals(pdu?.u16(14), 0, "TSIH (11.13.3)");
    assertEquals(pdu?.statSN, index);
    assertEquals(pdu?.expCmdSN, 77);
    assertEquals(pdu?.maxCmdSN, 77);
    assertEquals(pdu?.u8(2), 0);
    assertEquals(pdu?.u8(3), 0);
  }
  driver.ask("1>3");
  assertEquals(driver.lastResponse?.flags, 0x87);
  assertEquals(driver.lastResponse?.u16(14), TSIH);
});

Deno.test("LoginEngine says what was agreed when it is done", () => {
  const driver = assertStory([
    ["0>1 $T AuthMethod=None InitiatorAlias=me", "0>1 $P AuthMethod=None"],
    [
      "1>3 InitialR2T=No MaxRecvDataSegmentLength=65536",
      "complete InitialR2T=No $M",
    ],
  ]);
  const { outcome } = driver;
  assert(outcome);
  assertEquals(outcome.sessionType, "Normal");
  assertEquals(outcome.initiatorName, INITIATOR_NAME);
  assertEquals(outcome.initiatorAlias, "me");
  assertEquals(outcome.isidHex, "800000000001");
  assertEquals(outcome.isid.toHex(), "800000000001");
  assertEquals(outcome.target?.name, TARGET_NAME);
  assertEquals(outcome.connectionId, 0);
  assertEquals(outcome.proof, undefined);
  assertEquals(outcome.expCmdSn, 77);
  assertEquals(outcome.statSn, 2);
  assertEquals(outcome.parameters.initialR2t, false);
  assertEquals(outcome.parameters.maxSendDataSegmentLengthBytes, 65536);
  assertEquals(outcome.parameters.maxRecvDataSegmentLengthBytes, 262144);
});

Deno.test("LoginEngine keeps what a session has agreed on (6.3.4)", () => {
  const directory = directoryOf(undefined, undefined, 7);
  const driver = new LoginDriver({ directory });
  driver.ask("1>3 $T", { tsih: 7, connectionId: 3 });
  assertEquals(driver.outcome?.tsih, 7);
  const { parameters } = driver.outcome ?? {};
  assertEquals(parameters?.maxBurstLengthBytes, 4096);
  assertEquals(parameters?.firstBurstLengthBytes, 2048);
  // Digests are the connection's own.
  assertEquals(parameters?.headerDigest, false);
});

Deno.test("LoginEngine takes up no session with another target", () => {
  const other = targetEntry({ name: "iqn.2026-01.test.dtl:other" });
  const directory = directoryOf(undefined, [targetEntry(), other], 7);
  const driver = new LoginDriver({ directory });
  const row = `1>3 $I TargetName=${other.name}`;
  const answer = driver.ask(row, { tsih: 7, connectionId: 3 });
  assertEquals(answer, "refuse 020a");
});

Deno.test("LoginEngine can be told the window, or to refuse", () => {
  const driver = new LoginDriver();
  driver.ask(PLAIN[0]);
  const step = driver.lastStep;
  assert(step?.kind === "complete");
  assertEquals(step.respond(1).response.maxCmdSn, 77);
  assertEquals(step.respond(1, 140).response.maxCmdSn, 140);
  const { response, text } = step.refuse(0x0302);
  assertEquals(response.status, 0x0302);
  assertEquals([response.transit, text.length], [false, 0]);
});

Deno.test("LoginEngine closes when a request follows its end", () => {
  for (const first of ["1>3 $T", "1>3"]) {
    const driver = new LoginDriver();
    driver.ask(first);
    assertEquals(driver.ask("1>3 $T"), "close");
    assertEquals(driver.engine.invalidDuringLogin(1).kind, "close");
  }
});

Deno.test("invalidDuringLogin() closes, then refuses (6.3.1)", () => {
  const driver = new LoginDriver();
  assertEquals(driver.engine.invalidDuringLogin(0x55).kind, "close");
  driver.ask("0>1 $T AuthMethod=None");
  assertEquals(
    driver.show(driver.engine.invalidDuringLogin(0x55)),
    "refuse 020b",
  );
  assertEquals(driver.lastResponse?.initiatorTaskTag, 0x55);
  assertEquals(driver.ask("1>3"), "close");
});

/** Texts that are none (6.1). */
const BAD_TEXTS: readonly [why: string, data: Uint8Array][] = [
  ["without a last zero byte", text("InitiatorName=x")],
  ["without an equals sign", text("InitiatorName\0")],
  ["with a key of 64 bytes", text(`${"K".repeat(64)}=\0`)],
  ["with a value of 256 bytes", text(`Key=${"v".repeat(256)}\0`)],
  ["that is no UTF-8", Uint8Array.of(0x41, 0x3d, 0xff, 0)],
  ["that is longer than a segment", new Uint8Array(8193)],
  ["of 1025 keys", text("A=\0".repeat(1025))],
];

for (const [why, data] of BAD_TEXTS) {
  Deno.test(`LoginEngine refuses a text ${why}`, () => {
    assertEquals(new LoginDriver().send(0x87, data), "refuse 0200");
  });
}

Deno.test("LoginEngine ends a login of too many requests", () => {
  const driver = new LoginDriver();
  driver.ask("1 $T");
  for (let count = 1; count < LIMITS.loginRequests; count++) {
    assertEquals(driver.ask("1"), "1");
  }
  assertEquals(driver.ask("1"), "refuse 0200");
});

Deno.test("LoginEngine tells refusals to the log, never a secret", () => {
  const group = authGroup("chap", {
    credentials: [{ user: "joe", secret: "topsecret123" }],
  });
  const directory = directoryOf(undefined, [targetEntry({ authGroup: group })]);
  const driver = assertStory([
    ["0 $T AuthMethod=CHAP", "0 $P AuthMethod=CHAP"],
  ], { directory });
  driver.ask("0 CHAP_A=5");
  const proof = "0x" + "ab".repeat(16);
  assertEquals(
    driver.ask(`0>1 CHAP_N=joe CHAP_R=${proof}`),
    "refuse 0201",
  );
  const [line = ""] = driver.log.lines;
  assertEquals(driver.log.lines.length, 1);
  for (const part of ["0x0201", INITIATOR_NAME, "192.0.2.7", "joe"]) {
    assert(line.includes(part), line);
  }
  assert(!line.includes("topsecret123") && !line.includes("abab"), line);
});

Deno.test("LoginEngine tells redirections apart from refusals", () => {
  for (const directory of [redirecting, movedGroup]) {
    const driver = new LoginDriver({ directory });
    driver.ask("1>3 $T");
    assert(driver.log.lines[0]?.startsWith("login redirected"));
  }
});
