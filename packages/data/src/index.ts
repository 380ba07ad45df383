export { writeAtomically } from "./atomic-file.ts";
export { CharacterTokenizer } from "./character-tokenizer.ts";
export { gpt2Tokenizer } from "./gpt2-tokenizer.ts";
export { mobyDick } from "./moby-dick.ts";
export { loadSafetensors, SafetensorsError, saveSafetensors, type SafetensorsFile } from "./safetensors.ts";
export { TokenWindows, type TokenBatch } from "./token-windows.ts";
export type { Tokenizer } from "./tokenizer.ts";
export { WriteError, writeErrorOf, writing } from "./write-error.ts";
