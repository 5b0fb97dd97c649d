/**
 * Compares our hand-written protocol with the one that the installed Codex generates, so that a new
 * Codex whose protocol differs where we use it fails here first.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  testedCodexVersion,
  unheardNotifications,
  type ServerRequestMethod,
  type UnheardNotification,
} from '../../../src/hosts/app-server/methods.ts';
import type {
  ClientMethod,
  DiagnosticsResult,
  InitializeResult,
  ItemsPage,
  ResumeResult,
  SafeResults,
  ThreadResult,
  ToolCallParams,
  TurnItem,
  TurnNotification,
  TurnsPage,
  TurnStartResult,
  WireTurn,
} from '../../../src/hosts/app-server/protocol.ts';
import { codexPath } from './codex.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');
const ours = join(root, 'src/hosts/app-server');

/** Our requests, and the generated type of their params. */
const params = {
  initialize: 'InitializeParams',
  'server/diagnostics': 'v2/ServerDiagnosticsParams',
  'thread/start': 'v2/ThreadStartParams',
  'thread/name/set': 'v2/ThreadSetNameParams',
  'thread/resume': 'v2/ThreadResumeParams',
  'thread/fork': 'v2/ThreadForkParams',
  'thread/unsubscribe': 'v2/ThreadUnsubscribeParams',
  'thread/archive': 'v2/ThreadArchiveParams',
  'thread/unarchive': 'v2/ThreadUnarchiveParams',
  'thread/delete': 'v2/ThreadDeleteParams',
  'thread/read': 'v2/ThreadReadParams',
  'thread/list': 'v2/ThreadListParams',
  'thread/settings/update': 'v2/ThreadSettingsUpdateParams',
  'thread/turns/list': 'v2/ThreadTurnsListParams',
  'thread/items/list': 'v2/ThreadItemsListParams',
  'turn/start': 'v2/TurnStartParams',
  'turn/steer': 'v2/TurnSteerParams',
  'turn/interrupt': 'v2/TurnInterruptParams',
  'account/read': 'v2/GetAccountParams',
} satisfies Record<ClientMethod, string>;

interface Read {
  InitializeResult: InitializeResult;
  DiagnosticsResult: DiagnosticsResult;
  ThreadResult: ThreadResult;
  TurnStartResult: TurnStartResult;
  WireTurn: WireTurn;
  TurnsPage: TurnsPage;
  ResumeResult: ResumeResult;
  ItemsPage: ItemsPage;
  ToolCallParams: ToolCallParams;
  TurnNotification: TurnNotification;
}

/** What we read, and the generated type it is read from. */
const read = {
  InitializeResult: 'InitializeResponse',
  DiagnosticsResult: 'v2/ServerDiagnosticsResponse',
  ThreadResult: 'v2/ThreadStartResponse',
  TurnStartResult: 'v2/TurnStartResponse',
  WireTurn: 'v2/Turn',
  TurnsPage: 'v2/ThreadTurnsListResponse',
  ResumeResult: 'v2/ThreadResumeResponse',
  ItemsPage: 'v2/ThreadItemsListResponse',
  ToolCallParams: 'v2/DynamicToolCallParams',
  TurnNotification: 'v2/TurnCompletedNotification',
} satisfies Record<keyof Read, string>;

/** Our safe answers, and the generated type of the answer. */
const safeResults = {
  'item/commandExecution/requestApproval': 'v2/CommandExecutionRequestApprovalResponse',
  'item/fileChange/requestApproval': 'v2/FileChangeRequestApprovalResponse',
  'item/permissions/requestApproval': 'v2/PermissionsRequestApprovalResponse',
  'item/tool/requestUserInput': 'v2/ToolRequestUserInputResponse',
  'mcpServer/elicitation/request': 'v2/McpServerElicitationRequestResponse',
  'currentTime/read': 'v2/CurrentTimeReadResponse',
  applyPatchApproval: 'ApplyPatchApprovalResponse',
  execCommandApproval: 'ExecCommandApprovalResponse',
} satisfies Record<keyof SafeResults, string>;

const generated = (path: string) => `import('./generated/${path}.ts').${path.split('/').at(-1)}`;

/** What is sent has to fit, and every member of it has to be known: a member too many fits anything. */
const sent = (type: string, path: string) => [
  `  Fits<Mutable<${type}>, ${generated(path)}>,`,
  `  Fits<keyof ${type}, keyof ${generated(path)}>,`,
];

