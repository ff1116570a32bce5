/**
 * An initiator with two paths to a disk on this machine, which verifies all it
 * reads and says each second how the disk serves:
 *
 * ```sh
 * deno task two-paths iqn.2026-01.local.dtl:pair 3261 3262 --seconds 30
 * ```
 *
 * It overwrites the disk, which has to hold zeroes at the start. It fails when
 * an error reaches the application or a block differs.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { exitWith } from "../run/program.ts";
import {
  parseReadCapacity16,
  readCapacity16,
} from "../support/initiator/mod.ts";
import { TwoPathDisk } from "./two_path_disk.ts";
import { VerifiedLoad } from "./verified_load.ts";

const USAGE = "usage: two-paths TARGET PORT PORT [--seconds N] [--one-path]";
const WORKERS = 4;
const SEED = 1;

interface Settings {
  readonly targetName: string;
  readonly ports: readonly [number, number];
  readonly policy: "one" | "both";
  readonly seconds: number;
}

function readWords(words: readonly string[]): Settings {
  const given = parseArgs(words, {
    string: ["seconds", "_"],
    boolean: ["one-path"],
    default: { seconds: "30" },
  });
  const [targetName = "", one, two] = given._.map(String);
  const numbers = [one, two, given.seconds].map(Number);
  const [first = 0, second = 0, seconds = 0] = numbers;
  if (!numbers.every((number) => number > 0)) throw new TypeError(USAGE);
  return {
    ...{ targetName, seconds, ports: [first, second] },
    policy: given["one-path"] === true ? "one" : "both",
  };
}

async function sizeOf(disk: TwoPathDisk): Promise<number> {
  const { data } = await disk.run(readCapacity16(), { read: 32 });
  const { lastLba, blockBytes } = parseReadCapacity16(data);
  return (lastLba + 1) * blockBytes;
}

async function main(words: readonly string[]): Promise<number> {
  const settings = readWords(words);
  await using disk = new TwoPathDisk(settings);
  const load = new VerifiedLoad(disk, await sizeOf(disk));
  load.start(WORKERS, SEED);
  let before = 0;
  for (let second = 1; second <= settings.seconds; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { commands, gapMs } = disk.watch.read();
    const longest = `longest gap ${gapMs.toFixed(0)} ms`;
    console.log(`${second} s: ${commands - before} commands, ${longest}`);
    before = commands;
    if (load.errors.length > 0) break;
  }
  await load.stop();
  for (const error of load.errors) console.log(`ERROR ${error}`);
  const again = [...disk.retries].map(([why, count]) => `${why} ${count}`);
  console.log(
    `${load.commands} commands verified, ${load.errors.length} errors, ` +
      `${disk.losses} connections lost, tried again for ` +
      (again.join(", ") || "nothing"),
  );
  return load.errors.length === 0 ? 0 : 1;
}

if (import.meta.main) await exitWith(() => main(Deno.args));
