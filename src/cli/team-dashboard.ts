/** The dashboard of a team that runs in this process. */
import type { MeshEvent } from '../mesh/event.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { TeamEvent } from '../team/event.ts';
import { UndoStack } from '../undo-stack.ts';

/** A dashboard that can be opened once there is a mesh to look at. */
export interface TeamDashboard extends AsyncDisposable {
  readonly onMeshEvent: (event: MeshEvent) => void;
  readonly onTeamEvent: (event: TeamEvent) => void;
  /** Opens it in a browser. Returns its one-time address, and whether a browser was there. */
  open(mesh: Mesh): Promise<{ readonly url: string; readonly isOpened: boolean }>;
}

/** Makes the dashboard. It listens once it is opened, and its parts are loaded only for that. */
export async function createTeamDashboard(): Promise<TeamDashboard> {
  const { defaultLimits: limits } = await import('../limits.ts');
  const { meshSource } = await import('../service/inspection/mesh-source.ts');
  const source = meshSource({ limits, runtime: 'team', name: 'team' });
  const opened = new UndoStack();
  return {
    onMeshEvent: (event) => source.onMeshEvent(event),
    onTeamEvent: (event) => source.onTeamEvent(event),
    open: async (mesh) => {
      const { startDashboard } = await import('../service/inspection/dashboard-server.ts');
      const { openBrowser } = await import('./open-browser.ts');
      source.attach(mesh);
      opened.defer(() => source.detach());
      const dashboard = await startDashboard({ shown: { source } });
      opened.defer(() => dashboard.close());
      const url = dashboard.pageUrl();
      return { url, isOpened: await openBrowser(url) };
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
