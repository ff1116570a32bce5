/**
 * The forms that a property of ctl.conf has in UCL.
 *
 * @module
 */

import {
  first,
  type Form,
  type Forms,
  type Outcome,
  type Place,
  readObject,
  refuse,
  refuseType,
  state,
  stateBlock,
} from "./places.ts";
import {
  type UclEntry,
  type UclInteger,
  type UclObject,
  type UclValue,
  valuesOf,
} from "./tree.ts";

/** An integer. */
export function readInteger(place: Place, entry: UclEntry): Outcome {
  const { key, value } = entry;
  if (value.kind !== "integer") return refuseType(place, entry, "an integer");
  return state(place, entry, key, [value.digits]);
}

/** An integer of seconds, or a time of whole seconds with its unit. */
export function readSeconds(place: Place, entry: UclEntry): Outcome {
  const { key, value } = entry;
  if (value.kind !== "time") return readInteger(place, entry);
  if (!Number.isSafeInteger(value.seconds)) {
    return refuseType(place, entry, "an integer");
  }
  return state(place, entry, key, [String(value.seconds)]);
}

/** An integer of bytes: `4G` is one of powers of 1000. */
export function readBytes(place: Place, entry: UclEntry): Outcome {
  if (entry.value.kind === "integer") {
    warnOfSuffix(place, entry.key, entry.value);
  }
  return readInteger(place, entry);
}

/** An integer of bytes, or its text with the suffixes of the classic form. */
export function readSize(place: Place, entry: UclEntry): Outcome {
  const { key, value } = entry;
  return value.kind === "string"
    ? state(place, entry, key, [value.text])
    : readBytes(place, entry);
}

/** An integer, or a text that names one. */
export function readNamedInteger(place: Place, entry: UclEntry): Outcome {
  return entry.value.kind === "integer"
    ? readInteger(place, entry)
    : readText(place, entry);
}

/** A text. */
export function readText(place: Place, entry: UclEntry): Outcome {
  const { key, value } = entry;
  if (value.kind !== "string") return refuseType(place, entry, "a string");
  return state(place, entry, key, [value.text]);
}

/** A text, or an array of texts. */
export function readTexts(place: Place, entry: UclEntry): Outcome {
  return first(
    valuesOf(entry.value),
    (value) => readText(place, { ...entry, value }),
  );
}

/** Any value turns it on, as in CTL. */
export function readFlag(place: Place, entry: UclEntry): Outcome {
  const { key, value } = entry;
  if (value.kind === "boolean" && /^(?:false|no|off)$/i.test(value.text)) {
    place.warnings.add(`"${key}" in ${place.where} is on, whatever its value`);
  }
  return state(place, entry, key, []);
}

/** A switch of ours: `true` turns it on, `false` leaves it off. */
export function readSwitch(place: Place, entry: UclEntry): Outcome {
  const { key, value } = entry;
  const text = value.kind === "boolean" || value.kind === "string"
    ? value.text
    : "";
  if (/^(?:false|no|off)$/i.test(text)) return undefined;
  return /^(?:true|yes|on)$/i.test(text)
    ? state(place, entry, key, [])
    : refuseType(place, entry, "a boolean");
}

/** A text whose words are those of the statement. */
export function readWords(place: Place, entry: UclEntry): Outcome {
  const { key, value } = entry;
  if (value.kind !== "string") return refuseType(place, entry, "a string");
  return state(place, entry, key, value.text.trim().split(/\s+/));
}

/** An address, or an object with `address` and `kind`. */
export function readRedirect(place: Place, entry: UclEntry): Outcome {
  const read = entry.value.kind === "object"
    ? readFields("address", "kind")
    : readText;
  return read(place, entry);
}

/** An object, or an array of them, whose keys are the words of a statement. */
export function readFields(...fields: readonly string[]): Form {
  return (place, entry) =>
    first(valuesOf(entry.value), (value) => {
      if (value.kind !== "object") return refuseType(place, entry, "an object");
      warnOfOthers(place, entry, value, fields);
      const words: string[] = [];
      const fault = first(fields, (field) => {
        const word = readField(place, entry, value, field);
        if (typeof word === "object") return word;
        words.push(word);
        return undefined;
      });
      return fault ?? state(place, entry, entry.key, words);
    });
}

