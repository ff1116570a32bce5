/**
 * Routes that carry SCSI commands and task management functions through a
 * local port. The control socket serves them for port 0.0; the socket of any
 * other local port serves nothing else.
 *
 * @module
 */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import {
  CDB_LENGTH_MAX,
  LOCAL_TRANSFER_MAX,
  ManagementError,
} from "../../mod.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { LOCAL_HEADER } from "./local_header.ts";
import { json, jsonBody, refused } from "./respond.ts";
import { LOCAL_COMMAND, LOCAL_FUNCTION, LOCAL_RESPONSE } from "./schemas.ts";

/** Where SCSI commands are sent. */
export const COMMANDS_PATH = "/v1/commands";

/** Adds them for one port; without a number, for port 0.0. */
export function addLocalRoutes(
  api: OpenAPIHono,
  daemon: Daemon,
  portNumber?: number,
): void {
  addCommands(api, daemon, portNumber);
  addFunctions(api, daemon, portNumber);
}

function addCommands(
  api: OpenAPIHono,
  daemon: Daemon,
  ownNumber: number | undefined,
): void {
  api.openapi(
    createRoute({
      method: "post",
      path: COMMANDS_PATH,
      summary: "Execute a SCSI command; the body is its Data-Out",
      description: "Closing the request aborts the command",
      request: { query: LOCAL_COMMAND },
      responses: {
        200: { description: "It has ended; the body is its Data-In" },
        400: refused,
        409: refused,
      },
    }),
    async (context) => {
      const request = context.req.raw;
      const query = context.req.valid("query");
      const cdb = Uint8Array.fromHex(query.cdb);
      const dataOut = await readBody(request, query.out);
      const ioctl = await daemon.ioctl();
      const portNumber = ownNumber ?? ioctl.defaultPort;
      const initiator = ioctl.initiator(portNumber, query.initiator);
      const result = await initiator.execute({
        lun: query.lun,
        cdb,
        dataInLength: query.in,
        dataOut,
        attribute: query.attribute,
        signal: request.signal,
        ...query.tag === undefined ? {} : { tag: query.tag },
      });
      const unit = daemon.target.ports.get(portNumber)?.unitAt(query.lun);
      const headers = new Headers({
        [LOCAL_HEADER.COMMAND]: commandName(daemon, cdb),
        [LOCAL_HEADER.PORT]: String(portNumber),
        [LOCAL_HEADER.SENSE]: result.senseData.toHex(),
        [LOCAL_HEADER.TRANSFER_LENGTH]: String(result.transferLength),
        [LOCAL_HEADER.TAG]: String(result.tag),
      });
      const { status } = result;
      if (status !== null) headers.set(LOCAL_HEADER.STATUS, String(status));
      if (unit) headers.set(LOCAL_HEADER.UNIT, String(unit.number));
      return new Response(result.dataIn.slice(), { headers });
    },
  );
}

function addFunctions(
  api: OpenAPIHono,
  daemon: Daemon,
  ownNumber: number | undefined,
): void {
  api.openapi(
    createRoute({
      method: "post",
      path: "/v1/task-management",
      summary: "Execute a task management function",
      request: jsonBody(LOCAL_FUNCTION),
      responses: {
        200: json("It has been executed", LOCAL_RESPONSE),
        400: refused,
        409: refused,
      },
    }),
    async (context) => {
      const body = context.req.valid("json");
      const ioctl = await daemon.ioctl();
      const { response, tasksFound } = await ioctl
        .initiator(ownNumber ?? ioctl.defaultPort, body.initiator)
        .manage(body.function, body.lun, body.tag);
      return context.json({ response, tasksFound }, 200);
    },
  );
}

function commandName({ target }: Daemon, cdb: Uint8Array): string {
  const padded = new Uint8Array(CDB_LENGTH_MAX);
  padded.set(cdb);
  const row = target.commands.find(new DataView(padded.buffer));
  return row?.name ?? `Unknown command 0x${cdb.subarray(0, 1).toHex()}`;
}

// Its length is told beforehand: a body alone could be without end.
async function readBody(
  request: Request,
  lengthBytes: number,
): Promise<Uint8Array> {
  if (lengthBytes > LOCAL_TRANSFER_MAX) {
    throw new ManagementError(
      "request",
      `Data-Out of ${lengthBytes} bytes is too long: ${LOCAL_TRANSFER_MAX} ` +
        `is the limit, split it`,
    );
  }
  // The runtime gathers a body whose length is told faster than any loop.
  const told = request.headers.get("content-length");
  if (told === String(lengthBytes)) {
    const body = new Uint8Array(await request.arrayBuffer());
    if (body.length !== lengthBytes) throw wrongLength(lengthBytes);
    return body;
  }
  const dataOut = new Uint8Array(lengthBytes);
  let filled = 0;
  for await (const piece of request.body ?? []) {
    if (filled + piece.length > lengthBytes) throw wrongLength(lengthBytes);
    dataOut.set(piece, filled);
    filled += piece.length;
  }
  if (filled < lengthBytes) throw wrongLength(lengthBytes);
  return dataOut;
}

function wrongLength(lengthBytes: number): ManagementError {
  return new ManagementError(
    "request",
    `The body has not the ${lengthBytes} bytes that "out" tells`,
  );
}
