import { assertEquals, assertThrows } from "@std/assert";
import { renderFamilies } from "../../../../ctladm/metrics/exposition.ts";
import { Slices } from "../../../../core/mod.ts";
import { ManualClock } from "../../../support/memory_host.ts";
import { parseMetrics } from "../../../support/prometheus_text.ts";

Deno.test("renderFamilies() writes the format of Prometheus", async () => {
  const text = await renderFamilies([
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
  ], new Slices(new ManualClock()));
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

Deno.test("renderFamilies() lets others have their turns", async () => {
  const clock = new ManualClock();
  let turns = 0;
  clock.nextTurn = () => {
    turns += 1;
    return Promise.resolve();
  };
  // A sample takes a tenth of a millisecond.
  const samples = Iterator.from(Array(2048).keys()).map((value) => {
    clock.advance(0.1);
    return { labels: { value }, value };
  });
  const family = { name: "a", type: "gauge", help: "a", samples } as const;
  const text = await renderFamilies([family], new Slices(clock));
  assertEquals([turns, parseMetrics(text).samples.size], [8, 2048]);
});
