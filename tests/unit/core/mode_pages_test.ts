import { assert, assertEquals } from "@std/assert";
import {
  LUN_OPTIONS,
  OptionProblem,
  parseOptions,
  type SavedPage,
} from "../../../core/mod.ts";
import {
  type ModePage,
  ModePages,
  PAGE_CONTROL,
  valuesOf,
} from "../../../core/mode_pages.ts";

interface Wish {
  readonly deviceType?: number;
  readonly blockCount?: number;
  readonly volatileCache?: boolean;
  readonly options?: Record<string, string>;
}

function make(
  wish: Wish = {},
  before?: ModePages | readonly SavedPage[],
): ModePages {
  const raw = new Map(Object.entries(wish.options ?? {}));
  const options = parseOptions(LUN_OPTIONS, raw);
  assert(!(options instanceof OptionProblem));
  const facts = {
    deviceType: wish.deviceType ?? 0,
    blockLength: 512,
    blockCount: wish.blockCount ?? 65536,
    volatileCache: wish.volatileCache ?? true,
    options,
  };
  return new ModePages(facts, before);
}

function page(pages: ModePages, code: number, subcode = 0): ModePage {
  const found = pages.find(code, subcode);
  assert(found !== undefined, `page ${code.toString(16)}h`);
  return found;
}

/** Puts one byte of a page in force. */
function set(
  pages: ModePages,
  [code, subcode]: readonly [number, number],
  at: number,
  value: number,
): boolean {
  const target = page(pages, code, subcode);
  const values = target.current.slice();
  values[at] = value;
  return pages.change(target, values);
}

function names(pages: ModePages): string[] {
  return pages.all.map(({ code, subcode }) =>
    `${code.toString(16)}/${subcode.toString(16)}`
  );
}

Deno.test("ModePages has the pages of each device type, ascending", () => {
  assertEquals(names(make()), [
    "1/0",
    "3/0",
    "4/0",
    "7/0",
    "8/0",
    "a/0",
    "a/1",
    "1c/0",
    "1c/2",
  ]);
  assertEquals(names(make({ deviceType: 3 })), ["a/0", "a/1", "1c/0"]);
  assertEquals(names(make({ deviceType: 5 })), [
    "1/0",
    "7/0",
    "8/0",
    "a/0",
    "a/1",
    "1c/0",
    "2a/0",
  ]);
});

Deno.test("ModePages writes lengths that fit the pages", () => {
  for (const deviceType of [0, 3, 5]) {
    for (const each of make({ deviceType }).all) {
      const view = new DataView(each.defaults.buffer);
      const long = (view.getUint8(0) & 0x40) !== 0;
      assertEquals(long, each.subcode !== 0);
      const told = long ? view.getUint16(2) : view.getUint8(1);
      assertEquals(each.headerLength + told, each.defaults.length);
      assertEquals(each.current, each.defaults);
      assertEquals(each.changeable[0], each.defaults[0]);
    }
  }
});

Deno.test("ModePages tells a change from none", () => {
  const pages = make();
  assertEquals(pages.settings.descriptorSense, false);
  assertEquals(set(pages, [0x0a, 0], 2, 0x04), true);
  assertEquals(pages.settings.descriptorSense, true);
  assertEquals(set(pages, [0x0a, 0], 2, 0x04), false);
  assertEquals(pages.restoreDefaults(), true);
  assertEquals(pages.settings.descriptorSense, false);
  assertEquals(pages.restoreDefaults(), false);
});

