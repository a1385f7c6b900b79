/** The pages that Google shows in a browser, as plain as can be. */

import type { User } from "../../cloud/model.ts";
import { type Answer, htmlAnswer } from "../../http/call.ts";
import { SCOPES } from "./scopes.ts";

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function page(status: number, title: string, body: string): Answer {
  return htmlAnswer(
    status,
    `<!DOCTYPE html><html lang="en"><title>${escapeHtml(title)}</title><h1>${escapeHtml(title)}</h1>${body}</html>`,
  );
}

/** The page that says why an app cannot ask. */
export function refusalPage(status: number, error: string, why: string): Answer {
  return page(status, "Access blocked", `<p>Error ${status}: ${escapeHtml(error)}</p><p>${escapeHtml(why)}</p>`);
}

/** The page on which a person chooses an account, and allows or denies. Its form comes back to the same address. */
export function consentPage(clientId: string, users: readonly User[], scopes: readonly string[]): Answer {
  const accounts = users.map(({ email, name }, at) =>
    choice("radio", "account", email, `${name} <${email}>`, at === 0),
  );
  const wishes = scopes.map((scope) => choice("checkbox", "scope", scope, SCOPES.get(scope) ?? scope, true));
  return page(
    200,
    "Sign in to the emulated Google",
    `<form method="post"><p>${escapeHtml(clientId)} wants to use a Drive that lies in this computer's memory.</p>` +
      `<fieldset><legend>Account</legend>${accounts.join("")}</fieldset>` +
      `<fieldset><legend>It may</legend>${wishes.join("")}</fieldset>` +
      `<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Cancel</button></form>`,
  );
}

function choice(type: string, name: string, value: string, label: string, isChosen: boolean): string {
  const input = `<input type="${type}" name="${name}" value="${escapeHtml(value)}"${isChosen ? " checked" : ""}>`;
  return `<p><label>${input} ${escapeHtml(label)}</label></p>`;
}
