/** The languages of configuration files. */
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { StreamLanguage } from "@codemirror/language";
import { properties } from "@codemirror/legacy-modes/mode/properties";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import type { Extension } from "@codemirror/state";
import { hcl } from "./hcl";

const LANGUAGES: [RegExp, () => Extension][] = [
  [/(^|\/)\.env(\.[^/]+)?$|\.(env|properties|ini)$/, () => StreamLanguage.define(properties)],
  [/\.(json|jsonc|json5|webmanifest)$/, json],
  [/\.ya?ml$/, yaml],
  [/\.toml$/, () => StreamLanguage.define(toml)],
  [/\.(tf|tfvars|hcl)$/, () => hcl],
  [/\.(sh|bash)$|(^|\/)\.(bashrc|profile|envrc)$/, () => StreamLanguage.define(shell)],
];

/** The colours and the indentation that go with a file's name. */
export function language(path: string): Extension {
  return LANGUAGES.find(([name]) => name.test(path))?.[1]() ?? [];
}

/** Whether a file is YAML, of which the words can be completed. */
export function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}