Deno.test("ModePages unpacks what the core looks at", () => {
  const pages = make();
  assertEquals(pages.settings, {
    descriptorSense: false,
    softwareWriteProtect: false,
    unrestrictedReordering: false,
    noAttentionOnRelease: false,
    writeCacheEnabled: true,
    readCacheDisabled: false,
    senseLengthMax: 0,
    separateTaskSets: false,
    queueError: 0,
    attentionInterlock: 0,
    taskAbortedStatus: true,
    initialPriority: 0,
    reportsThresholds: true,
    singleThresholdAttention: false,
  });
  set(pages, [0x0a, 0], 2, 0x24);
  set(pages, [0x0a, 0], 3, 0x1e);
  set(pages, [0x0a, 0], 4, 0x38);
  set(pages, [0x0a, 0], 5, 0x00);
  set(pages, [0x0a, 1], 5, 0x07);
  set(pages, [0x0a, 1], 6, 0x20);
  set(pages, [0x01, 0], 7, 0x00);
  set(pages, [0x1c, 2], 4, 0x01);
  set(pages, [0x08, 0], 2, 0x11);
  assertEquals(pages.settings, {
    descriptorSense: true,
    softwareWriteProtect: true,
    unrestrictedReordering: true,
    noAttentionOnRelease: true,
    writeCacheEnabled: false,
    readCacheDisabled: true,
    senseLengthMax: 0x20,
    separateTaskSets: true,
    queueError: 3,
    attentionInterlock: 3,
    taskAbortedStatus: false,
    initialPriority: 7,
    reportsThresholds: false,
    singleThresholdAttention: true,
  });
});

Deno.test("ModePages takes defaults from the options", () => {
  const options = {
    writecache: "off",
    readcache: "off",
    reordering: "unrestricted",
  };
  const pages = make({ options });
  assertEquals(pages.settings.writeCacheEnabled, false);
  assertEquals(pages.settings.readCacheDisabled, true);
  assertEquals(pages.settings.unrestrictedReordering, true);
  set(pages, [0x08, 0], 2, 0x14);
  pages.restoreDefaults();
  assertEquals(pages.settings.writeCacheEnabled, false);
});

Deno.test("ModePages has WCE only where there is a cache to enable", () => {
  const pages = make({ volatileCache: false });
  assertEquals(pages.settings.writeCacheEnabled, false);
  assertEquals(page(pages, 8).changeable[2], 0x01);
  assertEquals(page(make(), 8).changeable[2], 0x05);
});

Deno.test("ModePages caps the cylinders of page 04h", () => {
  const cylinders = (blockCount: number) =>
    page(make({ blockCount }), 4).defaults.subarray(2, 5).toHex();
  assertEquals(cylinders(32767), "000000");
  assertEquals(cylinders(32768), "000001");
  assertEquals(cylinders(2 ** 30), "008000");
  assertEquals(cylinders(2 ** 45), "ffffff");
});

Deno.test("ModePages without a processor's caching page still settles", () => {
  assertEquals(make({ deviceType: 3 }).settings.writeCacheEnabled, false);
});

Deno.test("ModePages built anew keeps what initiators changed", () => {
  const before = make({ volatileCache: true });
  set(before, [0x0a, 0], 4, 0x08);
  set(before, [0x08, 0], 2, 0x10);
  const after = make({ blockCount: 2 ** 20 }, before);
  assertEquals(after.settings.softwareWriteProtect, true);
  assertEquals(after.settings.writeCacheEnabled, false);
  assertEquals(page(after, 4).current.subarray(2, 5).toHex(), "000020");
  after.restoreDefaults();
  assertEquals(after.settings.writeCacheEnabled, true);
});

Deno.test("ModePages keeps no change that is none any more", () => {
  const before = make({ options: { writecache: "off" } });
  set(before, [0x08, 0], 2, 0x14);
  const withoutCache = make({ volatileCache: false }, before);
  assertEquals(withoutCache.settings.writeCacheEnabled, false);
  const unchanged = make({}, make({ options: { writecache: "off" } }));
  assertEquals(unchanged.settings.writeCacheEnabled, true);
});

Deno.test("valuesOf() serves all four page controls", () => {
  const pages = make();
  set(pages, [0x0a, 0], 2, 0x04);
  const control = page(pages, 0x0a);
  assertEquals(valuesOf(control, PAGE_CONTROL.CURRENT)[2], 0x04);
  assertEquals(valuesOf(control, PAGE_CONTROL.CHANGEABLE)[3], 0x1e);
  assertEquals(valuesOf(control, PAGE_CONTROL.DEFAULT)[2], 0x00);
  assertEquals(valuesOf(control, PAGE_CONTROL.SAVED)[2], 0x00);
});

