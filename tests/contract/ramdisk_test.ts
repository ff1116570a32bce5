import { backendContract, type MakeSubject } from "./backend_contract.ts";
import { ramdiskDriver } from "../../backends/ramdisk/driver.ts";
import { openSubject } from "./open_subject.ts";

const clock = { nextTurn: (): Promise<void> => Promise.resolve() };

/** Two stores of one driver, which share pages. */
function ramSubjects(pageBytes: number): MakeSubject {
  return async (wanted) => {
    const driver = ramdiskDriver(clock);
    const options = {
      capacity: 2 ** 24,
      snapshot_capacity: undefined,
      pblocksize: pageBytes,
      pblockoffset: 0,
      ublocksize: undefined,
      ublockoffset: 0,
    };
    const one = await openSubject(driver, wanted, options);
    const other = await openSubject(driver, wanted, options);
    return {
      store: one.store,
      another: other.store,
      async [Symbol.asyncDispose](): Promise<void> {
        await one[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
      },
    };
  };
}

for (const pageBytes of [4096, 131072]) {
  await backendContract(
    `ramdisk, pages of ${pageBytes}`,
    ramSubjects(pageBytes),
  );
}
