/** One request to Drive, after its sender is known. */
import type { Viewer } from "../../cloud/model.ts";
import { type Answer, type Call, jsonAnswer, readText } from "../../http/call.ts";
import type { GoogleState } from "../state.ts";
import { select } from "./fields.ts";
import { GoogleError, invalid } from "./google-error.ts";
import { KNOWN_FIELDS } from "./known-fields.ts";

/** What a method of the API gets. */
export interface DriveRequest {
  readonly google: GoogleState;
  readonly call: Call;
  readonly viewer: Viewer;
  /** The variable parts of the path. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** A part of the path. */
export function pathPart({ path }: DriveRequest, name: string): string {
  return path[name] ?? "";
}

/** A parameter that says true or false. */
export function flag({ query }: DriveRequest, name: string, missing = false): boolean {
  const text = query.get(name);
  if (text === null) return missing;
  if (text !== "true" && text !== "false") throw invalid(name, `Invalid boolean value: '${text}'.`);
  return text === "true";
}

/** A parameter that is a whole number in bounds. */
export function whole(
  { query }: DriveRequest,
  name: string,
  bounds: { min: number; max: number; missing: number },
): number {
  const text = query.get(name);
  if (text === null) return bounds.missing;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= bounds.min && value <= bounds.max) return value;
  throw invalid(name, `Invalid value '${text}'. Values must be within the range: [${bounds.min}, ${bounds.max}]`);
}

/** The JSON object of the body; empty where there is no body. */
export async function readJson(request: DriveRequest): Promise<Record<string, unknown>> {
  return parseJson(request, await readText(request.call));
}

/** The JSON object in a text, which the log keeps too. */
export function parseJson({ call }: DriveRequest, text: string): Record<string, unknown> {
  const value: unknown = text.trim() === "" ? {} : tryParse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw parseError();
  call.record.json = value;
  return value as Record<string, unknown>;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw parseError();
  }
}

function parseError(): GoogleError {
  return new GoogleError(400, "parseError", "Parse Error");
}

/** An answer with the fields that the client wants, or else those that Google gives by default. */
export function answer(
  request: DriveRequest,
  kind: keyof typeof KNOWN_FIELDS,
  value: object,
  byDefault: string,
): Answer {
  return jsonAnswer(200, select(value, request.query.get("fields") || byDefault, KNOWN_FIELDS[kind]));
}
