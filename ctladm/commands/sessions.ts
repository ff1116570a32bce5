/**
 * `ctladm islogout` and `isterminate`: iSCSI sessions that shall end.
 *
 * @module
 */

import type {
  ChooseSessionsBody,
  ChosenSessionsResource,
} from "../api/resources.ts";
import { has, type Options, valueOf } from "../getopt.ts";
import {
  type Command,
  CommandError,
  parseNumber,
  UsageError,
} from "./command.ts";

/** `ctladm islogout`. */
export const islogout: Command = endCommand({
  name: "islogout",
  summary: "ask initiators to log out",
  route: "logout",
  done: "iSCSI logout requests submitted",
  request: "iSCSI logout request",
});

/** `ctladm isterminate`. */
export const isterminate: Command = endCommand({
  name: "isterminate",
  summary: "drop iSCSI sessions",
  route: "terminate",
  done: "iSCSI connections terminated",
  request: "iSCSI connection termination request",
});

interface EndWords {
  readonly name: string;
  readonly summary: string;
  readonly route: string;
  readonly done: string;
  readonly request: string;
}

function endCommand(words: EndWords): Command {
  const { name, summary } = words;
  return {
    name,
    letters: "ac:i:p:",
    summary,
    synopsis: `${name} <-a | -c id | -i initiator-name | -p address>`,
    example: `ctladm ${name} -c 1`,
    run: async ({ client, options, print }) => {
      const { count } = await client.post<ChosenSessionsResource>(
        `/v1/iscsi/sessions/${words.route}`,
        chosen(options),
      );
      if (count > 0) return print(words.done);
      throw new CommandError(
        `error returned from CTL ${words.request}:\n` +
          `No matching connections found`,
      );
    },
  };
}

function chosen(options: Options): ChooseSessionsBody {
  const given = ["a", "c", "i", "p"].filter((letter) => has(options, letter));
  if (given.length === 0) {
    throw new UsageError("either -a, -c, -i, or -p must be specified");
  }
  if (given.length > 1) {
    throw new UsageError("only one of -a, -c, -i, or -p may be specified");
  }
  const id = valueOf(options, "c");
  return {
    all: has(options, "a"),
    id: id === undefined ? undefined : parseNumber("connection id", id),
    initiator: valueOf(options, "i"),
    address: valueOf(options, "p"),
  };
}
