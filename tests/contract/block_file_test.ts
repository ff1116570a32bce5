import { FileOpener } from "../../backends/block/open_adapter.ts";
import { backendContract } from "./backend_contract.ts";
import { fileSubjects } from "./file_subject.ts";

const opener = new FileOpener(undefined);

await backendContract("block, plain", fileSubjects({ opener }));
await backendContract(
  "block, plain, unmap=on",
  fileSubjects({ opener, unmap: true }),
);
await backendContract(
  "block, plain, encryption=on",
  fileSubjects({ opener, encryption: true }),
);
