/**
 * Peripheral device types that a logical unit can be (SPC-5 6.7.2).
 *
 * @module
 */

/** PERIPHERAL DEVICE TYPE codes. */
export const DEVICE_TYPE = {
  DISK: 0x00,
  PROCESSOR: 0x03,
  CD: 0x05,
  /** Not one that a unit can be made as. */
  WELL_KNOWN: 0x1e,
} as const;

/** Sets of device types, as bits, for the tables of commands and pages. */
export const FOR = {
  DISK: 0x01,
  PROCESSOR: 0x02,
  CD: 0x04,
  DISK_AND_CD: 0x05,
  ALL: 0x07,
} as const;

/** The bit of a device type in such a set; 0 for types we do not have. */
export function maskOfDeviceType(deviceType: number): number {
  switch (deviceType) {
    case DEVICE_TYPE.DISK:
      return FOR.DISK;
    case DEVICE_TYPE.PROCESSOR:
      return FOR.PROCESSOR;
    case DEVICE_TYPE.CD:
      return FOR.CD;
    default:
      return 0;
  }
}

/** Whether units of this type have a medium of blocks. */
export function hasBlocks(deviceType: number): boolean {
  return deviceType === DEVICE_TYPE.DISK || deviceType === DEVICE_TYPE.CD;
}
