/** The fault proxy: hurts connections the way networks do, and worse. */
export { startProxyControl } from './control.ts';
export { ProxyRegistry } from './control-routes.ts';
export type { FramingName } from './framing.ts';
export {
  startProxy,
  type FaultProxy,
  type ProxyFault,
  type ProxyFrame,
  type ProxyOptions,
  type ProxyStats,
} from './proxy.ts';
export { startStdioProxy, type StdioProxy, type StdioProxyOptions } from './stdio-proxy.ts';
export { parseToxic, toxicTypes, type Toxic, type ToxicRequest, type ToxicType } from './toxic.ts';
export { parseToxicText } from './toxic-text.ts';
