import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { limits } from "../../src/http/limits.ts";
import { resilientHttp } from "../../src/http/resilient.ts";
import { SILENT_AFTER_MS, watchSilence } from "../../src/http/silence.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** What was told, in its order. */
function watched() {
  const told: boolean[] = [];
  return { told, silence: watchSilence((isSilent) => told.push(isSilent)) };
}

describe("a silence", () => {
  it("is told once, when it has lasted, and its end", () => {
    const { told, silence } = watched();
    const end = silence.begin();
    vi.advanceTimersByTime(SILENT_AFTER_MS - 1);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(10 * SILENT_AFTER_MS);
    expect(told).toEqual([true]);
    silence.moved();
    expect(told).toEqual([true, false]);
    vi.advanceTimersByTime(SILENT_AFTER_MS);
    expect(told).toEqual([true, false, true]);
    end();
    expect(told).toEqual([true, false, true, false]);
  });

  it("is none while one of several requests gets on, nor when nobody waits", () => {
    const { told, silence } = watched();
    const ends = [silence.begin(), silence.begin()];
    for (let parts = 0; parts < 10; parts++) {
      vi.advanceTimersByTime(SILENT_AFTER_MS - 1);
      silence.moved();
    }
    for (const end of ends) end();
    vi.advanceTimersByTime(10 * SILENT_AFTER_MS);
    expect(told).toEqual([]);
  });

  it("is none while a large body goes out over a slow line", () => {
    const { told, silence } = watched();
    silence.begin();
    const sent = silence.sending(34 * 1024 * 1024);
    vi.advanceTimersByTime(200_000);
    expect(told).toEqual([]);
    sent();
    vi.advanceTimersByTime(SILENT_AFTER_MS);
    expect(told).toEqual([true]);
  });
});

describe("a request", () => {
  const request = { doing: "read x", kind: "get", method: "GET", url: "https://drive.test/x", bytesMax: 100 } as const;

  it.each([
    ["whose answer does not come", false],
    ["for which no token comes", true],
  ])("%s is told of, until it does", async (_, isTokenLate) => {
    const told: boolean[] = [];
    const late = Promise.withResolvers<void>();
    const token = async () => {
      if (isTokenLate) await late.promise;
      return "token";
    };
    const http = resilientHttp({
      name: "Drive",
      auth: { token, renew: token },
      judge: () => "take",
      limits: limits({ atOnce: 8, writesPerSecond: 3 }),
      onSilence: (isSilent) => told.push(isSilent),
      fetch: async () => {
        if (!isTokenLate) await late.promise;
        return new Response("x");
      },
    });
    const sending = http.send(request);
    await vi.advanceTimersByTimeAsync(SILENT_AFTER_MS);
    expect(told).toEqual([true]);
    late.resolve();
    expect((await sending).status).toBe(200);
    expect(told).toEqual([true, false]);
  });

  it("that is put off again and again is told of once: a refusal is no progress", async () => {
    const told: boolean[] = [];
    let answers = 0;
    const http = resilientHttp({
      name: "Drive",
      auth: { token: async () => "token", renew: async () => "token" },
      judge: ({ status }) => (status === 503 ? "again" : "take"),
      limits: limits({ atOnce: 8, writesPerSecond: 3 }),
      onSilence: (isSilent) => told.push(isSilent),
      fetch: async () => new Response("x", { status: ++answers < 6 ? 503 : 200 }),
    });
    const sending = http.send(request);
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await sending).status).toBe(200);
    expect(told).toEqual([true, false]);
  });
});
