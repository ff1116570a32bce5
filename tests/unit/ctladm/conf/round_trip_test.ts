import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { NOTHING_RUNS, planReload } from "../../../../ctladm/conf/plan.ts";
import { parseConfiguration } from "../../../../ctladm/conf/parser.ts";
import { parseUclConfiguration } from "../../../../ctladm/conf/ucl/configuration.ts";
import { FILE, fileText } from "./arbitrary.ts";
import { printClassic, printUcl, type UclStyle } from "./print.ts";
import { configured } from "./support.ts";
import { configuredUcl, PATH, readFrom } from "./ucl/support.ts";

const STYLE: fc.Arbitrary<UclStyle> = fc.record({
  named: fc.boolean(),
  separator: fc.constantFrom(" = ", ": ", " "),
  end: fc.constantFrom("\n", ";", ","),
});

/** What both syntaxes can spell: classic quotes know no escapes. */
const WORD: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
  fc.constantFrom("$CURDIR", "${FILENAME}", "a # b", "/*", "\n", "\\", "'"),
).filter((word) => !/["\0]/.test(word)).map((word) => `"${word}"`);

/** A file whose every free text is a strange one. */
const STRANGE_FILE: fc.Arbitrary<string> = fc.record({
  lun: WORD,
  group: WORD,
  portals: WORD,
  user: WORD,
  secret: WORD,
  text: WORD,
}).filter(({ group, portals }) =>
  !/^"(?:default|no-\w+)"$/.test(group + portals)
).map(({ lun, group, portals, user, secret, text }) => `
  pidfile ${text}
  auth-group ${group} { chap-mutual ${user} ${secret} ${user} ${text}
    initiator-name ${text} }
  portal-group ${portals} { discovery-auth-group ${group}
    offload ${text} redirect ${text} option ${user} ${text} }
  lun ${lun} { path ${text} serial ${text} device-id ${text}
    option ${user} ${text} }
  target ${text} { alias ${text} portal-group ${portals} ${group}
    chap ${user} ${secret} redirect ${text} lun 0 ${lun}
    lun 1 { path ${text} } }`);

const ANY_FILE: fc.Arbitrary<string> = fc.oneof(
  FILE.map(fileText),
  STRANGE_FILE,
);

Deno.test("parseConfiguration() reads what was printed as it was", () => {
  fc.assert(
    fc.property(ANY_FILE, (text) => {
      const configuration = configured(text);
      assertEquals(configured(printClassic(configuration)), configuration);
    }),
    { numRuns: 300 },
  );
});

Deno.test("parseUclConfiguration() reads what was printed as it was", () => {
  fc.assert(
    fc.property(ANY_FILE, STYLE, (text, style) => {
      const configuration = configured(text);
      const printed = printUcl(configuration, style);
      assertEquals(configuredUcl(printed), configuration, printed);
    }),
    { numRuns: 300 },
  );
});

Deno.test("planReload() has nothing to do when the syntax changes", () => {
  fc.assert(fc.property(ANY_FILE, STYLE, (text, style) => {
    const classic = configured(text);
    const ucl = configuredUcl(printUcl(classic, style));
    const { after: running } = planReload(NOTHING_RUNS, classic);
    assertEquals(planReload(running, ucl), { steps: [], after: running });
    const { after: other } = planReload(NOTHING_RUNS, ucl);
    assertEquals(planReload(other, classic).steps, []);
  }));
});

const FRAGMENTS = [
  ...["{", "}", "[", "]", "=", ";", "\n", "#", '"', "auth-group", "chap"],
  ...["portal-group", "target", "lun", "listen", "options", "user", "secret"],
  ...["x", "0", "7", "4G", "4GB", "10min", "yes", "path", "size", "number"],
  ...["name", "auth-group-name", "foreign", "dscp", "{ }", "__proto__"],
  ...["user = u; secret = secret123456", "controller", "$CURDIR", "default"],
];

Deno.test("Both parsers answer all texts in one line", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 60, size: "max" })
      .map((words) => words.join(" ")),
  );
  const include = readFrom({});
  fc.assert(
    fc.property(text, (text) => {
      const outcomes = [
        parseConfiguration(text),
        parseUclConfiguration({ path: PATH, text, include }),
      ];
      for (const outcome of outcomes) {
        const lines = "error" in outcome ? [outcome.error] : outcome.warnings;
        assert(!lines.some((line) => /\p{Cc}/u.test(line)));
        if (!("error" in outcome)) continue;
        assert(/^(?:error in|unable to parse)/.test(outcome.error));
      }
    }),
    { numRuns: 2000 },
  );
});
