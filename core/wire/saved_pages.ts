/**
 * Saved mode pages as they are kept over a loss of power. The form is our
 * own; its first byte is its version.
 *
 * @module
 */

/** Where the fields stand. */
const At = { VERSION: 0, COUNT: 1, FIRST: 2 } as const;
/** Where the fields of one page stand, from its beginning. */
const PageAt = { CODE: 0, SUBCODE: 1, LENGTH: 2, VALUES: 4 } as const;

const VERSION = 1;

/** Saved values of one page, and the default values they differ from. */
export interface SavedPage {
  /** PAGE CODE. */
  readonly code: number;
  /** SUBPAGE CODE. */
  readonly subcode: number;
  /** Saved values, as a whole page. */
  readonly values: Uint8Array;
  /** Default values when they were saved; as long as `values`. */
  readonly defaults: Uint8Array;
}

/** Encodes saved pages: at most 255. */
export function encodeSavedPages(pages: readonly SavedPage[]): Uint8Array {
  const length = pages.reduce<number>(
    (sum, { values }) => sum + PageAt.VALUES + 2 * values.length,
    At.FIRST,
  );
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(At.VERSION, VERSION);
  view.setUint8(At.COUNT, pages.length);
  let at: number = At.FIRST;
  for (const { code, subcode, values, defaults } of pages) {
    view.setUint8(at + PageAt.CODE, code);
    view.setUint8(at + PageAt.SUBCODE, subcode);
    view.setUint16(at + PageAt.LENGTH, values.length);
    bytes.set(values, at + PageAt.VALUES);
    bytes.set(defaults, at + PageAt.VALUES + values.length);
    at += PageAt.VALUES + 2 * values.length;
  }
  return bytes;
}

/** Decodes saved pages. @returns null when the bytes are not whole */
export function decodeSavedPages(bytes: Uint8Array): SavedPage[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < At.FIRST) return null;
  if (view.getUint8(At.VERSION) !== VERSION) return null;
  const count = view.getUint8(At.COUNT);
  const pages: SavedPage[] = [];
  let at: number = At.FIRST;
  for (let index = 0; index < count; index += 1) {
    const page = decodePage(bytes, view, at);
    if (page === null) return null;
    pages.push(page);
    at += PageAt.VALUES + 2 * page.values.length;
  }
  return at === bytes.length ? pages : null;
}

function decodePage(
  bytes: Uint8Array,
  view: DataView,
  at: number,
): SavedPage | null {
  const start = at + PageAt.VALUES;
  if (start > bytes.length) return null;
  const length = view.getUint16(at + PageAt.LENGTH);
  const end = start + 2 * length;
  if (end > bytes.length) return null;
  return {
    code: view.getUint8(at + PageAt.CODE),
    subcode: view.getUint8(at + PageAt.SUBCODE),
    values: bytes.slice(start, start + length),
    defaults: bytes.slice(start + length, end),
  };
}
