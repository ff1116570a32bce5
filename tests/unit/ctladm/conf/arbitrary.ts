/**
 * Random configurations as text: small pools of names, so that two of them
 * have much in common.
 *
 * @module
 */

import fc from "fast-check";

/** Names of the targets, in the order of the file. */
export const TARGETS = [
  "iqn.2012-06.com.example:t0",
  "iqn.2012-06.com.example:t1",
  "iqn.2012-06.com.example:t2",
] as const;

/** What a target says between its braces, or undefined without the target. */
export type TargetPart = string | undefined;

/** A file as its parts. */
export interface FileParts {
  /** Groups, shared luns, settings. */
  readonly shared: string;
  /** One part for each of {@linkcode TARGETS}. */
  readonly targets: readonly TargetPart[];
}

const GROUPS = ["a", "b", "default"];
const LUNS = ["x", "y", "z"];

/** A statement that may be there, with one of some endings. */
function maybe(keyword: string, ...words: string[]): fc.Arbitrary<string> {
  return fc.constantFrom("", ...words.map((word) => `${keyword} ${word}\n`));
}

function statements(...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...parts).map((texts) => texts.join(""));
}

/** A block of one of some bodies, or no block. */
function block(head: string, body: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return body.map((text) => `${head} {\n${text}}\n`);
}

function optional(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(fc.constant(""), text);
}

const LUN_BODY = statements(
  fc.constantFrom(
    "path /p0\n",
    "path /p1\n",
    "backend ramdisk size 1M\n",
    "backend ramdisk size 2M\n",
    "path /p2 size 1G\n",
    "path /p2 size 2G\n",
  ),
  maybe("blocksize", "512", "4096"),
  maybe("serial", "s0", "s1"),
  maybe("device-id", "d0", "d1"),
  maybe("device-type", "disk", "cd"),
  maybe("ctl-lun", "7", "8"),
  maybe("option vendor", "v0", "v1"),
  maybe("option readonly", "on"),
);

const AUTH_BODY = fc.constantFrom(
  "auth-type none\n",
  "chap u secretsecret1\n",
  "chap u secretsecret2\n",
  "auth-type none initiator-portal 10.0.0.0/8\n",
  "auth-type none initiator-name iqn.1991-05.com.example:i\n",
);

const PORTAL_BODY = statements(
  maybe("listen", "127.0.0.1", "127.0.0.1:3260"),
  maybe("listen", "[::1]:3261", "host:1"),
  maybe("discovery-auth-group", "no-authentication", "g"),
  maybe("discovery-filter", "portal"),
  fc.constantFrom("", "", "", "foreign\n"),
  maybe("redirect", "192.0.2.1"),
  maybe("tag", "7", "8", "256"),
  maybe("dscp", "ef"),
  maybe("pcp", "1"),
  maybe("option o", "1", "2"),
);

const SHARED: fc.Arbitrary<string> = statements(
  maybe("debug", "1", "2"),
  maybe("pidfile", "/run/a", "/run/b"),
  maybe("isns-server", "192.0.2.1", "192.0.2.2"),
  maybe("isns-period", "60"),
  maybe("plugin", "iscsi", "/a.ts", '"/b.ts" { option o 1 }'),
  maybe("plugin", "/c.ts", "/c.ts { option o 1 option p 2 }"),
  block("auth-group g", AUTH_BODY),
  block("auth-group h", AUTH_BODY),
  block("portal-group a", PORTAL_BODY),
  block("portal-group b", PORTAL_BODY),
  optional(block("portal-group default", PORTAL_BODY)),
  ...LUNS.map((name) => block(`lun ${name}`, LUN_BODY)),
);

/** What stands between the braces of one target. */
export function targetPart(index: number): fc.Arbitrary<TargetPart> {
  const links = GROUPS.map((name) =>
    maybe("portal-group", name, `${name} g`, `${name} h`)
  );
  const luns = [0, 1].map((number) =>
    optional(fc.oneof(
      fc.constantFrom(...LUNS).map((name) => `lun ${number} ${name}\n`),
      block(`lun ${number}`, LUN_BODY),
    ))
  );
  const body = statements(
    maybe("alias", "one", "two"),
    optional(fc.oneof(maybe("auth-group", "g", "h"), AUTH_BODY)),
    maybe("redirect", "192.0.2.9", "192.0.2.9 permanent"),
    // Each target has ports of its own, so that no two can clash.
    maybe("port", `isp${index}`, `ioctl/${index}`, `ioctl/${index}/1`),
    ...links,
    ...luns,
  );
  return fc.oneof({ weight: 5, arbitrary: body }, {
    weight: 1,
    arbitrary: fc.constant(undefined),
  });
}

/** A file. */
export const FILE: fc.Arbitrary<FileParts> = fc.record({
  shared: SHARED,
  targets: fc.tuple(...TARGETS.map((_, index) => targetPart(index))),
});

/** Writes a file from its parts. */
export function fileText({ shared, targets }: FileParts): string {
  const blocks = targets.map((part, index) =>
    part === undefined ? "" : `target ${TARGETS[index]} {\n${part}}\n`
  );
  return shared + blocks.join("");
}
