/** The whole runtime on the scripted child: host, bus, session, ledger, validation, handler, outbox. */
import { appServer, createMesh, tool, type Mesh } from 'sessionmesh';
import { childPath } from './bare-loop.ts';

/** Counts handler starts, so that a run knows its end without watching the mesh. */
const progress = { calls: 0, target: 0, reached: () => {} };

export const lookupTicket = tool({
  name: 'lookup_ticket',
  description: 'Look up a ticket by id.',
  input: {
    type: 'object',
    properties: {
      id: { type: 'string' },
      verbose: { type: 'boolean' },
      labels: { type: 'array', items: { type: 'string' } },
    },
    required: ['id'],
    additionalProperties: false,
  } as const,
  execute: async ({ id }) => {
    progress.calls += 1;
    if (progress.calls === progress.target) progress.reached();
    return { id, status: 'open' };
  },
});

export interface Runtime {
  readonly mesh: Mesh;
  run(calls: number, inFlight: number): Promise<void>;
  close(): Promise<void>;
}

/** @param ledgerPath where a durable ledger is kept; none if left out */
export async function startRuntime(sessions: number, ledgerPath?: string): Promise<Runtime> {
  const host = appServer({ command: process.execPath, args: [childPath] });
  const mesh = await createMesh({
    host,
    limits: { sessionWaitingMax: 1_000, restartsMax: 1 },
    ...(ledgerPath === undefined ? {} : { ledger: { path: ledgerPath } }),
  });
  const open = () => mesh.createSession({ tools: [lookupTicket] });
  const first = await open();
  let last = first;
  for (let index = 1; index < sessions; index += 1) last = await open();
  return {
    mesh,
    async run(calls, inFlight) {
      const started = new Promise<void>((resolve) => (progress.reached = resolve));
      progress.calls = 0;
      progress.target = calls;
      await first.send(`run ${calls} ${inFlight}`);
      await started;
      // Every turn ends with the run; this one ends last.
      while (last.turnId !== null) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    close: () => mesh.close({ graceMs: 1 }),
  };
}
