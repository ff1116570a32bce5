import { assertEquals, assertThrows } from "@std/assert";
import { parseApiAddress, requireToken } from "../../../ctladm/api/bearer.ts";

const ADDRESSES: readonly (readonly [string, string, number])[] = [
  ["127.0.0.1:8080", "127.0.0.1", 8080],
  ["127.1.2.3:0", "127.1.2.3", 0],
  ["[::1]:65535", "::1", 65535],
];

for (const [text, address, port] of ADDRESSES) {
  Deno.test(`parseApiAddress() takes ${text}`, () => {
    assertEquals(parseApiAddress(text), { address, port });
  });
}

const REFUSED = [
  "",
  "8080",
  "127.0.0.1",
  "127.0.0.1:x",
  "127.0.0.1:65536",
  "0.0.0.0:80",
  "192.0.2.1:80",
  "127.0.0.256:80",
  "127.0.0.1.example:80",
  "localhost:80",
  "[::]:80",
  "[::ffff:127.0.0.1]:80",
  ":80",
];

for (const text of REFUSED) {
  Deno.test(`parseApiAddress() refuses "${text}"`, () => {
    const error = assertThrows(() => parseApiAddress(text));
    assertEquals(error instanceof Error && error.name, "ManagementError");
  });
}

const TOKEN = "0123456789abcdef0123456789abcdef";

const HEADERS: readonly (readonly [string | undefined, number])[] = [
  [`Bearer ${TOKEN}`, 200],
  [`bearer ${TOKEN}`, 200],
  [undefined, 401],
  ["", 401],
  [TOKEN, 401],
  [`Basic ${TOKEN}`, 401],
  ["Bearer", 401],
  [`Bearer ${TOKEN}0`, 401],
  [`Bearer ${TOKEN.slice(1)}`, 401],
  [`Bearer ${TOKEN.replace("f", "e")}`, 401],
  [`Bearer ${TOKEN} ${TOKEN}`, 401],
];

for (const [authorization, status] of HEADERS) {
  Deno.test(`requireToken() answers "${authorization}" ${status}`, async () => {
    const handle = requireToken(TOKEN, () => new Response("in"));
    const headers = new Headers();
    if (authorization !== undefined) {
      headers.set("authorization", authorization);
    }
    const response = await handle(
      new Request("http://127.0.0.1/v1/luns", { headers }),
    );
    assertEquals(response.status, status);
    if (status === 200) return assertEquals(await response.text(), "in");
    assertEquals((await response.json()).code, "unauthorized");
    assertEquals(response.headers.get("www-authenticate"), "Bearer");
  });
}
