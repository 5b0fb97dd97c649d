/** Drives the functions about schemas, lists of tools and what is shown of them. */
import { dynamicHostTools } from '../../src/tools/adapters/dynamic-host-tool.ts';
import { decodeDynamicTools, dynamicToolsJson } from '../../src/tools/adapters/dynamic.ts';
import { parseToolInputSchema } from '../../src/tools/adapters/input-schema.ts';
import { type JsonObject, isJsonObject } from '../../src/tools/adapters/json-value.ts';
import {
  coalesceSpecs,
  dynamicToolToLoadableSpec,
  toolDefinitionToResponsesTool,
} from '../../src/tools/adapters/responses.ts';
import { toolSchemaJson } from '../../src/tools/adapters/schema-type.ts';
import {
  type HostToolSpec,
  createToolsJson,
  responsesToolJson,
  specJson,
  specName,
} from '../../src/tools/adapters/spec.ts';
import { liteSpecs } from '../../src/tools/adapters/tool-plan.ts';
import {
  defaultHost,
  externalSpecs,
  fullName,
  hostTool,
  isHost,
  plan,
  shownNames,
} from './host.ts';
import { accept, dynamicTools, readDefinition, readSpec } from './shapes.ts';
import { type Drive, Refusal, get, list, must, object, record, text } from './vector.ts';

export const parseSchema: Drive = (input) => {
  const schema = parseToolInputSchema(input);
  if (schema.ok) return toolSchemaJson(schema.value);
  const message = `dynamic tool input schema is not supported for t: ${schema.problem}`;
  throw new Refusal({ code: -32600, message, reason: schema.problem });
};

export const validate: Drive = (input) => {
  const accepted = accept(get(input, 'dynamicTools'), get(input, 'experimentalApi') === true);
  const tools = dynamicHostTools(accepted);
  const host = defaultHost.map((name) => hostTool(null, name));
  const { specs, registry } = must(plan([...host, ...tools], new Map()));
  return record({
    accepted: true,
    directTools: shownNames(externalSpecs(specs, registry)),
    hasDeferred: tools.some(({ exposure }) => exposure === 'deferred'),
  });
};

export const normalize: Drive = (input, { surface }) => {
  if (surface?.startsWith('rollout')) {
    const decoded = decodeDynamicTools(input);
    if (!decoded.ok) throw new Refusal({ code: -32603, message: decoded.problem, stage: 'decode' });
    return decoded.value && dynamicToolsJson(decoded.value);
  }
  return input === null ? null : dynamicToolsJson(accept(input));
};

export const modelVisibleTools: Drive = (input) => {
  const host = list(get(input, 'hostToolsBefore')).map((name) => hostTool(null, text(name)));
  const model = get(input, 'model') ?? new Map();
  const planned = must(plan([...host, ...dynamicTools(input)], model));
  const specs = get(model, 'responsesLite') === true ? liteSpecs(planned.specs) : planned.specs;
  return record({
    tools: createToolsJson(externalSpecs(specs, planned.registry)),
    deferredNotice: planned.deferredNotice,
  });
};

export const toLoadable: Drive = (input) => {
  const wanted = text(get(input, 'found'));
  for (const entry of accept(get(input, 'dynamicTools'))) {
    const namespace = entry.type === 'namespace' ? entry : null;
    for (const tool of entry.type === 'namespace' ? entry.tools : [entry]) {
      if (fullName(namespace?.name ?? null, tool.name) !== wanted) continue;
      return specJson(must(dynamicToolToLoadableSpec(tool, namespace)));
    }
  }
  throw new Error(`no tool ${wanted}`);
};

/** Runs on the vectors' abbreviated specs; members that they leave out stay out. */
export const coalesce: Drive = (input) => {
  const originals = new Map<unknown, JsonObject>();
  const specs = list(input).map((value) => {
    const spec = readSpec(value);
    originals.set(spec, object(value));
    if (spec.type === 'namespace') {
      const members = list(object(value).get('tools'));
      spec.tools.forEach((tool, index) => originals.set(tool, object(members[index])));
    }
    return spec;
  });
  const descriptions = new Map(
    specs
      .flatMap((spec) => (spec.type === 'namespace' ? [[spec.name, spec] as const] : []))
      .toReversed(),
  );
  return coalesceSpecs<HostToolSpec>(specs).map((spec) => {
    const original = originals.get(spec) ?? originals.get(descriptions.get(specName(spec)));
    if (spec.type !== 'namespace' || original === undefined) return original ?? null;
    return new Map([
      ...original,
      ['tools', spec.tools.map((tool) => originals.get(tool) ?? null)] as const,
    ]);
  });
};

export const definitionToTool: Drive = (input) => {
  const tool = toolDefinitionToResponsesTool(readDefinition(input));
  return record({ wire: responsesToolJson(tool), outputSchemaKeptInMemory: tool.outputSchema });
};

export const registerExternal: Drive = (input) => {
  const host = list(get(input, 'hostTools')).map((name) => hostTool(null, text(name)));
  const spaces = [
    ...(isJsonObject(get(input, 'hostNamespaces')) ? object(get(input, 'hostNamespaces')) : []),
  ];
  const members = spaces.flatMap(([space, names]) =>
    list(names).map((name) => hostTool(space, text(name))),
  );
  const errorOnToolCollisions = get(input, 'errorOnToolCollisions') === true;
  const planned = plan([...host, ...members, ...dynamicTools(input)], new Map(), {
    errorOnToolCollisions,
  });
  if (!planned.ok) throw new Refusal({ turnStatus: 'failed', message: planned.problem });
  const { specs, registry } = planned.value;
  const [space] = spaces;
  if (space === undefined) return record({ visible: shownNames(externalSpecs(specs, registry)) });
  const spec = specs.find((one) => one.type === 'namespace' && one.name === space[0]);
  if (spec?.type !== 'namespace') throw new Error('the namespace of the host is shown');
  return record({
    members: spec.tools.map(({ name }) =>
      record({ name, mine: !isHost(registry, spec.name, name) }),
    ),
    hostNamespaceDescriptionKept: spec.description === 'host words',
  });
};