interface Unions {
  ServerRequestMethod: ServerRequestMethod;
  UnheardNotification: UnheardNotification;
  TurnItem: TurnItem;
}

/** Our unions, and how each compares. */
const unions = {
  ServerRequestMethod: `Same<ServerRequestMethod, ${generated('ServerRequest')}['method']>`,
  UnheardNotification: `Same<HeardNotification | UnheardNotification, Notification>`,
  TurnItem: `Fits<Extract<${generated('v2/ThreadItem')}, { type: TurnItem['type'] }>, TurnItem>`,
} satisfies Record<keyof Unions, string>;

/** A program that compiles only if the two protocols agree. */
const comparison = [
  `import type * as Ours from '${ours}/protocol.ts';`,
  `import type { ClientMethod, ClientRequests, SafeResults, TurnItem } from '${ours}/protocol.ts';`,
  `import type { HeardNotification, ServerRequestMethod, UnheardNotification } from '${ours}/methods.ts';`,
  `import type { ToolOutput } from '${root}/src/tools/contract.ts';`,
  `type Mutable<T> = { -readonly [K in keyof T]: Mutable<T[K]> };`,
  `type Fits<Actual extends Expected, Expected> = [Actual, Expected];`,
  `type Same<One extends Other, Other extends Two, Two = One> = [One, Other];`,
  `type Notification = ${generated('ServerNotification')}['method'];`,
  `export type Comparison = [`,
  `  Fits<ClientMethod, ${generated('ClientRequest')}['method']>,`,
  ...sent('ToolOutput', 'v2/DynamicToolCallResponse'),
  `  Fits<${generated('v2/ThreadForkResponse')}, Ours.ThreadResult>,`,
  `  Fits<${generated('v2/TurnStartedNotification')}, Ours.TurnNotification>,`,
  ...Object.values(unions).map((comparison) => `  ${comparison},`),
  ...Object.entries(params).flatMap(([method, path]) => sent(`ClientRequests['${method}']`, path)),
  ...Object.entries(read).map(([name, path]) => `  Fits<${generated(path)}, Ours.${name}>,`),
  ...Object.entries(safeResults).flatMap(([method, path]) =>
    sent(`SafeResults['${method}']`, path),
  ),
  `];`,
].join('\n');

const compilerOptions = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  module: 'esnext',
  moduleResolution: 'bundler',
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
};

const tsc = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
);

/** What the compiler says about `program` beside the generated protocol in `folder`. */
async function compile(folder: string, program: string): Promise<string> {
  await writeFile(join(folder, 'program.ts'), program);
  const config = { compilerOptions, files: ['program.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  try {
    await run(process.execPath, [tsc, '-p', folder]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test('our protocol is the one that the installed Codex speaks', async () => {
  const { stdout: version } = await run(codexPath, ['--version']);
  expect(version.trim()).toContain(testedCodexVersion);
  const folder = await mkdtemp(join(tmpdir(), 'drift-'));
  try {
    const out = join(folder, 'generated');
    const env = { ...process.env, CODEX_HOME: folder };
    await run(codexPath, ['app-server', 'generate-ts', '--experimental', '--out', out], { env });
    const requests = await readFile(join(out, 'ServerRequest.ts'), 'utf8');
    expect(requests).toContain('"item/tool/call"');
    expect(new Set(unheardNotifications).size).toBe(unheardNotifications.length);

    expect(await compile(folder, comparison)).toBe('');
    // The comparison would notice: each of these differs from our protocol in one place.
    const drifted = [
      comparison.replace(', Notification>', ", Notification | 'new'>"),
      comparison.replace(
        "ClientRequests['turn/steer']",
        "Omit<ClientRequests['turn/steer'], 'input'>",
      ),
      comparison.replaceAll(
        generated('v2/ThreadForkParams'),
        `Omit<${generated('v2/ThreadForkParams')}, 'excludeTurns'>`,
      ),
      comparison.replace(generated('v2/Turn'), `Omit<${generated('v2/Turn')}, 'status'>`),
    ];
    expect(new Set([comparison, ...drifted]).size).toBe(drifted.length + 1);
    for (const program of drifted) expect(await compile(folder, program)).toContain('error TS');
  } finally {
    await rm(folder, { recursive: true });
  }
});
