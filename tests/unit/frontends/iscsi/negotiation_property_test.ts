import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  INITIAL_PARAMETERS,
  type SessionParameters,
} from "../../../../frontends/iscsi/parameters.ts";
import { encodePairs } from "../../../support/initiator/text.ts";
import { INITIATOR_NAME, LoginDriver, TARGET_NAME } from "./login_support.ts";

const SEEDS = [1, 7143, 20260101];

/** A proposal within the rules, and what has to follow from it. */
interface Offer {
  readonly pair: readonly [string, string];
  readonly agreed: Partial<SessionParameters>;
}

function number(
  key: string,
  [min, max]: readonly [number, number],
  agree: (theirs: number) => Partial<SessionParameters>,
): fc.Arbitrary<Offer> {
  const spelled = fc.tuple(fc.integer({ min, max }), fc.boolean());
  return spelled.map(([theirs, inHex]) => ({
    pair: [key, inHex ? `0x${theirs.toString(16)}` : String(theirs)],
    agreed: agree(theirs),
  }));
}

function yesOrNo(
  key: string,
  agree: (theirs: boolean) => Partial<SessionParameters>,
): fc.Arbitrary<Offer> {
  return fc.boolean().map((theirs) => ({
    pair: [key, theirs ? "Yes" : "No"],
    agreed: agree(theirs),
  }));
}

function digest(
  key: string,
  agree: (isOn: boolean) => Partial<SessionParameters>,
): fc.Arbitrary<Offer> {
  const lists = ["None", "CRC32C", "None,CRC32C", "CRC32C,None", "X,CRC32C"];
  return fc.constantFrom(...lists).map((list) => ({
    pair: [key, list],
    agreed: agree(list !== "None" && list !== "None,CRC32C"),
  }));
}

const SEGMENT = [512, 16777215] as const;
// Bursts no shorter than the default of the first one: no proposal of ours.
const BURST = [65536, 16777215] as const;
const FIRST_BURST = [512, 65536] as const;

/** RFC 7143 13, told once more, as a model. */
const OFFERS: readonly fc.Arbitrary<Offer>[] = [
  digest("HeaderDigest", (headerDigest) => ({ headerDigest })),
  digest("DataDigest", (dataDigest) => ({ dataDigest })),
  yesOrNo("InitialR2T", (initialR2t) => ({ initialR2t })),
  yesOrNo("ImmediateData", (immediateData) => ({ immediateData })),
  yesOrNo("DataPDUInOrder", () => ({})),
  yesOrNo("DataSequenceInOrder", () => ({})),
  number("MaxConnections", [1, 65535], () => ({})),
  number("MaxOutstandingR2T", [1, 65535], () => ({})),
  number("ErrorRecoveryLevel", [0, 2], () => ({})),
  number("DefaultTime2Wait", [0, 3600], (theirs) => ({
    defaultTime2WaitSeconds: theirs,
  })),
  number("DefaultTime2Retain", [0, 3600], () => ({
    defaultTime2RetainSeconds: 0,
  })),
  number("iSCSIProtocolLevel", [0, 31], (theirs) => ({
    protocolLevel: Math.min(theirs, 2),
  })),
  number("MaxRecvDataSegmentLength", SEGMENT, (theirs) => ({
    maxSendDataSegmentLengthBytes: theirs,
  })),
  number("MaxBurstLength", BURST, (theirs) => ({
    maxBurstLengthBytes: Math.min(theirs, 1048576),
  })),
  number("FirstBurstLength", FIRST_BURST, (theirs) => ({
    firstBurstLengthBytes: Math.min(theirs, 262144),
  })),
];

const SOME_OFFERS: fc.Arbitrary<Offer[]> = fc
  .shuffledSubarray([...OFFERS])
  .chain((offers) => fc.tuple(...offers));

/** Sends one text, cut where it is told, and fetches the whole answer. */
function exchange(
  driver: LoginDriver,
  text: Uint8Array,
  cuts: readonly number[],
  isLast: boolean,
): string {
  let rest = text;
  for (const cut of cuts) {
    driver.send(0x44, rest.subarray(0, cut));
    rest = rest.subarray(cut);
  }
  const flags = isLast ? 0x87 : 0x04;
  let answer = driver.send(flags, rest);
  while (answer.startsWith("1+C")) {
    answer = driver.send(flags, new Uint8Array(0));
  }
  return answer;
}

for (const seed of SEEDS) {
  Deno.test(`LoginEngine agrees over any rounds and cuts, seed ${seed}`, () => {
    const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 4 });
    fc.assert(
      fc.property(
        SOME_OFFERS,
        fc.nat({ max: 15 }),
        cuts,
        (offers, roundSize, sizes) => {
          const driver = new LoginDriver();
          const names: [string, string][] = [
            ["InitiatorName", INITIATOR_NAME],
            ["TargetName", TARGET_NAME],
          ];
          const first = offers.slice(0, roundSize).map(({ pair }) => pair);
          const second = offers.slice(roundSize).map(({ pair }) => pair);
          exchange(driver, encodePairs([...names, ...first]), sizes, false);
          const end = exchange(driver, encodePairs(second), sizes, true);
          assert(end.startsWith("complete"), end);
          assertEquals(
            driver.outcome?.parameters,
            offers.reduce<SessionParameters>(
              (all, { agreed }) => ({ ...all, ...agreed }),
              { ...INITIAL_PARAMETERS, maxRecvDataSegmentLengthBytes: 262144 },
            ),
          );
        },
      ),
      { seed, numRuns: 300 },
    );
  });
}
