/** A control service under test, in a process of its own, with a Codex of its own behind it. */
import { systemEnv } from '../../env.ts';
import type { Limits } from '../../limits.ts';
import { newToken } from '../../service/auth.ts';
import { startService } from '../../service/service.ts';
import { isRecord } from '../../tools/json.ts';

/** How a service is set up. Plain JSON. */
export interface ServiceProcessOptions {
  readonly port: number;
  readonly stateDir: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The environment of Codex; null: that of the service. */
  readonly env: Readonly<Record<string, string>> | null;
  /** Where the token is written for the clients. */
  readonly tokenPath: string;
  /** The addresses under which clients reach it. */
  readonly hosts: readonly string[];
  readonly limits: Partial<Limits>;
}

/** What a service is told: `token` replaces its token. */
export type ServiceOrder = { readonly type: 'token' } | { readonly type: 'gauges' };

/** Serves until it is ended: SIGTERM ends it gently. */
export async function runServiceProcess(options: ServiceProcessOptions): Promise<void> {
  const { port, stateDir, command, args, env, tokenPath, hosts, limits } = options;
  const { promises: files } = systemEnv.files;
  const token = newToken();
  await files.writeFile(tokenPath, token, { mode: 0o600 });
  const host = { command, args, ...(env ? { env } : {}) };
  const service = await startService({ port, stateDir, token, host, hosts, limits });
  const replaceToken = async () => {
    const next = newToken();
    await files.writeFile(tokenPath, next, { mode: 0o600 });
    await service.replaceTokens([{ token: next, scopes: ['read', 'respond', 'manage'] }]);
  };
  process.on('message', (order: unknown) => {
    const type = isRecord(order) ? order.type : null;
    if (type === 'token') void replaceToken();
    if (type !== 'gauges') return;
    const { heapUsed, rss } = process.memoryUsage();
    process.send?.({ type: 'gauges', values: { 'heap.bytes': heapUsed, 'rss.bytes': rss } });
  });
  const close = async () => {
    await service.close({ graceMs: 1_000 });
    process.disconnect?.();
  };
  process.once('SIGTERM', () => void close());
  process.once('disconnect', () => void close());
  process.send?.({ type: 'ready', url: service.url });
}
