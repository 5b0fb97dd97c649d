/** Heap of an idle session, all in: actor, registry, catalog, host bookkeeping. */
import type { Figure } from './figure.ts';
import { startRuntime } from './runtime.ts';

const sessions = 5_000;

function heapBytes(): number {
  if (!globalThis.gc) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

export async function benchMemory(): Promise<Figure[]> {
  const runtime = await startRuntime(10);
  const before = heapBytes();
  const { mesh } = runtime;
  const { lookupTicket } = await import('./runtime.ts');
  for (let index = 0; index < sessions; index += 1)
    await mesh.createSession({ tools: [lookupTicket] });
  const perSession = (heapBytes() - before) / sessions;
  await runtime.close();
  return [
    {
      name: 'heap per idle session',
      value: perSession,
      unit: 'B',
      floor: 'root actor alone some 4070 B',
      target: '<= 6000, ambitious 5000',
      isReached: perSession <= 6_000,
    },
  ];
}
