/** Requests to the service that served this page. Its cookie goes along by itself. */

/** Says that a request comes from the page itself: no other page may send this header. */
const ownHeaders = { 'x-sessionmesh-page': '1' };

/** An answer that is no success. */
export class RequestFailure extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The boundary: what the service says is taken for what its types say, because page and service come out of
 * one package and the service checks what it lets in.
 */
async function read<Body>(response: Response): Promise<Body> {
  const text = await response.text();
  const body: Body = text === '' ? null : JSON.parse(text);
  if (response.ok) return body;
  const { message, code } = Object(body);
  throw new RequestFailure(response.status, String(message ?? code ?? response.statusText));
}

/** Asks for something. @throws RequestFailure */
export async function get<Body = unknown>(path: string, signal?: AbortSignal): Promise<Body> {
  return read(await fetch(path, { headers: ownHeaders, ...(signal ? { signal } : {}) }));
}

/** Asks for something to be done. @throws RequestFailure */
export async function post(path: string, body: object): Promise<unknown> {
  const headers = { ...ownHeaders, 'content-type': 'application/json' };
  return read(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

/** Exchanges the one-time code in the address, if there is one, and takes it out of the address. */
export async function redeemCode(): Promise<boolean> {
  const [, code] = /^#code=([\w-]+)$/.exec(location.hash) ?? [];
  if (code === undefined) return true;
  history.replaceState(null, '', `${location.pathname}#/`);
  try {
    await post('/api/page/session', { code });
    return true;
  } catch {
    // A page that was loaded again may have its cookie already.
    return false;
  }
}
