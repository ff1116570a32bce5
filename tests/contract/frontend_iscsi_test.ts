import {
  createTarget,
  frontendContract,
  type FrontendSubject,
} from "../../mod.ts";
import { iscsiFrontend } from "../support/contract_iscsi.ts";

/** Makes the frontend with one target on one portal. */
async function makeSubject(): Promise<FrontendSubject> {
  const target = createTarget();
  const frontend = await iscsiFrontend(target);
  return {
    ...{ target, port: frontend.port, connect: frontend.connect },
    [Symbol.asyncDispose]: async () => {
      await frontend[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}

await frontendContract("iscsi", makeSubject);
