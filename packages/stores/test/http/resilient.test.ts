import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requireOrSkip } from "../../../../tests/support/require.ts";
import { judgeDrive } from "../../src/gdrive/judge.ts";
import { limits } from "../../src/http/limits.ts";
import { type Authorization, type Http, resilientHttp } from "../../src/http/resilient.ts";
import { answer, type Respond, startServer, type TestServer } from "./server.ts";
import { type VirtualTime, virtualTime } from "./virtual-time.ts";

const TOKEN = "ya29.secret-token";

let server: TestServer;
let time: VirtualTime;
let tokens: string[];
let http: Http;

beforeEach(async () => {
  server = await startServer((_, response) => answer(response, 200));
  time = virtualTime();
  tokens = [TOKEN];
  http = make();
});
afterEach(() => server.close());

function make(
  options: { readonly stallMs?: number; readonly auth?: Authorization; readonly fetch?: typeof fetch } = {},
): Http {
  return resilientHttp({
    name: "Google Drive",
    auth: {
      token: async () => tokens[0] as string,
      renew: async (stale) => {
        if (tokens[0] === stale) tokens.shift();
        return tokens[0] as string;
      },
    },
    judge: judgeDrive,
    limits: limits({ atOnce: 4, writesPerSecond: 1_000, timing: time }),
    timing: time,
    stallMs: 2_000,
    ...options,
  });
}

function get(path = "/x", signal?: AbortSignal) {
  return http.send({ method: "GET", url: server.origin + path, doing: "read x", kind: "get", bytesMax: 1_000, signal });
}

/** Answers with each of these in turn, the last for ever. */
function inTurn(...answers: readonly Respond[]): void {
  server.respond = (heard, response, nth) => answers[Math.min(nth, answers.length) - 1]?.(heard, response, nth);
}

const ok: Respond = (_, response) => answer(response, 200, '{"fine":true}');
const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Respond =>
  (_, response) =>
    answer(response, code, "{}", headers);
const reason = (code: number, word: string, message = ""): Respond => {
  const text = JSON.stringify({ error: { code, message, errors: [{ domain: "global", reason: word }] } });
  return (_, response) => answer(response, code, text);
};

describe("a request that can be tried again", () => {
  it.each([429, 500, 502, 503, 504, 408])("is, after %i", async (code) => {
    inTurn(status(code), status(code), ok);
    expect((await get()).status).toBe(200);
    expect(server.heard).toHaveLength(3);
  });

  it.each(["rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded"])(
    "is, after 403 %s",
    async (word) => {
      inTurn(reason(403, word), ok);
      expect((await get()).status).toBe(200);
    },
  );

  it("waits twice as long each time, up to a limit, and never less than half of that", async () => {
    inTurn(...Array.from({ length: 8 }, () => status(503)), ok);
    await get();
    expect(time.pauses).toEqual([1, 2, 4, 8, 16, 32, 32, 32].map((seconds) => seconds * 1000));
    time = virtualTime(() => 0);
    http = make();
    server.heard.length = 0;
    inTurn(status(503), status(503), ok);
    await get();
    expect(time.pauses).toEqual([500, 1_000]);
  });

  it("waits exactly as long as it is told, by seconds or by a date", async () => {
    const date = "Sat, 14 Nov 2026 12:00:00 GMT";
    inTurn(
      status(503, { "retry-after": "17" }),
      status(429, { "retry-after": "Sat, 14 Nov 2026 12:00:40 GMT", date }),
      ok,
    );
    await get();
    expect(time.pauses.slice(0, 2)).toEqual([17_000, 40_000]);
    expect(time.now()).toBe(57_000);
  });

  it("holds all other requests back while one was told to wait", async () => {
    inTurn(status(429, { "retry-after": "30" }), ok);
    const first = get();
    while (server.heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await first;
    await get();
    expect(time.now()).toBe(30_000);
  });

  it("is given up when nothing at all has succeeded for five minutes", async () => {
    inTurn(status(503));
    await expect(get()).rejects.toMatchObject({
      name: "StoreError",
      code: "unavailable",
      message: expect.stringMatching(/503/),
    });
    expect(time.now()).toBeLessThanOrEqual(300_000);
    expect(time.now()).toBeGreaterThan(200_000);
  });

  it("is given up at once if it is told to wait longer than that", async () => {
    inTurn(status(503, { "retry-after": "3600" }));
    await expect(get()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/asks to wait 3600 s/),
    });
    expect(time.pauses).toEqual([]);
  });

  it("is not tried faster by a date in the past or nonsense", async () => {
    inTurn(status(503, { "retry-after": "soon" }), ok);
    await get();
    expect(time.pauses).toEqual([1_000]);
  });
});

