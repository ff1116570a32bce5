import { assert } from "@std/assert";
import {
  createFileOpener,
  openByLibc,
} from "../../backends/block/open_adapter.ts";
import { loadLibc } from "../../backends/block/libc_adapter.ts";
import { backendContract } from "./backend_contract.ts";
import { fileSubjects } from "./file_subject.ts";

const opener = createFileOpener();
const libc = loadLibc();
assert(libc !== undefined, "these tests need --allow-ffi and Linux");
/** As what lies under /dev is opened. */
const libcOpener = {
  open: (...[path, how]: Parameters<typeof opener.open>) =>
    Promise.resolve(openByLibc(libc, path, how)),
  identityOf: (path: string) => path,
};

await backendContract("block, native", fileSubjects({ opener }));
await backendContract(
  "block, native, in memory",
  fileSubjects({
    opener,
    dir: "/dev/shm",
  }),
);
await backendContract(
  "block, native, opened by libc",
  fileSubjects({
    opener: libcOpener,
  }),
);
