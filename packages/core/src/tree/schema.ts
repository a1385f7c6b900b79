/**
 * Tables of the file tree.
 *
 * `tree_place`, `tree_version`, `tree_delete`, `tree_purge`, `tree_declared` hold what the changes say, whether they count or not;
 * `tree_node` holds what follows from those that count, so that a folder is listed by one index; `tree_find` its nodes'
 * names as they are searched, by the same numbers. A change's number here is
 * its `history_record.id`: causes have smaller ones. Node 1 is the root.
 */
export const TREE_SCHEMA = `
CREATE TABLE IF NOT EXISTS tree_change (
  id INTEGER PRIMARY KEY,
  counts INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS tree_lane (
  lane INTEGER PRIMARY KEY,
  number INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS tree_node (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  place INTEGER,
  placed INTEGER NOT NULL,
  parent INTEGER,
  name TEXT NOT NULL,
  displaced INTEGER NOT NULL,
  version INTEGER,
  versions INTEGER NOT NULL,
  deleted INTEGER,
  live INTEGER NOT NULL,
  shown INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS tree_node_parent ON tree_node (parent, name);
CREATE INDEX IF NOT EXISTS tree_node_displaced ON tree_node (id) WHERE displaced = 1;
CREATE INDEX IF NOT EXISTS tree_node_conflict ON tree_node (id) WHERE versions > 1;
INSERT OR IGNORE INTO tree_node VALUES (1, 'root', NULL, 1, NULL, '', 0, NULL, 0, NULL, 0, 1);
CREATE VIRTUAL TABLE IF NOT EXISTS tree_find USING fts5(name, tokenize = 'trigram case_sensitive 1', detail = 'none');
CREATE TABLE IF NOT EXISTS tree_place (
  change INTEGER NOT NULL,
  node INTEGER NOT NULL,
  parent INTEGER NOT NULL,
  origin INTEGER,
  name TEXT NOT NULL,
  again INTEGER NOT NULL,
  PRIMARY KEY (change, node)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tree_place_node ON tree_place (node);
CREATE INDEX IF NOT EXISTS tree_place_again ON tree_place (change) WHERE again = 1;
CREATE TABLE IF NOT EXISTS tree_version (
  change INTEGER NOT NULL,
  node INTEGER NOT NULL,
  state INTEGER NOT NULL,
  replaces BLOB,
  size INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  executable INTEGER NOT NULL,
  extents BLOB,
  target TEXT,
  PRIMARY KEY (change, node)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tree_version_node ON tree_version (node);
CREATE TABLE IF NOT EXISTS tree_delete (
  change INTEGER NOT NULL,
  node INTEGER NOT NULL,
  PRIMARY KEY (change, node)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tree_purge (
  node INTEGER NOT NULL,
  change INTEGER NOT NULL,
  PRIMARY KEY (node, change)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tree_purge_unseen (
  node INTEGER NOT NULL,
  change INTEGER NOT NULL,
  touch INTEGER NOT NULL,
  PRIMARY KEY (node, change, touch)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tree_blob (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  salt BLOB,
  pieces BLOB,
  counting INTEGER NOT NULL,
  used INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS tree_blob_orphan ON tree_blob (id) WHERE used = 0;
CREATE TABLE IF NOT EXISTS tree_declared (
  change INTEGER NOT NULL,
  blob INTEGER NOT NULL,
  PRIMARY KEY (change, blob)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tree_declared_blob ON tree_declared (blob);
`;
