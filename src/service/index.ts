/** `sessionmesh/service`: the mesh behind HTTP and a WebSocket. */
export { startService, type Service, type ServiceOptions } from './service.ts';
export type { AccessToken, Scope } from './auth.ts';
export type { ServiceHostFactory, ServiceHostHooks } from './service-core.ts';
export type { ServiceHost } from './mesh-keeper.ts';
export { readServiceState, type ServiceState } from './state-file.ts';
