/** Which fault of the table each verb of a proxy stands for; null where whoever sets it tells of it. */
import type { FaultName } from '../fault.ts';
import type { ToxicType } from '../proxy/toxic.ts';

export const faultOfToxic: Readonly<Record<ToxicType, FaultName | null>> = {
  latency: null,
  bandwidth: null,
  slow_close: null,
  timeout: null,
  reset_peer: null,
  slicer: 'slice',
  limit_data: 'lose-reply',
  down: null,
  drop: 'drop',
  duplicate: 'duplicate',
  reorder: 'reorder',
  garbage: 'garbage',
  truncate: 'truncate',
};
