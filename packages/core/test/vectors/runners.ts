import {
  runAddress,
  runArchive,
  runBlobId,
  runCode,
  runConclaveJson,
  runDerived,
  runFingerprint,
  runIdentityFile,
  runInvitationCode,
  runKey,
  runKit,
  runLayout,
  runRecipient,
  runRecipientFile,
} from "./run-plain.ts";
import { runCard, runDeviceCard, runListing, runRecord } from "./run-records.ts";
import { runDeletion, runGrant, runNotice, runObject, runRecordsFile, runRequest } from "./run-sealed.ts";
import type { Runner } from "./vector-file.ts";

/** How the cases of each format are read. The inputs of a case are those of its runner. */
export const RUNNERS: { readonly [format: string]: Runner<never> } = {
  record: runRecord,
  card: runCard,
  "device-card": runDeviceCard,
  code: runCode,
  listing: runListing,
  "records-file": runRecordsFile,
  grant: runGrant,
  notice: runNotice,
  request: runRequest,
  deletion: runDeletion,
  object: runObject,
  archive: runArchive,
  layout: runLayout,
  key: runKey,
  "recipient-file": runRecipientFile,
  recipient: runRecipient,
  "conclave-json": runConclaveJson,
  address: runAddress,
  "invitation-code": runInvitationCode,
  kit: runKit,
  "identity-file": runIdentityFile,
  fingerprint: runFingerprint,
  "blob-id": runBlobId,
  ...runDerived,
};
