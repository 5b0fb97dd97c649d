/** Skills that tests register, and replies that they make the service give. */
import { vi } from 'vitest';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';

/** A skill that returns its `text`. */
export function echoSkill() {
  const echo = vi.fn((input: Readonly<Record<string, unknown>>) => input.text ?? null);
  const register = (draft: SkillDraft) => draft.register('echo', echo);
  return { echo, register };
}

/** A skill that waits until the test lets it go. */
export function heldSkill() {
  const doors: ((value: unknown) => void)[] = [];
  const aborted: unknown[] = [];
  const held = vi.fn(
    (_: unknown, call: { signal: AbortSignal }) =>
      new Promise((resolve) => {
        call.signal.addEventListener('abort', () => aborted.push(call.signal.reason));
        doors.push(resolve);
      }),
  );
  const register = (draft: SkillDraft) => draft.register('held', held);
  return {
    held,
    aborted,
    register,
    release: (value: unknown = 'released') => doors.shift()?.(value),
  };
}

/** A reply in place of the service's own. */
export const reply = (status: number, body: object) => ({ status, body });