/** Byte `at` of the values of a page that a page control asks for. */
function byteOf(
  pages: ModePages,
  control: number,
  [code, subcode]: readonly [number, number],
  at: number,
): number | undefined {
  return valuesOf(page(pages, code, subcode), control)[at];
}

const CACHING = [0x08, 0] as const;
const CONTROL = [0x0a, 0] as const;

Deno.test("ModePages.toSave() is what differs from the defaults", () => {
  const pages = make();
  assertEquals(pages.toSave([]), []);
  set(pages, CONTROL, 2, 0x04);
  const control = page(pages, 0x0a);
  const values = control.current.with(4, 0x08);
  const kept = pages.toSave([{ page: control, values }]);
  assertEquals(kept.map(({ code, subcode }) => [code, subcode]), [[0x0a, 0]]);
  assertEquals(kept[0]?.values, values);
  assertEquals(kept[0]?.defaults, control.defaults);
  // Nothing has been changed by asking.
  assertEquals(pages.settings.softwareWriteProtect, false);
  assertEquals(byteOf(pages, PAGE_CONTROL.SAVED, CONTROL, 2), 0);
});

Deno.test("ModePages.setSaved() is what page control 11b asks for", () => {
  const pages = make();
  set(pages, CONTROL, 2, 0x04);
  pages.setSaved(pages.toSave([]));
  pages.restoreDefaults();
  assertEquals(byteOf(pages, PAGE_CONTROL.SAVED, CONTROL, 2), 0x04);
  assertEquals(byteOf(pages, PAGE_CONTROL.CURRENT, CONTROL, 2), 0);
  pages.setSaved([]);
  assertEquals(byteOf(pages, PAGE_CONTROL.SAVED, CONTROL, 2), 0);
});

Deno.test("saved pages are in force after a start", () => {
  const before = make();
  set(before, CONTROL, 4, 0x08);
  const after = make({}, before.toSave([]));
  assertEquals(after.settings.softwareWriteProtect, true);
  assertEquals(byteOf(after, PAGE_CONTROL.SAVED, CONTROL, 4), 0x08);
  assertEquals(byteOf(after, PAGE_CONTROL.DEFAULT, CONTROL, 4), 0);
});

Deno.test("saved pages leave to the options what nobody has changed", () => {
  const before = make();
  set(before, CACHING, 2, 0x15); // RCD beside WCE, which is the default
  const kept = before.toSave([]);
  const after = make({ options: { writecache: "off" } }, kept);
  assertEquals(after.settings.readCacheDisabled, true);
  assertEquals(after.settings.writeCacheEnabled, false);
  assertEquals(byteOf(after, PAGE_CONTROL.SAVED, CACHING, 2), 0x11);
});

Deno.test("saved pages wait for a medium that lets them be changed", () => {
  const before = make();
  set(before, CACHING, 2, 0x10);
  const kept = before.toSave([]);
  const empty = make({ volatileCache: false }, kept);
  assertEquals(empty.settings.writeCacheEnabled, false);
  set(empty, CONTROL, 2, 0x04);
  const loaded = make({}, empty);
  assertEquals(loaded.settings.writeCacheEnabled, false);
  assertEquals(loaded.settings.descriptorSense, true);
  assertEquals(byteOf(loaded, PAGE_CONTROL.SAVED, CONTROL, 2), 0);
  assertEquals(byteOf(loaded, PAGE_CONTROL.SAVED, CACHING, 2), 0x10);
});

Deno.test("saved pages of another length are passed over", () => {
  const odd = { code: 0x0a, subcode: 0, values: new Uint8Array(4) };
  const pages = make({}, [{ ...odd, defaults: new Uint8Array(4) }]);
  assertEquals(page(pages, 0x0a).current, page(pages, 0x0a).defaults);
});

Deno.test("ModePages can save what an initiator can change", () => {
  const savable = make().all.filter((each) => each.savable)
    .map(({ code, subcode }) => `${code.toString(16)}/${subcode}`);
  assertEquals(savable, ["1/0", "7/0", "8/0", "a/0", "a/1", "1c/0", "1c/2"]);
});
