/**
 * Several people with several devices on one storage, as a test's story goes: everything real but the network and the disk
 * of contents. A device can die in the middle of any storage call or database transaction and be started again.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Address,
  addMember,
  addressRecipient,
  admitDevice,
  askToJoin,
  ByteBudget,
  type Clock,
  type Crypto,
  catchUp,
  type DeviceSecrets,
  download,
  findMember,
  flushOutbox,
  foundGroup,
  joinGroup,
  kitDevice,
  listFolder,
  makeCard,
  makeDeviceCard,
  memberNames,
  newDevice,
  newKitSecret,
  type ObjectStore,
  openSession,
  openWithKit,
  publicKeysOf,
  type Role,
  type SeenByKit,
  type Session,
  type SessionPorts,
  type SignedCard,
  type SqlDatabase,
  type Suite,
  type Transfer,
  upload,
  verifyingKeyOf,
} from "@conclave/core";
import { nodeCrypto, openDatabase } from "@conclave/node";
import { Crash, type Hooks, hostileStore, memoryStore } from "@conclave/stores/testing";
import { type Files, memoryTarget, sourceOfFiles } from "./memory-files.ts";

const BUDGET_BYTES = 160 * 1024 * 1024;
/** Memory is as good as a disk for indexes that live as long as a test, and waits for nothing. */
const SCRATCH = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
export const plainCrypto: Crypto = nodeCrypto({ workers: 0 });

/** Where a device is to die: at its n-th transaction, before it takes effect or just after. */
export interface DiskFault {
  readonly transaction: number;
  readonly when: "before" | "after";
}

/** One person's one installation. */
export interface Device {
  readonly name: string;
  readonly card: SignedCard;
  readonly secrets: DeviceSecrets;
  readonly kit: DeviceSecrets;
  /** What the storage does to this device; may be changed at any time. */
  hooks: Hooks;
  disk: DiskFault | undefined;
  /** This device's way to the storage, where it is not simply the world's. */
  store: ObjectStore | undefined;
  /** How far its clock is off, in milliseconds. */
  clockSkewMs: number;
  /** Calls and transactions since the last start. */
  readonly counts: { calls: number; transactions: number };
  session: Session | undefined;
}

/** What a person makes once, before any group. */
export type DeviceKeys = Pick<Device, "card" | "secrets" | "kit">;

export async function newKeys(
  crypto: Crypto,
  { name, time }: { readonly name: string; readonly time: number },
): Promise<DeviceKeys> {
  const secrets = await newDevice(crypto, { label: "laptop" });
  const kit = kitDevice(newKitSecret(crypto));
  const card = await makeCard(crypto, { name, device: secrets, kit: await publicKeysOf(kit), time });
  return { card, secrets, kit };
}

export class World {
  readonly folder: string = mkdtempSync(join(SCRATCH, "conclave-world-"));
  readonly store: ObjectStore;
  readonly crypto: Crypto;
  readonly clock: Clock & { time: number } = {
    time: 1_700_000_000_000,
    now() {
      this.time += 1;
      return this.time;
    },
  };
  readonly #open = new Set<SqlDatabase>();
  /** Indexes that are open and stay so, by path; undefined where each process opens its own. */
  readonly #kept: Map<string, SqlDatabase> | undefined;
  #runs = 0;
  #indexes = 0;
  readonly #paths = new Map<Device, string>();
  readonly #living = new Set<string>();

  /**
   * @param options.keepsIndexesOpen - Whether a device that starts again goes on with the connection to its index that it had:
   *   quicker, for a world in which no two processes of one device are alive at once. Default false.
   */
  constructor(
    options: {
      readonly settled?: boolean;
      readonly store?: ObjectStore;
      readonly crypto?: Crypto;
      readonly keepsIndexesOpen?: boolean;
    } = {},
  ) {
    this.#kept = options.keepsIndexesOpen ? new Map() : undefined;
    this.store = options.store ?? memoryStore({ settled: options.settled ?? true });
    this.crypto = options.crypto ?? plainCrypto;
  }

  /** @param keys - Whose keys it has; new ones by default. */
  async device(name: string, keys?: DeviceKeys): Promise<Device> {
    const { card, secrets, kit } = keys ?? (await newKeys(this.crypto, { name, time: this.clock.now() }));
    const counts = { calls: 0, transactions: 0 };
    const device: Device = {
      name,
      card,
      secrets,
      kit,
      hooks: {},
      disk: undefined,
      store: undefined,
      clockSkewMs: 0,
      counts,
      session: undefined,
    };
    this.#paths.set(device, join(this.folder, `${this.#indexes++}.sqlite`));
    return device;
  }

