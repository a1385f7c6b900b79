/** What serving says: one line for a person, or one of JSON for a program. docs/serve.md lists them. */
import { type Amount, fingerprint, type JoinRequest, type News } from "@conclave/core";
import type { Context } from "../context.ts";
import { describeNews } from "../news.ts";
import { counted, humanSize, isoTime } from "../terminal/units.ts";

export type ServeEvent =
  | { readonly event: "serving"; readonly every: number }
  | { readonly event: News["kind"]; readonly news: News }
  | { readonly event: "request" | "unauthorised"; readonly request: JoinRequest }
  | { readonly event: "reencrypted"; readonly reencrypted: Amount; readonly remaining: Amount }
  | { readonly event: "trouble"; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly event: "back" | "stopped" };

/** Reports a group's events on stdout, each at once. */
export function reportTo(context: Context, group: string): (event: ServeEvent) => void {
  return (event) => {
    const at = isoTime(context.clock.now());
    context.out.event({ event: event.event, at, group, ...fieldsOf(event) }, `${at} ${group}: ${textOf(event, group)}`);
  };
}

function fieldsOf(event: ServeEvent): object {
  if ("news" in event) return newsFields(event.news);
  if ("request" in event) return requestFields(event.request);
  const { event: _event, ...fields } = event;
  return fields;
}

function newsFields(news: News): object {
  const { kind: _kind, ...fields } = news;
  if ("cards" in fields) return { ...fields, cards: fields.cards.map(fingerprint) };
  const { card, ...rest } = fields;
  return { ...rest, fingerprint: fingerprint(card) };
}

function requestFields({ id, card, state, verdict }: JoinRequest): object {
  const reason = verdict.state === "refused" ? verdict.reason : "not invited";
  return { id, name: card.card.name, fingerprint: fingerprint(card.member), state, reason };
}

function textOf(event: ServeEvent, group: string): string {
  switch (event.event) {
    case "serving":
      return `serving, a look every ${counted(event.every, "second")}; Ctrl-C stops`;
    case "request":
    case "unauthorised":
      return requestText(event, group);
    case "reencrypted":
      return `re-encrypted ${amount(event.reencrypted)}; left ${amount(event.remaining)}`;
    case "trouble":
      return `${event.message}; trying again`;
    case "back":
      return "all is well again";
    case "stopped":
      return "stopped";
    default:
      return describeNews(event.news);
  }
}

function requestText(
  { event, request }: { readonly event: "request" | "unauthorised"; readonly request: JoinRequest },
  group: string,
): string {
  const who = `${request.card.card.name}, fingerprint ${fingerprint(request.card.member)}`;
  const { verdict } = request;
  if (event === "unauthorised" && verdict.state === "refused")
    return `unauthorised access by ${who}: ${verdict.reason}`;
  if (verdict.state === "refused") return `refused: request by ${who}, ${verdict.reason}`;
  return `refused: request by ${who}, not invited; "conclave add ${group}" admits them once fingerprints were compared`;
}

function amount({ objects, bytes }: Amount): string {
  return `${counted(objects, "object")} (${humanSize(bytes)})`;
}
