/** The tests of history and tree in a browser, on SQLite's WASM, with full-text search by trigrams. */
import "../history/history.test.ts";
import "../history/history.property.test.ts";
import "../tree/blobs.test.ts";
import "../tree/find.test.ts";
import "../tree/listing.test.ts";
import "../tree/many-changes.test.ts";
import "../tree/plan.test.ts";
import "../tree/purge.test.ts";
import "../tree/tree.test.ts";
import "../tree/tree.property.test.ts";
import "../tree/view.test.ts";
