import type { Change, Operation } from "../../packages/core/src/records/change.ts";
import { blobOf } from "./blobs.ts";
import { recordPlan } from "./record-plan.ts";
import { seededHex } from "./seeded.ts";
import { digestOf, TIME, type World } from "./world.ts";
import type { Plan } from "./write.ts";

export const node = (kind: "d" | "f" | "l", label: string) => `${kind}${seededHex(label).slice(0, 32)}`;

export function changePlan(world: World): Plan {
  const { alice, group, writer } = world;
  const blob = blobOf("a small file");
  const [folder, file, link] = [node("d", "folder"), node("f", "file"), node("l", "link")];
  const of = (...operations: readonly Operation[]): Change => ({
    ...{
      type: "conclave/v1/change",
      group,
      device: alice.key,
      writer,
      number: 4,
      previous: world.log[2]?.digest ?? null,
    },
    ...{ head: world.log[2]?.digest ?? group, parents: [], operations, time: TIME },
  });
  const place = { op: "place", node: folder, parent: "root", name: "notes", from: null, path: "notes" } as const;
  const version = { size: 21, modified: -1, executable: true, extents: [[blob.blob, 0, 1]] } as const;
  const fileOf = { op: "file", node: file, replaces: [], ...version, path: "notes/a.txt" } as const;
  const declare = { op: "blob", blob: blob.blob, salt: blob.salt, pieces: blob.pieces } as const;
  const linkOf = {
    op: "link",
    node: link,
    replaces: [digestOf("a version")],
    target: "../elsewhere\n",
    path: "l",
  } as const;
  const named = (name: string) => of({ ...place, name, path: name });
  return recordPlan(world, {
    file: "change",
    description: "Changes with each operation (SPEC.md §8).",
    reads: [
      ["place", of(place)],
      [
        "place of a file, from another folder",
        of({ ...place, node: file, parent: folder, from: "root", path: "notes/notes" }),
      ],
      ["blob", of(declare)],
      ["file", of(fileOf)],
      ["an empty file", of({ ...fileOf, size: 0, extents: [], executable: false, modified: 0 })],
      ["link", of(linkOf)],
      ["delete", of({ op: "delete", node: folder, path: "notes" })],
      ["purge", of({ op: "purge", node: file, path: "notes/a.txt" })],
      ["purge of a folder", of({ op: "purge", node: folder, path: "notes" })],
      ["all of them together", of(declare, place, fileOf, linkOf, { op: "delete", node: file, path: "notes/a.txt" })],
      ["no operation, and two parents", { ...of(), parents: [digestOf("one parent"), digestOf("another")] } as Change],
      ["a name with U+2028, U+2029 and a control character", named("a\u2028b\u2029c\u0001")],
      ["a name with a byte order mark, a joiner and an emoji", named("\ufeffa\u200d😀")],
      ["a name of 1,024 bytes", named("é".repeat(512))],
      ["a name __proto__", named("__proto__")],
      ["a name of quotes and backslashes", named('"\\"')],
    ],
    own: [
      ["an op that nobody knows", '"op":"place"', '"op":"plant"', "unsupported"],
      ["an op __proto__", '"op":"place"', '"op":"__proto__"', "unsupported"],
      ["an op as a number", '"op":"place"', '"op":1'],
      ["no op", '"op":"place",', ""],
      ["a node of no kind", /(?<="node":")d/, "x"],
      ["a node in upper case", /(?<="node":"d)[0-9a-f]{2}/, "AB"],
      ["a file as a parent", '"parent":"root"', `"parent":"${file}"`],
      ["a name of two dots", '"name":"notes"', '"name":".."'],
      ["a name of one dot", '"name":"notes"', '"name":"."'],
      ["a name with a slash", '"name":"notes"', '"name":"a/b"'],
      ["a name with a zero byte", '"name":"notes"', '"name":"a\\u0000b"'],
      ["an empty name", '"name":"notes"', '"name":""'],
      ["a name of 1,025 bytes", '"name":"notes"', `"name":"${"é".repeat(512)}a"`],
      ["a name with a lone surrogate", '"name":"notes"', '"name":"\\ud800"'],
      ["a name with an escape that is not needed", '"name":"notes"', '"name":"\\u006eotes"'],
      ["a name with U+2028 escaped", '"name":"notes"', '"name":"\\u2028"'],
      ["a path from the top", '"path":"notes"', '"path":"/notes"'],
      ["a path with two dots", '"path":"notes"', '"path":"notes/../../x"'],
      ["no head", /(?<="head":)"[0-9a-f]{64}"/, "null"],
    ],
    refused: [
      ["a file with a folder's node", of({ ...fileOf, node: folder })],
      ["a link with a file's node", of({ ...linkOf, node: file })],
      ["a purge of the whole tree", of({ op: "purge", node: "root", path: "" })],
      ["an empty target", of({ ...linkOf, target: "" })],
      ["executable as a number", of({ ...fileOf, executable: 1 } as never)],
      ["a size of 1.5", of({ ...fileOf, size: 1.5 })],
      ["an extent of no piece", of({ ...fileOf, extents: [[blob.blob, 0, 0]] })],
      ["an extent behind the last piece of any blob", of({ ...fileOf, extents: [[blob.blob, 4096, 1]] })],
      ["an empty piece", of({ ...declare, pieces: [[blob.blob, 0]] })],
      ["a piece of a byte too many", of({ ...declare, pieces: [[blob.blob, 4_190_209]] })],
      ["a time before all times", of({ ...fileOf, modified: -8.64e15 - 1 })],
      ["257 parents", { ...of(), parents: Array.from({ length: 257 }, () => "00".repeat(32)) } as Change],
    ],
  });
}
