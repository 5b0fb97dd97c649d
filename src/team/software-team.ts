/** The team that the command line plays: a developer, a writer of docs, and a reviewer. */
import type { SessionSettings } from '../hosts/host.ts';
import type { TeamDefinition } from './definition.ts';

/** How the sessions of all three are opened. */
export type SoftwareTeamSettings = Pick<SessionSettings, 'cwd' | 'model' | 'sandbox'>;

const restraint =
  'This is an exercise in working together: run no commands, edit no files, and use no tools but ' +
  'the team_* ones.';

/**
 * The developer plans and hands on, docs writes from what was published, and the reviewer reviews
 * both and closes. Nobody is trusted with more than that: sandbox `read-only`, no approvals.
 */
export function softwareTeam(settings: SoftwareTeamSettings = {}): TeamDefinition {
  const all = {
    instructions: restraint,
    settings: { sandbox: 'read-only', approvalPolicy: 'never', ...settings },
  } as const;
  return {
    entry: 'developer',
    completion: { doneBy: ['reviewer'], reviewedBy: ['reviewer'], artifactsMin: 2 },
    members: [
      {
        ...all,
        name: 'developer',
        role: 'You work out how a task is done, and hand it on.',
        mayHandTo: ['docs', 'reviewer'],
        handOffsPerTurnMax: 4,
        steps: [
          'Pull a task. If there is none, read the board and do only what it says is missing.',
          'Publish your result as an artifact: a `plan`, or a `fix` if you were sent a correction.',
          'Queue one task for docs, unless your result leaves the documentation as it is.',
          'Queue one task for the reviewer: what to review.',
          'Mark yourself done, and queue nothing more.',
        ],
      },
      {
        ...all,
        name: 'docs',
        role: 'You write the documentation from what the developer has published.',
        mayHandTo: ['developer', 'reviewer'],
        handOffsPerTurnMax: 4,
        steps: [
          'Pull a task. If there is none, read the board and do only what it says is missing.',
          'Read the board for the artifacts your task speaks of.',
          'Publish the documentation as an artifact of kind `docs`.',
          'Queue one task for the reviewer: what to review.',
          'Mark yourself done, and queue nothing more.',
        ],
      },
      {
        ...all,
        name: 'reviewer',
        role: 'You judge what the others publish, send back what must change, and close the work.',
        mayHandTo: ['developer', 'docs'],
        waitsFor: ['developer', 'docs'],
        handOffsPerTurnMax: 4,
        steps: [
          'Pull a task. If there is none, go on with step 4.',
          'Read the board and publish your verdict as an artifact of kind `review`.',
          'Pull again and review until nothing is left in your queue.',
          'Read the board. If anything published has no review yet, publish one now.',
          'If something must change, queue one task for its author that says what, and stop here.',
          'Otherwise mark yourself done.',
        ],
      },
    ],
  };
}
