import { assert, assertEquals } from "@std/assert";
import { KEY_RULES } from "../../../../frontends/iscsi/key_rules.ts";
import { LoginRefusal } from "../../../../frontends/iscsi/login_refusal.ts";
import {
  KeyRegister,
  Negotiation,
} from "../../../../frontends/iscsi/negotiation.ts";
import {
  INITIAL_PARAMETERS,
  LIMITS,
  type SessionParameters,
} from "../../../../frontends/iscsi/parameters.ts";
import { LOGIN_STAGE } from "../../../../frontends/iscsi/wire/login.ts";
import type { TextPair } from "../../../../frontends/iscsi/wire/text_keys.ts";

const { SECURITY, OPERATIONAL } = LOGIN_STAGE;

function pairsOf(row: string): TextPair[] {
  return row.split(" ").filter((word) => word !== "").map((word) => {
    const [key = "", value = ""] = word.split("=");
    return [key, value];
  });
}

function answerOf(negotiation: Negotiation, offer: string): string {
  const answers = negotiation.answer(pairsOf(offer));
  if (answers instanceof LoginRefusal) return answers.status.toString(16);
  return answers.map(([key, value]) => `${key}=${value}`).join(" ");
}

type Row = [
  offer: string,
  answer: string,
  parameters?: Partial<SessionParameters>,
];

const NORMAL: Row[] = [
  // Lists: the first that we know (RFC 7143 6.2.1).
  ["HeaderDigest=None", "HeaderDigest=None"],
  ["HeaderDigest=CRC32C", "HeaderDigest=CRC32C", { headerDigest: true }],
  ["HeaderDigest=None,CRC32C", "HeaderDigest=None"],
  ["HeaderDigest=X,CRC32C,None", "HeaderDigest=CRC32C", { headerDigest: true }],
  ["HeaderDigest=crc32c", "HeaderDigest=Reject"],
  ["HeaderDigest=", "HeaderDigest=Reject"],
  ["DataDigest=CRC32C,None", "DataDigest=CRC32C", { dataDigest: true }],
  ["TaskReporting=RFC3720", "TaskReporting=RFC3720"],
  ["TaskReporting=FastAbort,ResponseFence", "TaskReporting=ResponseFence", {
    taskReporting: "ResponseFence",
  }],
  ["TaskReporting=FastAbort", "TaskReporting=Reject"],
  // Numbers (RFC 7143 6.2.2), each at both ends of its range.
  ["MaxConnections=1", "MaxConnections=1"],
  ["MaxConnections=65535", "MaxConnections=1"],
  ["MaxConnections=0", "MaxConnections=Reject"],
  ["MaxConnections=65536", "MaxConnections=Reject"],
  ["MaxBurstLength=0x40000", "MaxBurstLength=262144"],
  ["MaxBurstLength=16777215", "MaxBurstLength=1048576", {
    maxBurstLengthBytes: 1048576,
  }],
  ["MaxBurstLength=512", "MaxBurstLength=512", { maxBurstLengthBytes: 512 }],
  ["MaxBurstLength=511", "MaxBurstLength=Reject"],
  ["MaxBurstLength=16777216", "MaxBurstLength=Reject"],
  ["MaxBurstLength=12e3", "MaxBurstLength=Reject"],
  ["FirstBurstLength=512", "FirstBurstLength=512", {
    firstBurstLengthBytes: 512,
  }],
  ["FirstBurstLength=1048576", "FirstBurstLength=262144", {
    firstBurstLengthBytes: 262144,
  }],
  ["FirstBurstLength=0", "FirstBurstLength=Reject"],
  [
    "MaxBurstLength=4096 FirstBurstLength=8192", // 13.14, either order
    "MaxBurstLength=4096 FirstBurstLength=4096",
    {
      maxBurstLengthBytes: 4096,
      firstBurstLengthBytes: 4096,
    },
  ],
  [
    "FirstBurstLength=8192 MaxBurstLength=4096",
    "MaxBurstLength=4096 FirstBurstLength=4096",
    {
      maxBurstLengthBytes: 4096,
      firstBurstLengthBytes: 4096,
    },
  ],
  ["DefaultTime2Wait=0", "DefaultTime2Wait=0", { defaultTime2WaitSeconds: 0 }],
  ["DefaultTime2Wait=3600", "DefaultTime2Wait=3600", {
    defaultTime2WaitSeconds: 3600,
  }],
  ["DefaultTime2Wait=3601", "DefaultTime2Wait=Reject"],
  ["DefaultTime2Retain=20", "DefaultTime2Retain=0", {
    defaultTime2RetainSeconds: 0,
  }],
  ["DefaultTime2Retain=3601", "DefaultTime2Retain=Reject"],
  ["MaxOutstandingR2T=8", "MaxOutstandingR2T=1"],
  ["MaxOutstandingR2T=0", "MaxOutstandingR2T=Reject"],
  ["ErrorRecoveryLevel=2", "ErrorRecoveryLevel=0"],
  ["ErrorRecoveryLevel=3", "ErrorRecoveryLevel=Reject"],
  ["iSCSIProtocolLevel=0", "iSCSIProtocolLevel=0", { protocolLevel: 0 }],
  ["iSCSIProtocolLevel=31", "iSCSIProtocolLevel=2", { protocolLevel: 2 }],
  ["iSCSIProtocolLevel=32", "iSCSIProtocolLevel=Reject"],
  // Booleans.
  ["InitialR2T=No", "InitialR2T=No", { initialR2t: false }],
  ["InitialR2T=Yes", "InitialR2T=Yes"],
  ["InitialR2T=no", "InitialR2T=Reject"],
  ["ImmediateData=No", "ImmediateData=No", { immediateData: false }],
  ["ImmediateData=Yes", "ImmediateData=Yes"],
  ["ImmediateData=1", "ImmediateData=Reject"],
  ["DataPDUInOrder=No", "DataPDUInOrder=Yes"],
  ["DataPDUInOrder=Maybe", "DataPDUInOrder=Reject"],
  ["DataSequenceInOrder=No", "DataSequenceInOrder=Yes"],
  // Statements get no answer (RFC 7143 6.2).
  ["MaxRecvDataSegmentLength=512", "", { maxSendDataSegmentLengthBytes: 512 }],
  ["MaxRecvDataSegmentLength=16777215", "", {
    maxSendDataSegmentLengthBytes: 16777215,
  }],
  ["MaxRecvDataSegmentLength=0", "200"],
  ["MaxRecvDataSegmentLength=511", "200"],
  ["MaxRecvDataSegmentLength=16777216", "200"],
  ["InitiatorAlias=me X#NodeArchitecture=pdp11", ""],
  // What is not known, obsolete, or for other wires.
  ["Nonsense=1", "Nonsense=NotUnderstood"],
  ["headerDigest=None", "headerDigest=NotUnderstood"],
  [
    "constructor=1 __proto__=2", // no key of ours, whatever the language has
    "constructor=NotUnderstood __proto__=NotUnderstood",
  ],
  ["X-com.example.a=1", "X-com.example.a=NotUnderstood"],
  ["X#Other=1", "X#Other=NotUnderstood"],
  ["OFMarker=Yes IFMarker=No", "OFMarker=No IFMarker=No"],
  ["OFMarkInt=1~2 IFMarkInt=1~2", "OFMarkInt=Reject IFMarkInt=Reject"],
  ["RDMAExtensions=Yes", "RDMAExtensions=No"],
  ["TargetRecvDataSegmentLength=512", "TargetRecvDataSegmentLength=Irrelevant"],
  [
    "InitiatorRecvDataSegmentLength=512",
    "InitiatorRecvDataSegmentLength=Irrelevant",
  ],
  // Words that answer nothing.
  ["MaxBurstLength=Irrelevant HeaderDigest=Reject", ""],
  ["InitialR2T=NotUnderstood Nonsense=NotUnderstood", ""],
  ["MaxRecvDataSegmentLength=Reject", ""],
];

