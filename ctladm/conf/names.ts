/**
 * Form of iSCSI names (RFC 7143 4.2.7). A wrong form is worth a warning only:
 * the administrator may know better.
 *
 * @module
 */

const IQN = /^iqn\.\d{4}-(?:0[1-9]|1[0-2])\.[^:.][^:]*(?::.*)?$/s;
const EUI = /^eui\.[0-9a-f]{16}$/i;
const NAA = /^naa\.[0-9a-f]{1,32}$/i;

/**
 * What is unusual about a name.
 *
 * @param kind whose name it is, for the sentence
 * @returns sentences, none for a good name
 */
export function nameWarnings(
  kind: "initiator" | "target",
  name: string,
): readonly string[] {
  const subject = `${kind} name "${name}"`;
  if (startsWith(name, "iqn.")) return iqnWarnings(subject, name);
  if (startsWith(name, "eui.")) {
    return EUI.test(name) ? [] : [
      `invalid ${subject}; "eui." should be followed by ` +
      `exactly 16 hexadecimal digits`,
    ];
  }
  if (startsWith(name, "naa.")) {
    return NAA.test(name) ? [] : [
      `invalid ${subject}; "naa." should be followed by ` +
      `at most 32 hexadecimal digits`,
    ];
  }
  return [`invalid ${subject}; should start with "iqn.", "eui.", or "naa."`];
}

/**
 * The world wide name in a target's name: `naa.` and 16 hex digits.
 *
 * @returns the digits in lower case, or undefined
 */
export function worldWideName(targetName: string): string | undefined {
  return /^naa\.([0-9a-f]{16})$/i.exec(targetName)?.[1]?.toLowerCase();
}

function iqnWarnings(subject: string, name: string): readonly string[] {
  const strange = /[^a-z0-9.:-]/u.exec(name)?.[0];
  const warnings = strange === undefined ? [] : [
    `invalid character "${strange}" in ${subject}; allowed characters are ` +
    `lower-case letters, digits, '-', '.', and ':'`,
  ];
  if (IQN.test(name)) return warnings;
  return [
    ...warnings,
    `invalid ${subject}; "iqn." should be followed by a year and month ` +
    `(YYYY-MM), and a reversed domain name`,
  ];
}

function startsWith(name: string, prefix: string): boolean {
  return name.slice(0, prefix.length).toLowerCase() === prefix;
}
