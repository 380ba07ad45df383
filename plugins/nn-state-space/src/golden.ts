import { fileURLToPath } from "node:url";
import { tensor, type Tensor } from "@ansatz/core";
import { loadSafetensors } from "@ansatz/data";

/** What reference/record.py recorded of one case, by name. */
export async function goldens(name: string): Promise<(part: string) => Tensor> {
  const { tensors } = await loadSafetensors(
    fileURLToPath(new URL("../reference/goldens.safetensors", import.meta.url)),
  );
  return (part) => {
    const { data, shape } = tensors[`${name}/${part}`]!;
    return tensor(data, { shape });
  };
}
