/** The parameters of a function as the schema of a call's argument object. */
import { SyntaxKind, type Type } from 'ts-morph';
import type { JsonSchema } from '../contract.ts';
import { emptyDoc, mergeDocs, readDoc, type FunctionDoc } from './documentation.ts';
import type { Parameters } from './inferred.ts';
import { readLiteral } from './literal.ts';
import { createParameterDocs, type ParameterDocs } from './parameter-docs.ts';
import { isCallParameter, type Parameter } from './parameter.ts';
import type { OpenModule } from './project.ts';
import { placeOf, type Reporter } from './report.ts';
import { createWalk, type RootWalk } from './walk/create-walk.ts';
import { describeSchema } from './walk/described.ts';
import type { Place } from './walk/walk.ts';

/** What a function takes. The schema still carries the marks of the walk. */
export interface Input {
  readonly schema: JsonSchema;
  readonly parameters: Parameters;
  /** Entries of the comment that are about no parameter. */
  readonly unused: ReturnType<ParameterDocs['unused']>;
}

function isRecordOf(value: unknown): value is Record<string, JsonSchema> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function definedParts(type: Type): Type[] {
  const parts = type.isUnion() ? type.getUnionTypes() : [type];
  return parts.filter((part) => !part.isUndefined());
}

/** Whether an argument object can be this one type itself: an object with properties of its own. */
function isObject(type: Type, module: OpenModule): boolean {
  const [only, ...others] = definedParts(type);
  if (!only || others.length > 0 || only.isArray() || only.isTuple() || only.isReadonlyArray()) {
    return false;
  }
  const parts = only.isIntersection() ? only.getIntersectionTypes() : [only];
  return (
    parts.every((part) => part.isObject() && !module.isBuiltIn(part.getSymbol())) &&
    only.getCallSignatures().length === 0 &&
    (only.getProperties().length > 0 || !(only.getStringIndexType() ?? only.getNumberIndexType()))
  );
}

function hasRequired(type: Type): boolean {
  return definedParts(type).some((part) =>
    part.getProperties().some((property) => !property.isOptional()),
  );
}

/**
 * Whether the argument object of a call is the one parameter itself. An optional object that has
 * required properties is not: then no arguments at all must stay possible.
 */
function isWhole(parameter: Parameter, module: OpenModule): boolean {
  if (parameter.isRest || !isObject(parameter.type, module)) return false;
  return parameter.isDestructured || !parameter.isOptional || !hasRequired(parameter.type);
}

function withDefault(schema: JsonSchema, initializer: Parameter['initializer']): JsonSchema {
  const known = initializer && readLiteral(initializer);
  return known ? { ...schema, default: known.value } : schema;
}

/** `schema` of an object with the defaults that destructuring gives: what has one may be left out. */
function withBindings(schema: JsonSchema, bindings: Parameter['bindings']): JsonSchema {
  const { required, ...rest } = schema;
  const { properties } = rest;
  if (!isRecordOf(properties) || bindings.size === 0) return schema;
  const defaulted = Object.entries(properties).map(
    ([name, property]) => [name, withDefault(property, bindings.get(name))] as const,
  );
  const names: readonly string[] = Array.isArray(required) ? required : [];
  const needed = names.filter((name) => !bindings.has(name));
  return {
    ...rest,
    properties: Object.fromEntries(defaulted),
    ...(needed.length > 0 ? { required: needed } : {}),
  };
}

/** The schema of an argument object that is the parameter itself. */
function wholeSchema(walk: RootWalk, parameter: Parameter, docs: ParameterDocs): JsonSchema {
  const { name, node, type, typeNode, isDestructured, bindings } = parameter;
  const place: Place = { path: isDestructured ? '' : name, node, typeNode };
  const [only = type] = definedParts(type);
  // The comment of a named type says what the type is for; the tool has its own description.
  const { description: _ofType, ...schema } = walk.attach(walk.schemaOf(only, place));
  return describeSchema(walk, withBindings(schema, bindings), docs.ofWhole() ?? emptyDoc, place);
}

/** The schema of one parameter that is a property of the argument object. */
function propertySchema(walk: RootWalk, parameter: Parameter, docs: ParameterDocs): JsonSchema {
  const { name, node, type, typeNode } = parameter;
  const place: Place = { path: name, node, typeNode };
  const own = node.isKind(SyntaxKind.Parameter) ? readDoc(node) : emptyDoc;
  const schema = walk.schemaOf(type, place);
  const described = describeSchema(walk, schema, mergeDocs(own, docs.at(name)), place);
  return withDefault(described, parameter.initializer);
}

function positionalSchema(
  walk: RootWalk,
  parameters: readonly Parameter[],
  docs: ParameterDocs,
): JsonSchema {
  const properties = parameters.map(
    (parameter) => [parameter.name, propertySchema(walk, parameter, docs)] as const,
  );
  const required = parameters.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
  return walk.attach({
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  });
}

/** Says what is wrong with the list of parameters itself. */
function checkParameters(given: readonly Parameter[], whole: boolean, reporter: Reporter): void {
  for (const [index, parameter] of given.entries()) {
    const { node, name, isDestructured } = parameter;
    if (isCallParameter(parameter) && index < given.length - 1) {
      reporter.error(
        placeOf(node),
        `parameter "${name}" takes the call, so it must be the last one`,
      );
    }
    if (isDestructured && !whole && !isCallParameter(parameter)) {
      reporter.error(
        placeOf(node),
        'a destructured parameter must be an object and the only one; give it a name',
      );
    }
  }
}

/** What the parameters of a function say a call must bring, and how it reaches them. */
export function inferInput(
  given: readonly Parameter[],
  doc: FunctionDoc,
  module: OpenModule,
  reporter: Reporter,
): Input {
  const last = given.at(-1);
  const call = last !== undefined && isCallParameter(last);
  const parameters = given.filter((parameter) => !isCallParameter(parameter));
  const [first] = parameters;
  const whole = first && parameters.length === 1 && isWhole(first, module) ? first : null;
  checkParameters(given, whole !== null, reporter);
  const docs = createParameterDocs(doc, whole);
  const walk = createWalk({
    direction: 'input',
    module,
    docAt: (path) => docs.at(path),
    report: (report) => reporter.input(report),
  });
  if (call) docs.passOver(last);
  if (whole) {
    const schema = wholeSchema(walk, whole, docs);
    const style = { style: 'object', optional: whole.isOptional, call } as const;
    return { schema, parameters: style, unused: docs.unused() };
  }
  const schema = positionalSchema(walk, parameters, docs);
  const names = parameters.map(({ name }) => name);
  const rest = parameters.at(-1)?.isRest ?? false;
  return {
    schema,
    parameters: { style: 'positional', names, rest, call },
    unused: docs.unused(),
  };
}
