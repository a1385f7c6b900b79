/**
 * Every other command that writes, killed before and after every single storage call and local transaction. The group must
 * stay whole for everybody else, and the same command given again must bring about what it was to bring about.
 */
import {
  addMember,
  allInvitations,
  catchUp,
  changeRole,
  changeUntil,
  copyPath,
  invite,
  leaveGroup,
  makeFolder,
  movePath,
  openInvitations,
  readAll,
  reencrypt,
  removeMember,
  removePath,
  restorePath,
  rotate,
  type Session,
  settle,
  verify,
  withdraw,
} from "@conclave/core";
import { describe, expect, it } from "vitest";
import { DEATHS, dies } from "./support/deaths.ts";
import { openWorld } from "./support/open-world.ts";
import { budget, type Device, findMember, live, paths, put, texts, type World } from "./support/world.ts";

interface Scene {
  readonly world: World;
  readonly alice: Device;
  readonly bob: Device;
  readonly carol: Device;
  readonly dave: Device;
}

interface CrashedCommand {
  readonly name: string;
  /** What alice's device does. */
  readonly work: (session: Session, scene: Scene) => Promise<unknown>;
  /** Whether the command has had its effect, as carol sees it. */
  readonly isDone: (carol: Session, scene: Scene) => boolean;
}

const COMMANDS: readonly CrashedCommand[] = [
  {
    name: "admitting somebody",
    work: (session, { dave }) => addMember(session, { card: dave.card, role: "editor" }),
    isDone: (carol) => carol.view.state.members.some(({ name }) => name === "dave"),
  },
  {
    name: "inviting somebody",
    work: (session) => invite(session, { name: "dave", role: "viewer", forMs: 60_000 }),
    isDone: (carol) => openInvitations(carol.view.state).length > 0,
  },
  {
    name: "withdrawing an invitation",
    work: async (session) => {
      const [open] = openInvitations(session.view.state);
      const { invitation } = open ?? (await invite(session, { name: "dave", role: "viewer", forMs: 60_000 }));
      await withdraw(session, { invitation });
    },
    isDone: (carol) => allInvitations(carol.view.state).some(({ end }) => end?.how === "withdrawn"),
  },
  {
    name: "admitting whoever was invited",
    work: async (session, { world, dave }) => {
      const { secret } = await invite(session, { name: "dave", role: "editor", forMs: 60_000 });
      await world.ask(dave, world.address(session), secret);
      await catchUp(session);
    },
    isDone: (carol) => carol.view.state.members.some(({ name }) => name === "dave"),
  },
  {
    name: "ending a guest's stay",
    work: async (session) => {
      const bob = findMember(session.view.state, "bob");
      await changeUntil(session, { member: bob, until: session.clock.now() });
      await catchUp(session);
    },
    isDone: (carol) => !carol.view.state.members.some(({ name }) => name === "bob"),
  },
  {
    name: "changing a role",
    work: (session) => changeRole(session, { member: findMember(session.view.state, "bob"), role: "viewer" }),
    isDone: (carol) => findMember(carol.view.state, "bob").role === "viewer",
  },
  {
    name: "starting a new epoch and re-encrypting",
    work: async (session) => {
      await rotate(session, { contents: "now" });
      await reencrypt(session, { budget: budget() });
    },
    isDone: (carol) => carol.view.state.epochs.length > 1,
  },
  {
    name: "making a folder",
    work: (session) => makeFolder(session, "new/folder"),
    isDone: (carol) => paths(carol).length === 2 && shows(carol, "new/folder"),
  },
  {
    name: "moving a folder",
    work: (session) => movePath(session, { from: "kept", to: "moved" }),
    isDone: (carol) => paths(carol).includes("moved/a.txt"),
  },
  {
    name: "removing a file",
    work: (session) => removePath(session, "b.txt"),
    isDone: (carol) => !paths(carol).includes("b.txt"),
  },
  {
    name: "copying a folder",
    work: (session) => copyPath(session, { from: "kept", to: "copy" }),
    isDone: (carol) => paths(carol).includes("copy/a.txt"),
  },
  {
    name: "taking a folder out of the trash",
    work: (session) => restorePath(session, { path: "old" }),
    isDone: (carol) => paths(carol).includes("old/c.txt"),
  },
];

