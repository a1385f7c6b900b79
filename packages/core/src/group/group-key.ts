const FOLDER = "(?:requests|epochs|[0-9a-f]{64}(?:/(?:records|objects|listings))?)";
const NAME = "(?:[0-9a-z]+-)*[0-9a-f]{32}(?:[0-9a-f]{32})?";
const KEY = new RegExp(`^${FOLDER}/${NAME}\\.(?:age|recipient)$`);

/**
 * Whether a key is of a form that a group's files have, but for `conclave.json`: what strangers left under other names is no
 * group's. SPEC.md §2.
 */
export function isGroupKey(key: string): boolean {
  return KEY.test(key);
}
