import { SessionMeshError } from '../../errors.ts';
import type * as compiler from './describe-module.ts';

/**
 * The part of inference that needs the compiler. Loading it takes a few hundred milliseconds, so it is
 * loaded when it is needed and not before.
 * @throws SessionMeshError `infer_unavailable` if ts-morph is not installed.
 */
export async function loadCompiler(): Promise<typeof compiler> {
  try {
    await import('ts-morph');
  } catch (thrown) {
    throw new SessionMeshError('infer_unavailable', {
      expected: 'the package ts-morph, version 28',
      found: 'none that can be loaded',
      cause: thrown,
    });
  }
  return import('./describe-module.ts');
}
