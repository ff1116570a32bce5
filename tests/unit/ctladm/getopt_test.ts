import { assertEquals } from "@std/assert";
import { getopt, has, valueOf, valuesOf } from "../../../ctladm/getopt.ts";

const LETTERS = "b:o:vx";

function read(line: string): ReturnType<typeof getopt> {
  return getopt(line.split(" "), LETTERS);
}

Deno.test("getopt() reads values attached and apart", () => {
  const options = read("-b ramdisk -oa=1 -o b=2 -bblock");
  assertEquals(valuesOf(options, "b"), ["ramdisk", "block"]);
  assertEquals(valueOf(options, "b"), "block");
  assertEquals(valuesOf(options, "o"), ["a=1", "b=2"]);
  assertEquals(options.problems, []);
});

Deno.test("getopt() reads letters in one word", () => {
  const options = read("-vxbramdisk");
  assertEquals([has(options, "v"), has(options, "x")], [true, true]);
  assertEquals(valueOf(options, "b"), "ramdisk");
});

Deno.test("getopt() ends at the first other word, at - and after --", () => {
  assertEquals(read("-v word -x").rest, ["word", "-x"]);
  assertEquals(read("-v - -x").rest, ["-", "-x"]);
  assertEquals(read("-v -- -x").rest, ["-x"]);
});

Deno.test("getopt() tells what it does not know", () => {
  const options = read("-vz: -x -b");
  assertEquals(options.problems, [
    "illegal option -- z",
    "illegal option -- :",
    "option requires an argument -- b",
  ]);
  assertEquals(options.given, [["v", ""], ["x", ""]]);
});

Deno.test("getopt() takes a word that looks like an option as a value", () => {
  assertEquals(valueOf(read("-b -v"), "b"), "-v");
});
