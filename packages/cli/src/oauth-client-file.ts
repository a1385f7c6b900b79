import { usage } from "./command-error.ts";

/**
 * A client's secret as people have it: alone on a line, or in the JSON file that Google gives for a desktop client.
 *
 * @param name - The file's, for errors; nothing of its contents is repeated.
 */
export function parseClientFile(text: string, name: string): { readonly id?: string; readonly secret: string } {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{")) {
    if (/^\S{1,512}$/.test(trimmed)) return { secret: trimmed };
    throw usage(`${name} does not hold a client's secret`, "it is one line, or the JSON file that Google gives");
  }
  const { client_id: id, client_secret: secret } = installedClient(trimmed, name);
  if (typeof id !== "string" || typeof secret !== "string") throw notDesktop(name);
  return { id, secret };
}

function installedClient(text: string, name: string): { client_id?: unknown; client_secret?: unknown } {
  try {
    const { installed } = JSON.parse(text) as { installed?: { client_id?: unknown; client_secret?: unknown } };
    if (typeof installed === "object" && installed !== null) return installed;
  } catch {
    // The parser's own error would repeat what it read.
  }
  throw notDesktop(name);
}

function notDesktop(name: string): Error {
  return usage(
    `${name} is not the file of a desktop client`,
    'at Google, make an OAuth client of the type "Desktop app" and download its JSON file',
  );
}
