/**
 * An iSNS server for tests, on a real socket. It shares no code with the
 * client: it reads each message by itself, keeps what was registered, and
 * shows messages as lines of text.
 *
 * @module
 */

import { within } from "./deadline.ts";

/** How a server behaves. */
export interface IsnsBehaviour {
  /** Status of every answer; 0 when it is not given. */
  readonly status?: number;
  /** It reads and never answers. */
  readonly silent?: boolean;
  /** It answers with these bytes. */
  readonly bytes?: Uint8Array;
  /** Registration period that it grants, in seconds. */
  readonly periodSeconds?: number;
}

const NAMES: Readonly<Record<number, string>> = {
  1: "register",
  2: "query",
  4: "deregister",
};
const PATIENCE_MS = 10_000;
const SOURCE_UNKNOWN = 6;

/** A server that listens on 127.0.0.1. */
export class IsnsServer implements AsyncDisposable {
  /** Messages in words, such as `query 32=iqn.x 1=host 0= 2=`. */
  readonly messages: string[] = [];
  /** Entities that are registered. */
  readonly entities: Map<string, string> = new Map();
  /** How it answers from now on. */
  behaviour: IsnsBehaviour = {};
  readonly #listener: Deno.TcpListener;
  readonly #open: Set<Deno.TcpConn> = new Set();
  readonly #running: Promise<void>;
  #heard = Promise.withResolvers<void>();
  #next = 0;

  /** Begins to listen, on a free port when none is given. */
  constructor(port = 0, hostname = "127.0.0.1") {
    this.#listener = Deno.listen({ hostname, port });
    this.#running = this.#acceptAll();
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** The next message in words, in the order in which they came. */
  async message(): Promise<string> {
    const heard = async () => {
      while (this.messages.length <= this.#next) await this.#heard.promise;
    };
    await within(heard(), PATIENCE_MS, () => "a message to the iSNS server");
    return this.messages[this.#next++] ?? "";
  }

  /** The kinds of the next messages, joined by blanks. */
  async kinds(count: number): Promise<string> {
    const kinds: string[] = [];
    while (kinds.length < count) {
      kinds.push((await this.message()).split(" ")[0] ?? "");
    }
    return kinds.join(" ");
  }

  /** Ends the connections that are open. */
  hangUp(): void {
    for (const connection of this.#open) connection.close();
    this.#open.clear();
  }

  /** Stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.hangUp();
    await this.#running;
  }

  async #acceptAll(): Promise<void> {
    const served: Promise<void>[] = [];
    try {
      for await (const connection of this.#listener) {
        this.#open.add(connection);
        served.push(this.#serve(connection));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await Promise.all(served);
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    try {
      const request = await readMessage(connection);
      this.#note(request);
      if (this.behaviour.silent !== true) {
        await connection.write(this.#answer(request));
      }
      // The client closes first.
      await connection.read(new Uint8Array(1));
    } catch {
      // It went away in the middle; what it said before counts.
    }
    this.#open.delete(connection);
    try {
      connection.close();
    } catch {
      // It was closed by the end of the server.
    }
  }

  #note({ code, attributes }: Message): void {
    const words = attributes.map(([tag, value]) => `${tag}=${value}`);
    this.messages.push([NAMES[code] ?? `${code}`, ...words].join(" "));
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  #answer(request: Message): Uint8Array {
    const { bytes, status } = this.behaviour;
    if (bytes !== undefined) return bytes;
    const { periodSeconds } = this.behaviour;
    const extra = periodSeconds === undefined ? 0 : 12;
    const answer = new Uint8Array(16 + extra);
    const view = new DataView(answer.buffer);
    view.setUint16(0, 1);
    view.setUint16(2, request.code | 0x8000);
    view.setUint16(4, 4 + extra);
    view.setUint16(6, 0x4c00);
    view.setUint16(8, request.transaction);
    view.setUint32(12, status ?? this.#carryOut(request));
    if (periodSeconds !== undefined) {
      view.setUint32(16, 6);
      view.setUint32(20, 4);
      view.setUint32(24, periodSeconds);
    }
    return answer;
  }

  #carryOut({ code, attributes }: Message): number {
    const entity = attributes.find(([tag]) => tag === 1)?.[1] ?? "";
    const line = this.messages.at(-1) ?? "";
    if (code === 1) this.entities.set(entity, line);
    else if (code === 4) this.entities.delete(entity);
    else if (!this.entities.has(entity)) return SOURCE_UNKNOWN;
    return 0;
  }
}

interface Message {
  readonly code: number;
  readonly transaction: number;
  readonly attributes: readonly (readonly [tag: number, value: string])[];
}

async function readMessage(connection: Deno.TcpConn): Promise<Message> {
  const payloads: Uint8Array[] = [];
  for (let sequence = 0;; sequence += 1) {
    const head = new DataView((await readFull(connection, 12)).buffer);
    payloads.push(await readFull(connection, head.getUint16(4)));
    const flags = head.getUint16(6);
    const first = sequence === 0 ? 0x0400 : 0;
    const isWrong = head.getUint16(0) !== 1 || (flags & 0xc400) !==
        (0x8000 | first) ||
      head.getUint16(10) !== sequence;
    if (isWrong) throw new Error("wrong iSNS header");
    if ((flags & 0x0800) === 0) continue;
    const payload = new Uint8Array(payloads.flatMap((part) => [...part]));
    return {
      code: head.getUint16(2),
      transaction: head.getUint16(8),
      attributes: readAttributes(payload),
    };
  }
}

async function readFull(
  connection: Deno.TcpConn,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await connection.read(bytes.subarray(at));
    if (count === null) throw new Error("the client closed");
    at += count;
  }
  return bytes;
}

const TEXTS: ReadonlySet<number> = new Set([1, 32, 34]);
const ADDRESSES: ReadonlySet<number> = new Set([16, 49]);

function readAttributes(bytes: Uint8Array): (readonly [number, string])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const attributes: (readonly [number, string])[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = view.getUint32(at);
    const length = view.getUint32(at + 4);
    if (length % 4 !== 0) throw new Error("a value without padding");
    const value = bytes.subarray(at + 8, at + 8 + length);
    attributes.push([tag, show(tag, value)]);
    at += 8 + length;
  }
  return attributes;
}

function show(tag: number, value: Uint8Array): string {
  if (value.length === 0) return "";
  if (TEXTS.has(tag)) {
    const end = value.indexOf(0);
    if (end < 0) throw new Error("a text without end");
    return new TextDecoder().decode(value.subarray(0, end));
  }
  if (ADDRESSES.has(tag)) return showAddress(value);
  return String(new DataView(value.buffer, value.byteOffset).getUint32(0));
}

function showAddress(value: Uint8Array): string {
  const hex = value.toHex();
  return hex.startsWith("00000000000000000000ffff")
    ? [...value.subarray(12)].join(".")
    : hex;
}
