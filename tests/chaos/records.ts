/**
 * What a component's program tells the ledger, one JSON value a line where it runs in a process of its own.
 *
 * @module
 */

/** A status, with what the ledger looks at. */
export interface ToldStatus {
  readonly state: "connecting" | "joining" | "open" | "lost" | "fatal" | "closed";
  readonly transport?: string;
  readonly attempt?: number;
  readonly session?: number;
  /** How many declarations the router has not taken. */
  readonly pending?: number;
  readonly cause?: string;
  readonly retryIn?: number;
}

/**
 * How a request ended: `done`; `unsent`, by a TransportLostError that says so; `lost`, by one that says that it may have
 * been executed; `refused`, by an answer of the router or the callee; `failed`, by anything else.
 */
export type Outcome = "done" | "unsent" | "lost" | "refused" | "failed";

/** Something that happened in a part, at a time in milliseconds since 1970. */
export type PartRecord =
  & { readonly who: string; readonly at: number }
  & (
    | { readonly type: "status"; readonly status: ToldStatus }
    | { readonly type: "calling" | "publishing" | "executed"; readonly id: string }
    | { readonly type: "called" | "published"; readonly id: string; readonly outcome: Outcome; readonly detail: string }
    | { readonly type: "event"; readonly subscription: string; readonly id: string }
    | { readonly type: "broken"; readonly detail: string }
  );

/** What a process of components holds, asked for by SIGUSR2. */
export interface ResourceRecord {
  readonly type: "resources";
  readonly timers: number;
  readonly transports: number;
}

/** Takes records. */
export type Recorder = (record: PartRecord) => void;