const DISCOVERY: Row[] = [
  ["HeaderDigest=CRC32C", "HeaderDigest=CRC32C", { headerDigest: true }],
  ["MaxRecvDataSegmentLength=512", "", { maxSendDataSegmentLengthBytes: 512 }],
  ["DefaultTime2Wait=5", "DefaultTime2Wait=5", { defaultTime2WaitSeconds: 5 }],
  ["DefaultTime2Retain=5", "DefaultTime2Retain=0", {
    defaultTime2RetainSeconds: 0,
  }],
  ["ErrorRecoveryLevel=1", "ErrorRecoveryLevel=0"],
  ["OFMarker=Yes", "OFMarker=No"],
  ["Nonsense=1", "Nonsense=NotUnderstood"],
  ...[
    "MaxConnections",
    "InitialR2T",
    "ImmediateData",
    "MaxBurstLength",
    "FirstBurstLength",
    "MaxOutstandingR2T",
    "DataPDUInOrder",
    "DataSequenceInOrder",
    "TaskReporting",
    "iSCSIProtocolLevel",
    "RDMAExtensions",
  ].map((key): Row => [`${key}=512`, `${key}=Irrelevant`]),
];

function testRow(kind: string, [offer, answer, parameters = {}]: Row): void {
  Deno.test(`Negotiation of a ${kind} session answers ${offer}`, () => {
    const negotiation = new Negotiation(kind === "discovery");
    assertEquals(answerOf(negotiation, offer), answer);
    assertEquals(negotiation.parameters, {
      ...INITIAL_PARAMETERS,
      ...parameters,
    });
  });
}

for (const row of NORMAL) testRow("normal", row);
for (const row of DISCOVERY) testRow("discovery", row);

Deno.test("Negotiation.declare() states our segment length once", () => {
  const negotiation = new Negotiation(false);
  const ours = String(LIMITS.maxRecvDataSegmentLengthBytes);
  assertEquals(negotiation.declare(), [["MaxRecvDataSegmentLength", ours]]);
  assertEquals(negotiation.declare(), []);
  assertEquals(negotiation.parameters.maxRecvDataSegmentLengthBytes, 262144);
});

