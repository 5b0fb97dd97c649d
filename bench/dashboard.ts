/**
 * The dashboard: how smoothly the page shows a busy mesh in a real Chromium, and what looking costs the
 * mesh. The page is the built one, and mesh and browser share this machine.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chromium, type Browser, type Page } from 'playwright-core';
import { findBrowser } from '../src/cli/find-browser.ts';
import { startDashboard } from '../src/service/inspection/dashboard-server.ts';
import { meshSource } from '../src/service/inspection/mesh-source.ts';
import { createMesh, tool, type Mesh } from '../src/index.ts';
import { defaultLimits } from '../src/limits.ts';
import { simulatedHost, type Script } from '../src/testing/index.ts';
import { median, type Figure } from './figure.ts';

/** The feed lets go of the run this soon, so that the next round begins with nobody looking. */
const lingerMs = 100;

const lookup = tool({
  name: 'lookup_ticket',
  description: 'Look up a ticket by id.',
  input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } as const,
  execute: async ({ id }) => ({ id, status: 'open' }),
});

/** `40` makes forty calls, one after the other. */
const callsInTurn: Script = ({ text, results }) =>
  results.length >= Number(text)
    ? { text: 'done' }
    : { calls: [{ tool: 'lookup_ticket', arguments: { id: `ENG-${results.length}` } }] };

/** A mesh with its dashboard. */
async function startScene(sessions: number) {
  const source = meshSource({ limits: defaultLimits, runtime: 'bench', name: 'bench' });
  const counted = { events: 0 };
  const mesh: Mesh = await createMesh({
    host: simulatedHost(callsInTurn),
    onEvent: (event) => {
      counted.events += 1;
      source.onMeshEvent(event);
    },
  });
  source.attach(mesh);
  const open = async (index: number) =>
    mesh.createSession({ tools: [lookup], title: `Session ${index}` });
  for (let index = 0; index < sessions; index += 1) await open(index);
  const dashboard = await startDashboard({
    shown: { source },
    limits: { inspectionLingerMs: lingerMs },
  });
  const close = async () => {
    await dashboard.close();
    await mesh.close({ graceMs: 1 });
  };
  return { mesh, dashboard, counted, close };
}

const pause = (ms: number) => new Promise((resolve) => void setTimeout(resolve, ms));

/** Makes so many call events a second, spread over all sessions, until it is stopped. */
function keepBusy(mesh: Mesh, eventsPerSecond: number): () => Promise<void> {
  const sessions = mesh.sessions();
  /** Claimed, started, answered, settled. */
  const callsPerSecond = eventsPerSecond / 4;
  const callsPerTurn = 5;
  const life = new AbortController();
  const work = (async () => {
    const beganMs = performance.now();
    for (let turn = 0; !life.signal.aborted; turn += 1) {
      const session = sessions[turn % sessions.length];
      if (session?.turnId === null) void session.send(String(callsPerTurn)).catch(() => {});
      const dueMs = ((turn + 1) * callsPerTurn * 1_000) / callsPerSecond;
      await pause(Math.max(0, beganMs + dueMs - performance.now()));
    }
  })();
  return () => {
    life.abort();
    return work;
  };
}

/** Counts frames and long tasks in the page from now on. Runs in the page. */
const beginWatch = `(() => {
  const seen = { frames: [], longest: 0, long: 0 };
  globalThis.seen = seen;
  const onFrame = (at) => { seen.frames.push(at); requestAnimationFrame(onFrame); };
  requestAnimationFrame(onFrame);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.longest = Math.max(seen.longest, duration);
      if (duration > 100) seen.long += 1;
    }
  }).observe({ type: 'longtask' });
})()`;

interface Smoothness {
  readonly framesPerSecond: number;
  /** The worst second. */
  readonly worstFramesPerSecond: number;
  readonly longestTaskMs: number;
}

async function smoothness(page: Page): Promise<Smoothness> {
  const seen: { frames: number[]; longest: number } = await page.evaluate('globalThis.seen');
  const { frames, longest } = seen;
  const beganMs = frames[0] ?? 0;
  const bySecond = Map.groupBy(frames, (at) => Math.floor((at - beganMs) / 1_000));
  // The last second is not over.
  const whole = [...bySecond.values()].slice(0, -1).map(({ length }) => length);
  const spanMs = (frames.at(-1) ?? 0) - beganMs;
  return {
    framesPerSecond: (frames.length * 1_000) / spanMs,
    worstFramesPerSecond: Math.min(...whole),
    longestTaskMs: longest,
  };
}

async function openPage(browser: Browser, url: string) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('.list-row').first().waitFor();
  const firstViewMs = await page.evaluate('performance.now()');
  return { page, firstViewMs: Number(firstViewMs), close: () => context.close() };
}

function smoothFigures(
  name: string,
  { framesPerSecond, worstFramesPerSecond, longestTaskMs }: Smoothness,
): Figure[] {
  return [
    {
      name: `${name}: frames`,
      value: framesPerSecond,
      unit: '/s',
      target: '>= 30',
      isReached: framesPerSecond >= 30,
    },
    {
      name: `${name}: frames in the worst second`,
      value: worstFramesPerSecond,
      unit: '/s',
      target: '>= 30',
      isReached: worstFramesPerSecond >= 30,
    },
    {
      name: `${name}: longest task`,
      value: longestTaskMs,
      unit: 'ms',
      target: '<= 100',
      isReached: longestTaskMs <= 100,
    },
  ];
}

