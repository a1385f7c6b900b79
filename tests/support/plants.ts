/**
 * Classic bugs of programs like this one, each as a small edit of the sources, with the test that has to catch it. They are
 * made in copies of the workspace alone: what is published has no switch for them.
 */

export interface Edit {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Plant {
  readonly bug: string;
  readonly edits: readonly Edit[];
  /** The test file, and in it the test, that fails with this bug. */
  readonly caughtBy: { readonly file: string; readonly test: string };
}

export const PLANTS: readonly Plant[] = [
  {
    bug: "a nonce that is the same for every file and chunk",
    edits: [
      {
        file: "packages/node/src/payload.ts",
        find: "new DataView(nonce.buffer).setUint32(7, number);",
        replace: "new DataView(nonce.buffer).setUint32(7, 0 * number);",
      },
    ],
    caughtBy: {
      file: "packages/node/test/payload-attacks.test.ts",
      test: "give the same bytes and digest, whatever the length",
    },
  },
  {
    bug: "records of anybody, whoever signed them",
    edits: [
      {
        file: "packages/core/src/records/records-file.ts",
        find: "if (!(await isSignedBy(crypto, { signed, type: record.type, device: record.device })))",
        replace:
          "if (!(await isSignedBy(crypto, { signed, type: record.type, device: record.device })) && signed.line.length < 0)",
      },
    ],
    caughtBy: { file: "packages/core/test/vectors.test.ts", test: "the vectors of records-file.json" },
  },
  {
    bug: "whoever is read last wins between changes of one clock",
    edits: [
      {
        file: "packages/core/src/tree/stamps.ts",
        find: "return other === null || compareStamps(this.of(change), this.of(other)) > 0;",
        replace: "return other === null || this.of(change).clock >= this.of(other).clock;",
      },
    ],
    caughtBy: { file: "packages/core/test/tree/tree.test.ts", test: "the last by clock and digest wins" },
  },
  {
    bug: "old objects deleted before anything says where the new ones lie",
    edits: [
      {
        file: "packages/core/src/session/upkeep/clean-up.ts",
        find: "if (check.unwanted.has(blob) || isDeclaredInVain(session, blob, check.old.epoch)) return true;",
        replace:
          "if (check.unwanted.has(blob) || isDeclaredInVain(session, blob, check.old.epoch) || blob !== undefined) return true;",
      },
      {
        file: "packages/core/src/session/upkeep/reencrypt.ts",
        find: "let moved = await moveContents(session, { ...options, blobs: blobsToMove(session) });",
        replace:
          "await cleanUp(session, options);\n  let moved = await moveContents(session, { ...options, blobs: blobsToMove(session) });",
      },
    ],
    caughtBy: { file: "tests/crash.test.ts", test: "during a removal" },
  },
  {
    bug: "an outbox that forgets what it has not put yet",
    edits: [
      {
        file: "packages/core/src/session/writing/outbox.ts",
        find: "await session.store.put(row.key, row.bytes, signal ? { signal } : {});",
        replace:
          'session.index.run("DELETE FROM outbox WHERE id = ?", row.id);\n    await session.store.put(row.key, row.bytes, signal ? { signal } : {});',
      },
    ],
    caughtBy: { file: "tests/crash.test.ts", test: "during an upload" },
  },
  {
    bug: "a removal whose cut nobody looks at",
    edits: [
      {
        file: "packages/core/src/group/rights.ts",
        find: "({ node, index }) => index > after && !isWithinCut(record.digest, node),",
        replace: '({ node, index }) => index > after && !isWithinCut(record.digest, node) && record.digest === "",',
      },
    ],
    caughtBy: { file: "tests/attacks/members.test.ts", test: "is void for all, from a fresh writer" },
  },
  {
    bug: "padding left out",
    edits: [
      {
        file: "packages/core/src/contents/padme.ts",
        find: "return padme(Math.max(bytes, PADDED_BYTES_MIN));",
        replace: "return bytes;",
      },
    ],
    caughtBy: { file: "packages/core/test/group/grant.test.ts", test: "comes back as it was, padded" },
  },
  {
    bug: "a new epoch's grant sealed to the removed device too",
    edits: [
      {
        file: "packages/core/src/session/people/membership.ts",
        find: "state: next,",
        replace:
          "state: { ...next, members: [...next.members, ...session.view.state.members.filter(({ id }) => !next.members.some((other) => other.id === id))] },",
      },
    ],
    caughtBy: {
      file: "tests/attacks/removals.test.ts",
      test: "opens no object, record, listing or grant once the re-encryption is done",
    },
  },
  {
    bug: "a new epoch's grant sealed to a device that was taken off the list",
    edits: [
      {
        file: "packages/core/src/session/people/membership.ts",
        find: "state: next,",
        replace:
          'state: { ...next, members: next.members.map((each) => ({ ...each, devices: [...each.devices, ...next.retired.filter(({ member, device }) => member === each.id && device.kind === "device").map(({ device }) => device)] })) },',
      },
    ],
    caughtBy: { file: "tests/attacks/devices.test.ts", test: "takes those along that it admitted" },
  },
  {
    bug: "a new epoch's grant sealed to a kit that was replaced",
    edits: [
      {
        file: "packages/core/src/session/people/membership.ts",
        find: "state: next,",
        replace:
          'state: { ...next, members: next.members.map((each) => ({ ...each, devices: [...each.devices, ...next.retired.filter(({ member, device }) => member === each.id && device.kind === "kit").map(({ device }) => device)] })) },',
      },
    ],
    caughtBy: {
      file: "tests/attacks/devices.test.ts",
      test: "that was replaced opens nothing new and recovers nothing",
    },
  },
  {
    bug: "a put that gives a file its name before its bytes are there",
    edits: [
      {
        file: "packages/stores/src/folder/put.ts",
        find: "  const file = await open(temporary, CREATE_FLAGS, base.modes.file);",
        replace:
          "  await unlink(target).catch(() => {});\n  const file = await open(target, CREATE_FLAGS, base.modes.file);",
      },
      {
        file: "packages/stores/src/folder/put.ts",
        find: "    await rename(temporary, target);",
        replace: "    if (temporary === target) await rename(temporary, target);",
      },
    ],
    caughtBy: { file: "packages/stores/test/folder.test.ts", test: "keeps what was there under the key before" },
  },
  {
    bug: "a piece handed out without a look at its digest",
    edits: [
      {
        file: "packages/core/src/contents/object.ts",
        find: "return toHex(await crypto.sha256(bytes)) === digest;",
        replace: 'return toHex(await crypto.sha256(bytes)) !== "" || digest === "";',
      },
    ],
    caughtBy: {
      file: "packages/core/test/contents/reader.test.ts",
      test: "is caught where one piece of a rightly sealed object is another",
    },
  },
  {
    bug: "one number drawn by two processes of one home",
    edits: [
      {
        file: "packages/core/src/session/writing/publish.ts",
        find: "if (!isSame(readWriter(session.index), start)) return false;",
        replace: "if (!isSame(start, start)) return false;",
      },
    ],
    caughtBy: { file: "tests/one-home.test.ts", test: "never give one number to two records" },
  },
  {
    bug: "a branch chosen by what this device saw first",
    edits: [
      {
        file: "packages/core/src/group/fork-case.ts",
        find: "const children = log.children.get(at) ?? [];",
        replace: "const children = (log.children.get(at) ?? []).slice(0, 1);",
      },
    ],
    caughtBy: { file: "packages/core/test/group/branch.test.ts", test: "decides where nobody said anything" },
  },
];
