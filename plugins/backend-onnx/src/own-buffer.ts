import { BackendError } from "@ansatz/core";
import type { BackendBuffer } from "@ansatz/core/plugin";

/** A buffer that knows whether it was freed. */
interface Freeable extends BackendBuffer {
  readonly freed: boolean;
}

/**
 * A buffer as one of a backend's own.
 *
 * @throws BackendError if it belongs to another backend or was freed
 */
export function ownBuffer<Own extends Freeable>(
  buffer: BackendBuffer,
  kind: abstract new (...settings: never[]) => Own,
  alive: ReadonlySet<Own>,
): Own {
  if (buffer instanceof kind && alive.has(buffer)) return buffer;
  if (buffer instanceof kind && buffer.freed)
    throw new BackendError("onnx: the buffer was freed\n  free a buffer once, after its last use");
  if (buffer.backend === "onnx")
    throw new BackendError(
      "onnx: the buffer belongs to another onnx backend\n  use a buffer only with the backend that made it",
    );
  throw new BackendError(
    `onnx: the buffer belongs to the backend "${buffer.backend}"\n  download it there and upload it here`,
  );
}
