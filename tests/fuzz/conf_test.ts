import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { parseConfiguration } from "../../ctladm/conf/parser.ts";
import { parseUclConfiguration } from "../../ctladm/conf/ucl/configuration.ts";
import { NOTHING_RUNS, planReload } from "../../ctladm/conf/plan.ts";
import confCorpus from "./corpus/conf.json" with { type: "json" };
import { fuzzTest } from "./settings.ts";

/** Words of the language, and some that are none. */
const WORDS = [
  ...["{", "}", "{", "}", ";", "\n", "#", '"', "\\", "\t"],
  ...["auth-group", "auth-type", "chap", "chap-mutual", "initiator-name"],
  ...["initiator-portal", "portal-group", "listen", "discovery-auth-group"],
  ...["discovery-filter", "foreign", "redirect", "tag", "dscp", "pcp"],
  ...["target", "alias", "port", "lun", "backend", "blocksize", "ctl-lun"],
  ...["device-id", "device-type", "option", "path", "serial", "size"],
  ...["debug", "maxproc", "pidfile", "timeout", "isns-server", "isns-period"],
  ...["isns-timeout", "offload", "controller", "namespace"],
  ...["default", "no-authentication", "none", "deny", "portal-name-auth"],
  ...["0", "1", "512", "4096", "1M", "1k", "99999999999999999999", "-1", "0x1"],
  ...["ramdisk", "block", "disk", "cd", "on", "off", "user", "secretsecret1"],
  ...["iqn.2012-06.com.example:t0", "IQN.2012-06.com.example:t0", "t0"],
  ...[
    "0.0.0.0",
    "127.0.0.1:3260",
    "[::]",
    "[::1]:1",
    "10.0.0.0/8",
    "fe80::/65",
  ],
  ...["/dev/null", "ioctl/1/2", "isp0", "ef", "af11", "7"],
];

const WORD: fc.Arbitrary<string> = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.string({ maxLength: 30, unit: "binary" }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...WORDS).map((word) => `"${word}"`),
  },
);

/** A statement or block that is right, so that some files are long. */
const RIGHT: fc.Arbitrary<string> = fc.constantFrom(
  "debug 1\n",
  "auth-group a {\n chap user secretsecret1\n}\n",
  "portal-group p {\n discovery-auth-group no-authentication\n}\n",
  "lun l {\n path /tmp/l\n size 1M\n}\n",
  "target iqn.2012-06.com.example:t1 {\n portal-group p\n lun 0 l\n}\n",
  "target iqn.2012-06.com.example:t2 {\n auth-group a\n portal-group p\n}\n",
);

/** Statements that are right alone: files that are read to their end. */
const RIGHT_FILE: fc.Arbitrary<string> = fc.subarray([
  "debug 1\n",
  "auth-group a {\n chap user secretsecret1\n}\n",
  "portal-group p {\n discovery-auth-group no-authentication\n}\n",
  "portal-group q {\n listen 127.0.0.1:3260\n}\n",
  "lun l {\n path /tmp/l\n size 1M\n}\n",
  "target iqn.2012-06.com.example:t1 {\n portal-group p\n lun 0 l\n}\n",
  "target iqn.2012-06.com.example:t2 {\n auth-group a\n portal-group q\n}\n",
]).map((statements) => statements.join(""));

/** A text in which a piece is another one. */
const CHANGED_FILE: fc.Arbitrary<string> = fc.tuple(
  fc.oneof(
    RIGHT_FILE,
    fc.constantFrom(
      ...confCorpus.map(({ text }) => text).filter(({ length }) =>
        length < 5000
      ),
    ),
  ),
  fc.nat(400),
  fc.nat(20),
  WORD,
).map(([text, at, length, word]) =>
  text.slice(0, at) + word + text.slice(at + length)
);

const WORDS_FILE: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: WORD },
    { weight: 1, arbitrary: RIGHT },
  ),
  { maxLength: 40, size: "max" },
).map((words) => words.join(" "));

const FILE = fc.oneof(
  { weight: 4, arbitrary: WORDS_FILE },
  { weight: 3, arbitrary: CHANGED_FILE },
  { weight: 1, arbitrary: RIGHT_FILE },
);

const MESSAGE = /^(?:error in|unable to parse) configuration file [^\n]+$/;

/** What UCL is made of besides. */
const UCL_WORDS = [
  ...[
    "=",
    ":",
    "[",
    "]",
    ",",
    "'",
    "/*",
    "*/",
    "<<EOD\n",
    "\nEOD\n",
    "$CURDIR",
  ],
  ...["options", "user", "secret", "name", "number", "auth-group-name"],
  ...["4GB", "10min", "0x1f", "yes", ".include", "(try=true)", "more.conf"],
];

const UCL_FILE: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: WORD },
    { weight: 6, arbitrary: fc.constantFrom(...UCL_WORDS) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        "debug = 1\n",
        "auth-group { a { chap { user = u; secret = secretsecret1 } } }\n",
        "lun l { path = /tmp/l; size = 1MB; options { o = 1 } }\n",
        'target "iqn.2012-06.com.example:t1" { lun { 0 = l } }\n',
      ),
    },
  ),
  { maxLength: 40, size: "max" },
).map((words) => words.join(" "));

fuzzTest(
  "parseConfiguration reads any text, or says why not in a line",
  { share: 0.2, casesPerRun: 1 },
  fc.property(FILE, (text) => {
    const outcome = parseConfiguration(text);
    if ("error" in outcome) {
      assertMatch(outcome.error, MESSAGE);
      assert(outcome.error.length < 2000, "a message has an end");
    }
    assertEquals(parseConfiguration(text), outcome, "it has no memory");
  }),
);

fuzzTest(
  "parseUclConfiguration reads any text, or says why not in a line",
  { share: 0.2, casesPerRun: 1 },
  fc.property(UCL_FILE, UCL_FILE, (text, included) => {
    const source = {
      path: "/etc/ctl.conf",
      text,
      include: () => ({ text: included }),
    };
    const outcome = parseUclConfiguration(source);
    if ("error" in outcome) {
      assertMatch(outcome.error, MESSAGE);
      assert(outcome.error.length < 2000, "a message has an end");
    }
    assertEquals(parseUclConfiguration(source), outcome, "it has no memory");
  }),
);

fuzzTest(
  "planReload leads to every configuration that can be read, and stays there",
  { share: 0.1, casesPerRun: 1 },
  fc.property(fc.oneof(CHANGED_FILE, RIGHT_FILE), RIGHT_FILE, (text, next) => {
    const outcome = parseConfiguration(text);
    const other = parseConfiguration(next);
    if ("error" in outcome || "error" in other) return;
    const { after } = planReload(NOTHING_RUNS, outcome.configuration);
    assertEquals(planReload(after, outcome.configuration).steps, []);
    const changed = planReload(after, other.configuration).after;
    assertEquals(planReload(changed, other.configuration).steps, []);
  }),
);
