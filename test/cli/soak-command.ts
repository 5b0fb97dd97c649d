/** `sessionmesh soak` within the test's own process: what it printed, and its exit code. */
import { Command } from 'commander';
import { vi } from 'vitest';
import { addSoakCommand } from '../../src/cli/soak.ts';

export async function soakCommand(...args: string[]) {
  const ended = { code: undefined as typeof process.exitCode, stdout: '', stderr: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    ended.stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    ended.stderr += String(text);
    return true;
  });
  try {
    const program = new Command();
    addSoakCommand(program);
    await program.parseAsync(['soak', ...args], { from: 'user' });
    return { ...ended, code: process.exitCode };
  } finally {
    process.exitCode = undefined;
    out.mockRestore();
    err.mockRestore();
  }
}
