/** A viewer of the feed in a process of its own. Arguments: the address of the page, a session to watch. */
import { WebSocket } from 'ws';

const [address = '', watch = ''] = process.argv.slice(2);
const url = new URL(address);
const code = url.hash.replace('#code=', '');
const response = await fetch(new URL('/api/page/session', url), {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ code }),
});
const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
const socket = new WebSocket(`ws://${url.host}/api/inspect?watch=${watch}`, {
  headers: { cookie, origin: url.origin },
});
socket.once('message', () => process.send?.('ready'));
