/** `sessionmesh doctor`: whether this machine can run Codex sessions, and what to do if not. */
import { execFile } from 'node:child_process';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../errors.ts';
import { locateCodex } from '../hosts/app-server/locate.ts';
import { testedCodexVersion } from '../hosts/app-server/methods.ts';
import { nodeProblem, oldestNodeText } from './node-version.ts';
import { plainLine } from './plain-text.ts';
import { openTerminal } from './terminal.ts';

export interface DoctorOptions {
  readonly codex?: string;
  readonly json?: boolean;
}

/** `bad` means that sessions cannot run; `warning` that they may, or only rehearsals can. */
type Verdict = 'good' | 'warning' | 'bad';

interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly found: string;
  readonly fix: string | null;
}

const codexTimeoutMs = 10_000;
const codexFix = 'npm install @openai/codex, or pass --codex <path>';

const good = (check: string, found: string): Finding => ({
  check,
  verdict: 'good',
  found,
  fix: null,
});

function checkNode(): Finding {
  const { node } = process.versions;
  if (nodeProblem(node) === null) return good('node', node);
  const fix = `install Node ${oldestNodeText} or newer`;
  return { check: 'node', verdict: 'bad', found: node, fix };
}

async function checkCodex(command: string | undefined): Promise<Finding> {
  const check = 'codex';
  try {
    const located = locateCodex({
      env: process.env,
      ...(command === undefined ? {} : { command }),
    });
    const run = promisify(execFile);
    const { stdout } = await run(located.command, ['--version'], { timeout: codexTimeoutMs });
    const version = /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0];
    if (version === undefined) {
      const found = `no version, as of ${located.command} --version`;
      return { check, verdict: 'bad', found, fix: codexFix };
    }
    const found = `${version} at ${located.command}`;
    if (version === testedCodexVersion) return good(check, found);
    const fix = `tested with ${testedCodexVersion}; another version may behave differently`;
    return { check, verdict: 'warning', found, fix };
  } catch (thrown) {
    const found = plainLine(messageOf(thrown).trim());
    return { check, verdict: 'bad', found, fix: codexFix };
  }
}

/** Where Codex keeps what it knows. A variable that is empty is one that is not set. */
function codexHome(): string {
  return process.env['CODEX_HOME'] || join(homedir(), '.codex');
}

async function checkLogin(): Promise<Finding> {
  const check = 'login';
  if (process.env['OPENAI_API_KEY']) return good(check, 'OPENAI_API_KEY is set');
  try {
    await readFile(join(codexHome(), 'auth.json'));
    return good(check, 'auth.json is present');
  } catch {
    const fix = 'run `codex login`, or set OPENAI_API_KEY; rehearsals need neither';
    return { check, verdict: 'warning', found: 'none', fix };
  }
}

/** Looks only: a folder that is missing stays so. Codex makes its usual one, but none that was named. */
async function checkCodexHome(): Promise<Finding> {
  const check = 'CODEX_HOME';
  const home = codexHome();
  try {
    if (!(await stat(home)).isDirectory()) throw new Error(`${home} is no folder`);
    await access(home, constants.W_OK);
    return good(check, `${home} can be written`);
  } catch (thrown) {
    if (Object(thrown).code === 'ENOENT') {
      const found = `${home} is missing`;
      const isNamed = Boolean(process.env['CODEX_HOME']);
      const fix = isNamed ? `make it: mkdir -p ${home}` : 'run `codex login`, which makes it';
      return { check, verdict: isNamed ? 'bad' : 'warning', found, fix };
    }
    const fix = 'set CODEX_HOME to a folder you can write';
    return { check, verdict: 'bad', found: messageOf(thrown), fix };
  }
}

function checkLoopback(): Promise<Finding> {
  const check = 'loopback';
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (thrown) => {
      const fix = 'allow programs to listen on 127.0.0.1';
      resolve({ check, verdict: 'bad', found: messageOf(thrown), fix });
    });
    server.listen(0, '127.0.0.1', () => {
      server.close(() => resolve(good(check, '127.0.0.1 can be listened on')));
    });
  });
}

/** Prints the findings; the exit code is 1 if sessions cannot run here. */
export async function runDoctorCommand({ codex, json }: DoctorOptions): Promise<void> {
  const findings = [
    checkNode(),
    ...(await Promise.all([checkCodex(codex), checkLogin(), checkLoopback(), checkCodexHome()])),
  ];
  const isHealthy = findings.every(({ verdict }) => verdict !== 'bad');
  process.exitCode = isHealthy ? 0 : 1;
  if (json) {
    process.stdout.write(`${JSON.stringify({ healthy: isHealthy, findings }, null, 2)}\n`);
    return;
  }
  const terminal = openTerminal(process.stdout, () => '');
  const marks = { good: '✓', warning: '!', bad: '✗' } as const;
  const styles = { good: 'green', warning: 'yellow', bad: 'red' } as const;
  for (const { check, verdict, found, fix } of findings) {
    const mark = terminal.paint(styles[verdict], marks[verdict]);
    terminal.line(`${mark} ${check.padEnd(11)} ${found}${fix === null ? '' : `\n  → ${fix}`}`);
  }
  terminal.line(isHealthy ? '\nThis machine can run sessions.' : '\nSessions cannot run here yet.');
  terminal.close();
}