  /** A further device of somebody, which nobody has admitted yet. */
  async further(owner: Device, label = "phone"): Promise<Device> {
    const device = await this.device(`${owner.name}'s ${label}`);
    return Object.assign(device, { card: owner.card, kit: owner.kit });
  }

  /** The same keys with an empty disk. */
  fresh(device: Device): Promise<Device> {
    return this.device(device.name, device);
  }

  /** Lists a further device of the same member, and opens the group on it. */
  async admitFurther(by: Device, device: Device): Promise<Session> {
    const session = live(by);
    await catchUp(session);
    const member = session.view.me?.id ?? "";
    const keys = device.secrets;
    const admitted = await makeDeviceCard(this.crypto, { keys, member, kind: "device", time: this.clock.now() });
    await admitDevice(session, { admitted });
    return this.join(device, this.address(session));
  }

  /** Somebody's kit at work on a group, with an index of its own. */
  async withKit(owner: Device, address: Address): Promise<SeenByKit> {
    return this.openKit(await this.fresh({ ...owner, name: `${owner.name}'s kit`, secrets: owner.kit }), address);
  }

  /** @param reader - What works with the kit's keys. */
  async openKit(reader: Device, address: Address): Promise<SeenByKit> {
    const seen = await openWithKit(this.ports(reader), { address });
    reader.session = seen.session;
    return seen;
  }

  /** Everything that a session of this device works with, on fresh connections. */
  ports(device: Device): SessionPorts {
    const path = this.#pathOf(device);
    const run = `run ${++this.#runs}`;
    this.#living.add(run);
    const life = { dead: false };
    const die = () => {
      life.dead = true;
      this.#living.delete(run);
      return new Crash("the process died");
    };
    device.counts.calls = 0;
    device.counts.transactions = 0;
    const fault = device.hooks.fault;
    const hostile = hostileStore(device.store ?? this.store, {
      ...device.hooks,
      get alter() {
        return device.hooks.alter;
      },
      get hides() {
        return device.hooks.hides;
      },
      get past() {
        return device.hooks.past;
      },
      fault: (call) => {
        device.counts.calls += 1;
        if (life.dead) return { when: "before", error: new Crash("the process is dead") };
        return fault?.(call);
      },
    });
    const index = mortal(this.#index(path), { life, die, device });
    return {
      store: mourned(hostile, die),
      index,
      crypto: this.crypto,
      clock: { now: () => this.clock.now() + device.clockSkewMs },
      runs: { current: run, isAlive: (other) => this.#living.has(other) },
      device: device.secrets,
    };
  }

  /** Starts a device again from its disk, as a new process would. */
  restart(device: Device): Session {
    if (device.session) this.#living.delete(device.session.runs.current);
    device.session = openSession(this.ports(device), { deviceKey: keyOf(device.secrets) });
    return device.session;
  }

  #index(path: string): SqlDatabase {
    const database = this.#kept?.get(path) ?? openDatabase(path);
    this.#kept?.set(path, database);
    this.#open.add(database);
    return database;
  }

  /** Closes a connection that was kept: what lies at its path is about to be another database. */
  #close(path: string): void {
    const database = this.#kept?.get(path);
    if (!database) return;
    this.#kept?.delete(path);
    this.#open.delete(database);
    database.close();
  }

  /** Copies a device's index, as a backup would. */
  backUp(device: Device): string {
    const copy = join(this.folder, `backup-${this.#indexes++}.sqlite`);
    const database = openDatabase(this.#pathOf(device));
    database.run("VACUUM INTO ?", copy);
    database.close();
    return copy;
  }

  /** Puts a device's index back to a copy, and starts the device again. */
  restore(device: Device, copy: string): Session {
    return this.restoreFrom(device, readFileSync(copy));
  }

  /** As {@link restore}, from the bytes of a copy, which may be of another world. */
  restoreFrom(device: Device, copy: Uint8Array): Session {
    const path = this.#pathOf(device);
    this.#close(path);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
    writeFileSync(path, copy);
    return this.restart(device);
  }

  #pathOf(device: Device): string {
    const path = this.#paths.get(device);
    if (path === undefined) throw new Error("a device of another world");
    return path;
  }

  async found(device: Device, options: { readonly suite?: Suite; readonly settled?: boolean } = {}): Promise<Session> {
    const { suite = "classic", settled = true } = options;
    device.session = await foundGroup(this.ports(device), { card: device.card, suite, settled });
    await flushOutbox(device.session);
    return device.session;
  }

  address(session: Session): Address {
    const { state, current } = session.view;
    return { group: session.group, entry: state.head, epoch: current.epoch, store: "memory:" };
  }

