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
export interface TypedProcedure<Args extends readonly unknown[], Value> {
  /** Carries the type; it is never there. */
  readonly args?: StandardSchema<Args>;
  /** Carries the type; it is never there. */
  readonly result?: StandardSchema<Value>;
}

/**
 * A topic by its types alone.
 *
 * @typeParam Args The positional arguments, a tuple.
 *
 * @public
 */
export interface TypedTopic<Args extends readonly unknown[]> {
  /** Carries the type; it is never there. */
  readonly args?: StandardSchema<Args>;
}

/**
 * The positional arguments that are given: what goes into the validator.
 *
 * @typeParam Spec What the contract says of it.
 *
 * @public
 */
export type ArgsInput<Spec> = Spec extends
  { readonly args?: StandardSchema<infer Args extends readonly unknown[], unknown> | undefined } ? Args
  : readonly unknown[];

/**
 * The positional arguments that are received: what comes out of the validator.
 *
 * @typeParam Spec What the contract says of it.
 *
 * @public
 */
export type ArgsOutput<Spec> = Spec extends
  { readonly args?: StandardSchema<unknown, infer Args extends readonly unknown[]> | undefined } ? Args
  : readonly unknown[];

/**
 * The result that a handler gives: what goes into the validator.
 *
 * @typeParam Spec What the contract says of it.
 *
 * @public
 */
export type ResultInput<Spec> = Spec extends { readonly result?: StandardSchema<infer Value, unknown> | undefined }
  ? Value
  : unknown;

/**
 * The result that a caller gets: what comes out of the validator.
 *
 * @typeParam Spec What the contract says of it.
 *
 * @public
 */
export type ResultOutput<Spec> = Spec extends { readonly result?: StandardSchema<unknown, infer Value> | undefined }
  ? Value
  : unknown;

/**
 * The URIs of a contract's procedures.
 *
 * @typeParam Api The contract.
 *
 * @public
 */
export type ProcedureUri<Api extends Contract> = Api extends { readonly procedures: infer Specs } ? keyof Specs & string
  : never;

/**
 * The URIs of a contract's topics.
 *
 * @typeParam Api The contract.
 *
 * @public
 */
export type TopicUri<Api extends Contract> = Api extends { readonly topics: infer Specs } ? keyof Specs & string
  : never;

/**
 * What a contract says of a procedure.
 *
 * @typeParam Api The contract.
 * @typeParam Uri The URI.
 *
 * @public
 */
export type ProcedureOf<Api extends Contract, Uri extends ProcedureUri<Api>> = Api extends
  { readonly procedures: infer Specs } ? Uri extends keyof Specs ? Specs[Uri] : never : never;

/**
 * What a contract says of a topic.
 *
 * @typeParam Api The contract.
 * @typeParam Uri The URI.
 *
 * @public
 */
export type TopicOf<Api extends Contract, Uri extends TopicUri<Api>> = Api extends { readonly topics: infer Specs }
  ? Uri extends keyof Specs ? Specs[Uri] : never
  : never;

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
