/** The routes of a control service that are used, as requests. */
import type { ServiceRequest } from './wire.ts';

/** A path with what is filled in encoded: an id may hold anything. */
function path(parts: TemplateStringsArray, ...ids: readonly string[]): string {
  let text = parts[0] ?? '';
  for (const [index, id] of ids.entries()) text += encodeURIComponent(id) + parts[index + 1];
  return text;
}

const get = (at: string): ServiceRequest => ({ method: 'GET', path: at });
const post = (at: string, body: object): ServiceRequest => ({
  method: 'POST',
  path: at,
  body: JSON.stringify(body),
});

/** What a lease is asked for with. */
interface LeaseRequest {
  readonly holder: string;
  readonly ttlMs: number;
  readonly nonce: string;
  readonly fence?: number;
}

export const routes = {
  createSession: (body: object) => post('/sessions', body),
  readSession: (id: string) => get(path`/sessions/${id}`),
  deleteSession: (id: string): ServiceRequest => ({
    method: 'DELETE',
    path: path`/sessions/${id}`,
  }),
  renameSession: (id: string, title: string) => post(path`/sessions/${id}/rename`, { title }),
  postMessage: (id: string, body: object) => post(path`/sessions/${id}/messages`, body),
  /** `turnId` left out: whichever turn runs. */
  interrupt: (id: string, turnId?: string) => post(path`/sessions/${id}/interrupt`, { turnId }),
  pendingCalls: (id: string) => get(path`/sessions/${id}/tool-calls`),
  calls: (id: string, limit: number) => get(`${path`/sessions/${id}/calls`}?limit=${limit}`),
  call: (id: string, callId: string) => get(path`/sessions/${id}/calls/${callId}`),
  archiveSession: (id: string) => post(path`/sessions/${id}/archive`, {}),
  unarchiveSession: (id: string) => post(path`/sessions/${id}/unarchive`, {}),
  health: () => get('/health'),

  /** `text` is the JSON of the whole body, made once for a call. */
  answer: (requestId: string, text: string, fence: number | null): ServiceRequest => ({
    method: 'POST',
    path: path`/tool-calls/${requestId}/response`,
    body: text,
    ...(fence === null ? {} : { headers: { 'x-sessionmesh-fence': String(fence) } }),
  }),

  takeLease: (id: string, lease: LeaseRequest) => post(path`/sessions/${id}/lease`, lease),
  releaseLease: (id: string, fence: number): ServiceRequest => ({
    method: 'DELETE',
    path: path`/sessions/${id}/lease`,
    body: JSON.stringify({ fence }),
  }),
};
