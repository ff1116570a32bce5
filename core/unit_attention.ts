/**
 * Unit attention conditions (SAM-5 5.14): one bit set per I_T_L nexus.
 *
 * @module
 */

import { type Sense, STATUS, unitAttention } from "./sense.ts";

/**
 * Conditions in the order in which they are reported. Bits of a 32-bit set.
 */
export const UNIT_ATTENTION = {
  /** First contact, or the nexus was lost and came back. */
  POWER_ON: 0x0001,
  /** Bus reset. */
  BUS_RESET: 0x0002,
  /** Target reset. */
  TARGET_RESET: 0x0004,
  /** I_T nexus reset. */
  NEXUS_LOSS: 0x0008,
  /** Logical unit reset. */
  UNIT_RESET: 0x0010,
  /** Another LUN came, went, or was mapped elsewhere. */
  LUNS_CHANGED: 0x0020,
  /** Another nexus changed mode pages. */
  MODE_PARAMETERS_CHANGED: 0x0040,
  /** What INQUIRY tells has changed: a port went on or off line. */
  INQUIRY_DATA_CHANGED: 0x0080,
  /** The reservation of this nexus was taken away. */
  RESERVATIONS_PREEMPTED: 0x0100,
  /** A persistent reservation ended. */
  RESERVATIONS_RELEASED: 0x0200,
  /** The registration of this nexus was taken away. */
  REGISTRATIONS_PREEMPTED: 0x0400,
  /** Access states of target port groups have changed. */
  ASYMMETRIC_ACCESS_CHANGED: 0x0800,
  /** The capacity has changed. */
  CAPACITY_CHANGED: 0x1000,
  /** A soft threshold of thin provisioning was crossed. */
  THRESHOLD_REACHED: 0x2000,
  /** A medium was loaded. */
  MEDIUM_CHANGED: 0x4000,
  /** Another nexus changed or reset log parameters. */
  LOG_PARAMETERS_CHANGED: 0x8000,
  /** Another nexus set the timestamp. */
  TIMESTAMP_CHANGED: 0x10000,
  /** Another nexus set identifying information. */
  DEVICE_IDENTIFIER_CHANGED: 0x20000,
  /** Another initiator's doing has aborted commands of this nexus. */
  COMMANDS_CLEARED: 0x100000,
  /** An informational exception, by mode page 1Ch. */
  INFORMATIONAL_EXCEPTION: 0x200000,
  /** A command of this nexus ended BUSY (UA_INTLCK_CTRL 11b). */
  PREVIOUS_BUSY: 0x400000,
  /** A command of this nexus ended TASK SET FULL. */
  PREVIOUS_TASK_SET_FULL: 0x800000,
  /** A command of this nexus ended RESERVATION CONFLICT. */
  PREVIOUS_RESERVATION_CONFLICT: 0x1000000,
} as const;

/** What is pending when a nexus meets a logical unit for the first time. */
export const FIRST_CONTACT: number = UNIT_ATTENTION.POWER_ON;

const SENSES: readonly Sense[] = [
  // libiscsi's tools pass over 29/00, and over no other: CTL says 29/01.
  unitAttention(0x29, 0x00),
  unitAttention(0x29, 0x02),
  unitAttention(0x29, 0x03),
  unitAttention(0x29, 0x07),
  unitAttention(0x29, 0x00),
  unitAttention(0x3f, 0x0e),
  unitAttention(0x2a, 0x01),
  unitAttention(0x3f, 0x03),
  unitAttention(0x2a, 0x03),
  unitAttention(0x2a, 0x04),
  unitAttention(0x2a, 0x05),
  unitAttention(0x2a, 0x06),
  unitAttention(0x2a, 0x09),
  unitAttention(0x38, 0x07),
  unitAttention(0x28, 0x00),
  unitAttention(0x2a, 0x02),
  unitAttention(0x2a, 0x10),
  unitAttention(0x3f, 0x05),
];

const FURTHER_SENSES: ReadonlyMap<number, Sense> = new Map([
  [UNIT_ATTENTION.COMMANDS_CLEARED, unitAttention(0x2f, 0x00)],
  [UNIT_ATTENTION.INFORMATIONAL_EXCEPTION, unitAttention(0x5d, 0xff)],
  [UNIT_ATTENTION.PREVIOUS_BUSY, unitAttention(0x2c, 0x07)],
  [UNIT_ATTENTION.PREVIOUS_TASK_SET_FULL, unitAttention(0x2c, 0x08)],
  [UNIT_ATTENTION.PREVIOUS_RESERVATION_CONFLICT, unitAttention(0x2c, 0x09)],
]);

/** Conditions that statuses leave behind under UA_INTLCK_CTRL 11b. */
export const PREVIOUS_STATUS: ReadonlyMap<number, number> = new Map([
  [STATUS.BUSY, UNIT_ATTENTION.PREVIOUS_BUSY],
  [STATUS.TASK_SET_FULL, UNIT_ATTENTION.PREVIOUS_TASK_SET_FULL],
  [STATUS.RESERVATION_CONFLICT, UNIT_ATTENTION.PREVIOUS_RESERVATION_CONFLICT],
]);

/** Conditions of ASC 29h: each stands for all others of its nexus. */
export const RESET_CONDITIONS: number = UNIT_ATTENTION.POWER_ON |
  UNIT_ATTENTION.BUS_RESET | UNIT_ATTENTION.TARGET_RESET |
  UNIT_ATTENTION.NEXUS_LOSS | UNIT_ATTENTION.UNIT_RESET;

/** The condition of a set that is reported first: its lowest bit. */
export function firstCondition(pending: number): number {
  return pending & -pending;
}

/** Sense data of one condition. */
export function senseOfCondition(condition: number): Sense {
  return SENSES[31 - Math.clz32(condition)] ?? FURTHER_SENSES.get(condition) ??
    unitAttention(0x29, 0x00);
}

/** What stays pending after one condition has been reported. */
export function afterReporting(pending: number, condition: number): number {
  return (condition & RESET_CONDITIONS) !== 0 ? 0 : pending & ~condition;
}
