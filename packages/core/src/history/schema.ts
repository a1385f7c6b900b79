/**
 * Tables of the records' history.
 *
 * Applied records are numbered in the order in which they were applied (`history_record.id`), which is one of the orders
 * that respects the causal one. Everything that is kept for each of a million records is a small integer, but its digest.
 * What waits is kept apart, by digest, and bounded for each device.
 */
export const HISTORY_SCHEMA = `
CREATE TABLE IF NOT EXISTS history_device (
  id INTEGER PRIMARY KEY,
  device BLOB NOT NULL UNIQUE,
  links INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS history_writer (
  id INTEGER PRIMARY KEY,
  device INTEGER NOT NULL,
  writer BLOB NOT NULL,
  UNIQUE (device, writer)
);
CREATE TABLE IF NOT EXISTS history_lane (
  id INTEGER PRIMARY KEY,
  writer INTEGER NOT NULL,
  base INTEGER,
  forked INTEGER NOT NULL,
  newest INTEGER NOT NULL,
  front INTEGER
);
CREATE INDEX IF NOT EXISTS history_lane_writer ON history_lane (writer);
CREATE INDEX IF NOT EXISTS history_lane_front ON history_lane (front) WHERE front IS NOT NULL;
CREATE TABLE IF NOT EXISTS history_head (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS history_record (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  type INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  number INTEGER NOT NULL,
  clock INTEGER NOT NULL,
  head INTEGER,
  time INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS history_record_lane ON history_record (lane, number);
CREATE TABLE IF NOT EXISTS history_seen (
  lane INTEGER NOT NULL,
  other INTEGER NOT NULL,
  number INTEGER NOT NULL,
  upto INTEGER NOT NULL,
  PRIMARY KEY (lane, other, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history_waiting (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  type INTEGER NOT NULL,
  writer INTEGER NOT NULL,
  number INTEGER NOT NULL,
  head INTEGER,
  time INTEGER NOT NULL,
  missing INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS history_link (
  needed BLOB NOT NULL,
  waiter INTEGER NOT NULL,
  parent INTEGER NOT NULL,
  PRIMARY KEY (needed, waiter, parent)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS history_link_waiter ON history_link (waiter);
`;
