/**
 * Gives large memory back at once, instead of when the engine's collector happens to look: objects are few and large, and
 * collectors count what they hold of such memory badly. Whoever still holds a view of it finds it empty.
 */
export function giveBack(bytes: Uint8Array<ArrayBuffer>): void {
  if (!bytes.buffer.detached) bytes.buffer.transfer(0);
}
