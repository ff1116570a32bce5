import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type NexusName, UNIT_ATTENTION } from "../../../core/mod.ts";
import {
  checkScopeAndType,
  PersistentReservations,
  REGISTRANTS_MAX,
  RESERVATION_TYPE,
  type ReserveOutcome,
} from "../../../core/persistent_reservations.ts";

// Each row of the table in task-model.md, 8. Commands and their parameter
// lists are in the stories; here is the state machine alone.

const WORDS: ReadonlyMap<number, string> = new Map([
  [UNIT_ATTENTION.RESERVATIONS_PREEMPTED, "2A/03"],
  [UNIT_ATTENTION.RESERVATIONS_RELEASED, "2A/04"],
  [UNIT_ATTENTION.REGISTRATIONS_PREEMPTED, "2A/05"],
]);

const INITIATORS: readonly NexusName[] = ["a", "b", "c", "d"].map(nexusOf);

function nexusOf(nexusId: string): NexusName {
  return { nexusId, relativeTargetPort: 1, transportId: new Uint8Array(0) };
}

type Name = "a" | "b" | "c" | "d";

/** A machine that is spoken to in short words. */
class Machine {
  readonly state: PersistentReservations = new PersistentReservations();

  register(name: Name, key: bigint, actionKey: bigint): string {
    const request = this.#request(name, key, actionKey, 0);
    return told(this.state.register(request, false));
  }

  ignore(name: Name, key: bigint, actionKey: bigint): string {
    const request = this.#request(name, key, actionKey, 0);
    return told(this.state.register(request, true));
  }

  move(
    name: Name,
    key: bigint,
    to: string,
    actionKey: bigint,
    unregister = false,
  ): string {
    return told(this.state.move({
      ...this.#request(name, key, actionKey, 0),
      destination: nexusOf(to),
      persist: false,
      unregister,
    }));
  }

