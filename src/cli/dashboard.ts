/** `sessionmesh dashboard`: a new one-time address of the dashboard of a service that runs. */
import { SessionMeshError } from '../errors.ts';
import { openBrowser } from './open-browser.ts';
import type { AddressOptions } from './service-address.ts';
import { connectService } from './service-connection.ts';

/** What `dashboard` takes, as the command line gives it. */
export interface DashboardCommandOptions extends AddressOptions {
  /** False: the address is only printed. */
  readonly open?: boolean;
  readonly json?: boolean;
}

/** Prints an address of the dashboard, and opens it in a browser. */
export async function runDashboardCommand(options: DashboardCommandOptions): Promise<void> {
  const { open = true, json = false } = options;
  await using connection = await connectService(options);
  const { url } = await connection.ask({ method: 'POST', path: '/page/codes' });
  if (typeof url !== 'string') {
    throw new SessionMeshError('protocol_invalid', { expected: 'an address of the dashboard' });
  }
  process.stdout.write(`${json ? JSON.stringify({ url }) : url}\n`);
  if (open && !(await openBrowser(url)) && !json) {
    process.stdout.write('no browser could be opened; open the address yourself\n');
  }
}
