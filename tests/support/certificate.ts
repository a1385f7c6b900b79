/** A certificate authority for one test, and a certificate by it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Where the authority's certificate lies, and key and certificate in PEM of a server with these names. */
export interface Certificate {
  readonly authorityFile: string;
  readonly key: string;
  readonly cert: string;
}

/** @param openssl - The program. @param folder - Where the files go; their keys are worth nothing outside the test. */
export function makeCertificate(openssl: string, folder: string, hosts: readonly string[]): Certificate {
  const make = (name: string, ...more: readonly string[]): void => {
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    const options = ["req", "-x509", ...NEW_KEY, ...files, "-days", "2", "-subj", `/CN=emulated ${name}`, ...more];
    execFileSync(openssl, options, { cwd: folder, stdio: "ignore" });
  };
  make("authority");
  const names = hosts.map((host) => `DNS:${host}`).join(",");
  const extensions = [`subjectAltName=${names}`, "basicConstraints=CA:FALSE"].flatMap((each) => ["-addext", each]);
  make("server", "-CA", "authority.pem", "-CAkey", "authority.key", ...extensions);
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return { authorityFile: join(folder, "authority.pem"), key: read("server.key"), cert: read("server.pem") };
}
