import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came in, with its body. */
export interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export type Respond = (heard: Heard, response: ServerResponse, nth: number) => void;

/** A server on this machine that answers as it is told, and remembers what it heard. */
export interface TestServer {
  readonly origin: string;
  readonly heard: Heard[];
  respond: Respond;
  close(): Promise<void>;
}

export async function startServer(respond: Respond): Promise<TestServer> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers };
      heard.push({ ...one, body: Buffer.concat(parts) });
      started.respond(heard[heard.length - 1] as Heard, response, heard.length);
    });
    request.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const started: TestServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    respond,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return started;
}

/** Answers with a status and a text. */
export function answer(
  response: ServerResponse,
  status: number,
  text = "{}",
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(text);
}
