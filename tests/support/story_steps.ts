/**
 * Rows of stories that are not about a nexus.
 *
 * ```
 * lun 1 controlled size=64k cache=on   makes a LUN; other words are options
 * store holds | answers [once]         the controlled store opened last
 * store fails write medium             its next write
 * store calls write 8 2, flush         what was asked of it since the last look
 * store keeps 8 aa,bb                  blocks that a loss of power leaves
 * target modifies 0 size=2m            and further options
 * target removes 1
 * target restarts                      after a loss of power: LUNs, no nexus
 * state fails | works                  whether the state can be written
 * port first maps 0=3 1=0              or: maps all
 * port second online | offline
 * clock 10                             milliseconds pass
 * inject 0 aborted read,write range=8+4 cont    also: mediumerr, ua, custom
 * inject 0 custom any sense=70.00.0b.00*15
 * uninject 0 3                         by serial number
 * delay 0 done 5 cont                  or: datamove; seconds
 * trace starts [lun=0] | stops         see `story_trace.ts`
 * store usage used=1m available=0      what it says of its space
 * ```
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  INJECTION_PATTERN,
  type InjectionKind,
  type RawOptions,
  type StoreFaultCause,
  type StoreUsage,
} from "../../core/mod.ts";
import type { StoreWork } from "./core_store.ts";
import { settle } from "./core_target.ts";
import type { StoryScene } from "./story_scene.ts";
import { runTraceStep } from "./story_trace.ts";
import { blocksOf, bytesOf, numberOf, StoryArguments } from "./story_values.ts";

type Step = (
  scene: StoryScene,
  words: readonly string[],
) => void | Promise<void>;

const STEPS: Readonly<Record<string, Step>> = {
  lun: makeLun,
  store: steerStore,
  target: changeTarget,
  port: changePort,
  state: steerState,
  inject: injectError,
  uninject: (scene, [lun = "", serial = ""]) => {
    const { injections } = scene.unit(numberOf(lun));
    assertEquals(injections.delete(numberOf(serial)), true);
  },
  delay: (scene, [lun = "", location = "", seconds = "", cont]) =>
    scene.unit(numberOf(lun)).injections.delay({
      location: location === "done" ? "done" : "datamove",
      seconds: numberOf(seconds),
      continuous: cont === "cont",
    }),
  trace: runTraceStep,
  clock: (scene, [ms = "0"]) => scene.test.host.clock.advance(numberOf(ms)),
};

/** Does what such a row says. */
export async function runStep(
  scene: StoryScene,
  subject: string,
  words: readonly string[],
): Promise<void> {
  const step = STEPS[subject];
  if (step === undefined) throw new TypeError(`Who is "${subject}"?`);
  await step(scene, words);
  await settle();
}

async function makeLun(
  scene: StoryScene,
  [number = "", backend = "", ...words]: readonly string[],
): Promise<void> {
  const given = new StoryArguments(words);
  const blocksize = given.text("blocksize");
  await scene.addLun(numberOf(number), {
    backend,
    deviceType: given.number("type", 0),
    sizeBytes: given.number("size", 2 ** 20),
    blockLength: blocksize === undefined ? undefined : numberOf(blocksize),
    serial: given.text("serial"),
    deviceId: given.text("deviceid"),
    options: given.rest(),
  });
}

function steerStore(
  scene: StoryScene,
  [verb = "", ...words]: readonly string[],
): void {
  const { store } = scene.test.driver;
  switch (verb) {
    case "holds":
      store.holding = true;
      break;
    case "answers":
      if (words[0] === "once") store.answerHeld();
      else store.answerAll();
      break;
    case "fails":
      store.fail(words[0] as StoreWork, words[1] as StoreFaultCause);
      break;
    case "calls":
      assertEquals(store.calls.splice(0).join(", "), words.join(" "));
      break;
    case "keeps":
      checkDurable(scene, words);
      break;
    case "usage":
      store.usageNow = usageOf(words);
      break;
    default:
      throw new TypeError(`A store does not "${verb}"`);
  }
}

