import { assertEquals, assertThrows } from "@std/assert";
import { renderFamilies } from "../../../../ctladm/metrics/exposition.ts";
import { parseMetrics } from "../../../support/prometheus_text.ts";

Deno.test("renderFamilies() writes the format of Prometheus", () => {
  const text = renderFamilies([
    {
      name: "a_total",
      type: "counter",
      help: "All of a",
      samples: [
        { labels: {}, value: 1 },
        { labels: { b: 7, c: 'q"\\\n' }, value: 0.5 },
      ],
    },
    { name: "d", type: "gauge", help: "No d", samples: [] },
  ]);
  assertEquals(
    text,
    "# HELP a_total All of a\n# TYPE a_total counter\na_total 1\n" +
      'a_total{b="7",c="q\\"\\\\\\n"} 0.5\n# HELP d No d\n# TYPE d gauge\n',
  );
  assertEquals(parseMetrics(text).value("a_total"), 1);
});

for (
  const text of [
    "a 1\n",
    "# TYPE a counter\na 1",
    "# TYPE a counter\na{b=1} 1\n",
    "# TYPE a counter\na x\n",
    "# TYPE a counter\na 1\na 1\n",
    "# TYPE a counter\n# TYPE a counter\n",
    "# TYPE a sum\n",
    "#TYPE a counter\n",
  ]
) {
  Deno.test(`parseMetrics() refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseMetrics(text));
  });
}
