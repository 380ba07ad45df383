export { writeAtomically } from "./atomic-write.ts";
export { CharacterTokenizer } from "./character-tokenizer.ts";
export { FileError } from "./file-error.ts";
export { gpt2Tokenizer } from "./gpt2-tokenizer.ts";
export { mobyDick } from "./moby-dick.ts";
export { readSafetensors, writeSafetensors, type ReadOptions, type Safetensors, type WriteOptions } from "./safetensors.ts";
export { consecutiveWindows, RandomWindows, type TokenBatch, type WindowOptions } from "./token-windows.ts";
export type { Tokenizer } from "./tokenizer.ts";
