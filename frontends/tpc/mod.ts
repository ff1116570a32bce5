/**
 * Third-party copy: EXTENDED COPY and its kin (SPC-5 5.18), by which an
 * initiator has data copied between LUNs without moving them itself.
 *
 * It comes along with the first LUN, unless ctl.conf switches it off by
 * `plugin tpc { option enabled off }`. A copy is made of ordinary commands
 * through the port `tpc`, in the name of the nexus that asked for it; it
 * reaches the LUNs that this nexus sees, and with LUN option `insecure_tpc` of
 * the LUN that is asked, all of them.
 *
 * Options: `enabled` (on): whether there are copies at all; `sharing` (on):
 * whether stores of one kind share blocks, or copy by themselves, rather than
 * have the blocks read and written.
 *
 * @module
 */

import {
  definePlugin,
  flagOption,
  FOR,
  type Plugin,
  type Registrar,
} from "../../core/mod.ts";
import { CopyManager } from "./copy_manager.ts";
import { extendedCopyCommands } from "./extended_copy.ts";
import { receiveResultsCommands } from "./receive_results.ts";
import { shareResults } from "./shared_results.ts";
import { COPIES } from "./token.ts";
import { RodTokens, tokenCommands } from "./tokens/mod.ts";
import { THIRD_PARTY_COPY_PAGE } from "./vpd_page.ts";

/** 3PC of standard INQUIRY data (SPC-5 6.7.2). */
const THIRD_PARTY_COPY = { byte: 5, bits: 0x08, deviceTypes: FOR.ALL } as const;

const NOTHING: AsyncDisposable = {
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** The plugin. */
export const plugin: Plugin = definePlugin({
  name: "tpc",
  api: 1,
  options: {
    enabled: flagOption(true, "offer EXTENDED COPY and its kin"),
    sharing: flagOption(true, "let stores of one kind share what is copied"),
  },
  requires: {},
  optional: {},
  setup: (register, _services, { enabled, sharing }) =>
    enabled ? setUp(register, sharing) : NOTHING,
});

function setUp(register: Registrar, shares: boolean): AsyncDisposable {
  const manager = new CopyManager(register.host, register.ports, shares);
  register.inquiryFlag(THIRD_PARTY_COPY);
  const { operations } = manager;
  shareResults(
    operations,
    register.host.clock,
    (entries) => register.share(entries),
  );
  const tokens = new RodTokens(manager, (entries) => register.share(entries));
  register.vpdPage(THIRD_PARTY_COPY_PAGE);
  for (
    const each of [
      ...extendedCopyCommands(manager),
      ...receiveResultsCommands(manager),
      ...tokenCommands(tokens),
    ]
  ) register.command(each);
  register.lunObserver(manager);
  register.lunObserver(tokens);
  register.provide(COPIES, manager);
  return {
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      await tokens[Symbol.asyncDispose]();
    },
  };
}
