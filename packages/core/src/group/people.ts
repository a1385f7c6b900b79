/** Finding a member by what a person typed. */
import { ConclaveError } from "../errors.ts";
import { fingerprint } from "../identity/fingerprint.ts";
import { formerMembers, type GroupState, type Member } from "./state.ts";

/** Least part of a fingerprint that is looked up: fewer digits are met by chance. */
const PREFIX_LENGTH_MIN = 8;

/**
 * The member with that name, or with a fingerprint that begins so (at least 8 hexadecimal digits; spaces and dashes do
 * not matter). A name that looks like another member's fingerprint is as ambiguous as two equal names.
 *
 * @throws ConclaveError `not-found` if nobody or more than one is meant; then the message lists fingerprints.
 */
export function findMember(state: GroupState, typed: string): Member {
  const found = matching(state.members, typed);
  const [only] = found;
  if (!only) throw notFound(state, typed);
  if (found.length === 1) return only;
  const list = found.map((member) => `${fingerprint(member.id)} (${member.name})`).join(", ");
  throw new ConclaveError(`"${typed}" fits ${found.length} members; name one by its fingerprint: ${list}`, {
    code: "not-found",
  });
}

function matching(members: readonly Member[], typed: string): Member[] {
  const prefix = typed.replaceAll(/[\s:-]/g, "").toLowerCase();
  const isPrefix = prefix.length >= PREFIX_LENGTH_MIN && /^[0-9a-f]+$/.test(prefix);
  return members.filter((member) => member.name === typed || (isPrefix && member.id.startsWith(prefix)));
}

function notFound(state: GroupState, typed: string): ConclaveError {
  const former = matching(
    formerMembers(state).map((departure) => departure.member),
    typed,
  );
  const how = former.length > 0 ? `"${typed}" is out of the group already` : `no member is called "${typed}"`;
  return new ConclaveError(how, { code: "not-found" });
}
