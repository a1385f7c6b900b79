/** What a client may write about a file. */
import type { Item } from "../../cloud/model.ts";
import { GoogleError, invalid, notEmulated } from "./google-error.ts";

/** Fields that take effect, or that Google lets clients send without effect. */
const WRITABLE = new Set(
  "id name mimeType description starred trashed parents properties appProperties createdTime modifiedTime writersCanShare shortcutDetails kind originalFilename".split(
    " ",
  ),
);

/** The longest property, key and value together, in bytes of UTF-8. */
const PROPERTY_BYTES_MAX = 124;

/** The body of a create or an update, checked. */
export interface Metadata {
  readonly id?: string;
  readonly name?: string;
  readonly mimeType?: string;
  readonly description?: string;
  readonly starred?: boolean;
  readonly trashed?: boolean;
  readonly writersCanShare?: boolean;
  readonly parents?: readonly string[];
  readonly createdMs?: number;
  readonly modifiedMs?: number;
  readonly targetId?: string;
  readonly properties: ReadonlyMap<string, string | null>;
  readonly appProperties: ReadonlyMap<string, string | null>;
}

/** Parses the body of a create or an update. Fields that the emulator would ignore are refused. */
export function toMetadata(json: Readonly<Record<string, unknown>>): Metadata {
  const unknown = Object.keys(json).find((name) => !WRITABLE.has(name));
  if (unknown !== undefined) throw notEmulated(`how to write the field ${unknown} of a file`);
  return {
    ...texts(json),
    ...flags(json),
    ...optional("parents", parents(json.parents)),
    ...optional("createdMs", instant(json, "createdTime")),
    ...optional("modifiedMs", instant(json, "modifiedTime")),
    ...optional("targetId", (json.shortcutDetails as { targetId?: string } | undefined)?.targetId),
    properties: properties(json.properties),
    appProperties: properties(json.appProperties),
  };
}

function optional<Value>(name: string, value: Value | undefined): Record<string, Value> {
  return value === undefined ? {} : { [name]: value };
}

function texts(json: Readonly<Record<string, unknown>>): Record<string, string> {
  const names = ["id", "name", "mimeType", "description"].filter(
    (name) => json[name] !== undefined && json[name] !== "",
  );
  return Object.fromEntries(
    names.map((name) => {
      const value = json[name];
      if (typeof value !== "string") throw invalid(name, `Invalid value for: ${name}`);
      return [name, value];
    }),
  );
}

function flags(json: Readonly<Record<string, unknown>>): Record<string, boolean> {
  const names = ["starred", "trashed", "writersCanShare"].filter((name) => json[name] !== undefined);
  return Object.fromEntries(
    names.map((name) => {
      const value = json[name];
      if (typeof value !== "boolean") throw invalid(name, `Invalid value for: ${name}`);
      return [name, value];
    }),
  );
}

function parents(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string"))
    throw invalid("parents", "Invalid parents.");
  if (value.length > 1) throw new GoogleError(400, "invalid", "A shared item can only have one parent.", "parents");
  return value;
}

function instant(json: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = json[name];
  if (value === undefined) return undefined;
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw invalid(name, `Invalid value for: ${name}`);
  return ms;
}

function properties(value: unknown): Map<string, string | null> {
  const entries = Object.entries((value ?? {}) as Record<string, string | null>);
  for (const [key, text] of entries) {
    const isLong = new TextEncoder().encode(key + (text ?? "")).length > PROPERTY_BYTES_MAX;
    if (isLong) throw new GoogleError(400, "propertyTooLong", "A property's key and value are too long together.");
  }
  return new Map(entries);
}

/** Writes metadata onto an item. */
export function write(metadata: Metadata, item: Item, userId: string): void {
  if (metadata.name !== undefined) item.name = metadata.name;
  if (metadata.description !== undefined) item.description = metadata.description;
  if (metadata.modifiedMs !== undefined) item.modifiedMs = metadata.modifiedMs;
  if (metadata.writersCanShare !== undefined) item.writersCanShare = metadata.writersCanShare;
  if (metadata.starred === true) item.starredBy.add(userId);
  if (metadata.starred === false) item.starredBy.delete(userId);
  writeProperties(item.properties, metadata.properties);
  writeProperties(item.appProperties, metadata.appProperties);
}

function writeProperties(held: Map<string, string>, written: ReadonlyMap<string, string | null>): void {
  for (const [key, value] of written) {
    if (value === null) held.delete(key);
    else held.set(key, value);
  }
}
