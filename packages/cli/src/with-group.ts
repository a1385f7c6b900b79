/** What every command on a group does around its own work: unlock, open, catch up, close. */
import {
  askToJoin,
  ConclaveError,
  catchUp,
  hiddenFrom,
  misfittingRecords,
  type ObjectStore,
  type Reporting,
  type Session,
  type Shown,
  StoreError,
  whyIncomplete,
} from "@conclave/core";
import { findGroup, isDrive, type KnownGroup, openGroup } from "@conclave/node";
import { Advice, advising } from "./advice.ts";
import { askForKey, keyHint } from "./awaited-key.ts";
import type { Context } from "./context.ts";
import { countedStore } from "./counted-store.ts";
import { advisingOnDrive } from "./drive-advice.ts";
import { answerDeviceCodes } from "./identity/answer-devices.ts";
import { ownCard, type Person, withPerson } from "./identity/person.ts";
import { describeNews } from "./news.ts";
import { parseGroupName } from "./parsing/place.ts";
import { settleHint, warnOfHistories } from "./two-histories.ts";

/** A group at work. */
export interface AtWork {
  readonly session: Session;
  readonly person: Person;
  readonly group: KnownGroup;
  /** What the storage showed; undefined where it lacks what it had, and the local index alone is shown. */
  readonly shown: Shown | undefined;
  /** Says that the storage lacks what it had, where it does; the command fails with it once the work is done. */
  readonly alarm: ConclaveError | undefined;
}

export interface GroupOptions {
  /** The command changes nothing: where the storage went back it shows what the local index holds, and fails after it. */
  readonly reading?: boolean;
  /** Whether somebody who was removed asks once more, so that admins see the attempt. Default true. */
  readonly asks?: boolean;
  /** Whether devices that ask are answered, and a missing key asked for, in passing. Default true. */
  readonly duties?: boolean;
  /** The command says itself which of two histories to follow. */
  readonly isSettling?: boolean;
  /** The command is given a member's word on what the storage shows. */
  readonly isConfirming?: boolean;
  /** How the group is brought up to date; default `catchUp`. */
  readonly refresh?: (session: Session, options: Reporting & { readonly signal: AbortSignal }) => Promise<Shown>;
}

/**
 * Opens a group by its local name, brings it up to date, and does the work.
 *
 * @throws ConclaveError `not-found` for a name that is not known; else as `catchUp` and the work.
 */
export async function withGroup(
  context: Context,
  name: string,
  work: (at: AtWork) => Promise<number | undefined>,
  options: GroupOptions = {},
): Promise<number | undefined> {
  const group = parseGroupName(name);
  return withPerson(context, async (person) =>
    withKnownGroup(context, { person, group: await findGroup(person.home, group), work, ...options }),
  );
}

/** As {@link withGroup}, with a person who is unlocked already. */
export async function withKnownGroup(context: Context, options: KnownGroupOptions): Promise<number | undefined> {
  const work = (): Promise<number | undefined> => openAndWork(context, options);
  const { store, account } = options.group;
  return isDrive(store) ? advisingOnDrive({ account }, work) : work();
}

interface KnownGroupOptions extends GroupOptions {
  readonly person: Person;
  readonly group: KnownGroup;
  readonly work: (at: AtWork) => Promise<number | undefined>;
}

async function openAndWork(context: Context, options: KnownGroupOptions): Promise<number | undefined> {
  const { person, group, work, reading = false, duties = true, isSettling = false } = options;
  const opened = await openGroup(person, { group, acceptRollback: context.options.acceptRollback });
  const counted = context.options.stats ? countedStore(opened.session.store) : undefined;
  const session = counted ? { ...opened.session, store: counted.store } : opened.session;
  const started = context.clock.now();
  const { signal } = context;
  try {
    const { shown, alarm } = await adviseOnLack({ session, group, signal }, () =>
      bringUpToDate(context, { ...options, session, reading }),
    );
    if (shown && duties && !isSettling) await answerDeviceCodes(context, { session, person });
    if (shown && duties) await askForKey(context, { session, person });
    warnOfMisfits(context, session);
    if (!options.isConfirming) warnOfHidden(context, { session, group: group.name });
    if (!isSettling) warnOfHistories(context, { session, group: group.name });
    const exit = await adviseOnGroup({ session, group }, () => work({ session, person, group, shown, alarm }));
    if (alarm) await adviseOnLack({ session, group, signal }, () => Promise.reject(alarm));
    const incomplete = whyIncomplete(session);
    if (incomplete && reading) throw incomplete;
    if (incomplete) context.warn(incomplete.message);
    return exit;
  } finally {
    opened.close();
    if (counted) context.note(`${counted.describe()}; ${((context.clock.now() - started) / 1000).toFixed(2)} s`);
  }
}