  /** Admits somebody and opens the group on their device. */
  async admit(admin: Device, newcomer: Device, role: Role = "editor"): Promise<Session> {
    const session = live(admin);
    await catchUp(session);
    await addMember(session, { card: newcomer.card, role });
    return this.join(newcomer, this.address(session));
  }

  async join(newcomer: Device, address: Address): Promise<Session> {
    const joined = await joinGroup(this.ports(newcomer), { address });
    if (!joined) throw new Error(`${newcomer.name} was not let in`);
    newcomer.session = joined;
    await catchUp(joined);
    return joined;
  }

  /** Leaves a join request, by an invitation's secret if there is one. */
  async ask(newcomer: Device, address: Address, secret?: Uint8Array): Promise<void> {
    const recipient = await addressRecipient(this.store, address);
    await askToJoin(this.ports(newcomer), {
      group: address.group,
      recipient,
      card: newcomer.card,
      ...(secret ? { secret } : {}),
    });
  }

  close(): void {
    for (const database of this.#open) database.close();
    this.#open.clear();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const verifyingKeys = new WeakMap<DeviceSecrets, string>();

/** The verifying key of a device or kit, as the log names it: computed once, as a command does it in native code. */
export function keyOf(secrets: DeviceSecrets): string {
  const key = verifyingKeys.get(secrets) ?? verifyingKeyOf(secrets.signingKey);
  verifyingKeys.set(secrets, key);
  return key;
}

export function live(device: Device): Session {
  if (!device.session) throw new Error(`${device.name} has no session`);
  return device.session;
}

export function budget(): ByteBudget {
  return new ByteBudget(BUDGET_BYTES);
}

/** Uploads files to the top of the tree. */
export function put(session: Session, files: Files, modified?: number): Promise<Transfer> {
  return upload(session, { tree: sourceOfFiles(files, modified), into: "", budget: budget() });
}

/** All files with their text, read back from the storage. */
export async function texts(session: Session): Promise<Record<string, string>> {
  const target = memoryTarget();
  const { failed } = await download(session, { path: "", target, budget: budget() });
  if (failed.length > 0) throw new Error(`not read: ${JSON.stringify(failed)}`);
  return target.texts();
}

/** Paths of all files, from the index alone. */
export function paths(session: Session): string[] {
  const nameOf = memberNames(session.view.state);
  return [...listFolder(session.index, "", { recursive: true, nameOf })]
    .filter(({ kind }) => kind === "file")
    .map(({ path }) => path);
}

export { findMember };

/** A database that dies where it is told to, and does nothing more once its process is dead. */
function mortal(
  database: SqlDatabase,
  options: { readonly life: { dead: boolean }; readonly die: () => Error; readonly device: Device },
): SqlDatabase {
  const { life, die, device } = options;
  let depth = 0;
  const alive = <Result>(work: () => Result): Result => {
    if (life.dead) throw new Crash("the process is dead");
    return work();
  };
  const step = <Result>(work: () => Result): Result => {
    if (depth > 0) return alive(work);
    device.counts.transactions += 1;
    const isHere = device.disk?.transaction === device.counts.transactions;
    if (isHere && device.disk?.when === "before") throw die();
    depth += 1;
    try {
      return alive(work);
    } finally {
      depth -= 1;
      if (isHere && device.disk?.when === "after") {
        // biome-ignore lint/correctness/noUnsafeFinally: death takes the answer with it, whatever it was.
        throw die();
      }
    }
  };
  return {
    run: (sql, ...values) => step(() => database.run(sql, ...values)),
    get: (sql, ...values) => alive(() => database.get(sql, ...values)),
    all: (sql, ...values) => alive(() => database.all(sql, ...values)),
    each: (sql, ...values) => alive(() => database.each(sql, ...values)),
    script: (sql) => alive(() => database.script(sql)),
    transaction: (work) => step(() => database.transaction(work)),
    close: () => database.close(),
  };
}

/** A store whose crash is the death of the whole process: the database learns it too. */
function mourned(store: ObjectStore, die: () => Error): ObjectStore {
  const watch = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Crash) die();
      throw error;
    }
  };
  return {
    traits: store.traits,
    ...(store.retention && { retention: store.retention }),
    ...(store.sharing && { sharing: store.sharing }),
    put: (key, bytes, options) => watch(store.put(key, bytes, options)),
    get: (key, options) => watch(store.get(key, options)),
    delete: (key, options) => watch(store.delete(key, options)),
    async *list(folder, options) {
      try {
        yield* store.list(folder, options);
      } catch (error) {
        if (error instanceof Crash) die();
        throw error;
      }
    },
  };
}
