/**
 * Text Requests in a normal session (RFC 7143 6.4, 11.10, 11.11).
 */

import { assert, assertEquals } from "@std/assert";
import {
  encodePairs,
  FLAG,
  NO_TAG,
  OPCODE,
  type Pairs,
  read10,
  REJECT,
  type Session,
  textRequest,
} from "../../support/initiator/mod.ts";
import {
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

const OTHER = "iqn.2026-01.test.dtl:other";

function addressOf({ portal }: SystemTarget): string {
  return `127.0.0.1:${portal.port},1`;
}

systemTest(
  "SendTargets without a value tells the own target",
  async (system) => {
    system.addPort(OTHER, "pg1");
    const session = await system.open();
    const own = [
      ["TargetName", TARGET_NAME],
      ["TargetAddress", addressOf(system)],
    ];
    for (const SendTargets of ["", TARGET_NAME]) {
      const { pairs } = await session.text({ SendTargets });
      assertEquals(pairs.map((pair) => [...pair]), own);
    }
  },
);

systemTest("SendTargets with a foreign name tells nothing", async (system) => {
  system.addPort(OTHER, "pg1");
  const session = await system.open();
  for (const SendTargets of [OTHER, "iqn.2026-01.test.dtl:none"]) {
    assertEquals((await session.text({ SendTargets })).pairs, []);
  }
});

systemTest("SendTargets=All is refused in a normal session", async (system) => {
  const session = await system.open();
  await session.send(request(session, { SendTargets: "All" }));
  const reject = await session.expectReject(REJECT.PROTOCOL_ERROR);
  assertEquals(reject.data.length, 48);
  assertEquals((await session.text({ SendTargets: "" })).pairs.length, 2);
});

function request(
  session: Session,
  pairs: Pairs,
  fields: Partial<Parameters<typeof textRequest>[0]> = {},
): ReturnType<typeof textRequest> {
  return textRequest({
    ...session.numbers.take(false),
    flags: FLAG.FINAL,
    data: encodePairs(pairs),
    ...fields,
  });
}

interface KeyStory {
  readonly sent: Pairs;
  readonly answer: Pairs;
}

const KEYS: Readonly<Record<string, KeyStory>> = {
  "nothing": { sent: {}, answer: {} },
  "an unknown key": {
    sent: { FancyKey: "1" },
    answer: { FancyKey: "NotUnderstood" },
  },
  "a private key": {
    sent: { "X-com.example.key": "1" },
    answer: { "X-com.example.key": "NotUnderstood" },
  },
  "a key of the login": {
    sent: { HeaderDigest: "CRC32C", MaxBurstLength: "1024" },
    answer: { HeaderDigest: "Reject", MaxBurstLength: "Reject" },
  },
  "a declaration": { sent: { InitiatorAlias: "me" }, answer: {} },
  "a segment length": {
    sent: { MaxRecvDataSegmentLength: "4096" },
    answer: {},
  },
  "a segment length that is too small": {
    sent: { MaxRecvDataSegmentLength: "511" },
    answer: { MaxRecvDataSegmentLength: "Reject" },
  },
  "a segment length that is too large": {
    sent: { MaxRecvDataSegmentLength: "16777216" },
    answer: { MaxRecvDataSegmentLength: "Reject" },
  },
};

for (const [name, { sent, answer }] of Object.entries(KEYS)) {
  systemTest(`a text with ${name} is answered`, async (system) => {
    const session = await system.open();
    const { pairs, responses } = await session.text(sent);
    assertEquals(pairs.map((pair) => [...pair]), Object.entries(answer));
    const last = responses.at(-1);
    assertEquals(last?.targetTransferTag, NO_TAG);
    assert(last?.has(FLAG.FINAL));
    assertEquals((await session.text(sent)).pairs, pairs);
  });
}

systemTest("a declared segment length counts from then on", async (system) => {
  const session = await system.openReady();
  await session.text({ MaxRecvDataSegmentLength: "512" });
  const { responses } = await session
    .command(0, read10(0, 8), { read: 4096 });
  assertEquals(responses.map((pdu) => pdu.data.length), Array(8).fill(512));
});

systemTest("a segment length that is refused changes nothing", async (
  system,
) => {
  const session = await system.openReady({
    keys: { MaxRecvDataSegmentLength: "1024" },
  });
  for (const MaxRecvDataSegmentLength of ["511", "16777216", "x", "Reject"]) {
    await session.text({ MaxRecvDataSegmentLength });
  }
  const { responses } = await session
    .command(0, read10(0, 8), { read: 4096 });
  assertEquals(responses.map((pdu) => pdu.data.length), Array(4).fill(1024));
});

systemTest(
  "a text comes in parts, cut inside keys and values",
  async (system) => {
    const session = await system.open();
    const sent = { FancyKey: "1", SendTargets: "", OtherKey: "2" };
    for (const requestBytesMax of [1, 7, 20]) {
      const { pairs, responses } = await session
        .text(sent, { requestBytesMax });
      assertEquals(pairs[0], ["FancyKey", "NotUnderstood"]);
      assertEquals(pairs.at(-1), ["OtherKey", "NotUnderstood"]);
      for (const part of responses.slice(0, -1)) {
        assertEquals(part.data.length, 0);
        assert(!part.has(FLAG.FINAL));
        assert(part.targetTransferTag !== NO_TAG);
      }
    }
  },
);

systemTest("a long answer leaves in parts", async (system) => {
  const session = await system.open({
    keys: { MaxRecvDataSegmentLength: "512" },
  });
  const sent = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`Key${index}`, "1"]),
  );
  const { pairs, responses } = await session.text(sent);
  assertEquals(pairs.length, 100);
  assertEquals(pairs.at(-1), ["Key99", "NotUnderstood"]);
  assert(responses.length > 3);
  for (const part of responses.slice(0, -1)) {
    assert(part.has(FLAG.CONTINUE));
    assert(!part.has(FLAG.FINAL));
    assertEquals(part.data.length, 512);
  }
  assert(!responses.at(-1)?.has(FLAG.CONTINUE));
});

