/** Routes: what is set for a session. */
import { ok } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import { defaultControls } from '../session-controls.ts';
import { forSession, recordOf, sessionAnswers } from './session-access.ts';

function controlsRoute(core: ServiceCore): Route {
  return route(
    {
      method: 'GET',
      path: '/api/sessions/:sessionId/session-controls',
      operationId: 'getSessionControls',
      summary: 'What is set for a session',
      scope: 'read',
      answers: {
        200: { description: 'Its controls, and those of new sessions', body: 'ControlsOfSession' },
        ...sessionAnswers,
      },
      handle: (request) =>
        forSession(core, request, async (sessionId) => {
          const record = await recordOf(core, sessionId);
          return ok({
            status: 'ok',
            sessionId,
            controls: record?.controls ?? defaultControls,
            defaults: defaultControls,
            defaultsEditable: false,
            defaultLockReason: 'the defaults of this service are fixed',
          });
        }),
    },
    core.limits.serviceIssuesMax,
  );
}

function settingsRoute(core: ServiceCore): Route {
  return route(
    {
      method: 'GET',
      path: '/api/sessions/:sessionId/settings',
      operationId: 'getSessionSettings',
      summary: 'Settings of extensions, of which there are none',
      scope: 'read',
      answers: {
        200: { description: 'No settings', body: 'SettingsOfSession' },
        ...sessionAnswers,
      },
      handle: (request) =>
        forSession(core, request, async (sessionId) => {
          const record = await recordOf(core, sessionId);
          const { settings } = record?.controls ?? defaultControls;
          return ok({ status: 'ok', sessionId, scope: 'session', settings });
        }),
    },
    core.limits.serviceIssuesMax,
  );
}

/** The routes of controls and settings. */
export function sessionSettingsRoutes(core: ServiceCore): readonly Route[] {
  return [controlsRoute(core), settingsRoute(core)];
}
