/** What a view asks the service for besides the feed. */
import { useEffect, useState } from 'preact/hooks';
import { get } from '../feed/api.ts';

/** What has become of a request. */
export type Fetched =
  | { readonly type: 'asking' }
  | { readonly type: 'there'; readonly body: unknown }
  | { readonly type: 'failed'; readonly message: string; readonly status: number };

/** Asks for `path`, again whenever it or `version` changes; what was there stays until then. */
export function useFetched(path: string | null, version: unknown): Fetched {
  const [fetched, setFetched] = useState<Fetched>({ type: 'asking' });
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    get(path, abort.signal).then(
      (body) => setFetched({ type: 'there', body }),
      (thrown: unknown) => {
        if (abort.signal.aborted) return;
        const { status = 0, message = 'the service did not answer' } = Object(thrown);
        setFetched({ type: 'failed', status: Number(status), message: String(message) });
      },
    );
    return () => abort.abort();
  }, [path, version]);
  return fetched;
}
