import { resolve } from "node:path";
import {
  ConclaveError,
  download as downloadTree,
  listFolder,
  memberNames,
  type Progress,
  resolvePath,
  type Session,
  type Transfer,
} from "@conclave/core";
import { type LocalTarget, openTarget } from "@conclave/node";
import { processBudget } from "../budget.ts";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { type GroupPlace, parseGroupPlace, parseLocalPlace } from "../parsing/place.ts";
import { TakenPaths } from "../taken-paths.ts";
import { showTransfer, sumTransfers } from "../transfer-result.ts";
import { withGroup } from "../with-group.ts";

export const download = defineCommand({
  examples: ["conclave download family:photos .", "conclave download family:/ ~/family-copy"],
  args: ["place...", "target"],
  options: {
    overwrite: {
      summary: "replace local files that differ, by their contents, also where the group does not hold what is in them",
    },
    links: { summary: "make symbolic links too, where they stay inside the target" },
  },
  notes: [
    "The last name of each GROUP:PATH is made inside the target folder, which is made if missing; of GROUP:/ and of",
    "GROUP:PATH/. the contents. No two may get one path. Nothing is ever written outside the target. A local file of the same",
    "size and time is taken for the same, without being read, unless --overwrite is given.",
  ].join("\n"),

  async run(context, { place: texts, target, overwrite, links }) {
    const places = texts.map(parseGroupPlace);
    const path = parseLocalPlace(target).path;
    const group = places[0]?.group ?? "";
    const other = places.find((each) => each.group !== group);
    if (other) throw usage(`${group} and ${other.group} are two groups`, "download from one group at a time");
    return withGroup(
      context,
      group,
      async ({ session }) => {
        const started = context.clock.now();
        for (const place of places) requireThere(session, place);
        refuseTwins(session, places);
        const local = await openTarget(resolve(context.cwd, path), { create: true });
        const transfers: Transfer[] = [];
        try {
          for (const place of places) {
            transfers.push(await downloadOne(context, { session, place, target: local, overwrite, links }));
          }
        } finally {
          await local.close();
        }
        const seconds = (context.clock.now() - started) / 1000;
        return showTransfer(context, {
          verb: "downloaded",
          transfer: sumTransfers(transfers),
          seconds,
          linksFate: links ? "made where they stay inside the target" : "left out; --links makes them",
        });
      },
      { reading: true },
    );
  },
});

/** Before anything is made on this machine. */
function requireThere(session: Session, { group, path }: GroupPlace): void {
  if (resolvePath(session.index, path, memberNames(session.view.state))) return;
  throw new ConclaveError(`there is no ${path} in ${group}`, { code: "not-found" });
}

/** Before anything is made on this machine, too. */
function refuseTwins(session: Session, places: readonly GroupPlace[]): void {
  const taken = new TakenPaths("download them one by one, into different folders");
  if (places.length === 1) return;
  for (const place of places) if (!isContents(place)) taken.take(lastName(place), { from: shownPlace(place) });
  const nameOf = memberNames(session.view.state);
  for (const place of places) {
    if (!isContents(place)) continue;
    const start = place.path === "" ? 0 : place.path.length + 1;
    for (const { path, kind } of listFolder(session.index, place.path, { recursive: true, nameOf }))
      taken.take(path.slice(start) || lastName(place), { from: shownPlace(place), isShared: kind === "folder" });
  }
}

function isContents({ contents, path }: GroupPlace): boolean {
  return contents || path === "";
}

function lastName({ path }: GroupPlace): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function shownPlace({ group, path, contents }: GroupPlace): string {
  return `${group}:${path}${contents ? "/." : ""}`;
}

async function downloadOne(
  context: Context,
  options: {
    readonly session: Session;
    readonly place: GroupPlace;
    readonly target: LocalTarget;
    readonly overwrite: boolean;
    readonly links: boolean;
  },
): Promise<Transfer> {
  const { session, place, target, overwrite, links } = options;
  const { path } = place;
  const bar = context.progress(`downloading ${path === "" ? place.group : path}`);
  try {
    return await downloadTree(session, {
      path,
      target,
      ...(isContents(place) ? {} : { as: lastName(place) }),
      overwrite,
      links,
      budget: processBudget(),
      signal: context.signal,
      onProgress: (progress: Progress) => bar.update(progress),
    });
  } finally {
    bar.finish();
  }
}
