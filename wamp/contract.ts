/**
 * Contracts: what the procedures and topics of an application take and give, for types and, where there are
 * validators, for checks at run time.
 *
 * @module
 */

/**
 * What a validator found wrong, by the Standard Schema.
 *
 * @public
 */
export interface StandardIssue {
  /** What is wrong, for a person. */
  readonly message: string;
  /** Where it is. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * What a validator says, by the Standard Schema: a value, or what is wrong.
 *
 * @typeParam Output What comes out.
 *
 * @public
 */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/**
 * A validator of any library that follows the Standard Schema (standardschema.dev), version 1: Zod, Valibot, ArkType
 * and others.
 *
 * @typeParam Input What goes in.
 * @typeParam Output What comes out, where the validator changes it.
 *
 * @public
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the Standard Schema asks for. */
  readonly "~standard": {
    /** The version of the Standard Schema. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Checks a value. */
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** The types, for TypeScript alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What carries types that have no validator; it is never there. @internal */
declare const TYPES: unique symbol;

/**
 * What one procedure takes and gives.
 *
 * @public
 */
export interface ProcedureSpec {
  /** Checks the list of positional arguments. @default {not checked} */
  readonly args?: StandardSchema | undefined;
  /** Checks the keyword arguments. @default {not checked} */
  readonly kwargs?: StandardSchema | undefined;
  /** Checks the first positional result, `undefined` where there is none. @default {not checked} */
  readonly result?: StandardSchema | undefined;
}

/**
 * What the events of one topic carry.
 *
 * @public
 */
export interface TopicSpec {
  /** Checks the list of positional arguments. @default {not checked} */
  readonly args?: StandardSchema | undefined;
  /** Checks the keyword arguments. @default {not checked} */
  readonly kwargs?: StandardSchema | undefined;
}

/**
 * The procedures and topics of an application, by URI.
 *
 * @public
 */
export interface Contract {
  /** The procedures. @default {{}} */
  readonly procedures?: Readonly<Record<string, ProcedureSpec>>;
  /** The topics. @default {{}} */
  readonly topics?: Readonly<Record<string, TopicSpec>>;
}

/**
 * A procedure by its types alone.
 *
 * @typeParam Args The positional arguments, a tuple.
 * @typeParam Value The first positional result.
 *
 * @public
 */
export interface TypedProcedure<Args extends readonly unknown[], Value> extends ProcedureSpec {
  /** The types; nothing is there at run time. */
  readonly [TYPES]?: { readonly args: Args; readonly result: Value };
}

/**
 * A topic by its types alone.
 *
 * @typeParam Args The positional arguments, a tuple.
 *
 * @public
 */
export interface TypedTopic<Args extends readonly unknown[]> extends TopicSpec {
  /** The types; nothing is there at run time. */
  readonly [TYPES]?: { readonly args: Args };
}

type InputOf<Schema> = Schema extends StandardSchema<infer Input, unknown> ? Input : unknown;
type OutputOf<Schema> = Schema extends { readonly "~standard": { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly output: infer Output } ? Output : unknown
  : unknown;
type AsArgs<Value> = Value extends readonly unknown[] ? Value : readonly unknown[];
type TypesOf<Spec> = Spec extends { readonly [TYPES]?: infer Types } ? NonNullable<Types> : unknown;
type SchemaOf<Spec, Key extends "args" | "result"> = Spec extends { readonly [K in Key]: infer Schema } ? Schema
  : unknown;

/**
 * The positional arguments that are given: by types, or what goes into the validator.
 *
 * @typeParam Spec What the contract says of it.
 *
 * @public
 */
export type ArgsInput<Spec> = TypesOf<Spec> extends { readonly args: infer Args } ? AsArgs<Args>
  : AsArgs<InputOf<SchemaOf<Spec, "args">>>;
/**
 * The positional arguments that are received: by types, or what comes out of the validator.
 *
 * @typeParam Spec What the contract says of it.
 *
 * @public
 */
export type ArgsOutput<Spec> = TypesOf<Spec> extends { readonly args: infer Args } ? AsArgs<Args>
  : AsArgs<OutputOf<SchemaOf<Spec, "args">>>;
/**
 * The result that a handler gives.
 *
 * @typeParam Spec What the contract says of it.
 *
 * @public
 */
export type ResultInput<Spec> = TypesOf<Spec> extends { readonly result: infer Value } ? Value
  : InputOf<SchemaOf<Spec, "result">>;
/**
 * The result that a caller gets.
 *
 * @typeParam Spec What the contract says of it.
 *
 * @public
 */
export type ResultOutput<Spec> = TypesOf<Spec> extends { readonly result: infer Value } ? Value
  : OutputOf<SchemaOf<Spec, "result">>;

type Procedures<Api extends Contract> = Api["procedures"] extends Readonly<Record<string, ProcedureSpec>>
  ? Api["procedures"]
  : Record<never, never>;
type Topics<Api extends Contract> = Api["topics"] extends Readonly<Record<string, TopicSpec>> ? Api["topics"]
  : Record<never, never>;

/**
 * The URIs of a contract's procedures.
 *
 * @typeParam Api The contract.
 *
 * @public
 */
export type ProcedureUri<Api extends Contract> = keyof Procedures<Api> & string;
/**
 * The URIs of a contract's topics.
 *
 * @typeParam Api The contract.
 *
 * @public
 */
export type TopicUri<Api extends Contract> = keyof Topics<Api> & string;
/**
 * What a contract says of a procedure.
 *
 * @typeParam Api The contract.
 * @typeParam Uri The URI.
 *
 * @public
 */
export type ProcedureOf<Api extends Contract, Uri extends ProcedureUri<Api>> = Procedures<Api>[Uri];
/**
 * What a contract says of a topic.
 *
 * @typeParam Api The contract.
 * @typeParam Uri The URI.
 *
 * @public
 */
export type TopicOf<Api extends Contract, Uri extends TopicUri<Api>> = Topics<Api>[Uri];

/**
 * Declares a contract. It returns what it is given, for its type.
 *
 * @typeParam Api The contract.
 * @param contract Procedures and topics, by URI.
 * @returns The contract.
 *
 * @example A procedure and a topic by their types
 * ```ts
 * import { defineContract, procedure, topic } from "@viaduct/viaduct/wamp";
 * import { createRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * const api = defineContract({
 *   procedures: { "com.example.add": procedure<[number, number], number>() },
 *   topics: { "com.example.added": topic<[number]>() },
 * });
 *
 * await using router = createRouter();
 * await using session = await router.join("realm1");
 * const typed = session.withContract(api);
 * await typed.register("com.example.add", ({ args: [a, b] }) => a + b);
 * const sum: number = await typed.call("com.example.add", [1, 2]);
 * assert.equal(sum, 3);
 * ```
 *
 * @public
 */
export function defineContract<const Api extends Contract>(contract: Api): Api {
  return contract;
}

/**
 * Describes a procedure by its types alone; nothing is checked at run time.
 *
 * @typeParam Args The positional arguments, a tuple.
 * @typeParam Value The first positional result.
 * @returns What stands in a contract.
 *
 * @example Use
 * ```ts
 * import { defineContract, procedure } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const api = defineContract({ procedures: { "com.example.add": procedure<[number, number], number>() } });
 * assert.deepEqual(Object.keys(api.procedures), ["com.example.add"]);
 * ```
 *
 * @public
 */
export function procedure<Args extends readonly unknown[], Value>(): TypedProcedure<Args, Value> {
  return {};
}

/**
 * Describes a topic by its types alone; nothing is checked at run time.
 *
 * @typeParam Args The positional arguments, a tuple.
 * @returns What stands in a contract.
 *
 * @example Use
 * ```ts
 * import { defineContract, topic } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const api = defineContract({ topics: { "com.example.tick": topic<[number]>() } });
 * assert.deepEqual(Object.keys(api.topics), ["com.example.tick"]);
 * ```
 *
 * @public
 */
export function topic<Args extends readonly unknown[]>(): TypedTopic<Args> {
  return {};
}
