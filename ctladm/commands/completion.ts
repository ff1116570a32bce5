/**
 * `ctladm completion`: scripts that complete ctladm's words in a shell.
 *
 * @module
 */

import { type Command, UsageError } from "./command.ts";

/** The subcommand, for a list of all of them. */
export function completionCommand(all: () => readonly Command[]): Command {
  return {
    name: "completion",
    beyondCtl: true,
    leavesAlone: true,
    letters: "",
    summary: "print a script that completes words in bash, zsh or fish",
    synopsis: "completion bash|zsh|fish",
    example: "ctladm completion bash > /etc/bash_completion.d/ctladm",
    run: ({ options, print }) => {
      const [shell = ""] = options.rest;
      const script = SCRIPTS.get(shell);
      if (script === undefined) {
        throw new UsageError(
          `no completion for "${shell}": name bash, zsh or fish`,
        );
      }
      print(script(all()));
      return Promise.resolve();
    },
  };
}

type Script = (commands: readonly Command[]) => string;

const SCRIPTS: ReadonlyMap<string, Script> = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

/** Options of a command: `-b -v --json`. */
function optionsOf({ letters, longWords, synopsis }: Command): string[] {
  const short = [...letters.replaceAll(":", "")].map((each) => `-${each}`);
  const json = synopsis.includes("--json") ? ["--json"] : [];
  return [...short, ...longWords ?? [], ...json];
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) =>
    `    ${command.name}) words="${optionsOf(command).join(" ")}" ;;`
  );
  return `_ctladm() {
  local words word=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="help ${commands.map(({ name }) => name).join(" ")}"
  else
    case \${COMP_WORDS[1]} in
${cases.join("\n")}
    *) words="" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -F _ctladm ctladm`;
}

function zshScript(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) =>
    `    '${name}:${quoted(summary)}'`
  );
  const cases = commands.map((command) =>
    `    ${command.name}) compadd -- ${optionsOf(command).join(" ")} ;;`
  );
  return `#compdef ctladm
_ctladm() {
  local -a commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case $words[2] in
${cases.join("\n")}
  esac
  _files
}
_ctladm "$@"`;
}

function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const { name, summary } = command;
    const inside =
      `complete -c ctladm -n "__fish_seen_subcommand_from ${name}"`;
    return [
      `complete -c ctladm -f -n __fish_use_subcommand -a ${name} ` +
      `-d '${quoted(summary)}'`,
      ...optionsOf(command).map((option) =>
        option.startsWith("--")
          ? `${inside} -l ${option.slice(2)}`
          : `${inside} -s ${option.slice(1)}`
      ),
    ];
  });
  return lines.join("\n");
}

// Summaries stand between single quotes, where a backslash is no escape.
function quoted(text: string): string {
  return text.replaceAll("'", "").replaceAll("`", "");
}
