/**
 * Files and pipes that the client programs move data through.
 *
 * @module
 */

import type { ByteSink, ByteSource } from "../surroundings.ts";

/** What a stream is named when it is the program's own. */
const STANDARD = "-";

/** Opens a file to read it; `-` is standard input. */
export async function openSource(path: string): Promise<ByteSource> {
  const file = path === STANDARD ? null : await Deno.open(path);
  const stream = file ?? Deno.stdin;
  return {
    read: async (into) => {
      let filled = 0;
      while (filled < into.length) {
        const count = await stream.read(into.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return filled;
    },
    [Symbol.dispose]: () => file?.close(),
  };
}

/** Opens a file to write it, made with mode 0600; `-`: standard output. */
export async function openSink(path: string): Promise<ByteSink> {
  const options = { read: true, write: true, create: true, mode: 0o600 };
  const file = path === STANDARD ? null : await Deno.open(path, options);
  const stream = file ?? Deno.stdout;
  return {
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) {
        at += await stream.write(bytes.subarray(at));
      }
    },
    [Symbol.dispose]: () => file?.close(),
  };
}
