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
    .action((shell: string, _flags: unknown, command: Command) => {
      const words = vocabulary(command.parent ?? command);
      process.stdout.write(shell === 'fish' ? fishScript(words) : bashScript(words, shell === 'zsh'));
    });
}

interface Words {
  /** `bench env`, `compare` ...; the empty path is the command itself. */
  readonly path: string;
  readonly description: string;
  readonly options: readonly { readonly flag: string; readonly description: string }[];
  readonly choices: readonly string[];
}

/** Every command with its options, depth first. */
function vocabulary(command: Command, path = ''): Words[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  const own: Words = {
    path,
    description: command.description(),
    options: command.options.flatMap(({ long, description }) => (long ? [{ flag: long, description }] : [])),
    choices: children.map((child) => child.name()),
  };
  return [own, ...children.flatMap((child) => vocabulary(child, `${path} ${child.name()}`.trim()))];
}

/** One case per command: its subcommands and options; files where neither fits. */
function bashScript(words: readonly Words[], zsh: boolean): string {
  const cases = words.map(({ path, options, choices }) => {
    const known = [...choices, ...options.map(({ flag }) => flag), '--help'].join(' ');
    return `    '${path}') known='${known}' ;;`;
  });
  const paths = words.flatMap(({ path }) => (path === '' ? [] : [path]));
  return `${zsh ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_harness() {
  local word path='' next known=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "|${paths.join('|')}|" in *"|$next|"*) path="$next" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$known" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _harness harness
`;
}

function fishScript(words: readonly Words[]): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = words.flatMap(({ path, options, choices }) => {
    const when =
      path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`;
    const described = (name: string) =>
      words.find((other) => other.path === `${path} ${name}`.trim())?.description ?? '';
    return [
      ...choices.map(
        (name) => `complete -c harness -n ${quote(when)} -a ${name} -d ${quote(described(name))}`,
      ),
      ...options.map(
        ({ flag, description }) =>
          `complete -c harness -n ${quote(when)} -l ${flag.slice(2)} -d ${quote(description)}`,
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
}
