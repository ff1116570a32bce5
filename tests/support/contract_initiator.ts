/**
 * A local initiator as the suite of frontends drives one.
 *
 * @module
 */

import {
  type ContractInitiator,
  type LocalInitiator,
  TASK_MANAGEMENT,
} from "../../core/mod.ts";

/** Commands go through it. */
export function through(initiator: LocalInitiator): ContractInitiator {
  let nextTag = 1;
  return {
    send: (command) => {
      const tag = nextTag;
      nextTag += 1;
      const ended = initiator.execute({ ...command, lun: 0, tag });
      const abort = async () => {
        await initiator.manage(TASK_MANAGEMENT.ABORT_TASK, 0, tag);
      };
      return { ended, abort };
    },
    disconnect: () => initiator.disconnect(),
  };
}
