/** A plain HTTP client that lists the calls of its sessions and answers them, as fast as it can. */
import { Pool } from 'undici';
import type { ServiceProcess } from './service-process.ts';

/** How many sessions it serves, and how many calls of each wait at once. */
export interface HttpLoad {
  readonly sessions: number;
  readonly inFlight: number;
  /** Calls in a round, of all sessions. */
  readonly calls: number;
}

const rounds = { warmUp: 3, measured: 7 };

/**
 * Calls per second of a plain HTTP client that lists the calls of its sessions and answers what is listed. The
 * fastest round counts: what slows the others down is whoever else uses the machine.
 */
export async function measureHttp(
  { url, token }: ServiceProcess,
  { sessions, inFlight, calls }: HttpLoad,
): Promise<number> {
  const pool = new Pool(url, { connections: 8, pipelining: 8 });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const request = async (method: 'GET' | 'POST', path: string, body?: string) => {
    const reply = await pool.request({ method, path: `/api${path}`, headers, body: body ?? null });
    const text = await reply.body.text();
    if (reply.statusCode >= 300) throw new Error(`${method} ${path}: ${reply.statusCode} ${text}`);
    return text;
  };
  const tool = { name: 'lookup_ticket', description: 'Looks up.', inputSchema: { type: 'object' } };
  const created = JSON.stringify({ approvalPolicy: 'never', dynamicTools: [tool] });
  const answer = JSON.stringify({
    response: { contentItems: [{ type: 'inputText', text: 'open' }], success: true },
  });
  const callsEach = Math.floor(calls / sessions);
  const serve = async (at: string) => {
    await request('POST', `${at}/messages`, JSON.stringify({ text: `${callsEach} ${inFlight}` }));
    for (let answered = 0; answered < callsEach;) {
      const { data } = JSON.parse(await request('GET', `${at}/tool-calls`));
      await Promise.all(
        data.map(({ requestId }: { requestId: string }) =>
          request('POST', `/tool-calls/${requestId}/response`, answer),
        ),
      );
      answered += data.length;
    }
  };
  const open = async () => {
    const { session } = JSON.parse(await request('POST', '/sessions', created));
    return `/sessions/${session.sessionId}`;
  };
  const perSecond: number[] = [];
  for (let round = 0; round < rounds.warmUp + rounds.measured; round += 1) {
    const paths = await Promise.all(Array.from({ length: sessions }, open));
    const startedMs = performance.now();
    await Promise.all(paths.map(serve));
    perSecond.push((callsEach * sessions * 1_000) / (performance.now() - startedMs));
  }
  await pool.close();
  return Math.max(...perSecond.slice(rounds.warmUp));
}
