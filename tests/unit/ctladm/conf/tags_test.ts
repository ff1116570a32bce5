import { assertEquals } from "@std/assert";
import { assignTags } from "../../../../ctladm/conf/tags.ts";
import { configured } from "./support.ts";

function assigned(
  groups: string,
  before: Record<string, number> = {},
): Record<string, number> {
  const tags = assignTags(configured(groups), new Map(Object.entries(before)));
  return Object.fromEntries(tags);
}

Deno.test("assignTags() counts from 256, default first", () => {
  assertEquals(assigned("portal-group a {} portal-group b {}"), {
    default: 256,
    a: 257,
    b: 258,
  });
});

Deno.test("assignTags() keeps default first when the file defines it", () => {
  assertEquals(assigned("portal-group a {} portal-group default {}"), {
    default: 256,
    a: 257,
  });
});

Deno.test("assignTags() takes the tag that the file asks for", () => {
  assertEquals(
    assigned("portal-group a { tag 256 } portal-group b { tag 7 }"),
    { default: 257, a: 256, b: 7 },
  );
});

Deno.test("assignTags() keeps tags by name", () => {
  const before = { default: 256, a: 257, b: 258 };
  assertEquals(assigned("portal-group b {}", before), {
    default: 256,
    b: 258,
  });
  assertEquals(assigned("portal-group a {}", { default: 256, a: 7 }), {
    default: 256,
    a: 7,
  });
});

Deno.test("assignTags() gives no group a tag that was another's", () => {
  const before = { default: 256, a: 257 };
  assertEquals(assigned("portal-group b {}", before), {
    default: 256,
    b: 258,
  });
});

Deno.test("assignTags() gives way to a tag that the file asks for", () => {
  const before = { default: 256, a: 257 };
  assertEquals(
    assigned("portal-group a {} portal-group b { tag 257 }", before),
    { default: 256, a: 258, b: 257 },
  );
});

Deno.test("assignTags() changes nothing a second time", () => {
  const groups = "portal-group a {} portal-group b { tag 256 }";
  const first = assigned(groups, { default: 256, a: 300 });
  assertEquals(assigned(groups, first), first);
});
