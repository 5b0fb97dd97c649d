/** What a client sets for a session: its model and what its commands may do. */
import type { ClientRequests } from '../hosts/app-server/index.ts';
import type { SessionSettings } from '../hosts/host.ts';
import { SessionMeshError } from '../errors.ts';

/** The controls of a session, as they stand on the wire. */
export interface SessionControls {
  readonly model: string | null;
  readonly approvalPolicy: 'untrusted' | 'on-failure' | 'on-request' | 'never';
  readonly networkAccess: 'restricted' | 'enabled';
  readonly filesystemSandbox: 'read-only' | 'workspace-write' | 'danger-full-access';
  readonly settings: Readonly<Record<string, never>>;
}

/** What a request may say of them. What it leaves out stays. */
export interface ControlChanges {
  readonly model?: string;
  readonly approvalPolicy?: SessionControls['approvalPolicy'];
  readonly networkAccess?: SessionControls['networkAccess'];
  readonly filesystemSandbox?: SessionControls['filesystemSandbox'];
}

/** Of a session nobody said anything about: as little as possible. */
export const defaultControls: SessionControls = {
  model: null,
  approvalPolicy: 'untrusted',
  networkAccess: 'restricted',
  filesystemSandbox: 'read-only',
  settings: {},
};

/** The part of a JSON Schema that takes control changes. */
export const controlProperties = {
  model: {
    type: 'string',
    minLength: 1,
    description: 'The model; left out: the default of Codex.',
  },
  approvalPolicy: { type: 'string', enum: ['untrusted', 'on-failure', 'on-request', 'never'] },
  networkAccess: { type: 'string', enum: ['restricted', 'enabled'] },
  filesystemSandbox: {
    type: 'string',
    enum: ['read-only', 'workspace-write', 'danger-full-access'],
  },
} as const;

/** The controls after a change. */
export function changeControls(
  controls: SessionControls,
  changes: ControlChanges,
): SessionControls {
  const { model, approvalPolicy, networkAccess, filesystemSandbox } = changes;
  return {
    model: model ?? controls.model,
    approvalPolicy: approvalPolicy ?? controls.approvalPolicy,
    networkAccess: networkAccess ?? controls.networkAccess,
    filesystemSandbox: filesystemSandbox ?? controls.filesystemSandbox,
    settings: controls.settings,
  };
}

/** Whether two sets of controls say the same. */
export function sameControls(one: SessionControls, other: SessionControls): boolean {
  return (
    one.model === other.model &&
    one.approvalPolicy === other.approvalPolicy &&
    one.networkAccess === other.networkAccess &&
    one.filesystemSandbox === other.filesystemSandbox
  );
}

function approvalPolicy(controls: SessionControls) {
  if (controls.approvalPolicy !== 'on-failure') return controls.approvalPolicy;
  throw new SessionMeshError('option_invalid', {
    expected: "an approvalPolicy of 'untrusted', 'on-request' or 'never'",
    found: "'on-failure', which Codex no longer has",
  });
}

/**
 * What a session is opened or resumed with. Network access is no part of it: see {@link turnSettings}.
 * @throws SessionMeshError `option_invalid` for a policy that Codex no longer has
 */
export function openingSettings(controls: SessionControls): SessionSettings {
  const { model, filesystemSandbox } = controls;
  return {
    ...(model === null ? {} : { model }),
    approvalPolicy: approvalPolicy(controls),
    sandbox: filesystemSandbox,
  };
}

type TurnSettings = Omit<ClientRequests['thread/settings/update'], 'threadId'>;

function sandboxPolicy(controls: SessionControls): TurnSettings['sandboxPolicy'] & object {
  const networkAccess = controls.networkAccess === 'enabled';
  switch (controls.filesystemSandbox) {
    case 'danger-full-access':
      return { type: 'dangerFullAccess' };
    case 'read-only':
      return { type: 'readOnly', networkAccess };
    case 'workspace-write':
      return {
        type: 'workspaceWrite',
        writableRoots: [],
        networkAccess,
        excludeTmpdirEnvVar: false,
        excludeSlashTmp: false,
      };
  }
}

/**
 * The controls as Codex takes them between turns.
 * @throws SessionMeshError `option_invalid` for a policy that Codex no longer has
 */
export function turnSettings(controls: SessionControls): TurnSettings {
  const { model } = controls;
  return {
    ...(model === null ? {} : { model }),
    approvalPolicy: approvalPolicy(controls),
    sandboxPolicy: sandboxPolicy(controls),
  };
}
