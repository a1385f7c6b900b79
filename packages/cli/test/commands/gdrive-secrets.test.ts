/** Attack 47 on commands that work on Google Drive: whatever goes wrong, no secret is said. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EMULATED_CLIENT, type Fault } from "@conclave/emulators";
import { expect, it } from "vitest";
import { club } from "../support/club.ts";

/** Access and refresh tokens, codes, a client's secret, addresses of uploads, keys: as Google, and age, write them. */
const SECRETS = /ya29\.|1\/\/0|4\/0|GOCSPX|upload_id|Bearer |AGE-SECRET-KEY/;

it("knows its secrets when it sees them", async () => {
  const { google, alice } = await club();
  const { accessToken, refreshToken } = google.signIn("alice@example.org");
  for (const secret of [accessToken, refreshToken, EMULATED_CLIENT.secret]) expect(secret).toMatch(SECRETS);
  expect(readFileSync(join(alice.home, "identity.txt"), "utf8")).toMatch(SECRETS);
  for (const name of readdirSync(alice.home).filter((each) => each.startsWith("accounts")))
    expect(readFileSync(join(alice.home, name), "utf8")).not.toMatch(SECRETS);
});

const TROUBLES: readonly (readonly [what: string, fault: Fault])[] = [
  ["nothing goes wrong", { type: "delay", ms: 0 }],
  ["tokens end", { type: "expire-token" }],
  ["the sign-in is refused", { type: "error", status: 401 }],
  ["it is forbidden", { type: "error", status: 403, reason: "insufficientPermissions" }],
  ["it is refused", { type: "error", status: 400, reason: "invalid" }],
  ["a page answers", { type: "html", status: 200 }],
  ["it is led to another host", { type: "redirect-origin" }],
  ["it is led out of TLS", { type: "redirect-plain" }],
];

it.each(TROUBLES)("says none of them where %s, and sends none elsewhere", { timeout: 60_000 }, async (_, fault) => {
  const { google, alice, stage } = await club();
  stage.files("more", { "big.bin": new Uint8Array(5_500_000).fill(7), "b.txt": "b" });
  let said = "";
  for (const [on, ...words] of [
    ["changes.list", "status", "club"],
    ["upload.*", "upload", "more", "club:/"],
    ["files.download", "verify", "club", "--full"],
    ["permissions.*", "members", "club"],
  ]) {
    google.faults.add({ on: on ?? "", fault, times: 3 });
    const { exit, out, err } = await alice(...words, "--debug", "--verbose", "--stats");
    // The other host answers, and refuses whoever shows it a token.
    if (fault.type === "redirect-origin" && words[0] !== "upload") expect([words, exit]).toEqual([words, 0]);
    said += out + err;
    google.faults.clear();
  }
  expect(said).toContain("requests:");
  expect(said).not.toMatch(SECRETS);
});