function shows(session: Session, path: string): boolean {
  const [top = "", name = ""] = path.split("/");
  const row = session.index.get(
    `SELECT 1 FROM tree_node n JOIN tree_node p ON p.id = n.parent WHERE n.name = ? AND p.name = ? AND n.shown = 1`,
    name,
    top,
  );
  return row !== undefined;
}

async function scene(): Promise<Scene> {
  const world = openWorld();
  const [alice, bob, carol, dave] = [
    await world.device("alice"),
    await world.device("bob"),
    await world.device("carol"),
    await world.device("dave"),
  ];
  await world.found(alice);
  await world.admit(alice, bob);
  await world.admit(alice, carol, "owner");
  await put(live(alice), { "kept/a.txt": "of alice", "b.txt": "to go", "old/c.txt": "gone" }, 1);
  await removePath(live(alice), "old");
  await catchUp(live(carol));
  return { world, alice, bob, carol, dave };
}

async function expectWhole(session: Session): Promise<void> {
  const report = await verify(session, { budget: budget(), shown: await readAll(session), full: true });
  expect(report.problems.filter(({ code }) => code !== "fork" && code !== "unsettled")).toEqual([]);
  expect(report.ok).toBe(true);
}

describe.each(DEATHS)("a death at a $at, $when it takes effect", (death) => {
  it.each(COMMANDS)(
    "during $name leaves the group whole, and the command can be given again",
    async (command) => {
      for (let step = 1; ; step++) {
        const stage = await scene();
        const { world, alice, carol } = stage;
        const hasDied = await dies(world, alice, {
          death,
          step,
          work: async (session) => {
            await catchUp(session);
            await command.work(session, stage);
          },
        });
        await catchUp(live(carol));
        expect(Object.values(await texts(live(carol)))).toContain("of alice");
        const again = world.restart(alice);
        await catchUp(again);
        await catchUp(live(carol));
        if (!command.isDone(live(carol), stage)) {
          await command.work(again, stage);
          await catchUp(live(carol));
        }
        expect(command.isDone(live(carol), stage)).toBe(true);
        await reencrypt(live(carol), { budget: budget() });
        await expectWhole(live(carol));
        await catchUp(again);
        await expectWhole(again);
        if (!hasDied) {
          // A sweep that never killed anything would prove nothing.
          expect(step).toBeGreaterThan(3);
          break;
        }
        world.close();
      }
    },
    300_000,
  );

  it("while leaving: the leaver is out in the end, and the key changes without them", async () => {
    for (let step = 1; ; step++) {
      const stage = await scene();
      const { world, alice, carol } = stage;
      const hasDied = await dies(world, alice, {
        death,
        step,
        work: async (session) => {
          await catchUp(session);
          await leaveGroup(session);
        },
      });
      const again = world.restart(alice);
      await catchUp(again)
        .then(() => leaveGroup(again))
        .catch((error: unknown) => expect(error).toMatchObject({ code: "removed" }));
      const before = live(carol).view.current.epoch;
      await catchUp(live(carol));
      expect(live(carol).view.state.members.map(({ name }) => name)).toEqual(["bob", "carol"]);
      expect(live(carol).view.current.epoch).not.toBe(before);
      await reencrypt(live(carol), { budget: budget() });
      await expectWhole(live(carol));
      if (!hasDied) {
        // A sweep that never killed anything would prove nothing.
        expect(step).toBeGreaterThan(3);
        break;
      }
      world.close();
    }
  }, 300_000);

  it("while settling which of two histories to follow: it is followed in the end, and work goes on", async () => {
    for (let step = 1; ; step++) {
      const stage = await scene();
      const { world, alice, bob, carol } = stage;
      await catchUp(live(bob));
      const removal = (name: string, by: Session) =>
        removeMember(by, { member: findMember(by.view.state, name), contents: "on-change" });
      await catchUp(live(alice));
      await removal("carol", live(alice));
      await removal("alice", live(carol));
      const chosen = live(carol).view.state.head;
      const work = async (session: Session) => {
        await readAll(session);
        settle(session, chosen);
        await catchUp(session);
      };
      const hasDied = await dies(world, bob, { death, step, work });
      const again = world.restart(bob);
      await work(again);
      await put(again, { "of bob": "settled" });
      await catchUp(live(carol));
      expect(live(carol).view.state.members.map(({ name }) => name)).toEqual(["bob", "carol"]);
      expect(paths(live(carol))).toContain("of bob");
      if (!hasDied) {
        expect(step).toBeGreaterThan(3);
        break;
      }
      world.close();
    }
  }, 300_000);
});
