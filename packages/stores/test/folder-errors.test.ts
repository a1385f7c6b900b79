import { StoreError } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { isSystemError, toStoreError } from "../src/folder/errors.ts";

const system = (code: string) => Object.assign(new Error(`${code}: it failed, open '/x'`), { code, syscall: "open" });

describe("what the system says", () => {
  it.each([
    ["ENOENT", "not-found", "unavailable"],
    ["EACCES", "refused", "read-only"],
    ["EPERM", "refused", "read-only"],
    ["EROFS", "read-only", "read-only"],
    ["ENOSPC", "full", "full"],
    ["EDQUOT", "full", "full"],
    ["EFBIG", "full", "full"],
    ["ENOTDIR", "refused", "refused"],
    ["EISDIR", "refused", "refused"],
    ["ELOOP", "refused", "refused"],
    ["ENAMETOOLONG", "refused", "refused"],
    ["EIO", "unavailable", "unavailable"],
    ["ESTALE", "unavailable", "unavailable"],
    ["EBUSY", "unavailable", "unavailable"],
    ["ETIMEDOUT", "unavailable", "unavailable"],
    ["EMFILE", "unavailable", "unavailable"],
    ["ENOTCONN", "unavailable", "unavailable"],
    ["EWHATEVER", "unavailable", "unavailable"],
  ])("%s is %s while reading and %s while writing, with the cause", (name, reading, writing) => {
    const cause = system(name);
    const read = toStoreError(cause, { what: "read ab/x", writes: false });
    const write = toStoreError(cause, { what: "store ab/x", writes: true });
    expect(read).toBeInstanceOf(StoreError);
    expect(read).toMatchObject({ code: reading, cause });
    expect(write).toMatchObject({ code: writing, cause });
    expect(String(write)).toMatch(new RegExp(`^StoreError: cannot store ab/x: [a-z ,]+ \\(${name}\\)$`));
  });

  it.each([
    new Error("a defect"),
    new StoreError("there is no object x", { code: "not-found" }),
    new DOMException("This operation was aborted", "AbortError"),
    Object.assign(new Error("not the system's"), { code: "ENOENT" }),
    "ENOENT",
    undefined,
  ])("is not put into the mouth of %s", (error) => {
    expect(toStoreError(error, { what: "read x", writes: false })).toBe(error);
    expect(isSystemError(error, "ENOENT")).toBe(false);
  });
});
