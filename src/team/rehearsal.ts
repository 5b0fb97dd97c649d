/**
 * The software team as a script: a model that plays all three members by the book, so that the team can
 * be seen at work without an account, and against the real Codex.
 */
import type { Script, ScriptCall, ScriptReply } from '../hosts/simulated/script.ts';

/** What a tool call brought back; an answer that is no JSON object is an empty one. */
type Answer = Readonly<Record<string, unknown>>;

/** One turn of a member: yields the calls it makes, is given their answers, and returns its last line. */
type Scene = Generator<ScriptCall, string, Answer>;

const pull: ScriptCall = { tool: 'team_pull_work' };
const read: ScriptCall = { tool: 'team_read_board' };

const publish = (kind: string, summary: string): ScriptCall => ({
  tool: 'team_publish_artifact',
  arguments: { kind, summary },
});

const queue = (owner: string, task: string): ScriptCall => ({
  tool: 'team_queue_work',
  arguments: { owner, task },
});

const markDone = (note: string): ScriptCall => ({ tool: 'team_mark_done', arguments: { note } });

const idle = 'Nothing waits for me.';

function* playDeveloper(): Scene {
  const { task } = yield pull;
  if (typeof task !== 'string') {
    yield read;
    return idle;
  }
  yield publish('plan', `1. Read what is there. 2. Summarise it. 3. Review. For: ${task}`);
  yield queue('docs', 'Write a short guide to the plan that the developer has published.');
  yield queue('reviewer', 'Review the plan.');
  yield markDone('The plan is published and handed on.');
  return 'I published a plan and handed it on to docs and to the reviewer.';
}

function* playDocs(): Scene {
  const { task } = yield pull;
  if (typeof task !== 'string') {
    yield read;
    return idle;
  }
  yield publish('docs', 'A guide in three steps, one for each step of the plan.');
  yield queue('reviewer', 'Review the guide.');
  yield markDone('The guide is published and handed on.');
  return 'I published a guide and handed it on to the reviewer.';
}

function* playReviewer(): Scene {
  let reviews = 0;
  for (let next = yield pull; typeof next.task === 'string'; next = yield pull) {
    yield publish('review', `Accepted. It does what was asked: ${next.task}`);
    reviews += 1;
  }
  yield read;
  const { done } = yield markDone('Everything published was reviewed.');
  return done === true ? `I reviewed ${reviews} results and closed the work.` : 'Work is open yet.';
}

const scenes: Readonly<Record<string, () => Scene>> = {
  developer: playDeveloper,
  docs: playDocs,
  reviewer: playReviewer,
};

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null;
}

function readAnswer(output: string): Answer {
  try {
    const value: unknown = JSON.parse(output);
    return isAnswer(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * Plays the member whose name begins the turn's text. Replays its scene from the start on every step,
 * so it depends on nothing but the step.
 */
export const rehearsal: Script = ({ text, results }): ScriptReply => {
  const member = text.slice(0, text.indexOf(':'));
  const scene = scenes[member]?.();
  if (scene === undefined) return { text: idle };
  let next = scene.next();
  for (const { output } of results) {
    if (next.done === true) break;
    next = scene.next(readAnswer(output));
  }
  return next.done === true ? { text: next.value } : { calls: [next.value] };
};