async function benchBusy(browser: Browser): Promise<Figure[]> {
  const { mesh, dashboard, counted, close } = await startScene(1_000);
  const stop = keepBusy(mesh, 1_000);
  const { page, firstViewMs, close: closePage } = await openPage(browser, dashboard.pageUrl());
  await page.evaluate(beginWatch);
  const before = counted.events;
  const beganMs = performance.now();
  await pause(10_000);
  const perSecond = ((counted.events - before) * 1_000) / (performance.now() - beganMs);
  const overview = await smoothness(page);
  await page.locator('.list-row a').first().click();
  await page.locator('.chart').waitFor();
  await page.evaluate(beginWatch);
  await pause(5_000);
  const session = await smoothness(page);
  await closePage();
  await stop();
  await close();
  const name = '1,000 sessions';
  return [
    {
      name: `${name}: first view`,
      value: firstViewMs,
      unit: 'ms',
      target: '<= 1,000',
      isReached: firstViewMs <= 1_000,
    },
    {
      name: `${name}: events`,
      value: perSecond,
      unit: '/s',
      target: '>= 1,000',
      isReached: perSecond >= 990,
    },
    ...smoothFigures(`${name}, overview`, overview),
    ...smoothFigures(`${name}, one session`, session),
  ];
}

async function benchScroll(browser: Browser): Promise<Figure[]> {
  const { mesh, dashboard, close } = await startScene(10_000);
  const stop = keepBusy(mesh, 1_000);
  const { page, firstViewMs, close: closePage } = await openPage(browser, dashboard.pageUrl());
  await page.locator('.list-scroll').hover();
  await page.evaluate(beginWatch);
  const untilMs = performance.now() + 8_000;
  while (performance.now() < untilMs) {
    await page.mouse.wheel(0, 180);
    await pause(16);
  }
  const scrolling = await smoothness(page);
  await closePage();
  await stop();
  await close();
  return [
    {
      name: '10,000 sessions: first view',
      value: firstViewMs,
      unit: 'ms',
      target: '<= 1,000',
      isReached: firstViewMs <= 1_000,
    },
    ...smoothFigures('10,000 sessions, scrolled', scrolling),
  ];
}

/** Runs so many calls, in all sessions side by side; CPU of this process per call, in microseconds. */
async function costOf(mesh: Mesh, callsPerSession: number): Promise<number> {
  const sessions = mesh.sessions();
  const cpu = process.cpuUsage();
  await Promise.all(sessions.map((session) => session.sendAndHandle(String(callsPerSession))));
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / (sessions.length * callsPerSession);
}

/** Somebody who looks from another process, so that only this side of looking is measured. */
async function startViewer(url: string, watch: string): Promise<ChildProcess> {
  const child = fork(new URL('./dashboard-viewer.ts', import.meta.url), [url, watch]);
  await once(child, 'message');
  return child;
}

async function benchCost(): Promise<Figure[]> {
  const { mesh, dashboard, close } = await startScene(50);
  const calls = 400;
  const rounds = 9;
  for (let round = 0; round < 4; round += 1) await costOf(mesh, calls);
  const alone: number[] = [];
  const overview: number[] = [];
  const watched: number[] = [];
  const [first] = mesh.sessions();
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await costOf(mesh, calls));
    for (const [costs, watch] of [
      [overview, ''],
      [watched, first?.id ?? ''],
    ] as const) {
      const viewer = await startViewer(dashboard.pageUrl(), watch);
      costs.push(await costOf(mesh, calls));
      viewer.kill();
      await once(viewer, 'exit');
      // Until the feed has let go of the run.
      await pause(lingerMs * 4);
    }
  }
  await close();
  const cost = (costs: readonly number[]) =>
    (median(costs.map((value, round) => value / (alone[round] ?? value))) - 1) * 100;
  const floor = `${median(alone).toFixed(1)} us of CPU per call`;
  return [
    {
      name: 'looking at the overview',
      value: cost(overview),
      unit: '% per call',
      floor,
      target: '<= 10',
      isReached: cost(overview) <= 10,
    },
    {
      name: 'watching a session as well',
      value: cost(watched),
      unit: '% per call',
      floor,
      target: '<= 10',
      isReached: cost(watched) <= 10,
    },
  ];
}

/** All figures of the dashboard; those in a browser only where there is one. */
export async function benchDashboard(): Promise<Figure[]> {
  const executablePath = await findBrowser(process.env);
  const cost = await benchCost();
  if (executablePath === null) {
    console.error('no Chromium: the page is not measured');
    return cost;
  }
  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  const browser = await chromium.launch({ executablePath, args });
  try {
    return [...cost, ...(await benchBusy(browser)), ...(await benchScroll(browser))];
  } finally {
    await browser.close();
  }
}