  reserve(name: Name, key: bigint, type: number): string {
    return told(this.state.reserve(this.#request(name, key, 0n, type)));
  }

  release(name: Name, key: bigint, type: number, attention = true): string {
    const request = this.#request(name, key, 0n, type);
    return told(this.state.release(request, attention));
  }

  clear(name: Name, key: bigint): string {
    return told(this.state.clear(this.#request(name, key, 0n, 0)));
  }

  preempt(name: Name, key: bigint, actionKey: bigint, type: number): string {
    const request = this.#request(name, key, actionKey, type);
    return told(this.state.preempt(request));
  }

  /** Keys, type, holders and generation: `a=1 b=2 type 5 by a, gen 2`. */
  get now(): string {
    const { state } = this;
    const keys = state.registrations
      .map(({ nexus, key }) => `${nexus.nexusId}=${key}`);
    const holders = INITIATORS.filter((each) => state.isHolder(each))
      .map(({ nexusId }) => nexusId);
    const held = state.type === 0
      ? "free"
      : `type ${state.type} by ${holders.join("+")}`;
    return [...keys, held, `gen ${state.generation}`].join(" ");
  }

  #request(name: Name, key: bigint, actionKey: bigint, type: number) {
    return { initiator: nexusOf(name), key, actionKey, scope: 0, type };
  }
}

function told(outcome: ReserveOutcome): string {
  const { completion, attentions, removed } = outcome;
  const end = typeof completion === "number"
    ? { 0: "GOOD", 0x18: "CONFLICT" }[completion] ?? `${completion}`
    : `${completion.asc.toString(16)}/${completion.ascq}` +
      `${completion.field?.inCdb === false ? " list" : ""}`;
  const heard = attentions
    .map(({ initiator, condition }) =>
      `${initiator.nexusId}:${WORDS.get(condition) ?? condition}`
    );
  const gone = removed.map(({ nexusId }) => `-${nexusId}`);
  return [end, ...heard, ...gone].join(" ");
}

/** A machine with a, b and c registered with keys 1, 2 and 3. */
function registered(): Machine {
  const machine = new Machine();
  machine.register("a", 0n, 1n);
  machine.register("b", 0n, 2n);
  machine.register("c", 0n, 3n);
  return machine;
}

const { WRITE_EXCLUSIVE, EXCLUSIVE_ACCESS } = RESERVATION_TYPE;
const TYPES = Object.values(RESERVATION_TYPE);
const HELD_BY_ONE = TYPES.filter((type) => type < 7);

Deno.test("register() stores keys and counts generations", () => {
  const machine = new Machine();
  assertEquals(machine.now, "free gen 0");
  assertEquals(machine.register("a", 0n, 1n), "GOOD");
  assertEquals(machine.register("b", 0n, 1n), "GOOD");
  assertEquals(machine.register("a", 1n, 7n), "GOOD");
  assertEquals(machine.now, "a=7 b=1 free gen 3");
});

Deno.test("register() wants the key that is there", () => {
  const machine = registered();
  assertEquals(machine.register("a", 2n, 5n), "CONFLICT");
  assertEquals(machine.register("a", 0n, 5n), "CONFLICT");
  assertEquals(machine.register("d", 9n, 5n), "CONFLICT");
  assertEquals(machine.ignore("a", 9n, 5n), "GOOD");
  assertEquals(machine.ignore("d", 9n, 6n), "GOOD");
  assertEquals(machine.now, "a=5 b=2 c=3 d=6 free gen 5");
});

Deno.test("register() ends at the number of registrants it can keep", () => {
  const state = new PersistentReservations();
  const register = (index: number, key: bigint, actionKey: bigint) =>
    told(state.register({
      initiator: nexusOf(`i${index}`),
      key,
      actionKey,
      scope: 0,
      type: 0,
    }, false));
  for (let index = 0; index < REGISTRANTS_MAX; index += 1) {
    assertEquals(register(index, 0n, 1n), "GOOD");
  }
  assertEquals(register(REGISTRANTS_MAX, 0n, 1n), "55/4");
  assertEquals(state.registrations.length, REGISTRANTS_MAX);
  assertEquals(state.generation, REGISTRANTS_MAX);
});

Deno.test("register() with key 0 unregisters, or does nothing", () => {
  const machine = registered();
  assertEquals(machine.register("b", 2n, 0n), "GOOD");
  assertEquals(machine.register("b", 0n, 0n), "GOOD");
  assertEquals(machine.ignore("d", 0n, 0n), "GOOD");
  assertEquals(machine.now, "a=1 c=3 free gen 4");
});

Deno.test("register() with key 0 by the holder ends the reservation", () => {
  for (const type of HELD_BY_ONE) {
    const machine = registered();
    machine.reserve("a", 1n, type);
    const told = type >= 5 ? "GOOD b:2A/04 c:2A/04" : "GOOD";
    assertEquals(machine.register("a", 1n, 0n), told, `type ${type}`);
    assertEquals(machine.now, "b=2 c=3 free gen 4");
  }
});

Deno.test("register() with key 0 by another leaves the reservation", () => {
  const machine = registered();
  machine.reserve("a", 1n, WRITE_EXCLUSIVE);
  assertEquals(machine.register("b", 2n, 0n), "GOOD");
  assertEquals(machine.now, "a=1 c=3 type 1 by a gen 4");
});

Deno.test("register() of another key keeps the reservation", () => {
  const machine = registered();
  machine.reserve("a", 1n, EXCLUSIVE_ACCESS);
  assertEquals(machine.register("a", 1n, 9n), "GOOD");
  assertEquals(machine.now, "a=9 b=2 c=3 type 3 by a gen 4");
  assertEquals(machine.state.holderKey, 9n);
});

for (const type of [7, 8]) {
  Deno.test(`a reservation of type ${type} ends with the last key`, () => {
    const machine = registered();
    machine.reserve("a", 1n, type);
    assertEquals(machine.now, `a=1 b=2 c=3 type ${type} by a+b+c gen 3`);
    assertEquals(machine.register("a", 1n, 0n), "GOOD");
    assertEquals(machine.register("b", 2n, 0n), "GOOD");
    assertEquals(machine.now, `c=3 type ${type} by c gen 5`);
    assertEquals(machine.register("c", 3n, 0n), "GOOD");
    assertEquals(machine.now, "free gen 6");
  });
}

for (const type of TYPES) {
  Deno.test(`reserve() of type ${type} is taken once`, () => {
    const machine = registered();
    const other = type === 1 ? 3 : 1;
    assertEquals(machine.reserve("a", 1n, type), "GOOD");
    assertEquals(machine.reserve("a", 1n, type), "GOOD");
    assertEquals(machine.reserve("a", 1n, other), "CONFLICT");
    assertEquals(machine.reserve("a", 9n, type), "CONFLICT");
    const shared = type >= 7;
    assertEquals(machine.reserve("b", 2n, type), shared ? "GOOD" : "CONFLICT");
    assertEquals(machine.reserve("d", 0n, type), "CONFLICT");
    assertEquals(machine.state.holderKey, shared ? 0n : 1n);
    assertEquals(machine.state.generation, 3);
  });

  Deno.test(`release() of type ${type} tells whom it concerns`, () => {
    const told = type === 1 || type === 3 ? "GOOD" : "GOOD b:2A/04 c:2A/04";
    const machine = registered();
    assertEquals(machine.release("a", 1n, type), "GOOD");
    machine.reserve("a", 1n, type);
    const other = type === 1 ? 3 : 1;
    assertEquals(machine.release("a", 1n, other), "26/4");
    assertEquals(machine.release("a", 9n, type), "CONFLICT");
    assertEquals(machine.release("d", 0n, type), "CONFLICT");
    if (type < 7) assertEquals(machine.release("b", 2n, type), "GOOD");
    assertEquals(machine.state.type, type);
    assertEquals(machine.release("a", 1n, type), told);
    assertEquals(machine.now, "a=1 b=2 c=3 free gen 3");
    machine.reserve("a", 1n, type);
    assertEquals(machine.release("a", 1n, type, false), "GOOD");
  });
}

Deno.test("clear() removes all and tells the others", () => {
  const machine = registered();
  machine.reserve("a", 1n, 6);
  assertEquals(machine.clear("d", 0n), "CONFLICT");
  assertEquals(machine.clear("b", 1n), "CONFLICT");
  assertEquals(machine.clear("b", 2n), "GOOD a:2A/03 c:2A/03");
  assertEquals(machine.now, "free gen 4");
});

Deno.test("preempt() wants the key of its sender", () => {
  const machine = registered();
  assertEquals(machine.preempt("a", 9n, 2n, 1), "CONFLICT");
  assertEquals(machine.preempt("d", 0n, 2n, 1), "CONFLICT");
});

Deno.test("preempt() without reservation removes registrants", () => {
  const machine = registered();
  machine.register("d", 0n, 2n);
  assertEquals(machine.preempt("a", 1n, 0n, 1), "26/0 list");
  assertEquals(machine.preempt("a", 1n, 9n, 1), "CONFLICT");
  assertEquals(machine.preempt("a", 1n, 2n, 0), "GOOD b:2A/05 d:2A/05 -b -d");
  assertEquals(machine.now, "a=1 c=3 free gen 5");
});

for (const type of HELD_BY_ONE) {
  Deno.test(`preempt() of the holder of type ${type} takes over`, () => {
    for (const next of TYPES) {
      const machine = registered();
      machine.reserve("a", 1n, type);
      assertEquals(machine.preempt("b", 2n, 0n, next), "26/0 list");
      assertEquals(machine.preempt("b", 2n, 1n, 2), "24/0");
      const released = next !== type ? " c:2A/04" : "";
      const told = `GOOD a:2A/05${released} -a`;
      assertEquals(machine.preempt("b", 2n, 1n, next), told);
      const holders = next >= 7 ? "b+c" : "b";
      assertEquals(machine.now, `b=2 c=3 type ${next} by ${holders} gen 4`);
    }
  });

  Deno.test(`preempt() beside the holder of type ${type} removes keys`, () => {
    const machine = registered();
    machine.reserve("a", 1n, type);
    assertEquals(machine.preempt("b", 2n, 9n, type), "CONFLICT");
    assertEquals(machine.preempt("b", 2n, 3n, 0), "GOOD c:2A/05 -c");
    assertEquals(machine.now, `a=1 b=2 type ${type} by a gen 4`);
  });
}

Deno.test("preempt() of a key that several share keeps its sender", () => {
  const machine = new Machine();
  for (const name of ["a", "b", "c"] as const) machine.register(name, 0n, 5n);
  machine.reserve("a", 5n, 1);
  assertEquals(machine.preempt("b", 5n, 5n, 1), "GOOD a:2A/05 c:2A/05 -a -c");
  assertEquals(machine.now, "b=5 type 1 by b gen 4");
});

for (const type of [7, 8]) {
  Deno.test(`preempt() under type ${type} removes keys, or takes over`, () => {
    const machine = registered();
    machine.reserve("a", 1n, type);
    assertEquals(machine.preempt("b", 2n, 9n, 1), "CONFLICT");
    assertEquals(machine.preempt("b", 2n, 3n, 0), "GOOD c:2A/05 -c");
    assertEquals(machine.now, `a=1 b=2 type ${type} by a+b gen 4`);
    assertEquals(machine.preempt("b", 2n, 0n, 2), "24/0");
    assertEquals(machine.preempt("b", 2n, 0n, 3), "GOOD a:2A/05 -a");
    assertEquals(machine.now, "b=2 type 3 by b gen 5");
  });
}

Deno.test("checkScopeAndType() points at scope first, then at type", () => {
  for (let scope = 0; scope < 16; scope += 1) {
    for (let type = 0; type < 16; type += 1) {
      const wrong = checkScopeAndType(scope, type);
      const bit = typeof wrong === "object" ? wrong?.field?.bit : undefined;
      const known = [1, 3, 5, 6, 7, 8].includes(type);
      assertEquals(bit, scope !== 0 ? 4 : known ? undefined : 0);
    }
  }
});

Deno.test("move() gives the reservation to another, who is registered", () => {
  const machine = registered();
  machine.reserve("a", 1n, 5);
  assertEquals(machine.move("b", 2n, "d", 9n), "CONFLICT");
  assertEquals(machine.move("a", 7n, "d", 9n), "CONFLICT");
  assertEquals(machine.move("a", 1n, "d", 0n), "26/0 list");
  assertEquals(machine.move("a", 1n, "a", 9n), "26/0 list");
  assertEquals(machine.move("a", 1n, "d", 9n), "GOOD");
  assertEquals(machine.now, "a=1 b=2 c=3 d=9 type 5 by d gen 4");
  // Whoever was registered has the new key.
  assertEquals(machine.move("d", 9n, "b", 8n, true), "GOOD");
  assertEquals(machine.now, "a=1 b=8 c=3 type 5 by b gen 5");
});

Deno.test("move() wants a reservation, and one that one nexus holds", () => {
  const machine = registered();
  assertEquals(machine.move("a", 1n, "d", 9n), "24/0");
  machine.reserve("a", 1n, 8);
  assertEquals(machine.move("a", 1n, "d", 9n), "CONFLICT");
  assertEquals(machine.now, "a=1 b=2 c=3 type 8 by a+b+c gen 3");
});

Deno.test("move() keeps the number of registrants it can keep", () => {
  const machine = new Machine();
  machine.register("a", 0n, 1n);
  machine.reserve("a", 1n, 3);
  const initiator = nexusOf("b");
  const others = Array.from(
    { length: REGISTRANTS_MAX - 2 },
    (_, index) => nexusOf(`i${index}`),
  );
  const all = { initiator, key: 0n, actionKey: 2n, scope: 0, type: 0 };
  const specified = [...others, nexusOf("c")];
  assertEquals(
    told(machine.state.register({ ...all, specified }, false)),
    "55/4",
  );
  assertEquals(machine.state.registrations.length, 1);
  assertEquals(
    told(machine.state.register({ ...all, specified: others }, false)),
    "GOOD",
  );
  assertEquals(machine.state.registrations.length, REGISTRANTS_MAX);
  assertEquals(machine.move("a", 1n, "c", 9n), "55/4");
  assertEquals(machine.move("a", 1n, "b", 9n), "GOOD");
  assertEquals(machine.move("b", 9n, "c", 9n, true), "GOOD");
  assertEquals(machine.state.registrations.length, REGISTRANTS_MAX);
});

Deno.test("restore() puts back what snapshot() has seen", () => {
  const machine = registered();
  machine.reserve("b", 2n, 6);
  const before = machine.now;
  const seen = machine.state.snapshot();
  machine.preempt("a", 1n, 2n, 7);
  machine.clear("a", 1n);
  machine.state.restore(seen);
  assertEquals(machine.now, before);
  assertEquals(machine.state.snapshot(), seen);
});

const NAME = fc.constantFrom<Name>("a", "b", "c", "d");
const KEY = fc.bigInt({ min: 0n, max: 3n });
const TYPE = fc.constantFrom(...TYPES);

type Step = (machine: Machine) => string;

const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(NAME, KEY, KEY).map(([name, key, next]): Step => (machine) =>
    machine.register(name, key, next)
  ),
  fc.tuple(NAME, KEY, KEY).map(([name, key, next]): Step => (machine) =>
    machine.ignore(name, key, next)
  ),
  fc.tuple(NAME, KEY, TYPE).map(([name, key, type]): Step => (machine) =>
    machine.reserve(name, key, type)
  ),
  fc.tuple(NAME, KEY, TYPE).map(([name, key, type]): Step => (machine) =>
    machine.release(name, key, type)
  ),
  fc.tuple(NAME, KEY).map(([name, key]): Step => (machine) =>
    machine.clear(name, key)
  ),
  fc.tuple(NAME, KEY, KEY, TYPE).map(
    ([name, key, next, type]): Step => (machine) =>
      machine.preempt(name, key, next, type),
  ),
  fc.tuple(NAME, KEY, NAME, KEY, fc.boolean()).map(
    ([name, key, to, next, unregister]): Step => (machine) =>
      machine.move(name, key, to, next, unregister),
  ),
);

Deno.test("a reservation is always held by somebody who is registered", () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 40, size: "max" }), (steps) => {
      const machine = new Machine();
      for (const step of steps) {
        const before = machine.state.generation;
        step(machine);
        const holders = INITIATORS.filter((each) =>
          machine.state.isHolder(each)
        );
        const { type, generation } = machine.state;
        assertEquals(holders.length > 0, type !== 0);
        for (const holder of holders) {
          assertEquals(machine.state.isRegistered(holder), true);
          assertEquals(machine.state.admits(holder), true);
        }
        assertEquals(generation === before || generation === before + 1, true);
      }
    }),
    { seed: 4, numRuns: 300 },
  );
});
