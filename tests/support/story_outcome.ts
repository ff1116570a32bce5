/**
 * How stories write the end of a command, and what they say of its data.
 *
 * The end is a status (`GOOD`, `RESERVATION CONFLICT`, `SILENT` for a task that
 * was aborted without one) or sense (`5/24/00`), then all that the sense says
 * beyond its codes: `cdb=2.5` (byte and bit), `list=20`, `info=65536`,
 * `progress=32768`.
 *
 * What follows is about Data-In. Without a word of it there must be none.
 * `any` leaves it open; `length=N` its length; `@N=hex` (or `@N="text"`) bytes
 * at an offset; `blocks=aa,bb*2` whole blocks by their fill; `data hex…` all
 * of it, to the end of the line. `moves=N` is the transfer length.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type FieldPointer, type Sense, STATUS } from "../../core/mod.ts";
import { type CommandResult, SILENT } from "./local_initiator.ts";
import { blocksOf, bytesOf, numberOf } from "./story_values.ts";

const STATUS_WORDS: ReadonlyMap<number, string> = new Map<number, string>([
  ...Object.entries(STATUS).map(([name, code]) =>
    [code, name.replaceAll("_", " ")] as const
  ),
  [SILENT, "SILENT"],
]);

const SENSE_TERM = /^(cdb|list|info|retry|progress)=/;

/** Compares how a command ended with the words of a story. */
export function checkOutcome(
  result: CommandResult,
  words: readonly string[],
  blockLength: number,
): void {
  const ending = words.findIndex((word) => !isEndWord(word));
  const cut = ending < 0 ? words.length : ending;
  assertEquals(describeEnd(result), words.slice(0, cut).join(" "));
  checkData(result, words.slice(cut), blockLength);
}

function isEndWord(word: string): boolean {
  return /^[A-Z]+$/.test(word) || /^[0-9a-f]\/..\/..$/.test(word) ||
    SENSE_TERM.test(word);
}

function describeEnd(result: CommandResult): string {
  const { status, sense, senseValue } = result;
  if (status !== STATUS.CHECK_CONDITION) {
    return STATUS_WORDS.get(status) ?? `status ${status}`;
  }
  return [sense, ...(senseValue === null ? [] : detailsOf(senseValue))]
    .join(" ");
}

function detailsOf(sense: Sense): string[] {
  const { field, information, retryCount, progress } = sense;
  return [
    ...(field === undefined ? [] : [describeField(field)]),
    ...(information === undefined ? [] : [`info=${information}`]),
    ...(retryCount === undefined ? [] : [`retry=${retryCount}`]),
    ...(progress === undefined ? [] : [`progress=${progress}`]),
  ];
}

function describeField({ inCdb, byte, bit }: FieldPointer): string {
  const place = bit === undefined ? `${byte}` : `${byte}.${bit}`;
  return `${inCdb ? "cdb" : "list"}=${place}`;
}

function checkData(
  result: CommandResult,
  words: readonly string[],
  blockLength: number,
): void {
  const { data } = result;
  const about = words.filter((word) => !word.startsWith("moves="));
  if (about.length === 0) assertEquals(data.toHex(), "", "unforeseen Data-In");
  for (const [index, word] of words.entries()) {
    if (word === "any") continue;
    if (word === "data") {
      const wanted = bytesOf(words.slice(index + 1).join(" "));
      return assertEquals(spaced(data), spaced(wanted));
    }
    checkTerm(result, word, blockLength);
  }
}

function checkTerm(
  { data, transferLength }: CommandResult,
  word: string,
  blockLength: number,
): void {
  const at = word.indexOf("=");
  const [name, value] = [word.slice(0, at), word.slice(at + 1)];
  if (name === "moves") return assertEquals(transferLength, numberOf(value));
  if (name === "length") return assertEquals(data.length, numberOf(value));
  if (name === "blocks") return checkBlocks(data, value, blockLength);
  if (name.startsWith("@")) return checkAt(data, Number(name.slice(1)), value);
  throw new TypeError(`"${word}" says nothing about data`);
}

function checkBlocks(
  data: Uint8Array,
  spec: string,
  blockLength: number,
): void {
  const wanted = blocksOf(spec, blockLength);
  assertEquals(data.length, wanted.length, "bytes of Data-In");
  const at = data.findIndex((byte, index) => byte !== wanted[index]);
  if (at < 0) return;
  const block = Math.floor(at / blockLength);
  const where = `byte ${at % blockLength} of block ${block}`;
  assertEquals(data[at], wanted[at], where);
}

function checkAt(data: Uint8Array, at: number, value: string): void {
  if (value.startsWith('"')) {
    const text = value.slice(1, -1);
    const bytes = data.subarray(at, at + text.length);
    return assertEquals(new TextDecoder().decode(bytes), text);
  }
  const wanted = bytesOf(value);
  assertEquals(spaced(data.subarray(at, at + wanted.length)), spaced(wanted));
}

/** Hexadecimal with a line for each sixteen bytes, so that a diff is read. */
function spaced(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const hex = bytes.subarray(at, at + 16).toHex();
    lines.push(`${String(at).padStart(4)}  ${hex.replace(/..(?=.)/g, "$& ")}`);
  }
  return lines.join("\n");
}
