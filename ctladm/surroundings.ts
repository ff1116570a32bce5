/**
 * What a client program runs in.
 *
 * @module
 */

import type { ApiClient } from "./api/client.ts";
import type { IncludedFile } from "./conf/ucl/budget.ts";

/** A client, and the connections that it keeps open. */
export interface ApiConnection extends Disposable {
  /** Asks the daemon. */
  readonly client: ApiClient;
}

/** Bytes that come in order: a file or a pipe. */
export interface ByteSource extends Disposable {
  /**
   * Fills `into` as far as there are bytes.
   *
   * @returns bytes filled; fewer than asked for only at the end
   */
  read(into: Uint8Array): Promise<number>;
}

/** Where bytes go in order: a file or a pipe. */
export interface ByteSink extends Disposable {
  /** Takes all bytes. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Where the programs are, and what they use. */
export interface Places {
  /** Folder that the program runs in. */
  readonly folder: string;
  /** Path of the program ctld. */
  readonly ctld: string;
  /** Path of the control socket. */
  readonly socket: string;
  /** State directory of ctld. */
  readonly state: string;
  /** Path of the C library; undefined: it was not found. */
  readonly libc: string | undefined;
}

/** What a node is to prove itself by. */
export interface HaIdentityRequest {
  /** Folder of the files; it is made when it is missing. */
  readonly directory: string;
  /** Name in the certificate, for people. */
  readonly name: string;
  /** Files that are there are replaced. */
  readonly force: boolean;
}

/** What a node proves itself by. */
export interface HaIdentity {
  /** File of the private key. */
  readonly keyFile: string;
  /** File of the certificate. */
  readonly certificateFile: string;
  /** What the peer knows it by: `sha256:` and 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** They were made now. */
  readonly isNew: boolean;
}

/** What a client program runs in. */
export interface Surroundings {
  /** Prints on standard output; a newline is added. */
  readonly print: (text: string) => void;
  /** Prints on standard error; a newline is added. */
  readonly printError: (text: string) => void;
  /**
   * Shows how far a long work is, in place of what was shown before; an empty
   * text clears it. Absent when nobody watches a terminal.
   */
  readonly showProgress?: ((text: string) => void) | undefined;
  /**
   * Clears the terminal, for a display that takes the place of the one before.
   * Absent when standard output is no terminal.
   */
  readonly clearScreen?: (() => void) | undefined;
  /** Connects to the daemon; without a path, to where it usually is. */
  readonly connect: (path?: string) => ApiConnection;
  /**
   * Sees to it that a daemon runs where it usually is.
   *
   * @returns why none can; null: one runs
   */
  readonly ensureDaemon: () => Promise<string | null>;
  /** Opens a file to read it; `-` is standard input. */
  readonly openSource: (path: string) => Promise<ByteSource>;
  /** Opens a file to write it, made with mode 0600; `-`: standard output. */
  readonly openSink: (path: string) => Promise<ByteSink>;
  /** Reads a text file. */
  readonly readText: (path: string) => IncludedFile;
  /** Where a path leads, links resolved; undefined: nowhere. */
  readonly realPath: (path: string) => string | undefined;
  /** Where ctld is, and where it would keep what it needs. */
  readonly places: () => Places;
  /** Makes key and certificate of a node, files with mode 0600. */
  readonly haIdentity: (request: HaIdentityRequest) => Promise<HaIdentity>;
  /** Waits, milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
}