/** `name` or `{ name = …; auth-group-name = … }`, or an array of these. */
export function readLinks(place: Place, entry: UclEntry): Outcome {
  return first(valuesOf(entry.value), (value) => {
    if (value.kind !== "object") return readText(place, { ...entry, value });
    warnOfOthers(place, entry, value, ["name", "auth-group-name"]);
    const name = readField(place, entry, value, "name");
    if (typeof name === "object") return name;
    if (fieldOf(value, "auth-group-name") === undefined) {
      return state(place, entry, entry.key, [name]);
    }
    const authGroup = readField(place, entry, value, "auth-group-name");
    return typeof authGroup === "object"
      ? authGroup
      : state(place, entry, entry.key, [name, authGroup]);
  });
}

/** `options { name = value }`, which is `option name value` for each. */
export function readOptions(place: Place, entry: UclEntry): Outcome {
  return first(valuesOf(entry.value), (value) => {
    if (value.kind !== "object") return refuseType(place, entry, "an object");
    return first(value.entries, (option) => readOption(place, option));
  });
}

/** `key { … }`: a block without a name, once. */
export function readUnnamed(forms: Forms): Form {
  return (place, entry) =>
    first(valuesOf(entry.value), (value) => {
      if (value.kind !== "object") return refuseType(place, entry, "an object");
      return stateBlock(place, entry, {
        keyword: entry.key,
        read: (block) =>
          readObject({ ...place, block, where: entry.key }, value, forms),
      });
    });
}

/** `key { name { … } }`: a block for each name. */
export function readSections(
  forms: Forms,
  whereOf: (name: string) => string,
): Form {
  return (place, entry) =>
    first(valuesOf(entry.value), (value) => {
      if (value.kind !== "object") return refuseType(place, entry, "an object");
      return first(
        value.entries,
        (section) => readSection({ place, entry, section, forms, whereOf }),
      );
    });
}

/** What CTL has and we refuse, whatever it says. */
export function readUnsupported(place: Place, entry: UclEntry): Outcome {
  return state(place, entry, entry.key, ["-"]);
}

/** A key that another form has read. */
export function pass(): Outcome {
  return undefined;
}

/** The last value of a key, or undefined without the key. */
export function fieldOf(
  { entries }: UclObject,
  key: string,
): UclValue | undefined {
  return entries.findLast((entry) => entry.key === key)?.value;
}

function readField(
  { where }: Place,
  entry: UclEntry,
  value: UclObject,
  field: string,
): string | NonNullable<Outcome> {
  const found = fieldOf(value, field);
  if (found?.kind === "string") return found.text;
  const subject = `"${field}" property in "${entry.key}" of ${where}`;
  return refuse(
    entry,
    found === undefined ? `missing ${subject}` : `${subject} is not a string`,
  );
}

function warnOfOthers(
  { warnings, where }: Place,
  { key }: UclEntry,
  { entries }: UclObject,
  known: readonly string[],
): void {
  for (const other of entries.filter((entry) => !known.includes(entry.key))) {
    warnings.add(`unknown key "${other.key}" in "${key}" of ${where}`);
  }
}

/** Booleans stay words: options of ours are `on` and `off`. */
function readOption(place: Place, entry: UclEntry): Outcome {
  const { key, value } = entry;
  if (value.kind === "array" || value.kind === "object") {
    return refuseType(place, entry, "a string");
  }
  if (value.kind !== "integer") {
    return state(place, entry, "option", [key, value.text]);
  }
  warnOfSuffix(place, key, value);
  return state(place, entry, "option", [key, value.digits]);
}

function readSection({ place, entry, section, forms, whereOf }: {
  readonly place: Place;
  readonly entry: UclEntry;
  readonly section: UclEntry;
  readonly forms: Forms;
  readonly whereOf: (name: string) => string;
}): Outcome {
  const { key: name } = section;
  return first(valuesOf(section.value), (value) => {
    if (value.kind !== "object") {
      return refuseType({ ...place, where: entry.key }, section, "an object");
    }
    return stateBlock(place, section, {
      keyword: entry.key,
      name,
      read: (block) => {
        const inner = { ...place, block, where: whereOf(name) };
        return readObject(inner, value, forms);
      },
    });
  });
}

/** The classic form means powers of 1024 by the same letters. */
function warnOfSuffix(
  { warnings, where }: Place,
  key: string,
  { text, digits }: UclInteger,
): void {
  if (!/[kmg]$/i.test(text)) return;
  warnings.add(
    `${key} ${text} in ${where} is ${digits}; ` +
      `write ${text}b for powers of 1024`,
  );
}
