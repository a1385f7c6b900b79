import { CommandError } from "../command-error.ts";
import type { InStream } from "./io.ts";

/** Longest line that is taken; a passphrase is far shorter. */
const LINE_CHARACTERS_MAX = 64 * 1024;

/** Reads one line from a terminal; what was typed beyond it stays for the next. */
export function readLine(stream: InStream, signal: AbortSignal): Promise<string> {
  return read(stream, signal, (line, text) => {
    const end = text.indexOf("\n");
    line.text = (line.text + (end < 0 ? text : text.slice(0, end))).replace(/\r$/, "");
    return end < 0 ? undefined : text.slice(end + 1);
  });
}

/** Reads one line, key by key and unseen. Ctrl-C interrupts, Backspace and Ctrl-U correct. */
export async function readHiddenLine(stream: InStream, signal: AbortSignal): Promise<string> {
  stream.setRawMode?.(true);
  try {
    return await read(stream, signal, takeKeys);
  } finally {
    stream.setRawMode?.(false);
  }
}

/** A line in the making. */
interface Line {
  text: string;
  /** Within the sequence that an arrow key, say, sends; it is no part of the line. */
  isInSequence: boolean;
}

/** Takes text into the line; gives back what lies beyond its end, or undefined while there is no end. */
type Take = (line: Line, text: string) => string | undefined;

function takeKeys(line: Line, text: string): string | undefined {
  const keys = Array.from(text);
  for (const [index, key] of keys.entries()) {
    if (line.isInSequence) line.isInSequence = !/[A-Za-z~]/.test(key);
    else if (key === "\r" || key === "\n") return keys.slice(index + 1).join("");
    else if (key === "\u0003" || key === "\u0004") throw interrupted();
    else if (key === "\u007f" || key === "\b") line.text = Array.from(line.text).slice(0, -1).join("");
    else if (key === "\u0015") line.text = "";
    else if (key === "\u001b") line.isInSequence = true;
    else if (key >= " ") line.text += key;
  }
  return undefined;
}

function read(stream: InStream, signal: AbortSignal, take: Take): Promise<string> {
  const line: Line = { text: "", isInSequence: false };
  const decoder = new TextDecoder();
  return new Promise<string>((resolve, reject) => {
    const finish = (settle: () => void): void => {
      stream.off("data", onData).off("end", onEnd).off("error", onFailure);
      signal.removeEventListener("abort", onEnd);
      stream.pause();
      settle();
    };
    const onEnd = (): void => finish(() => reject(interrupted()));
    const onFailure = (error: Error): void => finish(() => reject(error));
    const onData = (data: Uint8Array | string): void => {
      try {
        const rest = take(line, typeof data === "string" ? data : decoder.decode(data, { stream: true }));
        if (line.text.length > LINE_CHARACTERS_MAX) throw interrupted(); // check: size
        if (rest === undefined) return;
        finish(() => resolve(line.text));
        if (rest !== "") stream.unshift(new TextEncoder().encode(rest));
      } catch (error) {
        onFailure(error as Error);
      }
    };
    if (signal.aborted) return reject(interrupted());
    signal.addEventListener("abort", onEnd);
    stream.on("data", onData).on("end", onEnd).on("error", onFailure).resume();
  });
}

function interrupted(): CommandError {
  return new CommandError("interrupted at a question; nothing was changed", { code: "interrupted" });
}
