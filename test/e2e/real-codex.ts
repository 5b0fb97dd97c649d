/** The real Codex against a scripted model, and ways to hurt it. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { Script } from '../../src/hosts/simulated/script.ts';
import { locateCodex } from '../../src/hosts/app-server/locate.ts';
import {
  appServer,
  createMesh,
  type CreateMeshOptions,
  type HostFactory,
} from '../../src/index.ts';
import { scriptedCodexHome, startScriptedModel } from '../../src/testing/index.ts';
import { openRelay } from '../relay.ts';

/** An environment in which Codex knows nothing but the scripted model. Undone with the test. */
export async function scriptedEnv(script: Script): Promise<NodeJS.ProcessEnv> {
  const model = await startScriptedModel(script);
  const home = await scriptedCodexHome(model);
  onTestFinished(async () => {
    await home.remove();
    await model.close();
  });
  return { ...process.env, ...home.env };
}

/** A mesh on a Codex of its own, closed with the test. */
export async function meshOn(host: HostFactory, options: Omit<CreateMeshOptions, 'host'> = {}) {
  const mesh = await createMesh({ ...options, host });
  onTestFinished(() => mesh.close({ graceMs: 100 }));
  return mesh;
}

export async function spawnedMesh(script: Script, options: Omit<CreateMeshOptions, 'host'> = {}) {
  return meshOn(appServer({ env: await scriptedEnv(script) }), options);
}

/** Process ids of the Codex programs that descend from `parent`. */
export function codexProcesses(parent: number = process.pid): number[] {
  const parents = new Map<number, { ppid: number; name: string }>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, name = '', state, ppid] = /\((.*)\) (\S) (\d+)/.exec(stat) ?? [];
      if (state !== 'Z') parents.set(Number(entry), { ppid: Number(ppid), name });
    } catch {
      // It ended while we looked.
    }
  }
  const descends = (pid: number): boolean => {
    const found = parents.get(pid);
    return found !== undefined && (found.ppid === parent || descends(found.ppid));
  };
  return [...parents]
    .filter(([pid, { name }]) => name === 'codex' && descends(pid))
    .map(([pid]) => pid);
}

/** A real app-server that listens on a socket, behind a relay whose connections can be cut. */
export async function listeningCodex(script: Script) {
  const env = await scriptedEnv(script);
  const { command } = locateCodex({ env });
  const args = ['app-server', '--listen', 'ws://127.0.0.1:0'];
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(async () => {
    const exited = once(child, 'exit');
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await exited;
  });
  let port = 0;
  for await (const line of createInterface({ input: child.stderr })) {
    port = Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
    if (port !== 0) break;
  }
  const relay = await openRelay(`ws://127.0.0.1:${port}`);
  return { url: `ws://${relay.name}`, cut: () => relay.drop() };
}
