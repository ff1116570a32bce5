/**
 * A client of the example frontend `lines`: commands as lines of text.
 *
 * @module
 */

import type {
  ContractCommand,
  ContractInitiator,
  ContractResult,
  RunningCommand,
} from "../../mod.ts";

type Answer = (words: readonly string[]) => void;

/** One connection. */
export class LinesClient implements ContractInitiator {
  readonly #connection: Deno.Conn;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #answers: Map<string, Answer> = new Map();
  readonly #ended: Promise<void>;
  #nextTag = 1;

  /** Takes a connection over, and says who is there. */
  constructor(connection: Deno.Conn, name: string) {
    this.#connection = connection;
    this.#writer = connection.writable.getWriter();
    this.#ended = this.#listen();
    this.#say(name);
  }

  /** Connects to a port of this machine. */
  static async connect(port: number, name: string): Promise<LinesClient> {
    return new LinesClient(await Deno.connect({ port }), name);
  }

  /** Sends a command to LUN 0. */
  send({ cdb, dataInLength = 0, dataOut }: ContractCommand): RunningCommand {
    const tag = String(this.#nextTag);
    this.#nextTag += 1;
    const ended = this.#answer(tag).then(resultOf);
    // An aborted command never ends: nobody may wait for that.
    ended.catch(() => {});
    const data = dataOut === undefined ? "-" : dataOut.toHex();
    this.#say(tag, 0, cdb.toHex(), dataInLength, data);
    const abort = async () => {
      const answer = this.#answer(`abort ${tag}`);
      this.#say("abort", tag, 0);
      await answer;
    };
    return { ended, abort };
  }

  /** Ends the connection, and waits until the other end has, too. */
  async disconnect(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#ended;
  }

  #say(...words: readonly (string | number)[]): void {
    const line = new TextEncoder().encode(`${words.join(" ")}\n`);
    this.#writer.write(line).catch(() => {});
  }

  #answer(key: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.#answers.set(key, resolve);
      void this.#ended.then(() => reject(new TypeError("It hung up")));
    });
  }

  async #listen(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoderStream();
    try {
      const texts = this.#connection.readable.pipeThrough(decoder);
      for await (const text of texts) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#take(line.split(" "));
      }
    } catch {
      // The other end has closed.
    }
  }

  #take(words: readonly string[]): void {
    const [first = "", second = ""] = words;
    const key = first === "abort" ? `abort ${second}` : first;
    this.#answers.get(key)?.(words);
    this.#answers.delete(key);
  }
}

function resultOf(words: readonly string[]): ContractResult {
  const [, status, sense = "", length, data = ""] = words;
  return {
    status: Number(status),
    senseData: bytesOf(sense),
    transferLength: Number(length),
    dataIn: bytesOf(data),
  };
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex === "-" ? "" : hex);
}
