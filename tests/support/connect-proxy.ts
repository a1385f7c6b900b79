/** A proxy on loopback that leads stock programs to an emulator, whichever of its provider's hosts they call. */
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A proxy that runs. */
export interface ConnectProxy {
  /** For `HTTPS_PROXY`. */
  readonly url: string;
  /** Hosts that were asked for and are not the provider's: nothing may leave this machine. */
  readonly strangers: readonly string[];
  close(): void;
}

/** @param targetUrl - The emulator, which speaks TLS. */
export async function startConnectProxy(targetUrl: string, hosts: readonly string[]): Promise<ConnectProxy> {
  const strangers: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on("connect", ({ url = "" }, client: Socket) => {
    const host = url.replace(/:\d+$/, "");
    if (!hosts.includes(host)) {
      strangers.push(host);
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const target = connect(Number(new URL(targetUrl).port), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(client).pipe(target);
    });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => [client, target].map((each) => each.destroy()));
    }
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    strangers,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
