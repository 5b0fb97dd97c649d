/** Tokens of our own service: one that is refused is read again, and a Codex without a login is something else. */
import { expect, onTestFinished, test } from 'vitest';
import { ServiceClient } from '../../../src/hosts/control-service/service-client.ts';
import { Credentials } from '../../../src/hosts/control-service/credentials.ts';
import { networkWire } from '../../../src/hosts/control-service/network.ts';
import { checkOptions } from '../../../src/hosts/control-service/options.ts';
import { systemEnv } from '../../../src/env.ts';
import { defaultLimits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/logger.ts';
import { refuses } from '../../service/fake-host.ts';
import { callNamedTools, fakeScene } from '../../service/scene.ts';

const list = { method: 'GET', path: '/sessions' } as const;

/** A client of a service whose token is whatever `token` says when it is read. */
function clientOf(url: string, token: () => string) {
  let reads = 0;
  const refusals: unknown[] = [];
  const context = {
    env: systemEnv,
    limits: defaultLimits,
    logger: silentLogger,
    emit: () => {},
  };
  const client = new ServiceClient({
    wire: networkWire(checkOptions({ url }), {}, context),
    credentials: new Credentials(() => {
      reads += 1;
      return token();
    }),
    context,
    onUnauthorized: (cause) => refusals.push(cause),
  });
  onTestFinished(() => client.close());
  return { client, reads: () => reads, refusals };
}

test('a token that was replaced is read again once, by whoever sends', async () => {
  const { service } = await fakeScene(callNamedTools);
  let token = String(service.token);
  const { client, reads, refusals } = clientOf(service.url, () => token);
  expect((await client.request(list)).status).toBe(200);
  token = 'another-token-of-this-service';
  await service.replaceTokens([{ token, scopes: ['read'] }]);
  const replies = await Promise.all([1, 2, 3].map(() => client.request(list)));
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(reads()).toBe(2);
  await service.replaceTokens([{ token: 'one-that-nobody-was-told', scopes: ['read'] }]);
  await expect(client.request(list)).rejects.toMatchObject({ code: 'host_unauthorized' });
  expect(refusals).toHaveLength(1);
});

test('a Codex that is not logged in is answered by, and its token is not read again', async () => {
  const { service, host } = await fakeScene(callNamedTools);
  host.replies['thread/list'] = () => {
    throw refuses('not logged in');
  };
  const { client, reads, refusals } = clientOf(service.url, () => String(service.token));
  const reply = await client.request(list);
  expect(reply).toMatchObject({ status: 401, body: { code: 'auth_required' } });
  expect({ reads: reads(), refusals }).toEqual({ reads: 1, refusals: [] });
});
