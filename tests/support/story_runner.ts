/**
 * SCSI stories: rows of text, one command a row.
 *
 * ```
 * lun 0 ramdisk size=32m
 * a  TEST UNIT READY                  -> 6/29/00
 * a  WRITE(10) lba=8 data=aa*2        -> GOOD
 * b:1  READ(10) lba=8 n=2             -> 5/25/00
 * a  WRITE(10) lba=8 data=bb  as w1
 * w1 waits
 * a  resumes
 * w1 -> GOOD
 * ```
 *
 * A letter is a nexus, `:N` its LUN, `:wk` the well-known one. `#` begins a
 * comment; a line that begins with blanks goes on with the one before. Commands and their arguments are in
 * `story_commands.ts`, what stands behind `->` in `story_outcome.ts`, the
 * other rows in `story_steps.ts`.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  ATTRIBUTE,
  LUN_REPORT_LUNS,
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  type TaskManagementRequest,
} from "../../core/mod.ts";
import { settle, settled, targetTest, type TestTarget } from "./core_target.ts";
import type { CommandResult } from "./local_initiator.ts";
import { buildCommand, isCommand } from "./story_commands.ts";
import { checkOutcome } from "./story_outcome.ts";
import { StoryScene } from "./story_scene.ts";
import { runStep } from "./story_steps.ts";
import { StoryArguments, wordsOf } from "./story_values.ts";
import type { TestNexus } from "./test_nexus.ts";

const FUNCTIONS: ReadonlySet<string> = new Set(Object.values(TASK_MANAGEMENT));

const ATTRIBUTES: Readonly<Record<string, number>> = {
  untagged: ATTRIBUTE.UNTAGGED,
  simple: ATTRIBUTE.SIMPLE,
  ordered: ATTRIBUTE.ORDERED,
  head: ATTRIBUTE.HEAD_OF_QUEUE,
  aca: ATTRIBUTE.ACA,
};

/** Registers a story as a test. */
export function story(name: string, text: string): void {
  targetTest(name, (test) => tellStory(test, text));
}

/** Tells a story; throws at the first row that goes another way. */
export async function tellStory(test: TestTarget, text: string): Promise<void> {
  const scene = new StoryScene(test);
  try {
    for (const { number, line } of rowsOf(text)) {
      await tellNumbered(scene, number, line);
    }
    scene.checkEnd();
  } finally {
    await scene.end();
  }
}

async function tellNumbered(
  scene: StoryScene,
  number: number,
  line: string,
): Promise<void> {
  try {
    await tellRow(scene, line);
  } catch (error) {
    if (error instanceof Error) {
      error.message = `row ${number}: ${line}\n${error.message}`;
    }
    throw error;
  }
}

