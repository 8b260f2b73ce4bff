/**
 * A component that keeps to a contract.
 *
 * @module
 */

import type { Logger } from "../internal/log.ts";
import type { Component, ComponentSubscribeOptions, ContractComponent } from "./component_api.ts";
import type { Contract } from "./contract.ts";
import { withContract } from "./contract_session.ts";
import type { ContractSession, RegisterOptions } from "./session_api.ts";

/** What a component declares has no registration of its own: it is there in one session after another. */
const NEVER: Promise<never> = new Promise(() => {});

/** Holds a component to a contract. @internal */
export class CheckedComponent<Api extends Contract> implements ContractComponent<Api> {
  readonly #session: ContractSession<Api>;
  readonly call: ContractComponent<Api>["call"];
  readonly callProgressive: ContractComponent<Api>["callProgressive"];
  readonly publish: ContractComponent<Api>["publish"];

  constructor(component: Component, contract: Api, logger: Logger) {
    const session = withContract(
      {
        call: (procedure, args, options) => component.call(procedure, args, options),
        callProgressive: (procedure, args, options) => component.callProgressive(procedure, args, options),
        publish: (topic, args, options) => component.publish(topic, args, options),
        register: (procedure, handler, options) => {
          component.register(procedure, handler, options);
          return NEVER;
        },
        subscribe: (topic, handler, options) => {
          component.subscribe(topic, handler, options);
          return NEVER;
        },
      },
      contract,
      logger,
    );
    this.#session = session;
    this.call = (procedure, args, options) => session.call(procedure, args, options);
    this.callProgressive = (procedure, args, options) => session.callProgressive(procedure, args, options);
    this.publish = (topic, args, options) => session.publish(topic, args, options);
  }

  readonly register: ContractComponent<Api>["register"] = (procedure, handler, options?: RegisterOptions) => {
    void this.#session.register(procedure, handler, options);
    return this;
  };

  readonly subscribe: ContractComponent<Api>["subscribe"] = (topic, handler, options?: ComponentSubscribeOptions) => {
    void this.#session.subscribe(topic, handler, options);
    return this;
  };
}