describe("a request that cannot", () => {
  it.each([
    ["storageQuotaExceeded", "full", /full/],
    ["teamDriveFileLimitExceeded", "full", /as many files/],
    ["dailyLimitExceeded", "unavailable", /quota/],
    ["cannotDownloadAbusiveFile", "flagged", /malware/],
    ["accessNotConfigured", "refused", /not enabled/],
    ["insufficientFilePermissions", "refused", /this account may not do that/],
  ])("is not, after 403 %s", async (word, code, message) => {
    inTurn(reason(403, word), ok);
    await expect(get()).rejects.toMatchObject({ name: "StoreError", code, message: expect.stringMatching(message) });
    expect(server.heard).toHaveLength(1);
  });

  it("is called read-only where writing is refused", async () => {
    inTurn(reason(403, "insufficientFilePermissions"));
    const put = { method: "POST", url: `${server.origin}/x`, doing: "store x", kind: "put", bytesMax: 1_000 } as const;
    await expect(http.send(put)).rejects.toMatchObject({ code: "read-only" });
  });

  it.each([200, 403, 404, 302])("is not, where a web page comes back with %i", async (code) => {
    inTurn((_, response) =>
      answer(response, code, "<html>log in</html>", { "content-type": "text/html; charset=utf-8" }),
    );
    await expect(get()).rejects.toMatchObject({ code: "untrusted", message: expect.stringMatching(/web page/) });
    expect(server.heard).toHaveLength(1);
  });

  it("is tried again where a web page says that the server is down", async () => {
    inTurn((_, response) => answer(response, 502, "<html>", { "content-type": "text/html" }), ok);
    expect((await get()).status).toBe(200);
  });

  it("keeps to itself what the provider repeats of the token", async () => {
    inTurn(reason(400, "badRequest", `what is ${TOKEN}?`));
    await expect(get()).rejects.toSatisfy((error: Error) => !error.message.includes(TOKEN));
  });
});

describe("an answer that breaks off", () => {
  it.each([
    ["before its first byte", 0],
    ["in its body", 3],
  ])("%s is asked for again", async (_, sent) => {
    inTurn((_, response) => {
      if (sent === 0) return response.destroy();
      response.writeHead(200, { "content-length": "10" });
      return response.write("abc", () => response.destroy());
    }, ok);
    expect((await get()).retried).toBe(true);
    expect(server.heard).toHaveLength(2);
  });

  it.each(["before its headers", "in its body"])("falls silent %s, and is asked for again", async (where) => {
    http = make({ stallMs: 50 });
    inTurn((_, response) => {
      if (where === "in its body") {
        response.writeHead(200, { "content-length": "10" });
        response.write("abc");
      }
    }, ok);
    expect((await get()).status).toBe(200);
    expect(server.heard).toHaveLength(2);
  });

  it("is asked for again where it is shorter than it said, though nobody else minds", async () => {
    let asked = 0;
    http = make({
      fetch: async () => new Response(asked++ === 0 ? "abc" : "abcdefghij", { headers: { "content-length": "10" } }),
    });
    expect((await get()).bytes).toHaveLength(10);
    expect(asked).toBe(2);
  });

  it("is waited for as long as it moves, however slowly", async () => {
    http = make({ stallMs: 400 });
    inTurn((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      let left = 12;
      const timer = setInterval(() => {
        if (left-- > 0) response.write(" ");
        else {
          clearInterval(timer);
          response.end("{}");
        }
      }, 50);
    });
    expect((await get()).bytes).toHaveLength(14);
    expect(server.heard).toHaveLength(1);
  });

  it("is not read on beyond what it may have", async () => {
    inTurn((_, response) => answer(response, 200, "x".repeat(100_000)));
    await expect(get()).rejects.toMatchObject({
      code: "untrusted",
      message: expect.stringMatching(/larger than 1000 bytes/),
    });
    expect(server.heard).toHaveLength(1);
  });
});

describe("a token", () => {
  it("is renewed once when it is refused, and the request goes on", async () => {
    tokens = ["old", "new"];
    server.respond = ({ headers }, response) => answer(response, headers.authorization === "Bearer new" ? 200 : 401);
    expect((await get()).status).toBe(200);
    expect(server.heard.map(({ headers }) => headers.authorization)).toEqual(["Bearer old", "Bearer new"]);
  });

  it("that is refused again and again ends it, with what to do", async () => {
    tokens = Array.from({ length: 12 }, (_, index) => `token ${index}`);
    inTurn(status(401));
    await expect(get()).rejects.toMatchObject({ code: "refused", message: expect.stringMatching(/sign-in/) });
    expect(server.heard).toHaveLength(9);
  });

  it("may expire again after a wait in between", async () => {
    tokens = ["a", "b", "c"];
    inTurn(status(401), status(503), status(401), ok);
    expect((await get()).status).toBe(200);
  });
});

