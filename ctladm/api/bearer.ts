/**
 * The token that guards the control API where the mode of a socket cannot.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";

/** Answers requests. */
export type Handle = (request: Request) => Response | Promise<Response>;

/** Where the API listens. */
export interface ApiAddress {
  /** A loopback address, an IPv6 one without brackets. */
  readonly address: string;
  /** TCP port; 0: any free one. */
  readonly port: number;
}

const LOOPBACK = /^127(\.(0|[1-9]\d{0,2})){3}$/;
const SCHEME = /^Bearer +(\S+)$/i;

/** Reads `127.0.0.1:PORT` or `[::1]:PORT`; refuses what is not loopback. */
export function parseApiAddress(text: string): ApiAddress {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  const port = Number(digits);
  if (address === undefined || port > 65535) {
    throw new ManagementError(
      "request",
      `Invalid address "${text}" for the control API: expected ` +
        `127.0.0.1:PORT or [::1]:PORT`,
    );
  }
  const isLoopback = bracketed === undefined
    ? LOOPBACK.test(address) && address.split(".").every((n) => Number(n) < 256)
    : address === "::1";
  if (isLoopback) return { address, port };
  throw new ManagementError(
    "request",
    `The control API does not listen on "${address}": a loopback address is ` +
      `needed, such as 127.0.0.1:${port}. It has no encryption: reach it ` +
      `from elsewhere by a tunnel`,
  );
}

/** An address as {@linkcode parseApiAddress} reads it. */
export function apiAddressText({ address, port }: ApiAddress): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Lets requests through that carry the token, and no other. */
export function requireToken(token: string, handle: Handle): Handle {
  const expected = new TextEncoder().encode(token);
  return (request) => {
    const given = SCHEME.exec(request.headers.get("authorization") ?? "");
    if (given === null) return unauthorized("The request carries no token");
    const [, sent = ""] = given;
    return isSame(expected, new TextEncoder().encode(sent))
      ? handle(request)
      : unauthorized("The token is wrong");
  };
}

function unauthorized(reason: string): Response {
  return Response.json({
    code: "unauthorized",
    message: `${reason}: send "Authorization: Bearer TOKEN" with the token ` +
      `of the daemon's file api.token`,
  }, { status: 401, headers: { "www-authenticate": "Bearer" } });
}

// Takes as long whatever of the bytes differ.
function isSame(expected: Uint8Array, sent: Uint8Array): boolean {
  let difference = expected.length ^ sent.length;
  expected.forEach((byte, at) => {
    difference |= byte ^ (sent[at] ?? 0);
  });
  return difference === 0;
}
