/** What the browser tests look at: a service with work to do, a team, and a history of its run. */
import { axeViolations } from './axe.ts';
import { expect, onTestFinished } from 'vitest';
import type { Page } from 'playwright-core';
import type { Script } from '../../src/hosts/simulated/script.ts';
import { simulatedHost } from '../../src/hosts/simulated/host.ts';
import { startHistory } from '../../src/history/recording.ts';
import { defaultLimits } from '../../src/limits.ts';
import { startMesh } from '../../src/mesh/start-mesh.ts';
import { startDashboard } from '../../src/service/inspection/dashboard-server.ts';
import { meshSource } from '../../src/service/inspection/mesh-source.ts';
import { rehearsal } from '../../src/team/rehearsal.ts';
import { softwareTeam } from '../../src/team/software-team.ts';
import { createTeam } from '../../src/team/team.ts';
import { tool } from '../../src/tools/tool.ts';
import { openRelay } from '../relay.ts';
import { fakeScene, newSession } from '../service/scene.ts';
import { buildPage } from './built-page.ts';
import { openPage } from './browser.ts';

const input = {
  type: 'object',
  properties: { id: { type: 'string' } },
  required: ['id'],
  additionalProperties: false,
} as const;

/** What an answer would have to do to a page that trusts it. */
export const attack =
  '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';

const pause = (ms: number) => new Promise((resolve) => void setTimeout(resolve, ms));

/** A handler that runs until the test lets it go on. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = tool({
    name: 'hold_on',
    description: 'Takes its time.',
    input,
    execute: async () => {
      await promise;
      return 'at last';
    },
  });
  return { held, release: resolve };
}

const tools = [
  tool({
    name: 'lookup_ticket',
    description: `Looks a ticket up. ${attack}`,
    input,
    execute: async ({ id }) => {
      await pause(4);
      return `${id} is open ${attack}`;
    },
  }),
  tool({
    name: 'build_report',
    description: 'Builds a report.',
    input,
    execute: async ({ id }) => {
      await pause(60);
      return `the report of ${id}`;
    },
  }),
  tool({
    name: 'search_index',
    description: 'Searches.',
    input,
    execute: () => {
      throw new Error('the index is down');
    },
  }),
  tool({
    name: 'delete_branch',
    description: 'Deletes a branch.',
    input,
    approval: 'always',
    execute: ({ id }) => Promise.resolve(`deleted ${id}`),
  }),
];

/** `2 lookup_ticket search_index` calls both tools, twice over. */
const work: Script = ({ text, results }) => {
  const [rounds = '1', ...names] = text.split(' ');
  if (names.length === 0 || results.length >= Number(rounds) * names.length) {
    return { text: `Done after ${results.length} results.` };
  }
  return { calls: names.map((name) => ({ tool: name, arguments: { id: 'ENG-1' } })) };
};

/** A service on the simulated host, whose sessions do as they are told. */
export async function liveScene() {
  await buildPage();
  const relay = await openRelay();
  const { held, release } = gate();
  const scene = await fakeScene(work, {
    tools: [...tools, held],
    hosts: [relay.name],
  });
  const { client, service } = scene;
  return {
    ...scene,
    release,
    /** What {@link lookThrough} goes by. */
    relay,
    /** Makes a session of this name. */
    session: async (title: string) => {
      const id = await newSession(client, []);
      await client.post(`/api/sessions/${id}/rename`, { title });
      return id;
    },
    say: (id: string, text: string) => client.post(`/api/sessions/${id}/messages`, { text }),
    look: (options?: Parameters<typeof openPage>[1]) => openPage(service.pageUrl(), options),
    lookThrough: (options?: Parameters<typeof openPage>[1]) => {
      const url = new URL(service.pageUrl());
      relay.lead(service.url);
      url.host = relay.name;
      return openPage(url.href, options);
    },
  };
}

/** A team that plays on the simulated host, its dashboard, and its history as text. */
export async function teamScene({ stepMs = 25 }: { readonly stepMs?: number } = {}) {
  await buildPage();
  const lines: string[] = [];
  const history = await startHistory({
    to: { append: async (text) => void lines.push(text), close: async () => {} },
    source: 'team',
  });
  const source = meshSource({ limits: defaultLimits, runtime: 'team', name: 'a rehearsal' });
  const host = simulatedHost(rehearsal, { latencyMs: 3, stepMs });
  const mesh = await startMesh({
    host,
    onEvent: (event) => {
      source.onMeshEvent(event);
      history.onMeshEvent(event);
    },
  });
  source.attach(mesh);
  const dashboard = await startDashboard({ shown: { source } });
  onTestFinished(async () => {
    await dashboard.close();
    await mesh.close({ graceMs: 1 });
  });
  return {
    dashboard,
    source,
    host,
    history,
    /** Plays the run to its end; resolves with its history. */
    play: async () => {
      const team = createTeam({
        ...softwareTeam(),
        mesh,
        onEvent: (event) => {
          source.onTeamEvent(event);
          history.onTeamEvent(event);
        },
      });
      const result = await team.run('Summarise the repository');
      await history.close();
      return { result, text: lines.join('') };
    },
  };
}

/** Goes to a place of the page. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
}

/** Checks what is shown against the rules of accessibility that a program can check. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await axeViolations(page)).toEqual([]);
}

/** The page is not wider than its window: nothing has to be scrolled sideways to be found. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  expect(excess).toBeLessThanOrEqual(0);
}
