/** Tests step MuJoCo as the command does. */
import { inlineWebAssembly } from '../harness/process/webassembly.ts';

inlineWebAssembly();
