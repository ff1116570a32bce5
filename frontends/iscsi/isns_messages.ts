/**
 * What a target tells an iSNS server, and how it understands the answer
 * (RFC 4171 5.6).
 *
 * @module
 */

import {
  decodeIsnsAttributes,
  decodeIsnsHeader,
  encodeIsnsAttributes,
  encodeIsnsMessage,
  ISNS_FUNCTION,
  ISNS_HEADER_LENGTH,
  ISNS_NODE_TARGET,
  ISNS_PROTOCOL_ISCSI,
  ISNS_RESPONSE,
  ISNS_SUCCESS,
  ISNS_TAG,
  isnsAddress,
  type IsnsAttribute,
  isnsEmpty,
  isnsNumber,
  isnsText,
} from "./wire/isns.ts";

/** A place where targets are reached. */
export interface IsnsPortal {
  /**
   * Address literal; a wildcard is told as the address from which the server
   * was reached, a host name is not told.
   */
  readonly address: string;
  /** TCP port. */
  readonly port: number;
}

/** Portals that share a tag. */
export interface IsnsPortalGroup {
  /** Portal group tag. */
  readonly tag: number;
  /** Its portals. */
  readonly portals: readonly IsnsPortal[];
}

/** A target. */
export interface IsnsTarget {
  /** iSCSI name. */
  readonly name: string;
  /** Words for people. */
  readonly alias: string | undefined;
  /** Where it is reached. */
  readonly portalGroups: readonly IsnsPortalGroup[];
}

/** All that a server is told. */
export interface IsnsRegistration {
  /** Seconds for which the server keeps it without a sign of us. */
  readonly periodSeconds: number;
  /** The portal groups, those of other hosts too. */
  readonly portalGroups: readonly IsnsPortalGroup[];
  /** The targets; without one there is nothing to tell. */
  readonly targets: readonly IsnsTarget[];
}

/** Who asks: the network entity, and the address that the server sees. */
export interface IsnsSpeaker {
  /** Entity identifier: the name of this host. */
  readonly entity: string;
  /** Our address on the connection to the server. */
  readonly localAddress: string;
  /** Number of the message. */
  readonly transactionId: number;
}

/** An answer. */
export interface IsnsAnswer {
  /** Status; 0: done (RFC 4171 5.4). */
  readonly status: number;
  /** Registration period that the server grants; undefined: it says none. */
  readonly periodSeconds: number | undefined;
}

const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** DevAttrReg (RFC 4171 5.6.5.1). */
export function registrationMessage(
  registration: IsnsRegistration,
  speaker: IsnsSpeaker,
): Uint8Array {
  const { periodSeconds, portalGroups, targets } = registration;
  const attributes = [
    ...source(registration),
    isnsEmpty(ISNS_TAG.DELIMITER),
    isnsText(ISNS_TAG.ENTITY_IDENTIFIER, speaker.entity),
    isnsNumber(ISNS_TAG.ENTITY_PROTOCOL, ISNS_PROTOCOL_ISCSI),
    isnsNumber(ISNS_TAG.REGISTRATION_PERIOD, periodSeconds),
    ...portalGroups.flatMap(({ portals }) =>
      placesOf(portals, speaker, PORTAL_TAGS)
    ),
    ...targets.flatMap((target) => describeTarget(target, speaker)),
  ];
  const code = ISNS_FUNCTION.DEVICE_ATTRIBUTE_REGISTRATION;
  return message(code, speaker, attributes);
}

/** DevAttrQry: does the server still know us (RFC 4171 5.6.5.2)? */
export function queryMessage(
  registration: IsnsRegistration,
  speaker: IsnsSpeaker,
): Uint8Array {
  return message(ISNS_FUNCTION.DEVICE_ATTRIBUTE_QUERY, speaker, [
    ...source(registration),
    isnsText(ISNS_TAG.ENTITY_IDENTIFIER, speaker.entity),
    isnsEmpty(ISNS_TAG.DELIMITER),
    isnsEmpty(ISNS_TAG.ENTITY_PROTOCOL),
  ]);
}

