/**
 * A referee between client and emulator: Google's own description of Drive's API judges every request and every answer, those
 * of uploads in several requests among them, and what a sign-in asks for. A method, parameter, field or scope that it does not
 * know is an objection, and so is a value of another type. Of the sign-in it describes nothing but the scopes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Answer, Call } from "@conclave/emulators";
import { Ajv, type ValidateFunction } from "ajv";

type Json = Record<string, unknown>;

interface Parameter {
  readonly type: string;
  readonly required?: boolean;
  readonly enum?: readonly string[];
  readonly minimum?: string;
  readonly maximum?: string;
}

interface Method {
  readonly id: string;
  readonly path: string;
  readonly httpMethod: string;
  readonly parameters?: Readonly<Record<string, Parameter & { readonly location: string }>>;
  readonly request?: { readonly $ref: string };
  readonly response?: { readonly $ref: string };
  /** Of methods that take bytes. */
  readonly mediaUpload?: { readonly maxSize: string };
}

interface Resource {
  readonly methods?: Readonly<Record<string, Method>>;
  readonly resources?: Readonly<Record<string, Resource>>;
}

interface Discovery extends Resource {
  readonly schemas: Readonly<Record<string, Json>>;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly auth: { readonly oauth2: { readonly scopes: Readonly<Record<string, unknown>> } };
}

/**
 * What the emulator answers and the subset of the description leaves out, by verb and path: nobody judges that here, and
 * tests of the emulator alone hold it to what Google writes of it. Anything else that is not described is an objection.
 */
const OUTSIDE: readonly (readonly [verb: string, path: RegExp])[] = [
  ["POST", /^files\/[^/]+\/copy$/],
  ["DELETE", /^files\/trash$/],
  ["GET", /^files\/[^/]+\/revisions(\/[^/]+)?$/],
  ["DELETE", /^files\/[^/]+\/revisions\/[^/]+$/],
];

/** Somebody who watches. */
export interface Referee {
  /** To be given to `startGoogle`. */
  observe(call: Call, answer: Answer): void;
  /** What was not as described, in words. */
  readonly objections: readonly string[];
  /** How many exchanges were judged: a test that means to be watched expects some. */
  readonly judged: number;
}

/** @param specs - The folder of `CONCLAVE_SPECS`. */
export function driveReferee(specs: string): Referee {
  const { discovery, methods, validate } = described(specs);
  const objections: string[] = [];
  let judged = 0;

  /** Undefined for what is not described. */
  function judgeAny(call: Call, answer: Answer): readonly string[] | undefined {
    if (call.url.pathname === "/o/oauth2/v2/auth") return judgeScopes(discovery, call.url.searchParams);
    const [, upload, path] = /^(\/upload)?\/drive\/v3\/(.*)$/.exec(call.url.pathname) ?? [];
    if (path === undefined) return undefined;
    if (OUTSIDE.some(([verb, each]) => verb === call.method && each.test(path))) return undefined;
    const isSession = call.url.searchParams.has("upload_id");
    const method = methods.find(
      ({ httpMethod, path: template, mediaUpload }) =>
        isPath(template, path) &&
        (upload === undefined || mediaUpload !== undefined) &&
        // Some clients send the parts of an upload as they began it.
        (httpMethod === call.method || (isSession && call.method === "PUT")),
    );
    if (!method) return ["this method is not in the description"];
    const told = judge(discovery, validate, { method, call, answer });
    return isSession ? [...told, ...judgeSize(method, call)] : told;
  }

  return {
    objections,
    get judged() {
      return judged;
    },
    observe(call, answer) {
      const found = judgeAny(call, answer);
      if (found === undefined) return;
      judged++;
      objections.push(...found.map((objection) => `${call.method} ${call.url.pathname}: ${objection}`));
    },
  };
}

interface Described {
  readonly discovery: Discovery;
  readonly methods: readonly Method[];
  readonly validate: Validators;
}

/** Read and compiled once, however many referees there are. */
const known = new Map<string, Described>();

function described(specs: string): Described {
  const before = known.get(specs);
  if (before) return before;
  const text = readFileSync(join(specs, "google-drive-v3-subset.discovery.json"), "utf8");
  const discovery = JSON.parse(text) as Discovery;
  const now = { discovery, methods: methodsOf(discovery), validate: compile(discovery) };
  known.set(specs, now);
  return now;
}

/** Methods with the fewest variables in their path first, so that `files/generateIds` is no file's id. */
function methodsOf(resource: Resource): Method[] {
  const inner = Object.values(resource.resources ?? {}).flatMap(methodsOf);
  const variables = ({ path }: Method): number => path.split("{").length;
  return [...Object.values(resource.methods ?? {}), ...inner].sort((one, other) => variables(one) - variables(other));
}