describe("a redirect", () => {
  it("is followed to another host without the token", async () => {
    const other = await startServer((_, response) => answer(response, 200, '{"other":1}'));
    try {
      inTurn((_, response) => answer(response, 302, "", { location: `${other.origin}/y` }));
      expect(new TextDecoder().decode((await get()).bytes)).toBe('{"other":1}');
      expect(server.heard[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(other.heard[0]?.headers).not.toHaveProperty("authorization");
    } finally {
      await other.close();
    }
  });

  it("is never followed to where TLS ends", async () => {
    inTurn((_, response) => answer(response, 302, "", { location: "http://example.org/y" }));
    await expect(get()).rejects.toMatchObject({ code: "untrusted", message: expect.stringMatching(/TLS/) });
    expect(server.heard).toHaveLength(1);
  });

  it("is not followed for ever, nor does it turn a write into a read", async () => {
    inTurn((_, response) => answer(response, 302, "", { location: "/x" }));
    await expect(get()).rejects.toMatchObject({ code: "untrusted", message: expect.stringMatching(/elsewhere/) });
    expect(server.heard.length).toBeLessThan(10);
    server.heard.length = 0;
    const put = { method: "POST", url: `${server.origin}/x`, doing: "store x", kind: "put", bytesMax: 1_000 } as const;
    await expect(http.send(put)).rejects.toMatchObject({ code: "untrusted" });
    expect(server.heard).toHaveLength(1);
  });

  it("with 308 and no address is Google's way to say go on", async () => {
    inTurn(status(308, { range: "bytes=0-99" }));
    expect((await get()).status).toBe(308);
  });
});

describe("the way to the provider", () => {
  it("is refused without TLS", async () => {
    const plain = {
      method: "GET",
      url: "http://www.googleapis.com/",
      doing: "read x",
      kind: "get",
      bytesMax: 1,
    } as const;
    await expect(http.send(plain)).rejects.toMatchObject({ code: "untrusted", message: expect.stringMatching(/TLS/) });
  });

  it("is refused, and not tried again, where somebody else's certificate is shown", async (context) => {
    const openssl = requireOrSkip(context, "openssl");
    const folder = mkdtempSync(join(tmpdir(), "conclave-tls-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes", "-keyout", key, "-out", cert];
    execFileSync(openssl, ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", ...subject], {
      stdio: "ignore",
    });
    let asked = 0;
    const tls = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, () => asked++);
    try {
      await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
      const url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}/`;
      const request = { method: "GET", url, doing: "read x", kind: "get", bytesMax: 1 } as const;
      await expect(http.send(request)).rejects.toMatchObject({
        code: "untrusted",
        message: expect.stringMatching(/certificate/),
      });
      expect(asked).toBe(0);
      expect(time.pauses).toEqual([]);
    } finally {
      tls.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe("calling off", () => {
  it("rejects with its reason, also while waiting", async () => {
    const cancel = new AbortController();
    const why = new Error("enough");
    server.respond = (_, response) => {
      cancel.abort(why);
      answer(response, 503);
    };
    await expect(get("/x", cancel.signal)).rejects.toBe(why);
  });
});

describe("limits", () => {
  it("let a few writes a second begin, and reads at any time", async () => {
    const limited = limits({ atOnce: 8, writesPerSecond: 3, timing: time });
    const began: number[] = [];
    for (let writes = 0; writes < 13; writes++) {
      (await limited.enter("write"))();
      began.push(time.now());
    }
    for (const [index, at] of began.entries()) expect((began[index + 3] ?? 1e9) - at).toBeGreaterThan(1_000);
    expect(time.now()).toBeLessThan(4_500);
    const before = time.now();
    for (let reads = 0; reads < 100; reads++) (await limited.enter("read"))();
    expect(time.now()).toBe(before);
  });

  it("let so many run at once", async () => {
    const limited = limits({ atOnce: 2, writesPerSecond: 3, timing: time });
    const [first] = [await limited.enter("read"), await limited.enter("read")];
    let isIn = false;
    const third = limited.enter("read").then(() => {
      isIn = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIn).toBe(false);
    first?.();
    await third;
    expect(isIn).toBe(true);
  });
});
