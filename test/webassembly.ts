/** Tests step MuJoCo as the command does. */
import { tuneWebAssembly } from '../harness/process/webassembly.ts';

tuneWebAssembly();
