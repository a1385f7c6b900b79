/** The names by which a person's home is known wherever it lies. */
export const HOME_NAMES = {
  /** The identity under a passphrase. */
  sealedIdentity: "identity.age",
  /** The identity in clear. */
  plainIdentity: "identity.txt",
  card: "card.txt",
} as const;

/** What is said of a home that is met among files to be taken: its keys open all that its groups hold. */
export const HOME_LEFT_OUT = "it is a Conclave home, with its private keys, so it was left out";

/** Whether a folder is a home, by the names in it: this machine's own or another's, a profile's or a copy. */
export function isHome(has: (name: string) => boolean): boolean {
  return has(HOME_NAMES.card) && (has(HOME_NAMES.sealedIdentity) || has(HOME_NAMES.plainIdentity));
}
