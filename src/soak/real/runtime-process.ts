/** A runtime under test, in a process of its own: a mesh whose sessions work until they are told to rest. */
import { sleep, systemEnv, type Env } from '../../env.ts';
import { isSessionMeshError } from '../../errors.ts';
import { appServer } from '../../hosts/app-server/index.ts';
import { controlService } from '../../hosts/control-service/index.ts';
import type { HostFactory } from '../../hosts/host.ts';
import type { JournalMode } from '../../ledger/journal.ts';
import type { Limits } from '../../limits.ts';
import type { Logger } from '../../logger.ts';
import { createMesh } from '../../mesh/create-mesh.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { isRecord } from '../../tools/json.ts';
import { seededRandom } from '../random.ts';
import { SessionWork, type Mischief } from './session-work.ts';
import { SoakTools } from './soak-tools.ts';
import { openWitness, type Witness } from './witness.ts';

/** Where the runtime's sessions live. */
export type RuntimeHost =
  | { readonly kind: 'socket'; readonly url: string }
  | { readonly kind: 'child'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'service'; readonly url: string; readonly tokenPath: string };

/** How a runtime is set up. Plain JSON. */
export interface RuntimeOptions {
  /** The life: unique within the run. */
  readonly name: string;
  readonly host: RuntimeHost;
  readonly ledger: { readonly path: string; readonly mode: JournalMode } | null;
  readonly witnessPath: string;
  readonly startsPath: string;
  readonly sessions: number;
  readonly seed: number;
  readonly handlerTimeoutMs: number;
  readonly turnTimeoutMs: number;
  readonly mischief: Mischief;
  readonly limits: Partial<Limits>;
}

/** What a runtime is told. */
export type RuntimeOrder = { readonly type: 'rest' } | { readonly type: 'gauges' };

/** What a runtime tells. */
export type RuntimeNews =
  | { readonly type: 'ready' }
  /** It has rested: no turn is under way. */
  | { readonly type: 'rested' }
  | { readonly type: 'gauges'; readonly values: Readonly<Record<string, number>> };

function hostOf(host: RuntimeHost, env: Env): HostFactory {
  switch (host.kind) {
    case 'socket':
      return appServer({ url: host.url });
    case 'child':
      return appServer({ command: host.command, args: host.args });
    case 'service': {
      const token = async () => (await env.files.promises.readFile(host.tokenPath, 'utf8')).trim();
      return controlService({ url: host.url, token });
    }
  }
}

/** Warnings and errors, as JSON lines on stderr: what must not hold anything of arguments and results. */
const stderrLogger: Logger = {
  debug() {},
  info() {},
  warn: (fields, message) => log('warning', fields, message),
  error: (fields, message) => log('error', fields, message),
};

function log(level: string, fields: object, message: string): void {
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
}

function gaugesOf(mesh: Mesh): Record<string, number> {
  // Without a collection, garbage that nobody holds would count.
  globalThis.gc?.();
  const { running, waiting, unconfirmed, sessions, strays, repeated, late, reused } = mesh.stats;
  const { heapUsed, rss, external } = process.memoryUsage();
  const { resources, handles } = countResources();
  return {
    running,
    waiting,
    unconfirmed,
    sessions,
    strays,
    repeated,
    late,
    reused,
    timers: resources,
    handles,
    'heap.bytes': heapUsed,
    'rss.bytes': rss,
    'external.bytes': external,
  };
}

function countResources(): { resources: number; handles: number } {
  const active = process.getActiveResourcesInfo();
  const resources = active.filter((name) => name === 'Timeout').length;
  return { resources, handles: active.length - resources };
}

const tell = (news: RuntimeNews): void => void process.send?.(news);

/** Runs until it is told to end: SIGTERM ends it gently. */
export async function runRuntime(options: RuntimeOptions): Promise<void> {
  const env = systemEnv;
  const { name, seed } = options;
  const witness = openWitness(options.witnessPath, env);
  const mesh = await startMeshOf(options, witness, env);
  const tools = new SoakTools({ runtime: name, startsPath: options.startsPath, witness, env });
  const work = new SessionWork({
    mesh,
    sessions: options.sessions,
    tools,
    handlerTimeoutMs: options.handlerTimeoutMs,
    turnTimeoutMs: options.turnTimeoutMs,
    mischief: options.mischief,
    env,
    random: seededRandom(seed).fork(name).next,
    testify: (event) => witness.write(event),
    runtime: name,
  });
  process.on('message', (order: unknown) => {
    const type = isRecord(order) ? order.type : null;
    if (type === 'gauges') tell({ type: 'gauges', values: gaugesOf(mesh) });
    if (type !== 'rest') return;
    work.rest();
    void work.rested().then(() => tell({ type: 'rested' }));
  });
  const close = async () => {
    work.end();
    await mesh.close({ graceMs: 2_000 });
    tools.close();
    witness.close();
    process.disconnect?.();
  };
  process.once('SIGTERM', () => void close());
  // Whoever started it is gone.
  process.once('disconnect', () => void close());
  work.start();
  tell({ type: 'ready' });
}

/** How long to wait for a host that is down just now. */
const retryMs = 250;

async function startMeshOf(options: RuntimeOptions, witness: Witness, env: Env): Promise<Mesh> {
  const { name, host, ledger, limits } = options;
  for (;;) {
    try {
      return await createMesh({
        host: hostOf(host, env),
        limits,
        logger: stderrLogger,
        ...(ledger ? { ledger } : {}),
        onEvent: ({ at, ...event }) => witness.write({ type: 'mesh', runtime: name, event }, at),
      });
    } catch (thrown) {
      // Whoever starts while its host is down waits for it.
      if (!isSessionMeshError(thrown) || !thrown.retryable) throw thrown;
      await sleep(env.clock, retryMs);
    }
  }
}