function isPath(template: string, path: string): boolean {
  const [wanted, given] = [template.split("/"), path.split("/")];
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith("{") || part === given[at]);
}

type Validators = ReadonlyMap<string, ValidateFunction>;

function compile({ schemas }: Discovery): Validators {
  const $defs = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, toJsonSchema(schema)]));
  const ajv = new Ajv({ strict: true, allErrors: true });
  ajv.addSchema({ $id: "drive", $defs });
  const named = Object.keys(schemas).map((name) => [name, ajv.compile({ $ref: `drive#/$defs/${name}` })] as const);
  return new Map(named);
}

const FORMATS: Readonly<Record<string, string>> = {
  int64: "^-?\\d+$",
  "date-time": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$",
};

/** A schema of the description, which knows no others than these words, as one that admits no other fields. */
function toJsonSchema({ $ref, type, format, properties, items, additionalProperties }: Json): Json {
  if ($ref !== undefined) return { $ref: `drive#/$defs/${$ref}` };
  if (type === "array") return { type, items: toJsonSchema(items as Json) };
  const pattern = type === "string" ? FORMATS[String(format)] : undefined;
  if (type !== "object") return pattern === undefined ? { type } : { type, pattern };
  const named = Object.entries((properties ?? {}) as Record<string, Json>);
  return {
    type,
    properties: Object.fromEntries(named.map(([name, schema]) => [name, toJsonSchema(schema)])),
    additionalProperties: additionalProperties ? toJsonSchema(additionalProperties as Json) : false,
  };
}

interface Exchange {
  readonly method: Method;
  readonly call: Call;
  readonly answer: Answer;
}

function judge(discovery: Discovery, validators: Validators, { method, call, answer }: Exchange): string[] {
  const validate = (what: string, ref: string | undefined, value: unknown): string[] => {
    const validator = ref === undefined ? undefined : validators.get(ref);
    if (!validator) return [`${what} has a body, and none is described`];
    return validator(value)
      ? []
      : (validator.errors ?? []).map(
          (each) => `${what}${each.instancePath} ${each.message} ${JSON.stringify(each.params)}`,
        );
  };
  const sent = call.record.json === undefined ? [] : validate("request", method.request?.$ref, call.record.json);
  return [
    ...judgeParameters(discovery, method, call.url.searchParams),
    ...sent,
    ...judgeAnswer(method, answer, validate),
  ];
}

/** How much a part of an upload says that there is in all. */
function judgeSize({ mediaUpload }: Method, { headers }: Call): string[] {
  const [, total] = /^bytes (?:\*|\d+-\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
  if (total === undefined) return ["a part of an upload does not say which part it is"];
  return Number(total) > Number(mediaUpload?.maxSize) ? [`an upload of ${total} bytes is larger than any may be`] : [];
}

function judgeScopes({ auth }: Discovery, query: URLSearchParams): string[] {
  const scopes = (query.get("scope") ?? "").split(" ");
  return scopes.filter((scope) => !(scope in auth.oauth2.scopes)).map((scope) => `there is no scope "${scope}"`);
}

function judgeAnswer(
  method: Method,
  { status, json }: Answer,
  validate: (what: string, ref: string | undefined, value: unknown) => string[],
): string[] {
  if (status < 400) return json === undefined ? [] : validate("answer", method.response?.$ref, json);
  const { code, message, errors } = ((json as Json | undefined)?.error ?? {}) as Json;
  const isError = code === status && typeof message === "string" && Array.isArray(errors) && errors.length > 0;
  return isError || status === 416 ? [] : ["the answer is an error in another form than Google's"];
}

function judgeParameters(discovery: Discovery, method: Method, query: URLSearchParams): string[] {
  const known = { ...discovery.parameters, ...method.parameters };
  const given = [...query].flatMap(([name, value]) => {
    // The secret of a session: its address is given by Google, and described nowhere.
    if (name === "upload_id") return [];
    const parameter = known[name];
    if (!parameter) return [`the parameter ${name} is not in the description`];
    return isValue(parameter, value) ? [] : [`the parameter ${name} cannot be ${value}`];
  });
  const missing = Object.entries(method.parameters ?? {}).filter(
    ([name, { required, location }]) => required && location === "query" && !query.has(name),
  );
  return [...given, ...missing.map(([name]) => `the parameter ${name} is missing`)];
}

function isValue({ type, enum: values, minimum, maximum }: Parameter, text: string): boolean {
  if (values && !values.includes(text)) return false;
  if (type === "boolean") return text === "true" || text === "false";
  if (type !== "integer") return true;
  return /^-?\d+$/.test(text) && Number(text) >= Number(minimum ?? text) && Number(text) <= Number(maximum ?? text);
}
