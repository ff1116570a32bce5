/**
 * Words for additional sense codes (SPC-5 Annex F.2), as far as disks,
 * processors and CDs use them.
 *
 * @module
 */

/** `asc/ascq` in hexadecimal, and what it means. */
const TEXTS: ReadonlyMap<string, string> = new Map(
  `
00/00 No additional sense information
00/16 Operation in progress
00/1d ATA pass through information available
00/1e Conflicting SA creation request
02/00 No seek complete
03/00 Peripheral device write fault
04/00 Logical unit not ready, cause not reportable
04/01 Logical unit is in process of becoming ready
04/02 Logical unit not ready, initializing command required
04/03 Logical unit not ready, manual intervention required
04/04 Logical unit not ready, format in progress
04/07 Logical unit not ready, operation in progress
04/09 Logical unit not ready, self-test in progress
04/0a Logical unit not accessible, asymmetric access state transition
04/0b Logical unit not accessible, target port in standby state
04/0c Logical unit not accessible, target port in unavailable state
04/11 Logical unit not ready, notify (enable spinup) required
04/14 Logical unit not ready, space allocation in progress
04/1a Logical unit not ready, START STOP UNIT command in progress
04/1b Logical unit not ready, sanitize in progress
08/00 Logical unit communication failure
08/04 Unreachable copy target
0a/00 Error log overflow
0b/00 Warning
0b/01 Warning - specified temperature exceeded
0c/00 Write error
0c/02 Write error - auto reallocation failed
0c/0c Write error - unexpected unsolicited data
0c/0d Write error - not enough unsolicited data
0d/00 Error detected by third party temporary initiator
0d/01 Third party device failure
0d/02 Copy target device not reachable
0d/03 Incorrect copy target device type
0d/04 Copy target device data underrun
0d/05 Copy target device data overrun
0e/03 Invalid field in command information unit
10/00 ID CRC or ECC error
11/00 Unrecovered read error
14/00 Recorded entity not found
1a/00 Parameter list length error
1b/00 Synchronous data transfer error
1d/00 Miscompare during verify operation
1d/01 Miscompare verify of unmapped LBA
20/00 Invalid command operation code
21/00 Logical block address out of range
23/00 Invalid token operation, cause not reportable
23/01 Invalid token operation, unsupported token type
23/02 Invalid token operation, remote token usage not supported
23/04 Invalid token operation, token unknown
23/06 Invalid token operation, token revoked
23/07 Invalid token operation, token expired
24/00 Invalid field in CDB
24/01 CDB decryption error
25/00 Logical unit not supported
26/00 Invalid field in parameter list
26/01 Parameter not supported
26/02 Parameter value invalid
26/03 Threshold parameters not supported
26/04 Invalid release of persistent reservation
26/06 Too many target descriptors
26/07 Unsupported target descriptor type code
26/08 Too many segment descriptors
26/09 Unsupported segment descriptor type code
26/0a Unexpected inexact segment
26/0b Inline data length exceeded
27/00 Write protected
27/01 Hardware write protected
27/02 Logical unit software write protected
27/07 Space allocation failed write protect
28/00 Not ready to ready change, medium may have changed
29/00 Power on, reset, or bus device reset occurred
29/01 Power on occurred
29/02 SCSI bus reset occurred
29/03 Bus device reset function occurred
29/04 Device internal reset
29/07 I_T nexus loss occurred
2a/00 Parameters changed
2a/01 Mode parameters changed
2a/02 Log parameters changed
2a/03 Reservations preempted
2a/04 Reservations released
2a/05 Registrations preempted
2a/06 Asymmetric access state changed
2a/07 Implicit asymmetric access state transition failed
2a/09 Capacity data has changed
2a/10 Timestamp changed
2c/00 Command sequence error
2c/09 Previous busy status
2c/0a Previous task set full status
2c/0b Previous reservation conflict status
2f/00 Commands cleared by another initiator
30/00 Incompatible medium installed
31/00 Medium format corrupted
31/01 Format command failed
31/03 SANITIZE command failed
38/07 Thin provisioning soft threshold reached
39/00 Saving parameters not supported
3a/00 Medium not present
3a/01 Medium not present - tray closed
3a/02 Medium not present - tray open
3e/01 Logical unit failure
3f/00 Target operating conditions have changed
3f/01 Microcode has been changed
3f/03 Inquiry data has changed
3f/05 Device identifier changed
3f/0e Reported LUNs data has changed
44/00 Internal target failure
45/00 Select or reselect failure
47/00 SCSI parity error
47/03 Information unit iuCRC error detected
47/05 Protocol service CRC error
48/00 Initiator detected error message received
49/00 Invalid message error
4b/00 Data phase error
4e/00 Overlapped commands attempted
53/00 Media load or eject failed
53/02 Medium removal prevented
55/03 Insufficient resources
55/04 Insufficient registration resources
5d/00 Failure prediction threshold exceeded
5d/ff Failure prediction threshold exceeded (false)
5e/00 Low power condition on
64/00 Illegal mode for this track
`.trim().split("\n").map((line) => [line.slice(0, 5), line.slice(6)]),
);

/** Words for a pair of codes; made-up ones where the standard has a range. */
export function senseCodeText(asc: number, ascq: number): string {
  const known = TEXTS.get(`${hex(asc)}/${hex(ascq)}`);
  if (known !== undefined) return known;
  if (asc === 0x4d) return `Tagged overlapped commands (task tag ${ascq})`;
  if (asc >= 0x80 || ascq >= 0x80) return "Vendor specific ASC";
  return "Reserved ASC/ASCQ pair";
}

function hex(code: number): string {
  return code.toString(16).padStart(2, "0");
}
