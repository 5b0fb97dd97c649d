/** The skills of a session that is not created yet: what `register` is given. */
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { createDraft, type CatalogDraft, type CatalogPart } from '../tools/catalog.ts';
import type { Tool, ToolBundle } from '../tools/contract.ts';
import { injectRequest, instructionText } from '../tools/instructions.ts';
import { compareCodePoints } from '../tools/json.ts';
import type { SchemaSource } from '../tools/schema.ts';
import type { CallMemory } from './call-memory.ts';
import {
  dynamicToolOf,
  skillName,
  skillOf,
  skillTool,
  type DynamicTool,
  type Skill,
  type SkillHandler,
  type SkillOptions,
} from './skill.ts';

/** Options that a skill had once; asking for them is an error. */
interface RemovedOptions {
  readonly syncRuntime?: boolean;
}

/** The error of an operation that exists no more. */
export function disabled(operation: string): SessionMeshError {
  return new SessionMeshError('operation_disabled', { found: operation });
}

const isTool = (part: CatalogPart): part is Tool => !('kind' in part);

/** All tools of a list, members of namespaces included. */
export function toolsOf(parts: readonly CatalogPart[]): readonly Tool[] {
  return parts.flatMap((part) => (isTool(part) ? [part] : part.tools));
}

/** The tools of a list as they stand on the wire, sorted by name. */
export function dynamicToolsOf(parts: readonly CatalogPart[]): DynamicTool[] {
  return toolsOf(parts)
    .map(dynamicToolOf)
    .toSorted((one, other) => compareCodePoints(one.name, other.name));
}

/** The skills of one session, while they may change. */
export class SkillDraft {
  readonly #memory: CallMemory;
  readonly #limits: Limits;
  readonly #catalog: CatalogDraft;
  readonly sessionId = 'draft';

  /** @internal */
  constructor(memory: CallMemory, limits: Limits) {
    this.#memory = memory;
    this.#limits = limits;
    this.#catalog = createDraft(limits);
  }

  /**
   * Registers a skill; one of the same name is replaced and keeps its place.
   * @throws SessionMeshError why the name, the schema or an option is not valid
   */
  register<const Schema extends SchemaSource | undefined = undefined>(
    name: string,
    handler: SkillHandler<Schema>,
    options: SkillOptions<Schema> & RemovedOptions = {},
  ): void {
    const { syncRuntime, ...own } = options;
    if (syncRuntime) throw disabled('syncRuntime');
    const made = { memory: this.#memory, limits: this.#limits };
    this.#catalog.replace(skillTool(skillName(name), handler, own, made));
  }

  /** Adds tools made with `tool()`, namespaces, or bundles. Throws as `CatalogDraft.replace`. */
  add(part: CatalogPart | ToolBundle): void {
    this.#catalog.replace(part);
  }

  /**
   * Makes a registrar: it registers the function it is given under `name`, or under the function's own
   * name, and returns it.
   */
  skill<const Schema extends SchemaSource | undefined = undefined>({
    name,
    ...options
  }: SkillOptions<Schema> & { readonly name?: string } = {}) {
    return <Handler extends SkillHandler<Schema>>(handler: Handler): Handler => {
      const own = handler.name === '' ? 'remote_skill' : handler.name;
      this.register(name ?? own, handler, options);
      return handler;
    };
  }

  /** Registers a skill until the scope ends. */
  using<const Schema extends SchemaSource | undefined = undefined>(
    name: string,
    handler: SkillHandler<Schema>,
    options: SkillOptions<Schema> = {},
  ): Disposable {
    this.register(name, handler, options);
    return { [Symbol.dispose]: () => void this.unregister(name) };
  }

  /** Takes a skill out; whether there was one. */
  unregister(name: string, { syncRuntime }: RemovedOptions = {}): boolean {
    if (syncRuntime) throw disabled('syncRuntime');
    return this.#catalog.remove(skillName(name));
  }

  /** Takes all skills out; how many there were. */
  clear({ syncRuntime }: RemovedOptions = {}): number {
    if (syncRuntime) throw disabled('syncRuntime');
    return this.#catalog.clear();
  }

  /** The skills, in the order they were registered. */
  list(): readonly Skill[] {
    return toolsOf(this.#catalog.list()).map(skillOf);
  }

  /** The tools as the service is told of them, sorted by name. Copies. */
  dynamicTools(): DynamicTool[] {
    return dynamicToolsOf(this.#catalog.list());
  }

  /** The skills in words, for the model; empty if there are none. */
  instructionText(): string {
    return instructionText(this.#catalog);
  }

  /** A request with the skills in words before it. */
  injectRequest(text: string): string {
    return injectRequest(this.#catalog, text);
  }

  /** Null: nothing is dispatched before there is a session. */
  dispatchMode(): null {
    return null;
  }

  /** What is registered, for the session that is created with it. A copy. @internal */
  parts(): readonly CatalogPart[] {
    return this.#catalog.list();
  }
}
