/** The emulated Google that tests in a browser speak to: it runs beside them, in the process that started the browser. */
import { type EmulatedGoogle, startGoogle } from "@conclave/emulators";
import type { TestProject } from "vitest/node";

/** Where it is, and a token of each account. */
interface GoogleForPages {
  readonly url: string;
  readonly tokens: Readonly<Record<"alice" | "bob", string>>;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly google: GoogleForPages;
  }
}

let google: EmulatedGoogle | undefined;

export async function setup(project: TestProject): Promise<void> {
  const started = await startGoogle();
  google = started;
  const tokenOf = (name: string) => started.signIn(`${name}@example.org`).accessToken;
  project.provide("google", { url: started.url, tokens: { alice: tokenOf("alice"), bob: tokenOf("bob") } });
}

export async function teardown(): Promise<void> {
  await google?.close();
}
