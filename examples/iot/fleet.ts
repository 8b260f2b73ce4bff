/**
 * What the hub, its devices and the monitor agree on: names, and who knows which secret.
 *
 * @module
 */

/** The realm of the fleet. */
export const REALM = "iot";

/**
 * The secrets of the devices. A real device has its own and nobody else's, and the hub has them in a database: `users` of
 * `acceptWampcra()` may be a function that asks there.
 */
export const DEVICES: Readonly<Record<string, string>> = {
  "greenhouse-1": "58c1c0f4a7e94d22",
  "greenhouse-2": "90ab3f1be6d7421c",
  "greenhouse-3": "c7d2e9015fb84a63",
};

/** Who watches the devices and tells them what to do. */
export const OPERATOR = { authid: "operator", secret: "1f6e8a4cd03b4975" } as const;

/** A measurement. */
export interface Telemetry {
  /** When it was taken, in milliseconds since 1970. */
  readonly time: number;
  /** In degrees Celsius. */
  readonly temperature: number;
  readonly vent: Vent;
}

/** How the vent of a greenhouse stands. */
export type Vent = "open" | "closed";

/** What a topic of a device is about, or what a procedure does: the last component of its URI. */
export type Subject = "telemetry" | "status" | "vent" | "interval";

/** The URI of a topic or procedure of one device; of all devices where `device` is empty, as a wildcard. */
export function uriOf(device: string, subject: Subject): string {
  return `iot.${device}.${subject}`;
}

/** The device that a topic belongs to. */
export function deviceOf(topic: string): string {
  return topic.split(".")[1] ?? "";
}
