/** Prints how compiled models differ from their tables: `npx jiti test/assets/print-differences.ts NAME...`. */
import { loadMuJoCo } from '../../envs/mujoco.ts';
import { compiledTable } from './compiled-table.ts';
import { compileTask, recordedTable, tableNames, tasksOf } from './model-catalog.ts';
import { tableDifferences } from './table-difference.ts';

const mujoco = await loadMuJoCo();
const chosen = process.argv.slice(2);
for (const name of chosen.length > 0 ? chosen : tableNames) {
  const model = compileTask(mujoco, tasksOf(name)[0]);
  const lines = tableDifferences(compiledTable(mujoco.module, model), recordedTable(name));
  console.log(`${name}: ${lines.length === 0 ? 'equal' : `${lines.length} differences`}`);
  for (const line of lines) console.log(`  ${line}`);
  model.delete();
}
