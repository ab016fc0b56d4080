/** `harness completion`: completes commands and options in a shell. */
import { Argument, Command } from 'commander';

export function completionCommand(): Command {
  return new Command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  harness completion bash >> ~/.bashrc
  harness completion zsh  >> ~/.zshrc
  harness completion fish > ~/.config/fish/completions/harness.fish`,
    )
    .action(async (shell: string, _flags: unknown, command: Command) => {
      const words = vocabulary(command.parent ?? command, await knownNames());
      process.stdout.write(shell === 'fish' ? fishScript(words) : bashScript(words, shell === 'zsh'));
    });
}

/** What the values of options and the arguments of these names are, in every command. */
type Names = Readonly<Record<string, readonly string[]>>;

async function knownNames(): Promise<Names> {
  const { builtInAgents } = await import('../../agents/registry.ts');
  const { presets } = await import('../../agents/agent.ts');
  const { suiteNames, taskNames } = await import('../../envs/index.ts');
  const agents = builtInAgents.map(({ name }) => name);
  const tasks = [...suiteNames, ...taskNames()];
  return { agent: agents, agents, task: tasks, tasks, preset: presets };
}

interface Words {
  /** `bench env`, `compare` ...; the empty path is the command itself. */
  readonly path: string;
  readonly description: string;
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    /** What it takes, where that is known; undefined if it takes nothing. */
    readonly values?: readonly string[];
  }[];
  /** Subcommands. */
  readonly choices: readonly string[];
  /** What arguments may be. */
  readonly values: readonly string[];
}

/** Every command with its options, depth first. */
function vocabulary(command: Command, names: Names, path = ''): Words[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  const own: Words = {
    path,
    description: command.description(),
    options: command.options.flatMap(({ long, description, required, argChoices }) =>
      long
        ? [
            {
              flag: long,
              description,
              values: required ? (argChoices ?? names[long.slice(2)] ?? []) : undefined,
            },
          ]
        : [],
    ),
    choices: children.map((child) => child.name()),
    values: command.registeredArguments.flatMap(
      (argument) => argument.argChoices ?? names[argument.name()] ?? [],
    ),
  };
  return [own, ...children.flatMap((child) => vocabulary(child, names, `${path} ${child.name()}`.trim()))];
}

/**
 * One case per command: its subcommands, arguments and options; one per option that takes a value: the values, also
 * after a comma; files where none fits.
 */
function bashScript(words: readonly Words[], zsh: boolean): string {
  const cases = words.map(({ path, options, choices, values }) => {
    const known = [...choices, ...values, ...options.map(({ flag }) => flag), '--help'].join(' ');
    return `    '${path}') known='${known}' ;;`;
  });
  const valueCases = words.flatMap(({ path, options }) =>
    options.flatMap(({ flag, values }) =>
      values === undefined ? [] : [`    '${path} ${flag}') known='${values.join(' ')}' ;;`],
    ),
  );
  const paths = words.flatMap(({ path }) => (path === '' ? [] : [path]));
  return `${zsh ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_harness() {
  local word path='' next known='' before='' last="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "|${paths.join('|')}|" in *"|$next|"*) path="$next" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  case "$path \${COMP_WORDS[COMP_CWORD-1]}" in
${valueCases.join('\n')}
  esac
  case "$last" in *,*) before="\${last%,*}," ;; esac
  COMPREPLY=($(compgen -P "$before" -W "$known" -- "\${last##*,}"))
}
complete -o default -F _harness harness
`;
}

function fishScript(words: readonly Words[]): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = words.flatMap(({ path, options, choices, values: own }) => {
    const when =
      path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`;
    const described = (name: string) =>
      words.find((other) => other.path === `${path} ${name}`.trim())?.description ?? '';
    return [
      ...choices.map(
        (name) => `complete -c harness -n ${quote(when)} -a ${name} -d ${quote(described(name))}`,
      ),
      ...(own.length > 0 ? [`complete -c harness -n ${quote(when)} -a ${quote(own.join(' '))}`] : []),
      ...options.map(({ flag, description, values }) => {
        const taken =
          values === undefined ? '' : ` -r${values.length > 0 ? ` -a ${quote(values.join(' '))}` : ''}`;
        return `complete -c harness -n ${quote(when)} -l ${flag.slice(2)} -d ${quote(description)}${taken}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}