/**
 * Where others may follow another history, or the storage went back, nobody but them can say which. Whoever was removed may
 * have made that history up: it is none to choose on the storage's word alone.
 */
function adviseOnLack<Result>(
  { session, group, signal }: { readonly session: Session; readonly group: KnownGroup; readonly signal: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  const contested =
    settleHint({ session, group: group.name }) ??
    'ask the others, by another way than this storage, whether they follow that history: only then follow it too, by "conclave ' +
      'settle GROUP ENTRY"; if you know why the storage went back, for instance a restored backup, add --accept-rollback';
  return advising({ contested }, () => adviseOnNothing(session.store, { signal, work }));
}

const NOTHING_THERE =
  "nothing at all lies there: see whether the disk or network drive is mounted, and the folder the right one; only if it is, " +
  "and you know why the storage went back, for instance a restored backup, add --accept-rollback";

/** Where a disk is not mounted its mount point is an empty folder, and nothing went back at all. */
async function adviseOnNothing<Result>(
  store: ObjectStore,
  { signal, work }: { readonly signal: AbortSignal; readonly work: () => Promise<Result> },
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConclaveError) || error.code !== "rollback" || !(await isEmpty(store, signal))) throw error;
    throw new Advice(error, NOTHING_THERE);
  }
}

/** Not knowing counts as no. */
async function isEmpty(store: ObjectStore, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const _ of store.list("", { signal })) return false;
    return true;
  } catch {
    return false;
  }
}

/** A refusal because of two histories says which commands choose between them, one because of a key who has it. */
function adviseOnGroup<Result>(
  { session, group }: { readonly session: Session; readonly group: KnownGroup },
  work: () => Promise<Result>,
): Promise<Result> {
  const contested = settleHint({ session, group: group.name });
  const awaited = keyHint({ session, group: group.name });
  const hints = {
    ...(contested === undefined ? {} : { contested }),
    ...(awaited === undefined ? {} : { "stale-epoch": awaited }),
  };
  return advising(hints, work);
}

/** Who has never read a file cannot know what it lacks: an empty listing alone would pass for an empty group. */
function warnOfMisfits(context: Context, session: Session): void {
  const keys = misfittingRecords(session);
  if (keys.length === 0) return;
  const what = keys.length === 1 ? "a file of records does" : `${keys.length} files of records do`;
  context.warn(`${what} not fit on the storage, so something may be missing here: "conclave verify" names it`);
}

/** A storage that keeps a removal from this device shows nothing wrong but this. */
function warnOfHidden(
  context: Context,
  { session, group }: { readonly session: Session; readonly group: string },
): void {
  if (!hiddenFrom(session)) return;
  context.warn(
    "something is missing on the storage, and nobody else was heard for long: a change of the group's key may be hidden from " +
      `you ("conclave status ${group}" has more); ask another member for their "conclave address", and give it to "conclave join"`,
  );
}

/** The error of a storage that lacks what it had is kept until what the local index holds was shown. */
async function bringUpToDate(
  context: Context,
  options: GroupOptions & { readonly session: Session; readonly person: Person; readonly reading: boolean },
): Promise<{ readonly shown?: Shown; readonly alarm?: ConclaveError }> {
  const { session, person, reading, asks = true, refresh = catchUp } = options;
  try {
    return {
      shown: await refresh(session, { signal: context.signal, onNews: (news) => context.note(describeNews(news)) }),
    };
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    if (error.code === "removed" && asks) await leaveRequest(context, { session, person });
    if ((error.code === "rollback" || error.code === "contested") && reading) {
      const what = error.code === "rollback" ? "the storage went back" : "the storage lacks what it had";
      context.warn(`${what}; this is what this device knew before`);
      return { alarm: error };
    }
    throw error;
  }
}

/** Who was removed asks once more, so that admins see the attempt. Who left by choice does not. */
async function leaveRequest(
  context: Context,
  { session, person }: { readonly session: Session; readonly person: Person },
): Promise<void> {
  const { state, current } = session.view;
  const departure = state.departures.findLast(({ member }) =>
    member.devices.some(({ verifyingKey }) => verifyingKey === session.deviceKey),
  );
  if (departure?.how !== "removed") return;
  const { signal } = context;
  try {
    const card = await ownCard(person);
    const before = await askToJoin(session, { group: session.group, recipient: current.recipient, card, signal });
    if (!before) context.note("a join request was left: the group's admins see that you asked");
  } catch (error) {
    // Somebody who is out may have lost the folder too; that is not what this command is about.
    if (!(error instanceof StoreError)) throw error;
    context.detail(`no join request could be left: ${error.message}`);
  }
}
