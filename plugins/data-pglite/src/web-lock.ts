import { StateError } from "@ansatz/core";

/** What is used of a browser's LockManager. Its locks end with the tab that holds them. */
interface Locks {
  request(
    name: string,
    options: { readonly ifAvailable: true },
    task: (lock: object | null) => Promise<void> | undefined,
  ): Promise<unknown>;
}

/**
 * Keeps a second tab or worker out of a place in a browser, where the browser has `navigator.locks`. Memory is nobody
 * else's.
 *
 * @returns what releases the lock, and resolves once it is released
 * @throws StateError if another one has the place, or this one has it already
 */
export async function lockPlace(place: string): Promise<() => unknown> {
  const { locks } = (globalThis as { readonly navigator?: { readonly locks?: Locks } }).navigator ?? {};
  if (locks === undefined || place === "" || place.startsWith("memory://")) return () => undefined;
  return new Promise((resolve, reject) => {
    const held = locks.request(`@ansatz/data-pglite ${place}`, { ifAvailable: true }, (lock) => {
      if (lock !== null) return new Promise<void>((end) => resolve(() => (end(), held)));
      reject(
        new StateError(`${place}: another tab or worker has it open\n  close it there, or give each its own place`),
      );
      return undefined;
    });
    held.catch(reject);
  });
}
