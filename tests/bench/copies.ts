/**
 * What copies inside the target cost: against `qemu-img convert`, which moves
 * the data over the network and back, and to those who read meanwhile.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/copies.ts [--size 1g] [--rounds 3]
 *   [--long 4g] [--seconds 4] [--depths 1,32] [--media RAM,file]
 *   [--kinds moved,shared] [--folder DIR] [--json FILE]
 * ```
 *
 * 1. LUNs of `--size`, full of data, in memory and in files: in each round
 *    `qemu-img convert`, then EXTENDED COPY; once with a target that reads and
 *    writes what it copies (option `sharing` off), once with one whose stores
 *    share it. In memory it goes onto a LUN that was never written, and onto
 *    one that was: what is new to a process the system has to find first, which
 *    takes more time than to copy it. Ratios are of medians.
 * 2. 4 KiB random reads of another LUN by a session of its own, alone, and
 *    while a copy of `--long` bytes goes on, read and written or shared; and
 *    how far the daemon grows by it.
 *
 * The files are in `--folder`, else where temporary files are: their system
 * decides what sharing is. Figures, not a test: they depend on the machine.
 * `--rounds 0` and `--seconds 0` leave a part out.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Medium, startCopyDaemon } from "./copying/copy_daemon.ts";
import {
  measureNeighbour,
  type NeighbourRow,
  tellNeighbours,
} from "./copying/neighbour.ts";
import {
  type Kind,
  race,
  type RaceRow,
  type State,
  tellRaces,
} from "./copying/race.ts";
import { parseBytes } from "./load/options.ts";
import { providePrograms } from "./packages.ts";

const STATES: Readonly<Record<Medium, readonly State[]>> = {
  RAM: ["empty", "written"],
  file: ["empty"],
};

interface Options {
  readonly sizeBytes: number;
  readonly longBytes: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly depths: readonly number[];
  readonly media: readonly Medium[];
  readonly kinds: readonly Kind[];
  readonly fileFolder: string | undefined;
  readonly jsonPath: string | undefined;
}

function parseOptions(words: readonly string[]): Options {
  const given = parseArgs(words, {
    string: [
      ...["size", "long", "rounds", "seconds", "depths", "media"],
      ...["kinds", "folder", "json"],
    ],
    default: {
      ...{ size: "1g", long: "4g", rounds: "3", seconds: "4" },
      ...{ depths: "1,32", media: "RAM,file" },
      kinds: "moved,shared",
    },
    unknown: (word) => {
      throw new TypeError(`Unknown argument: "${word}"`);
    },
  });
  const text = (name: string): string => String(given[name]);
  const optional = (name: string): string | undefined =>
    given[name] === undefined ? undefined : text(name);
  const chosen = <Name extends string>(
    option: string,
    names: readonly Name[],
  ): Name[] => {
    const words = text(option).split(",");
    return names.filter((name) => words.includes(name));
  };
  return {
    sizeBytes: parseBytes(text("size")),
    longBytes: parseBytes(text("long")),
    rounds: Number(text("rounds")),
    seconds: Number(text("seconds")),
    depths: text("depths").split(",").map(Number),
    media: chosen("media", ["RAM", "file"]),
    kinds: chosen("kinds", ["moved", "shared"]),
    fileFolder: optional("folder"),
    jsonPath: optional("json"),
  };
}

async function raceAll(options: Options): Promise<RaceRow[]> {
  const { sizeBytes, media, kinds, rounds, fileFolder } = options;
  const rows: RaceRow[] = [];
  for (const kind of kinds) {
    await using daemon = await startCopyDaemon({
      ...{ sizeBytes, media, fileFolder, shares: kind === "shared" },
    });
    for (const medium of media) {
      for (const state of STATES[medium]) {
        rows.push(await race(daemon, { medium, kind, state, rounds }));
      }
    }
  }
  return rows;
}

async function measureNeighbours(options: Options): Promise<NeighbourRow[]> {
  const { longBytes, media, kinds, seconds, depths, fileFolder } = options;
  const rows: NeighbourRow[] = [];
  for (const kind of kinds) {
    const shares = kind === "shared";
    for (const medium of media) {
      await using daemon = await startCopyDaemon({
        ...{ sizeBytes: longBytes, media: [medium], fileFolder, shares },
      });
      for (const depth of depths) {
        const wish = { medium, kind, depth, seconds };
        rows.push(await measureNeighbour(daemon, wish));
      }
    }
  }
  return rows;
}

async function main(words: readonly string[]): Promise<void> {
  const options = parseOptions(words);
  await providePrograms([{ program: "qemu-img", package: "qemu-utils" }]);
  const races = options.rounds > 0 ? await raceAll(options) : [];
  if (races.length > 0) console.log(tellRaces(races) + "\n");
  const neighbours = options.seconds > 0
    ? await measureNeighbours(options)
    : [];
  if (neighbours.length > 0) console.log(tellNeighbours(neighbours));
  if (options.jsonPath !== undefined) {
    const json = JSON.stringify({ races, neighbours }, null, 1);
    await Deno.writeTextFile(options.jsonPath, json + "\n");
  }
}

if (import.meta.main) await main(Deno.args);