/** What happens when MaxBurstLength falls below FirstBurstLength (13.14). */
const BURSTS: [
  why: string,
  rounds: readonly string[],
  proposal: string,
  reply: string,
  verdict: "fine" | "refused",
][] = [
  ["nothing is said", [], "", "", "fine"],
  ["both are long", ["MaxBurstLength=65536"], "", "", "fine"],
  ["the default is too long", ["MaxBurstLength=4096"], "4096", "4096", "fine"],
  ["less is answered", ["MaxBurstLength=4096"], "4096", "512", "fine"],
  ["hex is answered", ["MaxBurstLength=4096"], "4096", "0x1000", "fine"],
  ["nothing is answered", ["MaxBurstLength=4096"], "4096", "", "refused"],
  ["it is rejected", ["MaxBurstLength=4096"], "4096", "Reject", "refused"],
  [
    "no unsolicited data are allowed",
    [
      "MaxBurstLength=4096 InitialR2T=Yes ImmediateData=No",
    ],
    "",
    "",
    "fine",
  ],
  [
    "they insist in a later round",
    [
      "FirstBurstLength=8192",
      "MaxBurstLength=4096",
    ],
    "",
    "",
    "refused",
  ],
];

for (const [why, rounds, proposal, reply, verdict] of BURSTS) {
  Deno.test(`Negotiation proposes a first burst when ${why}`, () => {
    const negotiation = new Negotiation(false);
    for (const round of rounds) answerOf(negotiation, round);
    const proposed = negotiation.propose();
    assertEquals(
      proposed,
      proposal === "" ? [] : [["FirstBurstLength", proposal]],
    );
    if (reply !== "") {
      assertEquals(answerOf(negotiation, `FirstBurstLength=${reply}`), "");
    }
    assertEquals(negotiation.propose(), []);
    const refusal = negotiation.check();
    assertEquals(refusal?.status, verdict === "fine" ? undefined : 0x0200);
  });
}

Deno.test("Negotiation takes no answer above its proposal (6.2.2)", () => {
  const negotiation = new Negotiation(false);
  answerOf(negotiation, "MaxBurstLength=4096");
  negotiation.propose();
  assertEquals(answerOf(negotiation, "FirstBurstLength=8192"), "200");
});

Deno.test("KeyRegister.admit() refuses a key that comes twice (6.3)", () => {
  const register = new KeyRegister();
  const admit = (row: string) =>
    register.admit(pairsOf(row), OPERATIONAL, false)?.status;
  assertEquals(admit("InitialR2T=No Nonsense=1"), undefined);
  assertEquals(admit("ImmediateData=No"), undefined);
  assertEquals(admit("InitialR2T=No"), 0x0200);
  assertEquals(admit("Nonsense=1"), 0x0200);
  const other = new KeyRegister();
  const twice = pairsOf("InitialR2T=No InitialR2T=No");
  assertEquals(other.admit(twice, OPERATIONAL, false)?.status, 0x0200);
});

Deno.test("KeyRegister.admit() counts the keys of all requests", () => {
  const register = new KeyRegister();
  for (let key = 0; key < LIMITS.keys; key++) {
    const pairs = pairsOf(`K${key}=1`);
    assertEquals(register.admit(pairs, OPERATIONAL, false), undefined);
  }
  const refusal = register.admit(pairsOf("OneMore=1"), OPERATIONAL, false);
  assertEquals(refusal?.status, 0x0200);
});

Deno.test("KeyRegister.admit() knows where each key belongs (13)", () => {
  const places = [
    { name: "first", stage: SECURITY, isFirst: true },
    { name: "security", stage: SECURITY, isFirst: false },
    { name: "operational", stage: OPERATIONAL, isFirst: false },
  ];
  for (const [key, { use }] of KEY_RULES) {
    for (const { name, stage, isFirst } of places) {
      const refusal = new KeyRegister().admit([[key, "1"]], stage, isFirst);
      const isAllowed = use === "any" || use === name ||
        (use === "security" && stage === SECURITY);
      assertEquals(refusal === undefined, isAllowed, `${key}: ${name}`);
    }
  }
});

Deno.test("KEY_RULES has all keys of RFC 7143 13", () => {
  const keys =
    "AuthMethod HeaderDigest DataDigest MaxConnections SendTargets " +
    "TargetName InitiatorName TargetAlias InitiatorAlias TargetAddress " +
    "TargetPortalGroupTag InitialR2T ImmediateData MaxRecvDataSegmentLength " +
    "MaxBurstLength FirstBurstLength DefaultTime2Wait DefaultTime2Retain " +
    "MaxOutstandingR2T DataPDUInOrder DataSequenceInOrder ErrorRecoveryLevel " +
    "SessionType TaskReporting iSCSIProtocolLevel X#NodeArchitecture";
  for (const key of keys.split(" ")) assert(KEY_RULES.has(key), key);
});
