/**
 * A file store on a new file, for the contract suite.
 *
 * @module
 */

import { blockDriver } from "../../backends/block/driver.ts";
import type { BlockIoOpener } from "../../backends/block/block_io.ts";
import type { MakeSubject, Subject } from "./backend_contract.ts";
import { memoryHost } from "../support/memory_host.ts";
import { openSubject } from "./open_subject.ts";

/** How the file is used. */
export interface FileSubjectOptions {
  /** Opens the file. */
  readonly opener: BlockIoOpener;
  /** Option `unmap`. */
  readonly unmap?: boolean;
  /** Option `encryption`. */
  readonly encryption?: boolean;
  /** Folder for the file's folder; undefined: the system's own. */
  readonly dir?: string;
}

/** Makes empty files that are smaller than their stores. */
export function fileSubjects(how: FileSubjectOptions): MakeSubject {
  return async (wanted) => {
    const where = how.dir === undefined ? {} : { dir: how.dir };
    const folder = await Deno.makeTempDir({ ...where, prefix: "dtl_" });
    const clock = { nowMs: (): number => performance.now() };
    const keys = memoryHost();
    const driver = blockDriver({ opener: how.opener, clock, keys });
    const open = async (name: string): Promise<Subject> => {
      const file = `${folder}/${name}`;
      await Deno.writeFile(file, new Uint8Array(0));
      return await openSubject(driver, wanted, {
        file,
        num_threads: 32,
        pblocksize: undefined,
        pblockoffset: 0,
        ublocksize: undefined,
        ublockoffset: 0,
        unmap: how.unmap,
        encryption: how.encryption ?? false,
      });
    };
    const one = await open("disk");
    const other = await open("other");
    return {
      store: one.store,
      another: other.store,
      async [Symbol.asyncDispose](): Promise<void> {
        await one[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
        await Deno.remove(folder, { recursive: true });
      },
    };
  };
}
