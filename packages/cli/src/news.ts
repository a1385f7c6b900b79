/** What the small duties did in passing, in words for a person. */
import { fingerprint, invitationId, type News } from "@conclave/core";

/** One line, to be escaped. */
export function describeNews(news: News): string {
  switch (news.kind) {
    case "admitted":
      return `admitted ${who(news)} as ${news.role}, by the invitation of ${news.invited}`;
    case "used":
      return `your invitation of ${news.invited} was used: ${who(news)} is in, as ${news.role}`;
    case "used-twice":
      return (
        `the invitation of ${news.invited} (${invitationId(news.invitation)}) is void: it was used at once by ` +
        `${news.cards.map(fingerprint).join(" and ")}; nobody came in by it, so ask whom you gave the code, and invite again`
      );
    case "removed":
      return news.why === "until"
        ? `removed ${who(news)}: the stay has ended, and the new key is in use`
        : `removed ${who(news)}: two people had come in by one invitation, and nobody can say which of them was meant`;
  }
}

function who({ name, card }: { readonly name: string; readonly card: string }): string {
  return `${name} (fingerprint ${fingerprint(card)})`;
}