/** DevDereg: forget us (RFC 4171 5.6.5.4). */
export function deregistrationMessage(
  registration: IsnsRegistration,
  speaker: IsnsSpeaker,
): Uint8Array {
  return message(ISNS_FUNCTION.DEVICE_DEREGISTRATION, speaker, [
    ...source(registration),
    isnsEmpty(ISNS_TAG.DELIMITER),
    isnsText(ISNS_TAG.ENTITY_IDENTIFIER, speaker.entity),
  ]);
}

/**
 * Reads the answer to a message.
 *
 * @param request the message; its first PDU counts
 * @returns undefined when the bytes do not answer it
 */
export function readAnswer(
  request: Uint8Array,
  response: Uint8Array,
): IsnsAnswer | undefined {
  if (response.length < ISNS_HEADER_LENGTH + 4) return undefined;
  const asked = decodeIsnsHeader(viewOf(request), 0);
  const view = viewOf(response);
  const { functionId, transactionId } = decodeIsnsHeader(view, 0);
  if (
    functionId !== (asked.functionId | ISNS_RESPONSE) ||
    transactionId !== asked.transactionId
  ) return undefined;
  const attributes = response.subarray(ISNS_HEADER_LENGTH + 4);
  return {
    status: view.getUint32(ISNS_HEADER_LENGTH),
    periodSeconds: periodIn(decodeIsnsAttributes(attributes) ?? []),
  };
}

/** Whether a request was carried out. */
export function isSuccess(answer: IsnsAnswer | undefined): boolean {
  return answer?.status === ISNS_SUCCESS;
}

function periodIn(attributes: readonly IsnsAttribute[]): number | undefined {
  const found = attributes.find(({ tag, value }) =>
    tag === ISNS_TAG.REGISTRATION_PERIOD && value.length === 4
  );
  return found && viewOf(found.value).getUint32(0);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function message(
  code: number,
  { transactionId }: IsnsSpeaker,
  attributes: readonly IsnsAttribute[],
): Uint8Array {
  const payload = encodeIsnsAttributes(attributes);
  return encodeIsnsMessage(code, transactionId, payload);
}

/** Who speaks, as the server knows names: the first target. */
function source({ targets }: IsnsRegistration): IsnsAttribute[] {
  const [first] = targets;
  return first === undefined ? [] : [isnsText(ISNS_TAG.ISCSI_NAME, first.name)];
}

interface PlaceTags {
  readonly address: number;
  readonly port: number;
}

const PORTAL_TAGS: PlaceTags = {
  address: ISNS_TAG.PORTAL_ADDRESS,
  port: ISNS_TAG.PORTAL_PORT,
};
const PORTAL_GROUP_TAGS: PlaceTags = {
  address: ISNS_TAG.PORTAL_GROUP_ADDRESS,
  port: ISNS_TAG.PORTAL_GROUP_PORT,
};

function placesOf(
  portals: readonly IsnsPortal[],
  { localAddress }: IsnsSpeaker,
  tags: PlaceTags,
): IsnsAttribute[] {
  return portals.flatMap(({ address, port }) => {
    const told = WILDCARDS.has(address) ? localAddress : address;
    const place = isnsAddress(tags.address, told);
    return place === undefined ? [] : [place, isnsNumber(tags.port, port)];
  });
}

function describeTarget(
  { name, alias, portalGroups }: IsnsTarget,
  speaker: IsnsSpeaker,
): IsnsAttribute[] {
  return [
    isnsText(ISNS_TAG.ISCSI_NAME, name),
    isnsNumber(ISNS_TAG.ISCSI_NODE_TYPE, ISNS_NODE_TARGET),
    ...alias === undefined ? [] : [isnsText(ISNS_TAG.ISCSI_ALIAS, alias)],
    ...portalGroups.flatMap(({ tag, portals }) => [
      isnsNumber(ISNS_TAG.PORTAL_GROUP_TAG, tag),
      ...placesOf(portals, speaker, PORTAL_GROUP_TAGS),
    ]),
  ];
}
