/** Where MJCF text comes from, and how it becomes a compiled model. */
import { ModelError } from './errors.ts';
import type { MainModule, MjModel } from './mujoco.ts';

/** The text of a file of assets/, by file name: `read('cheetah.xml')`. */
export type ModelSource = (file: string) => string;

const INCLUDE = /<include\s+file\s*=\s*["']([^"']+)["']/g;

/** Compiles MJCF text; files that it includes come from the source. The caller deletes the model. */
export function compileModel(module: MainModule, xml: string, source: ModelSource): MjModel {
  const files = new module.MjVFS();
  try {
    for (const [file, text] of includedFiles(xml, source))
      files.addBuffer(file, new TextEncoder().encode(text));
    return module.MjModel.from_xml_string(xml, files);
  } catch (error) {
    throw error instanceof ModelError ? error : new ModelError(compilerMessage(error));
  } finally {
    files.delete();
  }
}

/** Every file that the text includes, also through other files. */
function includedFiles(
  xml: string,
  source: ModelSource,
  found = new Map<string, string>(),
): Map<string, string> {
  for (const [, file] of xml.matchAll(INCLUDE)) {
    if (found.has(file)) continue;
    const text = source(file);
    found.set(file, text);
    includedFiles(text, source, found);
  }
  return found;
}

/** MuJoCo's own words on one line, its line numbers kept. */
export function compilerMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^MuJoCo Error:\s*/, '')
    .replace(/^Loading error:\s*/, '')
    .trim()
    .replace(/\s*\n\s*/g, '; ');
}