function rowsOf(text: string): { number: number; line: string }[] {
  const indent = /^\n?( *)/.exec(text)?.[1] ?? "";
  const rows: { number: number; line: string }[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.startsWith(indent) ? raw.slice(indent.length) : raw;
    const bare = line.replace(/(^|\s)#.*$/, "").trimEnd();
    const last = rows.at(-1);
    if (bare.trim() === "") continue;
    if (bare.startsWith(" ") && last !== undefined) last.line += bare;
    else rows.push({ number: index, line: bare });
  }
  return rows;
}

async function tellRow(scene: StoryScene, line: string): Promise<void> {
  const words = wordsOf(line);
  const arrow = words.indexOf("->");
  const said = arrow < 0 ? words : words.slice(0, arrow);
  const outcome = arrow < 0 ? [] : words.slice(arrow + 1);
  const [subject = "", ...rest] = said;
  const nexus = /^([a-z])(?::(\d+|wk))?$/.exec(subject);
  if (nexus !== null) {
    const [, name = "", lun = "0"] = nexus;
    const number = lun === "wk" ? LUN_REPORT_LUNS : Number(lun);
    return await tellNexus(scene, name, number, rest, outcome);
  }
  if (scene.started.has(subject)) {
    return await tellStarted(scene, subject, rest, outcome);
  }
  await runStep(scene, subject, rest);
}

async function tellStarted(
  scene: StoryScene,
  name: string,
  words: readonly string[],
  outcome: readonly string[],
): Promise<void> {
  const started = scene.started.get(name);
  if (started === undefined) return;
  const ended = await settled(started.ending);
  if (words[0] === "waits") {
    return assertEquals(ended, undefined, `${name} has ended`);
  }
  checkEnding(scene, ended, started.lun, outcome);
  scene.started.delete(name);
}

function checkEnding(
  scene: StoryScene,
  ended: CommandResult | TaskManagementRequest | undefined,
  lun: number,
  outcome: readonly string[],
): void {
  if (ended === undefined) throw new TypeError("It has not ended");
  if ("response" in ended) return checkFunction(ended, outcome);
  checkOutcome(ended, outcome, scene.blockLength(lun));
}

// `FUNCTION COMPLETE`, and `bytes=hex` for additional response information.
function checkFunction(
  request: TaskManagementRequest,
  outcome: readonly string[],
): void {
  const words = outcome.filter((word) => !word.startsWith("bytes="));
  assertEquals(request.response, words.join(" "));
  const bytes = outcome.find((word) => word.startsWith("bytes="));
  const wanted = bytes === undefined ? 0 : parseInt(bytes.slice(6), 16);
  assertEquals(request.additionalResponse.toString(16), wanted.toString(16));
}

async function tellNexus(
  scene: StoryScene,
  name: string,
  lun: number,
  words: readonly string[],
  outcome: readonly string[],
): Promise<void> {
  const verb = words[0] ?? "";
  if (/^[a-z]/.test(verb)) {
    await scene.moveNexus(name, verb, words.slice(1));
    return await settle();
  }
  const as = words.indexOf("as");
  const sent = as < 0 ? words : words.slice(0, as);
  const { ending, tag } = send(scene.nexus(name), lun, sent, scene);
  if (as >= 0) {
    scene.started.set(words[as + 1] ?? "", { ending, lun, tag });
    return await settle();
  }
  checkEnding(
    scene,
    await settled<CommandResult | TaskManagementRequest>(
      ending,
    ),
    lun,
    outcome,
  );
}

interface Sent {
  readonly ending: Promise<CommandResult | TaskManagementRequest>;
  readonly tag: number;
}

function send(
  nexus: TestNexus,
  lun: number,
  words: readonly string[],
  scene: StoryScene,
): Sent {
  const cut = words.findIndex((word) => /^[a-z]/.test(word));
  const name = words.slice(0, cut < 0 ? words.length : cut).join(" ");
  const given = new StoryArguments(cut < 0 ? [] : words.slice(cut));
  const sent = isFunction(name)
    ? sendFunction(nexus, lun, name, given, scene)
    : sendCommand(nexus, lun, name, given, scene);
  given.finish();
  return sent;
}

function isFunction(name: string): name is TaskManagementFunction {
  return FUNCTIONS.has(name) && !isCommand(name);
}

function sendFunction(
  nexus: TestNexus,
  lun: number,
  name: TaskManagementFunction,
  given: StoryArguments,
  scene: StoryScene,
): Sent {
  const of = given.text("of") ?? "";
  const tag = scene.started.get(of)?.tag ?? given.number("tag", 0);
  return { ending: nexus.manage(name, lun, tag), tag };
}

function sendCommand(
  nexus: TestNexus,
  lun: number,
  name: string,
  given: StoryArguments,
  scene: StoryScene,
): Sent {
  const { cdb, ...data } = buildCommand(name, given, scene.blockLength(lun));
  const of = given.text("tagof") ?? "";
  const own = given.number("tag", nexus.nextTag);
  const tag = scene.started.get(of)?.tag ?? own;
  const ending = nexus.command(lun, cdb, {
    ...data,
    tag,
    priority: given.number("priority", 0),
    attribute: ATTRIBUTES[given.text("attr") ?? "simple"] ?? -1,
    cdbLength: given.number("cdblength", cdb.length),
    immediate: given.number("immediate", data.write.length),
  });
  return { ending, tag };
}
