/** The way in: every request and every upgrade passes here before anything of it is looked at. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Access, Keyring, Scope } from './auth.ts';
import type { PageSessions } from './inspection/page-sessions.ts';
import { findForeign, type OriginPolicy } from './origin.ts';
import { refusal, type Reply } from './reply.ts';

/** What is asked of a request: a scope, any valid token (`token`), or nothing (null). */
export type Demand = Scope | 'token' | null;

/** Let in, or why not. */
export type Passage = { readonly access: Access } | { readonly reply: Reply };

/** What a request is held against. */
export interface Gate {
  readonly keyring: Keyring;
  /** Browsers that were let in without a token of their own. */
  readonly pages: PageSessions;
  readonly origins: OriginPolicy;
}

const nobody: Access = { scopes: new Set(), sessions: new Set() };

/** Whether a request may come in: the right address first, then the token, then what it is good for. */
export function admit(
  headers: IncomingHttpHeaders,
  demand: Demand,
  { keyring, pages, origins }: Gate,
): Passage {
  const foreign = findForeign(headers, origins);
  if (foreign !== null) {
    const message = `this ${foreign} is not let in`;
    return { reply: refusal(403, `${foreign}_refused`, message) };
  }
  if (demand === null) return { access: nobody };
  const access = keyring.authenticate(headers.authorization) ?? pages.authenticate(headers);
  if (!access) {
    const reply = refusal(401, 'auth_required', 'a valid bearer token is required');
    return { reply: { ...reply, headers: { 'www-authenticate': 'Bearer' } } };
  }
  if (demand !== 'token' && !access.scopes.has(demand)) {
    return { reply: refusal(403, 'forbidden', `this token is not good for: ${demand}`) };
  }
  return { access };
}
