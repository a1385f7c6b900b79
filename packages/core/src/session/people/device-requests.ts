/** Further devices that ask with a code: the device that made it lists them. SPEC.md §7. */
import { ConclaveError, type ConclaveErrorCode } from "../../errors.ts";
import { type CodeGroup, deviceCodeKey } from "../../group/device-code.ts";
import { type AskingDevice, openDeviceRequest, sealDeviceRequest } from "../../group/device-request.ts";
import {
  openRequestLines,
  parseRequestKey,
  REQUEST_BYTES_MAX,
  REQUESTS_FOLDER,
  type RequestName,
  requestId,
  sealRequestLines,
} from "../../group/request.ts";
import { memberOfDevice } from "../../group/state.ts";
import { verifyingKeyOf } from "../../identity/device.ts";
import { makeDeviceCard } from "../../identity/device-card.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere } from "../../ports/store.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { DeviceKey } from "../../records/shapes.ts";
import type { Session, SessionPorts } from "../session.ts";
import { unlessUnwritable } from "../writing/unwritable.ts";
import { admitDevice } from "./devices.ts";
import { addressRecipient } from "./join.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/** Most requests that are looked at. */
const REQUESTS_MAX = 500;

/** Leaves the request of a further device in one group, unless it lies there already. */
export async function askForDevice(
  ports: Pick<SessionPorts, "store" | "crypto" | "clock" | "device">,
  options: SignalOption & { readonly group: CodeGroup; readonly secret: Uint8Array },
): Promise<void> {
  const { group, secret, signal } = options;
  const { crypto, store, clock, device: keys } = ports;
  const id = requestId({ group: group.address.group, device: verifyingKeyOf(keys.signingKey) });
  for await (const { key } of listStored(store, REQUESTS_FOLDER, signal ? { signal } : {})) {
    if (parseRequestKey(key)?.id === id) return;
  }
  const recipient = await addressRecipient(store, group.address);
  const time = clock.now();
  const device = await makeDeviceCard(crypto, { keys, member: group.member, kind: "device", time });
  const request = await sealDeviceRequest(crypto, {
    group: group.address.group,
    device,
    codeKey: deviceCodeKey(secret),
    recipient,
    time,
  });
  await store.put(request.key, request.bytes, signal ? { signal } : {});
}

/** What came of one code in one group. */
export type CodeAnswer =
  | { readonly code: DeviceKey; readonly outcome: "admitted"; readonly asking: AskingDevice }
  | { readonly code: DeviceKey; readonly outcome: "refused"; readonly reason: string };

/** A code that this device has made, and the device that has used it in another group, if one has. */
export interface OpenCode {
  readonly code: DeviceKey;
  readonly device: DeviceKey | undefined;
}

/**
 * Lists whoever asks with one of these codes. A code is for one device: where two ask with it, it was seen by somebody whom
 * it is not for, and neither is listed.
 */
export async function answerDevices(
  session: Session,
  options: SignalOption & { readonly codes: readonly OpenCode[] },
): Promise<CodeAnswer[]> {
  const { codes, ...call } = options;
  const asking = await askingDevices(session, call);
  const answers: CodeAnswer[] = [];
  for (const open of codes) {
    const found = asking.filter(({ code, device }) => code === open.code && isForMe(session, device.card.member));
    const answer = await answerOne(session, { open, found, ...call });
    if (answer) answers.push(answer);
  }
  return answers;
}

function isForMe({ view }: Session, member: string): boolean {
  return view.me?.id === member; // check: key
}

/** What keeps this device from signing anything for now, and says nothing about the one that asks. */
const PASSING: ReadonlySet<ConclaveErrorCode> = new Set([
  "overtaken",
  "stale-epoch",
  "unsupported",
  "contested",
  "unconfirmed",
]);

async function answerOne(
  session: Session,
  options: SignalOption & { readonly open: OpenCode; readonly found: readonly Found[] },
): Promise<CodeAnswer | undefined> {
  const { open, found, ...call } = options;
  const [first, ...others] = found;
  if (!first) return undefined;
  const key = first.device.card.keys.verifyingKey;
  const hasTwo = others.some(({ device }) => device.card.keys.verifyingKey !== key);
  if (hasTwo || (open.device !== undefined && open.device !== key)) {
    return { code: open.code, outcome: "refused", reason: "two devices asked with one code, so neither was admitted" }; // check: key
  }
  if (memberOfDevice(session.view.state, key) === undefined) {
    try {
      await admitDevice(session, { admitted: first.device, ...call });
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
      // The code is good for another look.
      if (PASSING.has(error.code)) return undefined;
      return { code: open.code, outcome: "refused", reason: error.message };
    }
  }
  await unlessUnwritable(() => session.store.delete(first.key, call));
  return { code: open.code, outcome: "admitted", asking: first };
}

/** A stored request, of whichever kind. */
export interface FetchedRequest {
  readonly key: string;
  readonly name: RequestName;
  /** As stored, not trusted. */
  readonly bytes: Uint8Array;
  readonly signal?: AbortSignal;
}

/** Seals a device's request of an ended epoch to the current one, so that who was removed since cannot read it. */
export async function sealDeviceRequestAnew(session: Session, fetched: FetchedRequest): Promise<void> {
  const { key, name, bytes, signal } = fetched;
  const opened = await openOne(session, fetched);
  const { current } = session.view;
  if (!opened || opened.epoch.epoch === current.epoch) return;
  const { epoch } = opened;
  const lines = await openRequestLines(session.crypto, { what: "device request", name, bytes: bytes.slice(), epoch });
  const request = await sealRequestLines(session.crypto, { id: name.id, lines, recipient: current.recipient });
  const call = signal ? { signal } : {};
  await session.store.put(request.key, request.bytes, call);
  await session.store.delete(key, call);
}

interface Found extends AskingDevice {
  readonly key: string;
}

async function askingDevices(session: Session, options: SignalOption): Promise<Found[]> {
  const found: Found[] = [];
  let looked = 0;
  for await (const { key, size } of listStored(session.store, REQUESTS_FOLDER, options)) {
    const name = parseRequestKey(key);
    if (!name || size > REQUEST_BYTES_MAX || looked++ >= REQUESTS_MAX) continue; // check: size
    const bytes = await getIfThere(session.store, key, { length: REQUEST_BYTES_MAX + 1, ...options });
    if (!bytes) continue;
    const opened = await openOne(session, { key, name, bytes });
    if (opened) found.push({ key, ...opened.asking });
  }
  return found;
}

async function openOne(
  { crypto, group, view }: Session,
  { name, bytes }: FetchedRequest,
): Promise<{ readonly asking: AskingDevice; readonly epoch: OpenEpoch } | undefined> {
  for (const epoch of [...view.opened.values()].reverse()) {
    try {
      return { asking: await openDeviceRequest(crypto, { group, name, bytes: bytes.slice(), epoch }), epoch };
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
    }
  }
  return undefined;
}
