/** How much a group's log may hold. In a file of their own, so that tests can hold the rules to smaller ones. SPEC.md §6. */

/** Most bytes that the entries from the first one to another weigh: a grant carries them all, and must fit one object. */
export const LOG_WEIGHT_MAX: number = 32 * 1024 * 1024;
/** The last part of it, which only what makes the group smaller or safer may use. */
export const LAST_ROOM: number = 1024 * 1024;
/** Least that an entry weighs: every state that follows from a log costs memory, however short its entries are. */
export const ENTRY_WEIGHT_MIN = 2048;
/** How many times what is left an admin, with those whom they let in, may fill. */
export const ADMIN_SHARE = 2;
/** What part of what is left an editor or viewer may fill. */
export const MEMBER_SHARE: number = 1 / 64;
