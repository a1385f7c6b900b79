/** The schema of one group's index on one device, less the parts that history and tree bring themselves. SPEC.md §12. */
export const INDEX_SCHEMA = `
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Every key that this device has met on the storage, and what came of reading it.
-- state: 'read' (ours, taken in), 'waiting' (for entries of the log), 'crowded' (too much of its device waits), 'unsupported',
-- 'altered', 'foreign' (nothing of the group).
-- entries: how many entries counted when it was tried. fits: its bytes had the digest in its name, so none but these will come.
-- tried: how often, since it was first listed with this size; first, last: when, by this device's own clock.
CREATE TABLE IF NOT EXISTS files(
  key TEXT PRIMARY KEY, epoch TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, state TEXT NOT NULL,
  device TEXT, detail TEXT, entries INTEGER, fits INTEGER NOT NULL, tried INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_epoch ON files(epoch, kind, state);

-- Of which end of an epoch a whole notice was read there, or goes out from here.
CREATE TABLE IF NOT EXISTS noticed(epoch TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY(epoch, entry)) WITHOUT ROWID;

-- The log's entries, from grants, notices and records files; signature and card verified, flaw as verifyEntry found it.
CREATE TABLE IF NOT EXISTS entries(digest TEXT PRIMARY KEY, line BLOB NOT NULL, signature BLOB NOT NULL, flaw TEXT) WITHOUT ROWID;

-- Entries of listed devices that only a newer version can read.
CREATE TABLE IF NOT EXISTS newer(
  digest TEXT PRIMARY KEY, device TEXT NOT NULL, line BLOB NOT NULL, signature BLOB NOT NULL
) WITHOUT ROWID;

-- Numbered records of listed devices, signature verified, as they stand on the storage.
CREATE TABLE IF NOT EXISTS lines(
  digest TEXT PRIMARY KEY, type TEXT NOT NULL, device TEXT NOT NULL, writer TEXT NOT NULL, number INTEGER NOT NULL,
  line BLOB NOT NULL, signature BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS lines_by_writer ON lines(writer, number);

-- Which record lies in which epoch's folder, by this device's own put or reading.
CREATE TABLE IF NOT EXISTS held(epoch TEXT NOT NULL, digest TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY(epoch, digest, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS held_by_key ON held(key);

-- The newest entries that devices have named: what rule 1 of the choice of branch counts.
CREATE TABLE IF NOT EXISTS words(device TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY(device, entry)) WITHOUT ROWID;

-- Entries of the followed branch: for how long, from look to look, it was followed, and whether that was once long enough.
CREATE TABLE IF NOT EXISTS followed(
  entry TEXT PRIMARY KEY, ms INTEGER NOT NULL DEFAULT 0, stood INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- What this device looks for and does not find, for how long, from look to look. accepted: its person goes on without it;
-- excused: a member's address says that it hides no change of key.
CREATE TABLE IF NOT EXISTS lacking(
  kind TEXT NOT NULL, what TEXT NOT NULL, ms INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER NOT NULL DEFAULT 0, excused INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(kind, what)
) WITHOUT ROWID;

-- Epochs' identities, sealed under the device's key.
CREATE TABLE IF NOT EXISTS identities(epoch TEXT PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;
-- When this device first saw an epoch as the current one: its own clock, for the store's lag.
CREATE TABLE IF NOT EXISTS epochs(epoch TEXT PRIMARY KEY, seen INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;

-- Since when a purge of a node has held without a break: this device's own clock, for the time that others have to object.
CREATE TABLE IF NOT EXISTS purges(node TEXT NOT NULL, change TEXT NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY (node, change)) WITHOUT ROWID;

-- What must reach the storage, in this order; a retry sends the same bytes.
CREATE TABLE IF NOT EXISTS outbox(id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, bytes BLOB NOT NULL, epoch TEXT NOT NULL, kind TEXT NOT NULL);

-- Objects noted before they are put, so that a crash leaves nothing behind that nobody knows.
CREATE TABLE IF NOT EXISTS puts(key TEXT PRIMARY KEY, run TEXT NOT NULL) WITHOUT ROWID;

-- Where blobs lie. proven: put by this device, or fully read by it. gone: deleted with the store's answer.
-- emptied: somebody's receipt says that it was deleted, which is believed for display, and where it is not listed any more.
CREATE TABLE IF NOT EXISTS locations(
  blob TEXT NOT NULL, epoch TEXT NOT NULL, object TEXT NOT NULL, length INTEGER NOT NULL, device TEXT NOT NULL,
  proven INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT NULL DEFAULT 0, emptied INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(blob, epoch, object, device)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS locations_by_epoch ON locations(epoch, gone);
CREATE INDEX IF NOT EXISTS locations_by_object ON locations(epoch, object);

-- Which records files say so, each of them: a location can be copied into any other file of its epoch.
CREATE TABLE IF NOT EXISTS placings(
  key TEXT NOT NULL, blob TEXT NOT NULL, epoch TEXT NOT NULL, object TEXT NOT NULL, PRIMARY KEY(key, blob, object)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS placings_by_blob ON placings(blob);
CREATE INDEX IF NOT EXISTS placings_by_object ON placings(epoch, object);

-- Grants to all as they were read: put back if the storage loses them.
CREATE TABLE IF NOT EXISTS kept(key TEXT PRIMARY KEY, epoch TEXT NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID;

-- Invitations whose end this person was told of.
CREATE TABLE IF NOT EXISTS told(invitation TEXT PRIMARY KEY) WITHOUT ROWID;

-- Names that a target's file system could not hold as they are.
CREATE TABLE IF NOT EXISTS altered_names(place TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
`;
