/** Routes: the lease of a session is taken, renewed and given back. */
import type { LeaseConflict } from '../lease.ts';
import { notFound, ok, refusal } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import { notBlank } from '../validation.ts';
import { forSession, recordOf, sessionAnswers } from './session-access.ts';

/** The body of an answer that a lease stands in the way of. */
export function conflictBody(
  about: Readonly<Record<string, string>>,
  { lease }: LeaseConflict,
): object {
  const { holder = null, expiresAt = null } = lease ?? {};
  return { status: 'conflict', code: 'leased', ...about, holder, expiresAt };
}

function takeRoute(core: ServiceCore): Route {
  const { limits, leases } = core;
  const holder = {
    type: 'string',
    pattern: notBlank,
    maxLength: limits.serviceNameCharsMax,
  } as const;
  return route(
    {
      method: 'POST',
      path: '/api/sessions/:sessionId/lease',
      operationId: 'takeSessionLease',
      summary: 'Take or renew the right to answer the calls of a session',
      scope: 'respond',
      body: {
        type: 'object',
        properties: {
          holder,
          ttlMs: { type: 'integer', minimum: 1 },
          fence: { type: 'integer', description: 'Of the lease that is renewed.' },
          nonce: {
            ...holder,
            description: 'Made up for this lease: renews it where its fence never arrived.',
          },
        },
        required: ['holder'],
      },
      answers: {
        200: { description: 'The lease', body: 'TakenLease' },
        409: { description: 'Somebody else holds it', body: 'Conflict' },
        429: { description: 'Too many sessions have one', body: 'Error' },
        ...sessionAnswers,
      },
      handle: (request) =>
        forSession(core, request, async (sessionId) => {
          // A lease of what is not there would be a way to fill the memory.
          await recordOf(core, sessionId);
          const taken = leases.take(sessionId, request.body);
          if (!('type' in taken)) return ok({ status: 'ok', lease: taken });
          if (taken.type === 'conflict') return { status: 409, body: conflictBody({}, taken) };
          return refusal(429, 'overloaded', 'too many sessions have a lease');
        }),
    },
    limits.serviceIssuesMax,
  );
}

function releaseRoute(core: ServiceCore): Route {
  return route(
    {
      method: 'DELETE',
      path: '/api/sessions/:sessionId/lease',
      operationId: 'releaseSessionLease',
      summary: 'Give the lease of a session back',
      scope: 'respond',
      body: {
        type: 'object',
        properties: { fence: { type: 'integer' } },
        required: ['fence'],
      },
      answers: {
        200: { description: 'It is free', body: 'ReleasedLease' },
        409: { description: 'Somebody else holds it', body: 'Conflict' },
        ...sessionAnswers,
      },
      handle: (request) =>
        forSession(core, request, (sessionId) => {
          const released = core.leases.release(sessionId, request.body.fence);
          if (released.type === 'conflict')
            return { status: 409, body: conflictBody({}, released) };
          return released.type === 'none'
            ? notFound({ sessionId })
            : ok({ status: 'ok', sessionId });
        }),
    },
    core.limits.serviceIssuesMax,
  );
}

/** The routes of leases. */
export function leaseRoutes(core: ServiceCore): readonly Route[] {
  return [takeRoute(core), releaseRoute(core)];
}
