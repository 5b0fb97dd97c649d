/** What the service's reply to an answer means: in its own words, and for the call. Pure. */
import { isRecord } from '../../tools/json.ts';
import type { AnswerVerdict } from '../host.ts';
import { codeOf, describeReply } from './service-client.ts';
import type { ServiceReply } from './wire.ts';

/** One attempt to hand an answer over, as the service's own words have it. */
export interface AnswerAttempt {
  /**
   * The `status` of the reply (`ok`, `not_found`, `conflict`, `error` …), `malformed` for a reply without
   * one, `exception` for anything but a reply of this route.
   */
  readonly status: string;
  readonly code: string | null;
  readonly message: string | null;
}

/** What an attempt comes to. */
export interface AnswerMeaning {
  readonly verdict: AnswerVerdict;
  /** The call may be answered by this attempt, although the service did not say so. */
  readonly mayHaveLanded: boolean;
}

const routeStatuses: ReadonlySet<number> = new Set([200, 404, 409, 500]);
const refusedStatuses: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/** Whether the reply is one that the route gives, and not one of whatever stands before it. */
const isRouteReply = ({ status }: ServiceReply): boolean =>
  routeStatuses.has(status) || (status > 200 && status < 300);

/** The reply in the words of the service. */
export function readAttempt(reply: ServiceReply): AnswerAttempt {
  const { body } = reply;
  const message = isRecord(body) && typeof body.message === 'string' ? body.message : null;
  const code = codeOf(reply);
  if (!isRouteReply(reply)) return { status: 'exception', code, message: describeReply(reply) };
  const word = isRecord(body) && typeof body.status === 'string' ? body.status.trim() : '';
  return { status: word === '' ? 'malformed' : word, code, message };
}

const answered: AnswerMeaning = { verdict: { type: 'answered' }, mayHaveLanded: true };

const again = (reason: string, mayHaveLanded: boolean, afterMs?: number): AnswerMeaning => ({
  verdict: { type: 'again', reason, ...(afterMs === undefined ? {} : { afterMs }) },
  mayHaveLanded,
});

const abandoned = (reason: string): AnswerMeaning => ({
  verdict: { type: 'abandoned', reason },
  mayHaveLanded: false,
});

/**
 * What a reply means for the call. `mayHaveLanded`: whether an earlier attempt may have arrived, in which
 * case a service that no longer knows the call is taken to have that answer.
 */
export function meaningOf(reply: ServiceReply, mayHaveLanded: boolean): AnswerMeaning {
  const { status, retryAfterMs } = reply;
  const said = describeReply(reply);
  if (isRouteReply(reply)) return routeMeaning(reply, mayHaveLanded);
  if (refusedStatuses.has(status)) {
    return { verdict: { type: 'refused', reason: said }, mayHaveLanded: false };
  }
  switch (status) {
    case 403:
    case 410:
      return abandoned(said);
    case 429:
      return again(said, mayHaveLanded, retryAfterMs ?? undefined);
    default:
      return again(said, mayHaveLanded || status >= 500, retryAfterMs ?? undefined);
  }
}

/** A reply of the route itself says by its word what became of the answer. */
function routeMeaning(reply: ServiceReply, mayHaveLanded: boolean): AnswerMeaning {
  const { status, code } = readAttempt(reply);
  const said = describeReply(reply);
  const { retryAfterMs } = reply;
  switch (status) {
    case 'ok':
      return answered;
    case 'not_found':
      return mayHaveLanded
        ? { verdict: { type: 'answered', presumed: true }, mayHaveLanded }
        : abandoned('the service does not know the call');
    case 'conflict':
      return code === 'in_flight' ? again(said, true) : abandoned(said);
    case 'error':
    case 'malformed':
      // A 404 without a word is of a path that is no route, or of a proxy: nothing was taken.
      return again(said, mayHaveLanded || reply.status !== 404, retryAfterMs ?? undefined);
    default:
      return abandoned(said);
  }
}