systemTest("a request without F is answered without F", async (system) => {
  const session = await system.open();
  const first = await session.request(
    request(session, { FancyKey: "1" }, { flags: 0 }),
  );
  assert(!first.has(FLAG.FINAL));
  const { targetTransferTag } = first;
  assert(targetTransferTag !== NO_TAG);
  const last = await session.request(
    request(session, {}, { targetTransferTag }),
  );
  assert(last.has(FLAG.FINAL));
  assertEquals(last.targetTransferTag, NO_TAG);
});

systemTest("C and F at once is refused", async (system) => {
  const session = await system.open();
  const flags = FLAG.FINAL | FLAG.CONTINUE;
  await session.send(request(session, { FancyKey: "1" }, { flags }));
  await session.expectReject(REJECT.PROTOCOL_ERROR);
});

systemTest("a tag that is not under way is refused", async (system) => {
  const session = await system.open();
  await session.send(request(session, {}, { targetTransferTag: 5 }));
  await session.expectReject(REJECT.INVALID_PDU_FIELD);
  const { targetTransferTag } = await session.request(
    request(session, {}, { flags: 0 }),
  );
  // A request without a tag begins anew: the former tag is void.
  await session.text({});
  await session.send(request(session, {}, { targetTransferTag }));
  await session.expectReject(REJECT.INVALID_PDU_FIELD);
});

systemTest("a text that is no text is refused", async (system) => {
  const session = await system.open();
  const texts = ["NoSign\0", "Unended=1", "=1\0", "A=1\0\0B=2\0"];
  for (const text of texts) {
    const data = new TextEncoder().encode(text);
    await session.send(request(session, {}, { data }));
    await session.expectReject();
  }
  assertEquals((await session.text({})).pairs, []);
});

systemTest("a text without end is refused", async (system) => {
  const session = await system.open();
  const data = new Uint8Array(8192).fill(0x41);
  const first = await session.request(
    request(session, {}, { flags: FLAG.CONTINUE, data }),
  );
  const { targetTransferTag } = first;
  const more = { flags: FLAG.CONTINUE, data, targetTransferTag };
  let rounds = 0;
  let opcode = 0;
  while (opcode !== OPCODE.REJECT && rounds++ < 20) {
    const pdu = request(session, {}, more);
    await session.send(pdu);
    ({ opcode } = await session.expect(
      ({ opcode }) =>
        opcode === OPCODE.TEXT_RESPONSE || opcode === OPCODE.REJECT,
      "an answer",
    ));
  }
  assert(rounds < 20);
  assertEquals((await session.text({})).pairs, []);
});

systemTest("texts are immediate or numbered", async (system) => {
  const session = await system.open();
  const { pairs } = await session.text({ A: "1" }, { immediate: true });
  assertEquals(pairs, [["A", "NotUnderstood"]]);
});
