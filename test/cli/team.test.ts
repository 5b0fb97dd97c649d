/** `sessionmesh team`: options that mean nothing together. */
import { expect, test } from 'vitest';
import { runTeamCommand } from '../../src/cli/team.ts';

test('a model without --live is refused, for a rehearsal would not use it', async () => {
  await expect(runTeamCommand({ cwd: '.', model: 'gpt-5.5' })).rejects.toMatchObject({
    code: 'option_invalid',
    facts: { expected: '--live with --model', found: '--model alone' },
  });
});
