/** What people are told where the group's log has no room left. Its limits are small here, so that few commands reach them. */
import { expect, it, vi } from "vitest";
import { admit, family, newStage } from "../support/stage.ts";

vi.mock("../../../core/src/group/log-limits.ts", async (actual) => ({
  ...(await actual<object>()),
  ...{ LOG_WEIGHT_MAX: 40_000, LAST_ROOM: 12_000, MEMBER_SHARE: 1 },
}));

const refused = { exit: 1, code: "log-full", hint: expect.stringMatching(/an owner .*"conclave status GROUP"/) };

interface Problem {
  readonly problem: string;
  readonly detail: string;
}

it("an admin who has filled theirs is told so, an owner goes on until only removals fit, and all are warned before", async () => {
  const stage = newStage();
  const { alice } = await family(stage);
  const bob = await admit(stage, { alice, name: "Bob", role: "admin" });
  const carol = await admit(stage, { alice, name: "Carol" });
  const status = async () => JSON.stringify(await carol.json<{ problems: readonly Problem[] }>("status", "family"));
  expect(await status()).not.toContain("of what they may");
  const invite = (index: number) => ["invite", "family", `guest ${index}`] as const;
  for (let index = 0; index < 2; index++) await bob.json(...invite(index));
  expect(await status()).toMatch(/Bob has filled \d\d % of what they may of the log/);
  const byBob = await bob.refusal(...invite(2));
  expect(byBob).toMatchObject(refused);
  expect(byBob.message).toBe(
    "inviting somebody: it is of an admin, or of somebody let in by one, who has filled an admin's part of the group's log",
  );
  for (let index = 3; index < 6; index++) await alice.json(...invite(index));
  expect(await alice.refusal(...invite(6))).toMatchObject({
    ...refused,
    message: expect.stringContaining("log is full"),
  });
  expect(await status()).toMatch(/the log is \d\d % full, \d\d % of it by one device of Alice/);
  await alice.json("remove", "family", "Bob");
  expect(await carol.json("members", "family")).toHaveLength(2);
  await carol.json("leave", "family");
  await alice.json("ls", "family:");
});
