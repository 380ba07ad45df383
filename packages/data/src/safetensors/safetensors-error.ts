import { AnsatzError } from "@ansatz/core";

/** A file that isn't a valid safetensors file, or has values that no dtype of Ansatz holds. */
export class SafetensorsError extends AnsatzError {}
