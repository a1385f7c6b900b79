import type { AnyCommand } from "./command.ts";

/** A command as the list of all shows it. Its own file is read only when it is run or its help is asked for. */
export interface RegistryEntry {
  /** One word, or two: `device add` is a command below `device`. */
  readonly name: string;
  readonly summary: string;
  /** Under which heading help lists it. */
  readonly section: string;
  load(): Promise<AnyCommand>;
}

/** All commands, in the order in which help lists them. */
export const REGISTRY: readonly RegistryEntry[] = [
  {
    name: "init",
    summary: "Make your identity and recovery kit.",
    section: "Yourself:",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "id",
    summary: "Show your name and fingerprint; write your card.",
    section: "Yourself:",
    load: async () => (await import("./commands/id.ts")).id,
  },
  {
    name: "device",
    summary: "List your devices.",
    section: "Yourself:",
    load: async () => (await import("./commands/device.ts")).device,
  },
  {
    name: "device add",
    summary: "Print a code that a further device of yours comes in with.",
    section: "Yourself:",
    load: async () => (await import("./commands/device-add.ts")).deviceAdd,
  },
  {
    name: "device remove",
    summary: "Remove a device, start a new epoch, re-encrypt.",
    section: "Yourself:",
    load: async () => (await import("./commands/device-remove.ts")).deviceRemove,
  },
  {
    name: "kit",
    summary: "Show, replace, try or split your recovery kit.",
    section: "Yourself:",
    load: async () => (await import("./commands/kit.ts")).kit,
  },
  {
    name: "recover",
    summary: "Come back into a group with your recovery kit.",
    section: "Yourself:",
    load: async () => (await import("./commands/recover.ts")).recover,
  },
  {
    name: "login",
    summary: "Sign in to a cloud.",
    section: "Yourself:",
    load: async () => (await import("./commands/login.ts")).login,
  },
  {
    name: "logout",
    summary: "Sign out of a cloud.",
    section: "Yourself:",
    load: async () => (await import("./commands/logout.ts")).logout,
  },
  {
    name: "accounts",
    summary: "List the cloud accounts this device is signed in to.",
    section: "Yourself:",
    load: async () => (await import("./commands/accounts.ts")).accounts,
  },
  {
    name: "lock",
    summary: "Forget unlocked keys.",
    section: "Yourself:",
    load: async () => (await import("./commands/lock.ts")).lock,
  },
  {
    name: "create",
    summary: "Found a group on a storage.",
    section: "Groups:",
    load: async () => (await import("./commands/create.ts")).create,
  },
  {
    name: "groups",
    summary: "List your groups.",
    section: "Groups:",
    load: async () => (await import("./commands/groups.ts")).groups,
  },
  {
    name: "address",
    summary: "Print the address that others join a group with.",
    section: "Groups:",
    load: async () => (await import("./commands/address.ts")).address,
  },
  {
    name: "join",
    summary: "Open a group, or ask to be let in.",
    section: "Groups:",
    load: async () => (await import("./commands/join.ts")).join,
  },
  {
    name: "status",
    summary: "Show how a group stands, and what is wrong.",
    section: "Groups:",
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "log",
    summary: "Show who did what to the group.",
    section: "Groups:",
    load: async () => (await import("./commands/log.ts")).log,
  },
  {
    name: "settle",
    summary: "Say which of two histories to follow.",
    section: "Groups:",
    load: async () => (await import("./commands/settle.ts")).settle,
  },
  {
    name: "leave",
    summary: "Leave a group.",
    section: "Groups:",
    load: async () => (await import("./commands/leave.ts")).leave,
  },
  {
    name: "delete",
    summary: "Delete a group from its storage, for everybody.",
    section: "Groups:",
    load: async () => (await import("./commands/delete.ts")).deleteCommand,
  },
  {
    name: "serve",
    summary: "Keep groups going on a machine that stays on.",
    section: "Groups:",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  {
    name: "members",
    summary: "List who is in.",
    section: "Members:",
    load: async () => (await import("./commands/members.ts")).members,
  },
  {
    name: "requests",
    summary: "List who asks to join.",
    section: "Members:",
    load: async () => (await import("./commands/requests.ts")).requests,
  },
  {
    name: "add",
    summary: "Admit a member.",
    section: "Members:",
    load: async () => (await import("./commands/add.ts")).add,
  },
  {
    name: "invite",
    summary: "Make a code that lets one person in.",
    section: "Members:",
    load: async () => (await import("./commands/invite.ts")).invite,
  },
  {
    name: "invitations",
    summary: "List invitations, or take one back.",
    section: "Members:",
    load: async () => (await import("./commands/invitations.ts")).invitations,
  },
  {
    name: "role",
    summary: "Change what a member may do.",
    section: "Members:",
    load: async () => (await import("./commands/role.ts")).role,
  },
  {
    name: "remove",
    summary: "Remove a member, start a new epoch, re-encrypt.",
    section: "Members:",
    load: async () => (await import("./commands/remove.ts")).remove,
  },
  {
    name: "upload",
    summary: "Upload files and folders.",
    section: "Files:",
    load: async () => (await import("./commands/upload.ts")).upload,
  },
  {
    name: "import",
    summary: "Take plain files that lie on a storage into a group.",
    section: "Files:",
    load: async () => (await import("./commands/import.ts")).importCommand,
  },
  {
    name: "download",
    summary: "Download files and folders.",
    section: "Files:",
    load: async () => (await import("./commands/download.ts")).download,
  },
  {
    name: "ls",
    summary: "List a folder.",
    section: "Files:",
    load: async () => (await import("./commands/ls.ts")).ls,
  },
  {
    name: "cat",
    summary: "Print a file.",
    section: "Files:",
    load: async () => (await import("./commands/cat.ts")).cat,
  },
  {
    name: "mkdir",
    summary: "Make folders.",
    section: "Files:",
    load: async () => (await import("./commands/mkdir.ts")).mkdir,
  },
  {
    name: "mv",
    summary: "Move or rename.",
    section: "Files:",
    load: async () => (await import("./commands/mv.ts")).mv,
  },
  {
    name: "cp",
    summary: "Copy inside a group.",
    section: "Files:",
    load: async () => (await import("./commands/cp.ts")).cp,
  },
  {
    name: "rm",
    summary: "Move to the trash.",
    section: "Files:",
    load: async () => (await import("./commands/rm.ts")).rm,
  },
  {
    name: "find",
    summary: "Find files and folders by name.",
    section: "Files:",
    load: async () => (await import("./commands/find.ts")).find,
  },
  {
    name: "versions",
    summary: "List a file's versions.",
    section: "Files:",
    load: async () => (await import("./commands/versions.ts")).versions,
  },
  {
    name: "restore",
    summary: "Bring back a version, or something from the trash.",
    section: "Files:",
    load: async () => (await import("./commands/restore.ts")).restore,
  },
  {
    name: "trash",
    summary: "List what was deleted.",
    section: "Files:",
    load: async () => (await import("./commands/trash.ts")).trash,
  },
  {
    name: "reencrypt",
    summary: "Go on with a re-encryption.",
    section: "Upkeep:",
    load: async () => (await import("./commands/reencrypt.ts")).reencrypt,
  },
  {
    name: "verify",
    summary: "Check all that the group needs on its storage.",
    section: "Upkeep:",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "demo",
    summary: "Tell the whole story in a temporary place.",
    section: "More:",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
  {
    name: "shell",
    summary: "A prompt within a group.",
    section: "More:",
    load: async () => (await import("./commands/shell.ts")).shell,
  },
  {
    name: "completion",
    summary: "Complete commands, groups and paths in your shell.",
    section: "More:",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  {
    name: "help",
    summary: "Show how a command is written.",
    section: "More:",
    load: async () => (await import("./commands/help.ts")).help,
  },
];
