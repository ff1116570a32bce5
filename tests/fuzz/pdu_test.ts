import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { login } from "../support/initiator/mod.ts";
import { HostileInitiator } from "./hostile_initiator.ts";
import {
  type Administration,
  HOSTILE_TARGET,
  IscsiRig,
  type Line,
} from "./iscsi_rig.ts";
import {
  keysOf,
  PDU_PLAN,
  type PduPlan,
  SESSION_PLAN,
  type SessionPlan,
} from "./pdu_plan.ts";
import { fuzzTest, MEAN_SHARE } from "./settings.ts";

/** Something that happens. */
type Event =
  | { readonly kind: "pdu"; readonly plan: PduPlan }
  | { readonly kind: "store"; readonly holding: boolean }
  | { readonly kind: "output"; readonly stopped: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "again" }
  | { readonly kind: "administer"; readonly what: Administration };

const PDU: fc.Arbitrary<Event> = fc.record({
  kind: fc.constant("pdu"),
  plan: PDU_PLAN,
});

const SURROUNDINGS: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant("store"), holding: fc.boolean() }),
  fc.record({ kind: fc.constant("output"), stopped: fc.boolean() }),
  fc.record({
    kind: fc.constant("wait"),
    ms: fc.constantFrom(1000, 1000, 3000),
  }),
);

const UPHEAVAL: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant("again") }),
  fc.record({
    kind: fc.constant("administer"),
    what: fc.constantFrom<Administration[]>(
      ...["logout", "terminate", "offline", "map", "unmap"] as const,
    ),
  }),
);

/** Long runs: most of the time of short ones goes into making targets. */
const EVENTS_MAX = 160;
const EVENTS = fc.array(
  fc.oneof(
    { weight: 60, arbitrary: PDU },
    { weight: 6, arbitrary: SURROUNDINGS },
    { weight: 1, arbitrary: UPHEAVAL },
  ),
  { maxLength: EVENTS_MAX, size: "max" },
);

const ISID = Uint8Array.fromHex("800000000001");

/** A rig with one hostile initiator, or two after one took over. */
class Play {
  readonly rig: IscsiRig;
  readonly #session: SessionPlan;
  readonly #hostile: HostileInitiator[] = [];
  #line: Line | undefined;

  constructor(rig: IscsiRig, session: SessionPlan) {
    this.rig = rig;
    this.#session = session;
  }

  /** Logs in, in the place of the session before; true: it was let in. */
  async logIn(): Promise<boolean> {
    this.#line?.stream.go();
    this.#line = this.rig.connect(this.#session.pieceBytes);
    const { connection, exchange, replies, negotiated, status } = await login({
      connection: this.#line.connection,
      targetName: HOSTILE_TARGET,
      isid: ISID,
      keys: keysOf(this.#session),
    });
    const statSN = replies.at(-1)?.pdu.statSN ?? 0;
    this.#hostile.unshift(
      new HostileInitiator(connection, {
        cmdSN: exchange.cmdSN,
        expStatSN: (statSN + 1) >>> 0,
        segmentBytesMax: this.#session.segmentBytes,
        firstBurstBytes: negotiated.firstBurstBytesMax,
        second: () => this.rig.second(),
      }),
    );
    return status === 0;
  }

  async happen(event: Event): Promise<void> {
    const [hostile] = this.#hostile;
    switch (event.kind) {
      case "pdu":
        await hostile?.send(event.plan);
        if (event.plan.then === "second") this.rig.wait(1000);
        break;
      case "store":
        this.rig.holdStore(event.holding);
        break;
      case "output":
        if (event.stopped) this.#line?.stream.stop();
        else this.#line?.stream.go();
        break;
      case "wait":
        this.rig.wait(event.ms);
        await hostile?.wait();
        break;
      case "again":
        // The old session ends first, and with it what its store still does.
        this.rig.holdStore(false);
        await this.logIn();
        break;
      case "administer":
        this.rig.administer(event.what);
    }
    this.rig.checkNow();
  }

  async end(): Promise<void> {
    this.#line?.stream.go();
    for (const hostile of this.#hostile) await hostile.probeCommands();
    await this.rig.checkDecent();
    for (const hostile of this.#hostile) hostile.close();
    await this.rig.finish();
    const violations = this.#hostile.flatMap((one) => one.violations);
    assertEquals(violations, [], "rules of the protocol");
  }
}

fuzzTest(
  "A session survives every PDU, and leaves others alone",
  { share: 0.8, casesPerRun: EVENTS_MAX * MEAN_SHARE },
  fc.asyncProperty(SESSION_PLAN, EVENTS, async (session, events) => {
    const play = new Play(await IscsiRig.create(), session);
    await play.logIn();
    for (const event of events) await play.happen(event);
    await play.end();
  }),
);
