/** The catalog of remote skills: drafts, what goes over the wire, what the model is told, results. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ToolError } from '../../src/tools/index.ts';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { openClient, openTurn } from './scene.ts';

const createTimeOnly = /create-time only/;
const disabled = /disabled for reliability/;

test('B16 register runs to its end before anything is sent, against a draft', async () => {
  const { client, stub, moving } = await openClient();
  const seen: unknown[] = [];
  const created = await moving(
    client.remoteSkills.createSession({
      register: async (draft) => {
        await Promise.resolve();
        seen.push(draft.sessionId, draft.dispatchMode(), stub.requests.length);
        draft.register('echo', (input) => input.text);
      },
    }),
  );
  expect(seen).toEqual(['draft', null, 0]);
  expect(created.created).toMatchObject({ session: { sessionId: created.skills.sessionId } });
});

test('B17 B18 no skills, no field; skills, their list; a list of the caller wins untouched', async () => {
  const { client, stub, moving } = await openClient();
  const register = (draft: SkillDraft) => draft.register('echo', (input) => input);
  await moving(client.remoteSkills.createSession());
  await moving(client.remoteSkills.createSession({ register }));
  await moving(client.remoteSkills.createSession({ register, dynamicTools: null }));
  await moving(client.remoteSkills.createSession({ dynamicTools: [] }));
  const bodies = stub.requestsTo(/^\/sessions$/, 'POST').map(({ body }) => body);
  expect(bodies).toEqual([
    {},
    {
      dynamicTools: [
        {
          name: 'echo',
          description: 'Remote skill echo',
          inputSchema: { type: 'object', properties: {}, additionalProperties: true },
        },
      ],
    },
    { dynamicTools: null },
    { dynamicTools: [] },
  ]);
});

test('B1 the options of a session are those of the wire', async () => {
  const { client, stub, moving } = await openClient();
  const options = {
    cwd: '/srv/work',
    model: 'large',
    approvalPolicy: 'never',
    networkAccess: 'enabled',
    filesystemSandbox: 'workspace-write',
  } as const;
  await moving(client.remoteSkills.createSession(options));
  expect(stub.requestsTo(/^\/sessions$/, 'POST')[0]!.body).toEqual(options);
});

test('B19 a register that throws: its error, and nothing is sent', async () => {
  const { client, stub, moving } = await openClient();
  const failing = client.remoteSkills.createSession({
    register: () => {
      throw new RangeError('no');
    },
  });
  await expect(moving(failing)).rejects.toThrow(RangeError);
  expect(stub.requests).toEqual([]);
});

test('B21 an answer without a session id is an error', async () => {
  const { client, stub, moving } = await openClient();
  stub.fault = () => ({ status: 200, body: { session: { sessionId: ' ' } } });
  await expect(moving(client.remoteSkills.createSession())).rejects.toMatchObject({
    code: 'protocol_invalid',
  });
});

test('B23 B24 after creation the draft is nobody’s, and the session’s catalog never changes', async () => {
  const { client, moving } = await openClient();
  let draft: SkillDraft | undefined;
  const { skills } = await moving(
    client.remoteSkills.createSession({
      register: (given) => {
        draft = given;
        given.register('echo', (input) => input);
      },
    }),
  );
  draft!.register('later', () => null);
  expect(skills.list().map(({ name }) => name)).toEqual(['echo']);
  const handles = [skills, client.remoteSkills.session(skills.sessionId)];
  for (const handle of handles) {
    for (const change of ['register', 'skill', 'unregister', 'clear', 'using'] as const) {
      expect(() => handle[change]()).toThrow(createTimeOnly);
    }
  }
});

test('B25 a handle of a session shares everything with the others, and asks nobody', async () => {
  const { client, stub, moving } = await openClient();
  const register = (draft: SkillDraft) => draft.register('echo', (input) => input);
  const { skills } = await moving(client.remoteSkills.createSession({ register }));
  const before = stub.requests.length;
  expect(client.remoteSkills.session(` ${skills.sessionId} `).list()).toEqual(skills.list());
  expect(client.remoteSkills.session('unheard of').list()).toEqual([]);
  expect(stub.requests).toHaveLength(before);
});

test('B26 B27 B28 names are trimmed, replaced in place, taken out', async () => {
  const { client, moving } = await openClient();
  await moving(
    client.remoteSkills.createSession({
      register: (draft) => {
        draft.register(' zed ', () => 1);
        draft.register('echo', () => 2);
        draft.register('zed', () => 3, { description: 'The new one.' });
        expect(draft.list().map(({ name, description }) => [name, description])).toEqual([
          ['zed', 'The new one.'],
          ['echo', 'Remote skill echo'],
        ]);
        expect(() => draft.register('  ', () => 1)).toThrow(/name/);
        expect([draft.unregister('echo'), draft.unregister('echo')]).toEqual([true, false]);
        expect([draft.clear(), draft.clear()]).toEqual([1, 0]);
      },
    }),
  );
});

test('Q41 a name that Codex would refuse is refused before anything is sent', async () => {
  const { client, stub, moving } = await openClient();
  for (const name of ['bad name!', 'mcp', 'exec_command']) {
    const creating = client.remoteSkills.createSession({
      register: (draft) => draft.register(name, () => 1),
    });
    await expect(moving(creating)).rejects.toMatchObject({
      code: expect.stringMatching(/^tool_name_/),
    });
  }
  expect(stub.requests).toEqual([]);
});

test('Q30 what a list shows cannot change the catalog', async () => {
  const { client, moving } = await openClient();
  const register = (draft: SkillDraft) => draft.register('echo', () => 1);
  const { skills } = await moving(client.remoteSkills.createSession({ register }));
  expect(Object.isFrozen(skills.list()[0])).toBe(true);
  const [tool] = skills.dynamicTools();
  Object.assign(tool!.inputSchema, { type: 'array' });
  expect(skills.dynamicTools()[0]!.inputSchema).toMatchObject({ type: 'object' });
});

test('B30 a registrar names a function after itself and gives it back', async () => {
  const { client, moving } = await openClient();
  await moving(
    client.remoteSkills.createSession({
      register: (draft) => {
        const lookUp = () => 'found';
        expect(draft.skill({ description: 'Looks up.' })(lookUp)).toBe(lookUp);
        draft.skill()(Object.defineProperty(() => 1, 'name', { value: '' }));
        draft.skill({ name: 'own' })(lookUp);
        expect(draft.list().map(({ name }) => name)).toEqual(['lookUp', 'remote_skill', 'own']);
      },
    }),
  );
});

test('B31 B49 a scope registers for its time on a draft, and nowhere else', async () => {
  const { client, moving } = await openClient();
  await moving(
    client.remoteSkills.createSession({
      register: (draft) => {
        {
          using scope = draft.using('echo', () => 1);
          void scope;
          expect(draft.list()).toHaveLength(1);
        }
        expect(draft.list()).toEqual([]);
      },
    }),
  );
  expect(() => client.remoteSkills.using()).toThrow(createTimeOnly);
});

test('B32 Q50 the flag that once changed a running session is refused, and nothing changes', async () => {
  const { client, moving } = await openClient();
  await moving(
    client.remoteSkills.createSession({
      register: (draft) => {
        draft.register('kept', () => 1);
        const flag = { syncRuntime: true };
        expect(() => draft.register('echo', () => 1, flag)).toThrow(disabled);
        expect(() => draft.unregister('kept', flag)).toThrow(disabled);
        expect(() => draft.clear(flag)).toThrow(disabled);
        expect(draft.list().map(({ name }) => name)).toEqual(['kept']);
      },
    }),
  );
});

test('B135 what was removed says so and sends nothing', async () => {
  const { client, stub } = await openClient();
  const skills = client.remoteSkills.session('any');
  for (const removed of ['syncRuntime', 'prepareCatalog', 'sendPrepared'] as const) {
    expect(() => client.remoteSkills[removed]()).toThrow(disabled);
    expect(() => skills[removed]()).toThrow(disabled);
  }
  expect(stub.requests).toEqual([]);
});

const documented = (draft: SkillDraft) => {
  draft.register('zed', () => null);
  draft.register('echo', ({ text }) => text, {
    description: '  Echo it. ',
    inputSchema: {
      type: 'object',
      properties: { text: { type: 'string', description: 'the té.' } },
      required: ['text'],
      additionalProperties: false,
    },
    outputSchema: { type: 'string', description: 'same text' },
  });
  draft.register('B', () => null);
};

test('B33 B34 the tool list is sorted by code point and holds what the wire takes, no more', async () => {
  const { client, moving } = await openClient();
  const { skills } = await moving(client.remoteSkills.createSession({ register: documented }));
  expect(skills.list().map(({ name }) => name)).toEqual(['zed', 'echo', 'B']);
  expect(skills.dynamicTools().map(({ name }) => name)).toEqual(['B', 'echo', 'zed']);
  expect(Object.keys(skills.dynamicTools()[1]!)).toEqual(['name', 'description', 'inputSchema']);
  expect(skills.dynamicTools()[1]!.description).toBe('Echo it.');
});

test('B35 B36 B37 B39 B57 the skills in words', async () => {
  const { client, moving } = await openClient();
  const empty = (await moving(client.remoteSkills.createSession())).skills;
  expect([empty.instructionText(), empty.injectRequest('hi')]).toEqual(['', 'hi']);
  const { skills } = await moving(client.remoteSkills.createSession({ register: documented }));
  const [heading, rule, ...lines] = skills.instructionText().split('\n');
  expect(heading).toMatch(/Session remote skill catalog.*:$/);
  expect(rule).not.toBe('');
  expect(lines).toEqual([
    '- B: Remote skill B',
    '  input_schema: {"additionalProperties": true, "properties": {}, "type": "object"}',
    '- echo: Echo it.',
    '  input_schema: {"additionalProperties": false, "properties": {"text": {"description": "the t\\u00e9.", "type": "string"}}, "required": ["text"], "type": "object"}',
    '  output_schema: {"description": "same text", "type": "string"}',
    '  output_description: same text',
    '- zed: Remote skill zed',
    '  input_schema: {"additionalProperties": true, "properties": {}, "type": "object"}',
  ]);
  expect(skills.injectRequest('do it')).toBe(`${skills.instructionText()}\n\nUser request:\ndo it`);
});

// Results

for (const [name, result, text] of [
  ['a text is itself', 'raw', 'raw'],
  ['an empty text is itself', '', ''],
  ['null', null, 'null'],
  ['true', true, 'true'],
  ['a number', 0, '0'],
  ['a list', [1, 'a'], '[1, "a"]'],
  ['an object has its keys sorted', { b: 1, a: 'é' }, '{"a": "\\u00e9", "b": 1}'],
  ['contentItems without success', { contentItems: [] }, '{"contentItems": []}'],
  ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
] as const) {
  test(`B70 B71 B72 a result: ${name}`, async () => {
    const register = (draft: SkillDraft) => draft.register('give', async () => result);
    const { stub, skills, moving } = await openTurn(register);
    stub.call(skills.sessionId, 'give');
    const [dispatch] = await moving(skills.drainPendingCalls());
    expect(dispatch).toMatchObject({ handled: true, result });
    expect(stub.answers[0]!.body).toEqual({
      response: { success: true, contentItems: [{ type: 'inputText', text }] },
    });
  });
}

test('B69 an answer that is complete already is taken as it is', async () => {
  const answer = { success: false, contentItems: [{ type: 'inputText', text: 'not found' }] };
  const register = (draft: SkillDraft) => draft.register('give', () => answer);
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'give');
  const [dispatch] = await moving(skills.drainPendingCalls());
  expect(dispatch).toMatchObject({ handled: true, responsePayload: answer, error: null });
  expect(stub.answers[0]!.body).toEqual({ response: answer });
});

test('Q15 Q43 a result that cannot be shown is told as such: the handler did finish', async () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const register = (draft: SkillDraft) => {
    draft.register('circular', () => circular);
    draft.register('malformed', () => ({ success: true, contentItems: [{ type: 'text' }] }));
  };
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'circular');
  stub.call(skills.sessionId, 'malformed');
  await moving(skills.drainPendingCalls());
  for (const { body } of stub.answers) {
    expect(body.response.success).toBe(false);
    expect(body.response.contentItems[0]!.text).toContain('finished');
  }
});

// Arguments

test('B65 B66 Q13 Q14 arguments are checked and brought into shape; the model is told what does not fit', async () => {
  const seen: unknown[] = [];
  const register = (draft: SkillDraft) => {
    draft.register('count', ({ by }) => seen.push(by), {
      inputSchema: z.object({ by: z.number().int() }),
    });
    draft.register('any', (input) => seen.push(input));
  };
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'count', { by: 2 });
  stub.call(skills.sessionId, 'count', '{"by":3}');
  stub.call(skills.sessionId, 'count', { by: 'two' });
  stub.call(skills.sessionId, 'any', null);
  const dispatches = await moving(skills.drainPendingCalls());
  expect(seen).toEqual([2, 3, {}]);
  expect(dispatches.map(({ handled }) => handled)).toEqual([true, true, false, true]);
  expect(dispatches[2]!.error).toContain('by');
});

test('a handler may tell the model what went wrong', async () => {
  const register = (draft: SkillDraft) =>
    draft.register('give', () => {
      throw new ToolError('the ticket is locked');
    });
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'give');
  const [dispatch] = await moving(skills.drainPendingCalls());
  expect(dispatch).toMatchObject({ handled: false, error: 'the ticket is locked' });
  expect(JSON.stringify(stub.answers)).toContain('the ticket is locked');
});

test('Q32 a handler that takes too long is stopped, and the model is told', async () => {
  const aborted: unknown[] = [];
  const register = (draft: SkillDraft) =>
    draft.register(
      'hang',
      (_, { signal }) =>
        new Promise(() => signal.addEventListener('abort', () => aborted.push(signal.reason))),
      { timeoutMs: 500 },
    );
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'hang');
  const [dispatch] = await moving(skills.drainPendingCalls());
  expect(dispatch).toMatchObject({ handled: false, outcome: 'expired' });
  expect(aborted).toHaveLength(1);
});
