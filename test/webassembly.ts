/** Tests step MuJoCo as the command does. */
import { inlineWebAssembly } from '../harness/webassembly.ts';

inlineWebAssembly();
