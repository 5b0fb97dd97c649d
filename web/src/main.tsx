/** Begins: lets this browser in, connects to the feed, shows the page. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { get, redeemCode } from './feed/api.ts';
import { Connection } from './feed/connection.ts';
import { attachConnection } from './feed/commands.ts';
import { link, startSampling, takeFrame } from './model/run.ts';
import { shownSession } from './model/watch.ts';

async function isWelcome(): Promise<boolean> {
  try {
    await get('/api/charts');
    return true;
  } catch (thrown) {
    return Object(thrown).status !== 401;
  }
}

const root = document.getElementById('page');
if (!root) throw new Error('the page has no place to be shown in');

// Nothing is asked before the code became a cookie.
await redeemCode();
render(<App />, root);
const connection = new Connection({
  onFrame: takeFrame,
  onLink: (state) => (link.value = state),
  isWelcome,
});
attachConnection(connection);
effect(() => connection.watch(shownSession.value === null ? [] : [shownSession.value]));
connection.open();
startSampling();
