import { backendContract } from "./backend_contract.ts";
import { ramdiskDriver } from "../../backends/ramdisk/driver.ts";
import { openSubject } from "./open_subject.ts";

const clock = { nextTurn: (): Promise<void> => Promise.resolve() };

for (const pageBytes of [4096, 131072]) {
  await backendContract(
    `ramdisk, pages of ${pageBytes}`,
    (wanted) =>
      openSubject(ramdiskDriver(clock), wanted, {
        capacity: 2 ** 24,
        snapshot_capacity: undefined,
        pblocksize: pageBytes,
        pblockoffset: 0,
        ublocksize: undefined,
        ublockoffset: 0,
      }),
  );
}
