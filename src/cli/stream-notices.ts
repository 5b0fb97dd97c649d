/** What a command says of its stream while it follows it: that it is gone, back, or has gaps. */
import { stripVTControlCharacters } from 'node:util';
import type { FrameRange } from '../hosts/control-service/frame.ts';
import { plainLine } from './plain-text.ts';
import type { FeedHandlers } from './service-connection.ts';

/** Says something beside the output. */
export function note(text: string): void {
  process.stderr.write(`sessionmesh: ${stripVTControlCharacters(text)}\n`);
}

/** Which events are missing. */
export function missingText(missing: FrameRange | null): string {
  if (!missing) return 'some events are missing here';
  const { from, to } = missing;
  return from === to ? `event ${from} is missing here` : `events ${from} to ${to} are missing here`;
}

/** What is said of the stream itself, on the standard error. */
export function streamNotices(): Required<Pick<FeedHandlers, 'onOnline' | 'onLagged' | 'onLost'>> {
  let isLost = false;
  return {
    onOnline: (isSeamless) => {
      if (isLost && isSeamless) note('connected again; nothing is missing');
      else if (isLost) note('connected again, to a new start of the service');
      isLost = false;
    },
    onLagged: (missing) => note(`lagged: ${missingText(missing)}; what waits is shown`),
    onLost: (cause) => {
      if (!isLost)
        note(`reconnecting: the stream is gone (${plainLine(cause.facts.found ?? cause.message)})`);
      isLost = true;
    },
  };
}
