/** `harness doctor`: what is installed here and what works. */
import { Command } from 'commander';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show what is installed, which compute backends work, and how fast they are')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness doctor
  harness doctor --json

Exit code 1 if something that the harness needs is missing or does not work.`,
    )
    .action(async (flags: { readonly json?: boolean }) => {
      const { diagnose, diagnosisText, isHealthy } = await import('../inspect/doctor.ts');
      const diagnosis = await diagnose();
      console.log(flags.json ? JSON.stringify(diagnosis, null, 2) : diagnosisText(diagnosis));
      if (!isHealthy(diagnosis)) process.exitCode = 1;
    });
}