function usageOf(words: readonly string[]): StoreUsage {
  const given = new StoryArguments(words);
  const entries = ["used", "available", "poolUsed", "poolAvailable"]
    .filter((name) => given.has(name))
    .map((name) => [name, given.number(name, 0)]);
  return Object.fromEntries(entries);
}

const PATTERNS: Readonly<Record<string, number>> = {
  read: INJECTION_PATTERN.READ,
  write: INJECTION_PATTERN.WRITE,
  readcap: INJECTION_PATTERN.READ_CAPACITY,
  tur: INJECTION_PATTERN.TEST_UNIT_READY,
  any: INJECTION_PATTERN.ANY,
};

const KINDS: readonly InjectionKind[] = ["aborted", "mediumerr", "ua"];

function injectError(
  scene: StoryScene,
  [lun = "", kind = "", pattern = "", ...words]: readonly string[],
): void {
  const given = new StoryArguments(words);
  const range = given.text("range")?.split("+").map(Number);
  const senseData = given.text("sense");
  scene.unit(numberOf(lun)).injections.add({
    kind: KINDS.find((each) => each === kind) ?? "custom",
    pattern: pattern.split(",")
      .reduce((sum, word) => sum | (PATTERNS[word] ?? 0), 0),
    range: range && { lba: range[0] ?? 0, blockCount: range[1] ?? 0 },
    senseData: senseData === undefined ? undefined : bytesOf(senseData),
    continuous: given.has("cont"),
  });
}

function checkDurable(
  scene: StoryScene,
  [lba = "", spec = ""]: readonly string[],
): void {
  const { store } = scene.test.driver;
  const { blockLength } = store.geometry;
  const wanted = blocksOf(spec, blockLength);
  const kept = store.durable(numberOf(lba), wanted.length / blockLength);
  assertEquals(kept.toHex(), wanted.toHex());
}

async function changeTarget(
  scene: StoryScene,
  [verb = "", number = "", ...words]: readonly string[],
): Promise<void> {
  const { luns } = scene.test.target;
  if (verb === "removes") {
    await luns.remove(numberOf(number));
  } else if (verb === "modifies") {
    const given = new StoryArguments(words);
    const size = given.text("size");
    const options = new Map(Object.entries(given.rest()));
    await luns.modify(numberOf(number), {
      ...(size === undefined ? {} : { sizeBytes: numberOf(size) }),
      ...(options.size === 0 ? {} : { options: options as RawOptions }),
    });
  } else if (verb === "restarts") {
    await scene.restart();
  } else {
    throw new TypeError(`A target does not "${verb}"`);
  }
}

function steerState(
  { test: { host } }: StoryScene,
  [verb = ""]: readonly string[],
): void {
  switch (verb) {
    case "fails":
      host.state.failing = true;
      return;
    case "works":
      host.state.failing = false;
      // The log has told of the failure; nothing else may be in it.
      assertEquals(
        host.log.lines.splice(0).map(({ text }) => text)
          .filter((text) => text.startsWith("error: "))
          .filter((text) => !text.startsWith("error: State of a LUN")),
        [],
      );
      return;
    default:
      throw new TypeError(`State does not "${verb}"`);
  }
}

function changePort(
  scene: StoryScene,
  [name = "", verb = "", ...words]: readonly string[],
): void {
  const port = scene.port(name);
  switch (verb) {
    case "online":
      return port.setOnline(true);
    case "offline":
      return port.setOnline(false);
    case "maps":
      return port.setLunMap(words[0] === "all" ? null : mapOf(words));
    default:
      throw new TypeError(`A port does not "${verb}"`);
  }
}

function mapOf(words: readonly string[]): Map<number, number> {
  return new Map(words.map((word) => {
    const [lun = "", unit = ""] = word.split("=");
    return [Number(lun), Number(unit)];
  }));
}
