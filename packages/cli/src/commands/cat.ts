import {
  ConclaveError,
  contentReader,
  type FilePiece,
  filePieces,
  memberNames,
  refresh,
  resolvePath,
  type Session,
  sourceOf,
  type ViewEntry,
} from "@conclave/core";
import { processBudget } from "../budget.ts";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { parseOneGroup } from "../parsing/places.ts";
import { TerminalText } from "../terminal/terminal-text.ts";
import { withGroup } from "../with-group.ts";

export const cat = defineCommand({
  examples: ["conclave cat family:notes.txt", "conclave cat family:backup.tar | tar -t"],
  args: ["place..."],
  notes: "On a terminal only text is shown, with what could control the terminal escaped.",

  async run(context, { place: texts }) {
    const { group, paths } = parseOneGroup(texts);
    if (context.options.json) throw usage("cat prints a file's bytes, and they are not JSON", "leave out --json");
    return withGroup(
      context,
      group,
      async ({ session }) => {
        const files = paths.map((path) => requireFile(session, path));
        for (const file of files) await print(context, { session, file });
        return undefined;
      },
      { reading: true },
    );
  },
});

function requireFile(session: Session, path: string): ViewEntry {
  const found = resolvePath(session.index, path, memberNames(session.view.state));
  if (found?.kind === "file") return found;
  const what = found === undefined ? `there is no ${path}` : `${path === "" ? "the top" : path} is no file`;
  throw new ConclaveError(what, { code: "not-found" });
}

async function print(
  context: Context,
  { session, file }: { readonly session: Session; readonly file: ViewEntry },
): Promise<void> {
  const text = context.out.isTerminal ? new TerminalText(file.path) : undefined;
  for await (const bytes of contentOf(context, { session, pieces: filePieces(session.index, file) })) {
    await context.out.bytes(text ? text.take(bytes) : bytes);
  }
  if (text) await context.out.bytes(text.end());
}

/** A file's bytes in order, a few pieces at a time. Somebody may re-encrypt meanwhile: then the rest is read from there. */
async function* contentOf(
  { signal }: Context,
  { session, pieces }: { readonly session: Session; readonly pieces: readonly FilePiece[] },
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (let hasRefreshed = false; done < pieces.length; ) {
    const reader = contentReader(session, processBudget());
    try {
      while (done < pieces.length) {
        const run = nextRun(pieces, done);
        const source = sourceOf(session, run.blob);
        if (!source) throw new ConclaveError(`no record that counts declares blob ${run.blob}`, { code: "missing" });
        for await (const { bytes } of reader.read(source, run.indexes, { signal })) {
          // A copy: a stream may hold what it was given long after the reader has taken its memory back.
          yield bytes.slice();
          done++;
        }
      }
    } catch (error) {
      if (hasRefreshed || !(error instanceof ConclaveError) || error.code !== "missing") throw error;
      hasRefreshed = true;
      await refresh(session, { signal });
    }
  }
}

/** The pieces from there on that lie in one blob in rising order: what one reading gives in the order of the file. */
function nextRun(
  pieces: readonly FilePiece[],
  from: number,
): { readonly blob: string; readonly indexes: readonly number[] } {
  const blob = pieces[from]?.blob ?? "";
  const indexes: number[] = [];
  for (const piece of pieces.slice(from)) {
    if (piece.blob !== blob || piece.index <= (indexes.at(-1) ?? -1)) break;
    indexes.push(piece.index);
  }
  return { blob, indexes };
}
