/** Collects what is wrong with a function, in words that name the parameter, the type and the line. */
import { resolve } from 'node:path';
import type { Node } from 'ts-morph';
import type { InferIssue, SourcePlace } from './inferred.ts';
import type { WalkReport } from './walk/create-walk.ts';

/** What is reported while a module is looked at. */
export interface Reports {
  readonly warnings: InferIssue[];
  readonly errors: InferIssue[];
}

/** Where `node` begins, without the comment above it. */
export function placeOf(node: Node): SourcePlace {
  const file = node.getSourceFile();
  const { line, column } = file.getLineAndColumnAtPos(node.getStart());
  return { file: resolve(file.getFilePath()), line, column };
}

/** Reports about one function. */
export interface Reporter {
  /** About a parameter, or a part of it. */
  input(report: WalkReport): void;
  /** About the result. It never stops a tool: Codex has no place for an output schema anyway. */
  output(report: WalkReport): void;
  error(place: SourcePlace, message: string): void;
  warning(place: SourcePlace, message: string): void;
  /** Whether anything so far stops the function from becoming a tool. */
  hasErrors(): boolean;
}

/** A reporter for the function `tool`, which adds to `reports`. */
export function createReporter(tool: string, reports: Reports): Reporter {
  let hasErrors = false;
  const add = (level: WalkReport['level'], issue: Omit<InferIssue, 'tool'>) => {
    hasErrors ||= level === 'error';
    (level === 'error' ? reports.errors : reports.warnings).push({ tool, ...issue });
  };
  const plain = { parameter: null, type: null };
  return {
    input({ level, place, type, message, at }) {
      const what = place.path === '' ? 'the parameter' : `parameter "${place.path}"`;
      add(level, {
        parameter: place.path || null,
        type,
        message: type === null ? `${what}: ${message}` : `${what} has type ${type}: ${message}`,
        place: at ?? placeOf(place.node),
      });
    },
    output({ place, type, message, at }) {
      const what = place.path === '' ? 'the result' : `"${place.path}" of the result`;
      const detail = type === null ? `${what}: ${message}` : `${what} has type ${type}: ${message}`;
      const issue = { parameter: null, type, place: at ?? placeOf(place.node) };
      add('warning', { ...issue, message: `${detail}; there is no output schema` });
    },
    error: (place, message) => add('error', { ...plain, message, place }),
    warning: (place, message) => add('warning', { ...plain, message, place }),
    hasErrors: () => hasErrors,
  };
}
